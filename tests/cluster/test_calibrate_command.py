from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cluster.calibrate_command import as_dict, calibrate_from, example_of, fits_of, play_all, print_calibration
from cluster.cli import app
from cluster.config import load_preset
from cluster.errors import UserError
from cluster.evaluate import play_all as cluster_play
from envs.dialogue import Codec
from envs.group_files import write_groups
from envs.records import Question
from envs.sandbox import Database
from serving.calibration import Calibration
from tests.fakes import ScriptedPolicy

GOLD = "SELECT COUNT(*) FROM pets"


def say(text: str, turn: int) -> str:
    """Every third question goes through an error to a wrong answer; every tenth is given up; the others are right, some by luck."""
    number = int(re.findall(r"number (\d+)", text)[0])
    if number % 10 == 9:
        return "QUERY SELECT nothing FROM nowhere"
    if number % 3 == 0:
        return ("QUERY SELECT x FROM pets", "DESCRIBE owners", "QUERY SELECT COUNT(*) FROM owners", "ANSWER RESULT")[turn]
    table = "sales" if number % 7 == 0 else "pets"
    return ("DESCRIBE pets", f"QUERY SELECT COUNT(*) FROM {table}", "ANSWER RESULT")[turn]


def questions(count: int) -> list[Question]:
    return [Question(f"q{n}", "shop", f"How many pets, number {n}?", GOLD, ("pets",)) for n in range(count)]


def test_confidence_is_learnt_from_the_served_analysts_own_answers(tiny_codec: Codec, shop: Database) -> None:
    config = load_preset("smoke", ["rollout.episode_tokens_max=4000", "evaluation.concurrency=12"])
    policy = ScriptedPolicy(tiny_codec, say, context=8_000)
    asked = asyncio.run(play_all(policy, tiny_codec, questions(50), {"shop": shop}, config, 3, Console(quiet=True)))
    fits = fits_of(asked, 3)
    assert set(fits) == {1, 3}
    assert (fits[3].asked, fits[3].answered) == (50, 45)
    examples = [example_of(one, 3) for one in asked]
    right = next(e for e in examples if e and e.correct)
    wrong = next(e for e in examples if e and e.features.errors)
    assert not wrong.correct
    assert fits[3].confidence(right.features) > 0.6 > 0.3 > fits[3].confidence(wrong.features)
    made = Calibration(fits)
    told = json.loads(json.dumps(as_dict(made)))
    assert told["samples"]["3"]["correct"] == fits[3].correct
    with (console := Console(record=True, width=120)).capture() as shown:
        print_calibration(made, console)
    assert f"{fits[3].correct} of 50 right, 45 answered" in shown.get()


def test_a_question_file_without_its_databases_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    found = CliRunner().invoke(app, ["calibrate", "--policy", str(tmp_path), "--questions", str(tmp_path / "q.json")])
    assert isinstance(found.exception, ValueError) and "--questions and --databases go together" in str(found.exception)


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["calibrate", "--policy", str(tmp_path / "none")])
    assert isinstance(found.exception, FileNotFoundError) and "is no policy directory" in str(found.exception)


def test_fewer_questions_than_can_teach_are_refused(tiny_codec: Codec, shop: Database) -> None:
    config = load_preset("smoke", ["rollout.episode_tokens_max=4000", "evaluation.concurrency=12"])
    policy = ScriptedPolicy(tiny_codec, say, context=8_000)
    asked = asyncio.run(play_all(policy, tiny_codec, questions(5), {"shop": shop}, config, 1, Console(quiet=True)))
    with pytest.raises(ValueError, match="cannot be calibrated"):
        fits_of(asked, 1)


def test_what_a_run_has_played_calibrates_one_sample_without_playing(
    tiny_codec: Codec, shop_db: Path, shop: Database, tmp_path: Path
) -> None:
    config = load_preset("smoke", ["rollout.episode_tokens_max=4000"])
    policy = ScriptedPolicy(tiny_codec, say, context=8_000)
    groups = asyncio.run(cluster_play(policy, tiny_codec, questions(60), {"shop": shop}, config, Console(quiet=True)))
    file, policy_dir = tmp_path / "step_000010_sft_validation.parquet", tmp_path / "policy"
    write_groups(file, groups)
    policy_dir.mkdir()
    (policy_dir / "model.safetensors").write_bytes(b"weights")
    made = calibrate_from(policy_dir, file, shop_db.parent.parent, 0.4, Console(quiet=True))
    assert (set(made.fits), made.fits[1].asked, made.fits[1].answered) == ({1}, 60, 54)
    assert made.fits[1].correct == sum(group.trajectories[0].outcome.correct for group in groups)
    assert Calibration.load(policy_dir) == made


def test_the_test_set_calibrates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations = tmp_path / "runs" / "r" / "evaluations"
    evaluations.mkdir(parents=True)
    (tmp_path / "runs" / "r" / "config.toml").write_text("")
    (evaluations / "step_000010_sft_test.parquet").write_bytes(b"")
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["calibrate", "--policy", "policy", "--evaluation", "r:sft_test"])
    assert isinstance(found.exception, UserError) and "tunes nothing" in str(found.exception)
