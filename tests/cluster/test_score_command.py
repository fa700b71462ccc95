"""`analyst-buddy score`: accuracy by three rules, their disagreements, and everything that does not fit named with exit code 3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cluster.errors import UserError
from cluster.evaluate import prediction_lines
from cluster.question_files import QuestionFileError
from cluster.score_command import PredictionFileError, read_predictions, score_file
from envs.records import Action, Group, Outcome, Question, Step, Stop, Trajectory, Verb
from tests import command_line

GOLDS: list[dict[str, Any]] = [
    {"db_id": "shop", "question": "How many pets?", "query": "SELECT count(*) FROM pets"},
    {"db_id": "shop", "question": "Names of pets?", "query": "SELECT name FROM pets"},
    {"db_id": "shop", "question": "Pets and owners?", "query": "SELECT p.name, o.full_name FROM pets p JOIN owners o USING (owner_id)"},
    {"db_id": "shop", "question": "Average weight?", "query": "SELECT avg(weight_kg) FROM pets"},
    {"db_id": "shop", "question": "Which pets are sad?", "query": "", "answerable": False},
]
SQL = [
    ("SELECT max(pet_id) FROM pets", "7"),  # right by luck
    ("SELECT DISTINCT name FROM pets", "RESULT"),  # BIRD's alone
    ("SELECT full_name, name FROM pets, owners WHERE pets.owner_id = owners.owner_id", "RESULT"),  # not BIRD's
    ("SELECT total(weight_kg) / 7 FROM pets", "RESULT"),  # wrong: one has no weight
    ("", "UNKNOWN moods are not kept"),
]


def write(folder: Path, golds: Iterable[dict[str, Any]] = GOLDS, sql: Iterable[tuple[str, str]] = SQL) -> tuple[Path, Path]:
    (folder / "gold.json").write_text(json.dumps(list(golds)))
    lines = [
        {"db_id": gold["db_id"], "question": gold["question"], "sql": text, "answer": answer, "actions": [], "correct": False}
        for gold, (text, answer) in zip(golds, sql, strict=True)
    ]
    (folder / "pred.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return folder / "gold.json", folder / "pred.jsonl"


run = partial(command_line.run, "score")


def test_accuracy_is_told_by_rule_database_and_tables_with_every_disagreement(shop_db: Path, tmp_path: Path) -> None:
    gold, predictions = write(tmp_path)
    done = run("--databases", shop_db.parent.parent, "--gold", gold, "--predictions", predictions, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {rule: (part["correct"], part["questions"]) for rule, part in found["rules"].items()} == {
        "ours": (3, 5), "spider": (2, 4), "bird": (2, 4),
    }  # fmt: skip
    assert {name: (t["correct"], t["questions"]) for name, t in found["rules"]["ours"]["tables"].items()} == {
        "1": (2, 4), "2": (1, 1), "3+": (0, 0),
    }  # fmt: skip
    assert found["rules"]["bird"]["databases"]["shop"]["correct"] == 2
    assert [(d["line"], d["ours"], d["spider"], d["bird"]) for d in found["disagreements"]] == [
        (2, False, False, True), (3, True, True, False),
    ]  # fmt: skip
    assert found["disagreements"][0]["gold"] == "SELECT name FROM pets"


def test_a_person_is_shown_the_accuracies_and_the_disagreements(shop_db: Path, tmp_path: Path) -> None:
    gold, predictions = write(tmp_path)
    done = run("--databases", shop_db.parent.parent, "--gold", gold, "--predictions", predictions)
    assert done.returncode == 0
    for text in (
        "60.0 % of 5",
        "3 of 5",
        "The rules disagree on 2",
        "line 2, shop: Names of pets?",
        "ours wrong, Spider wrong, BIRD right",
    ):
        assert text in done.stdout


def test_copies_tell_luck_from_knowledge(shop_db: Path, tmp_path: Path) -> None:
    gold, predictions = write(tmp_path)
    found = score_file(gold, predictions, shop_db.parent.parent, copies=5)
    assert [graded.prediction.line for graded in found.lucky] == [1]
    assert (found.rules["ours"].total.correct, found.rules["robust"].total.correct) == (3, 2)


def test_questions_that_should_not_be_scored_are_counted_by_reason(shop_db: Path, tmp_path: Path) -> None:
    golds = [{"db_id": "shop", "question": "Fish?", "query": "SELECT name FROM pets WHERE species = 'fish'"}]
    found = score_file(*write(tmp_path, golds, [("SELECT name FROM pets LIMIT 0", "RESULT")]), shop_db.parent.parent)
    assert (found.not_to_be_scored["empty"], found.rules["ours"].total.correct) == (1, 1)


def test_the_lines_that_evaluate_writes_are_read_back(tmp_path: Path) -> None:
    question = Question("shop/1", "shop", "How many pets?", "SELECT count(*) FROM pets")
    step = Step(Action(Verb.ANSWER, "7"), "ANSWER 7", "", True)
    outcome = Outcome(True, None, "SELECT count(*) FROM pets", "7")
    played = Trajectory("shop/1", "shop", 0, (), (), (), (), (step,), Stop.ANSWERED, outcome, 1.0, 0.1)
    file = tmp_path / "out.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in prediction_lines([Group(question, (played,))])))
    (read,) = read_predictions(file)
    assert (read.db_id, read.question, read.sql, read.answer) == ("shop", "How many pets?", outcome.sql, "7")


def test_what_does_not_pair_up_is_named_and_nothing_is_scored(shop_db: Path, tmp_path: Path) -> None:
    gold, predictions = write(tmp_path)
    lines = predictions.read_text().splitlines()
    predictions.write_text("\n".join([*lines[:-1], lines[0], lines[1].replace("Names of", "Weights of")]))
    done = run("--databases", shop_db.parent.parent, "--gold", gold, "--predictions", predictions)
    assert (done.returncode, done.stdout) == (3, "")
    for text in ("2 predictions match no question and 1 questions have no prediction", "line 5 matches no question (shop): How many pets?",
                 "line 6 matches no question (shop): Weights of pets?", "shop/0004 has no prediction: Which pets are sad?"):  # fmt: skip
        assert text in done.stderr


def test_questions_asked_twice_in_the_same_words_pair_in_order(shop_db: Path, tmp_path: Path) -> None:
    golds = [GOLDS[0], GOLDS[0] | {"query": "SELECT count(*) FROM owners"}]
    sql = [("SELECT count(*) FROM pets", "7"), ("SELECT count(*) FROM owners", "6")]
    assert score_file(*write(tmp_path, golds, sql), shop_db.parent.parent).rules["ours"].total.correct == 2


def test_missing_databases_and_failing_golds_are_refused(shop_db: Path, tmp_path: Path) -> None:
    elsewhere = [GOLDS[0] | {"db_id": "farm"}]
    with pytest.raises(QuestionFileError, match=r"farm\.sqlite"):
        score_file(*write(tmp_path, elsewhere, SQL[:1]), shop_db.parent.parent)
    with pytest.raises(QuestionFileError, match="1 gold queries fail"):
        score_file(*write(tmp_path, [GOLDS[0] | {"query": "SELECT nope FROM pets"}], SQL[:1]), shop_db.parent.parent)


def test_a_prediction_that_cannot_be_graded_is_named_and_not_counted_as_wrong(shop_db: Path, tmp_path: Path) -> None:
    # Even rows of eight bits against odd ones: any seven columns match, all eight never, and 8! arrangements are too many to try.
    bits = [f"(i >> {place}) & 1" for place in range(7)]
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 127) SELECT "
    numbers += "{}, ({} + {}) % 2 FROM n, pets WHERE pet_id = 1"
    even, odd = (numbers.format(", ".join(bits), " + ".join(f"({bit})" for bit in bits), first) for first in (0, 1))
    with pytest.raises(PredictionFileError, match=r"(?s)1 predictions cannot be graded.*line 1 .*arrangements"):
        score_file(*write(tmp_path, [GOLDS[0] | {"query": even}], [(odd, "RESULT")]), shop_db.parent.parent)


@pytest.mark.parametrize("line", ["[]", "{", '{"db_id": "shop", "question": "?"}', '{"db_id": "shop", "question": "?", "sql": null}', "7"])
def test_a_line_that_is_no_prediction_is_named_with_exit_code_2(tmp_path: Path, line: str) -> None:
    file = tmp_path / "pred.jsonl"
    file.write_text('{"db_id": "shop", "question": "?", "sql": "SELECT 1"}\n\n' + line + "\n")
    with pytest.raises(UserError, match="line 3: wanted") as caught:
        read_predictions(file)
    assert not isinstance(caught.value, PredictionFileError)
    assert caught.value.exit_code == 2
