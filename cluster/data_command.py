"""`analyst-buddy data`: what a configuration trains on and is scored by, and whether the two are apart and fit to be scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cluster.config import RunConfig
from cluster.dataset_cache import data_dir, data_of
from cluster.display import Display
from envs.contamination import ContaminationError
from envs.dataset import Dataset, build_dataset
from envs.health import by_reason, mark
from envs.records import BUCKETS, Question
from envs.sandbox import Database


def build(config: RunConfig, console: Console) -> Dataset:
    """The data of a configuration, from the cache or made now, with a bar on the console.

    Raises:
        RefusedError: training would see what is held out.
    """
    with Display(console) as display:
        return data_of(config, _bar(display))


def counts(dataset: Dataset) -> dict[str, Any]:
    """How much there is of what: by set, number of tables, construct and database, ready for JSON."""
    return {
        "directory": str(dataset.databases_dir.parent),
        "fingerprint": dataset.fingerprint,
        "sources": dict(dataset.sources),
        "sets": {name: _counts(questions) for name, questions in _sets(dataset).items()},
    }


def check(config: RunConfig, console: Console) -> dict[str, Any]:
    """Splits, overlaps and the golds that should not be scored, ready for JSON; "good" is False when anything overlaps."""
    with Display(console) as display:
        try:
            dataset = build_dataset(config.data, data_dir(config), _bar(display))
        except ContaminationError as error:
            overlaps = [{"kind": o.kind, "held_out": o.held_out, "train": o.train, "said": o.said} for o in error.overlaps]
            return {"good": False, "overlaps": overlaps, "splits": {}, "health": {}}
        health = {name: _health(dataset, name, questions, display) for name, questions in _sets(dataset).items()}
    splits = {name: {"questions": len(qs), "databases": sorted({q.db_id for q in qs})} for name, qs in _sets(dataset).items()}
    return {"good": True, "overlaps": [], "splits": splits, "health": health}


def print_counts(found: Mapping[str, Any], console: Console) -> None:
    """The counts for a person."""
    sets = found["sets"]
    table = Table("set", "questions", "databases", *(f"{bucket} tables" for bucket in BUCKETS), "unanswerable", box=box.SIMPLE_HEAD)
    for name, of in sets.items():
        by_tables = (f"{of['tables'][bucket]} ({_percent(of['tables'][bucket], of['questions'])})" for bucket in BUCKETS)
        table.add_row(name, str(of["questions"]), str(len(of["databases"])), *by_tables, str(of["unanswerable"]))
    console.print(table)
    table = Table("construct", *sets, box=box.SIMPLE_HEAD)
    total = Counter[str]()
    for of in sets.values():
        total.update(of["constructs"])
    for construct, _ in total.most_common():
        table.add_row(construct, *(str(of["constructs"].get(construct, 0)) for of in sets.values()))
    console.print(table)
    for name, of in sets.items():
        listed = ", ".join(f"{db_id} {count}" for db_id, count in of["databases"].items())
        console.print(f"{name}, questions by database: {listed}\n", markup=False)
    for source, facts in found["sources"].items():
        left = ", ".join(f"{count} {reason}" for reason, count in facts["dropped"].items() if count) or "nothing"
        console.print(f"{source} ({facts['fingerprint']}): left out {left}; {facts['as_written']} golds kept as written", markup=False)
    console.print(f"in {found['directory']}", markup=False)


def print_check(found: Mapping[str, Any], console: Console) -> None:
    """The check for a person: every overlap, then the health of the golds."""
    if not found["good"]:
        console.print(f"refused: {len(found['overlaps'])} overlaps between question sets, so held-out scores would mean nothing")
        for o in found["overlaps"]:
            console.print(
                f"  {o['kind']}: held-out {o['held_out']} and training {o['train']}: {o['said']}".rstrip(": "), markup=False, soft_wrap=True
            )
        return
    reasons = [reason for reason in by_reason({}) if any(of[reason] for of in found["health"].values())]
    table = Table("set", "questions", "databases", "fit to be scored", *reasons, box=box.SIMPLE_HEAD)
    for name, of in found["splits"].items():
        health = found["health"][name]
        fit = of["questions"] - sum(health.values())
        table.add_row(name, str(of["questions"]), str(len(of["databases"])), str(fit), *(str(health[reason]) for reason in reasons))
    console.print(table)
    console.print("good: no database, schema, question or query of a held-out set is in another, nor anything near it")


def _counts(questions: Sequence[Question]) -> dict[str, Any]:
    buckets = Counter(question.tables_bucket for question in questions)
    constructs = Counter(construct for question in questions for construct in question.constructs)
    return {
        "questions": len(questions),
        "unanswerable": sum(not question.answerable for question in questions),
        "tables": {bucket: buckets[bucket] for bucket in BUCKETS},
        "constructs": dict(constructs.most_common()),
        "databases": dict(sorted(Counter(question.db_id for question in questions).items())),
    }


def _health(dataset: Dataset, name: str, questions: Sequence[Question], display: Display) -> dict[str, int]:
    """How many golds have each reason not to be scored."""
    display.begin(f"golds of {name}", len(questions))
    found = {}
    done = 0
    for db_id in sorted({question.db_id for question in questions}):
        database = Database.open(dataset.database_path(db_id))
        try:
            for question in _of(db_id, questions):
                if made := mark(database, question):
                    found[question.id] = made
                done += 1
                display.advance(done)
        finally:
            database.close()
    return by_reason(found)


def _of(db_id: str, questions: Iterable[Question]) -> list[Question]:
    return [question for question in questions if question.db_id == db_id]


def _sets(dataset: Dataset) -> dict[str, tuple[Question, ...]]:
    return {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}


def _bar(display: Display) -> Any:
    return lambda done, total: display.begin("databases, questions", total) if done == 0 else display.advance(done)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"
