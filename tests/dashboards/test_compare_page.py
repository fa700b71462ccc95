"""The page that compares two policies, and how it reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboards.comparing import part_rows, read_evaluation, read_pairs, read_predictions, verdict_words
from dashboards.settings import Settings
from envs.comparison import compare
from envs.run_store import RunStore
from tests.dashboards.pages import opened


def line(question: str, correct: bool, **more: object) -> str:
    return json.dumps({"db_id": "shop", "question": question, "correct": correct, "sql": "SELECT 1", "actions": ["QUERY SELECT 1"], **more})


def test_predictions_are_paired_counted_and_told_in_words() -> None:
    first = read_predictions("\n".join([line("a", True), line("b", False), line("c", False), line("only here", True)]), "a.jsonl")
    second = read_predictions("\n".join([line("c", True), line("b", True), line(" a ", True), ""]), "b.jsonl")
    found = read_pairs(first, second)
    assert ([a.question for a, _ in found.of("b")], found.alone) == (["b", "c"], 1)
    comparison = compare(found.pairs)
    assert part_rows(comparison.databases) == [["shop", 3, pytest.approx(100 / 3), 100.0, 2, 0, 0.5]]
    assert verdict_words(comparison.total, ("A", "B")).startswith("B is right on 2 questions that A gets wrong")
    assert "chance could explain it" in verdict_words(comparison.total, ("A", "B"))


@pytest.mark.parametrize("text", ["", "nonsense", '{"db_id": "shop"}', line("a", True).replace("true", '"yes"'), "[1]"])
def test_a_file_that_is_something_else_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"x\.jsonl.*evaluate --predictions"):
        read_predictions(text, "x.jsonl")


def test_two_files_without_a_question_in_common_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        read_pairs(read_predictions(line("a", True), "a"), read_predictions(line("b", True), "b"))


def test_evaluations_of_runs_are_compared_with_the_gold_beside_them(runs_dir: Path, small_run: RunStore) -> None:
    answered = read_evaluation(small_run.evaluation_files()[-1][2])
    assert answered[0].gold_sql == "SELECT COUNT(*) FROM pets"
    query = {"first_run": "small", "first_evaluation": "base test, step 0", "second_evaluation": "phase2 validation, step 20"}
    page = opened("compare_page", Settings(runs=runs_dir), query)
    figures = {metric.label: metric.value for metric in page.metric}
    right = sum(a.correct for a in read_evaluation(next(p for _, name, p in small_run.evaluation_files() if name == "phase2_validation")))
    assert figures["Second"] == f"{100 * right / 3:.1f} %"
    assert figures["Only the second right"] == str(right)
    assert figures["First"] == "0.0 %"
    for verdict in ("a", "both", "neither"):
        assert not page.segmented_control(key="verdict").set_value(verdict).run().exception


def test_files_are_asked_for_and_without_runs_the_page_says_where_scores_come_from(tmp_path: Path) -> None:
    assert "No run has been evaluated yet" in opened("compare_page", Settings(runs=tmp_path)).info[0].value
    page = opened("compare_page", Settings(runs=tmp_path), {"from": "Prediction files"})
    for place, text in enumerate((line("a", True), line("a", False))):
        page.file_uploader[place].set_value((f"{place}.jsonl", text.encode(), "application/json"))
    page.run()
    assert not page.exception
    assert next(m.value for m in page.metric if m.label == "Only the first right") == "1"
