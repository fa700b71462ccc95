"""`analyst-buddy compare` on predictions files and evaluations of a run; what cannot be paired is refused with exit code 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from cluster.compare_command import compare_sources, read_answers, verdict
from cluster.config import RunConfig
from cluster.errors import RefusedError, UserError
from cluster.evaluate import prediction_lines
from envs.comparison import Comparison, Paired
from envs.group_files import write_groups
from envs.records import Group, Outcome, Question, Stop, Trajectory
from envs.run_store import RunStore
from tests import command_line

ROOT = Path(__file__).parent.parent.parent


def played(*rights: bool) -> list[Group]:
    groups = []
    for i, right in enumerate(rights):
        question = Question(f"shop/{i}", "shop", f"Question {i}?", "SELECT 1", ("pets", "owners")[: 1 + i % 2])
        outcome = Outcome(right, None, f"SELECT {i}", "RESULT")
        groups.append(Group(question, (Trajectory(question.id, "shop", 0, (), (), (), (), (), Stop.ANSWERED, outcome, 0.0, 0.0),)))
    return groups


def write(file: Path, groups: list[Group]) -> Path:
    file.write_text("".join(json.dumps(line) + "\n" for line in prediction_lines(groups)))
    return file


def compare(a: object, b: object, runs: Path, questions: Path | None = None, *, common: bool = False) -> Comparison:
    return compare_sources(
        str(a), str(b), RunConfig(), questions=questions, databases=None, common=common, console=Console(), runs=runs
    )  # fmt: skip


def test_two_predictions_files_are_compared_on_the_command_line(tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", played(*[False] * 7, True))
    b = write(tmp_path / "b.jsonl", played(*[True] * 7, False))
    told = json.loads(command_line.run("compare", a, b, "--json").stdout)
    assert (told["only_a"], told["only_b"], told["p_value"]) == (1, 7, 2 * 9 / 2**8)
    assert told["tables"]["2"]["questions"] == 4
    shown = command_line.run("compare", a, b).stdout
    assert "B is ahead by 75.0 points: 1 to 7 where they differ, p = 0.0703; chance alone could do that." in shown
    assert "only B, shop: Question 0?\n  A: SELECT 0" in shown


def test_the_newest_evaluation_of_a_run_is_found_by_name(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs" / "quick")
    store.append_event("began")
    for step, groups in ((20, played(False, False)), (100, played(True, True))):
        path = store.evaluation_path(step)
        write_groups(path.with_name(f"{path.stem}_sft_validation.parquet"), groups)
    predictions = write(tmp_path / "b.jsonl", played(True, False))
    assert compare("quick:sft_validation", predictions, tmp_path / "runs").total == Paired(1, 1, 0, 0)
    with pytest.raises(UserError, match=r"no evaluation .base_test.*there are: sft_validation"):
        compare("quick:base_test", predictions, tmp_path / "runs")


def test_a_question_file_chooses_what_is_compared_and_says_how_many_tables(tmp_path: Path) -> None:
    lines = [{k: v for k, v in line.items() if k != "tables"} for line in prediction_lines(played(True, True, False))]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = [{"db_id": "shop", "question": "Question 1?", "query": "SELECT * FROM pets JOIN owners", "tables": ["pets", "owners"]}]
    (tmp_path / "q.json").write_text(json.dumps(asked))
    found = compare(tmp_path / "a.jsonl", tmp_path / "a.jsonl", tmp_path, tmp_path / "q.json")
    assert found.total == Paired(1, 0, 0, 0) and found.tables["2"].questions == 1


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.jsonl", played(True, True)), write(tmp_path / "b.jsonl", played(True))
    with pytest.raises(RefusedError, match=r"1 questions only in A.*--common"):
        compare(a, b, tmp_path)
    assert compare(a, b, tmp_path, common=True).total.questions == 1
    with pytest.raises(UserError, match="is no policy directory"):
        compare(tmp_path / "nowhere", b, tmp_path)
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "config.json").write_text("{}")
    with pytest.raises(UserError, match="--questions FILE and --databases DIR"):
        compare(tmp_path / "policy", b, tmp_path)


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"db_id": "shop", "question": "How many?"}', '{"db_id": "s", "question": "q", "correct": 1}']
)
def test_a_line_that_says_no_verdict_is_named(tmp_path: Path, line: str) -> None:
    file = write(tmp_path / "a.jsonl", played(True))
    with file.open("a") as more:
        more.write(line + "\n")
    with pytest.raises(UserError, match=r"a\.jsonl, line 2: wanted"):
        read_answers(file)


def test_the_verdict_says_who_is_ahead_and_whether_chance_explains_it() -> None:
    assert verdict(Paired(3, 0, 0, 3)) == "A and B are right on the same questions."
    assert "A is ahead by 10.0 points: 10 to 0 where they differ, p = 0.00195; chance alone would seldom" in verdict(Paired(0, 10, 0, 90))
    assert verdict(Paired(0, 1, 1, 0)).startswith("Neither is ahead: 1 to 1")
