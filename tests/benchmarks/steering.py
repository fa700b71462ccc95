"""What steering a turn costs a token, and how many golds it would have kept from being said.

Each gold of the quickstart's training and validation questions is a QUERY turn. Refused are those that steering would not let through to
their end. The cost is processor time of masking one token's logits, the gold's own token being the
likeliest of 49,152, as it nearly always is for a trained policy; following the turn is in it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from actors.steered_sampling import SteeredTurn, TokenPieces
from cluster.base_model import ensure_bundled
from cluster.config import load_preset
from cluster.dataset_cache import data_of
from envs.dialogue import Codec
from envs.question_sets import database_path
from envs.records import Question
from envs.sandbox import Database
from envs.steering import Names, steering_for
from tests.benchmarks.report import Figure, Report

REFUSED_SHARE, GREEDY_MS = 0.01, 1.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--questions", type=int, default=600, help="golds read (default 600)")
    parser.add_argument("--timed", type=int, default=60, help="of these, turns whose tokens are timed (default 60)")


def measure(options: argparse.Namespace) -> Report:
    data = data_of(load_preset("quickstart"))
    asked = [q for q in [*data.train, *data.validation] if q.answerable]
    asked = asked[:: max(1, len(asked) // options.questions)]
    names = {db_id: _names(data.databases_dir, db_id) for db_id in {q.db_id for q in asked}}
    refused = [q for q in asked if not steering_for(names[q.db_id]).complete(_turn(q))]
    model_dir = ensure_bundled()
    timed = asked[:: max(1, len(asked) // options.timed)]
    greedy, sampled = ([ms for q in timed for ms in _token_ms(q, names[q.db_id], model_dir, greedy=kind)] for kind in (True, False))
    figures = {
        "golds": Figure(len(asked), "count"),
        "refused_share": Figure(len(refused) / len(asked), "share", at_most=REFUSED_SHARE),
        "greedy_token_ms": Figure(statistics.mean(greedy), "ms", at_most=GREEDY_MS),
        "sampled_token_ms": Figure(statistics.mean(sampled), "ms"),
        "tokens": Figure(len(greedy), "count"),
    }
    how = {"clock": "processor", "statistic": "mean over tokens", "vocabulary": 49_152}
    return Report("steering", figures, how, notes=[f"refused: {q.db_id}: {q.gold_sql}" for q in refused[:10]])


def _names(databases: Path, db_id: str) -> Names:
    database = Database.open(database_path(databases, db_id))
    try:
        return Names.of(database.schema)
    finally:
        database.close()


def _turn(question: Question) -> str:
    return f"QUERY {' '.join(question.gold_sql.split())}"


def _token_ms(question: Question, names: Names, model_dir: Path, *, greedy: bool) -> Iterator[float]:
    """For each token of the gold's turn, milliseconds that masking its logits takes."""
    import torch

    torch.set_num_threads(1)  # several would wait for each other, and the waiting count as work
    codec = Codec.load(model_dir)
    ids = codec.action_ids(_turn(question))
    turn = SteeredTurn(steering_for(names), TokenPieces.load(model_dir), frozenset(codec.stop_ids), greedy=greedy)
    noise = torch.Generator().manual_seed(0)
    for place, token in enumerate(ids):
        logits = torch.randn(49_152, generator=noise)
        logits[token] = 20.0
        began = time.process_time()
        turn.mask(logits, ids[:place])
        yield 1e3 * (time.process_time() - began)
