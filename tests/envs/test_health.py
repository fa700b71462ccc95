"""A question that should not be scored is marked with its reason; every other one is left alone."""

from __future__ import annotations

import pytest

from envs.health import Reason, by_reason, mark, marks
from envs.records import Question
from envs.sandbox import Database


def ask(gold: str, *, number: int = 0, answerable: bool = True) -> Question:
    return Question(f"shop/{number}", "shop", "?", gold, answerable=answerable)


@pytest.mark.parametrize(
    ("gold", "reason"),
    [
        ("SELECT nope FROM pets", "failing"),
        ("DELETE FROM pets", "failing"),
        ("", "failing"),
        ("SELECT a.note FROM sales a, sales b, sales c, sales d, sales e, sales f", "too_large"),
        ("SELECT 42", "ungrounded"),
        ("SELECT name FROM pets WHERE species = 'fish'", "empty"),
        ("SELECT name FROM pets LIMIT 0", "empty"),
        ("SELECT avg(weight_kg) FROM pets WHERE species = 'fish'", "lone_null"),
        ("SELECT min(weight_kg), max(weight_kg) FROM pets WHERE species = 'fish'", "lone_null"),
        ("SELECT count(*) FROM pets WHERE species = 'fish'", "lone_zero"),
        ("SELECT sum(weight_kg) * 0.0 FROM pets", "lone_zero"),
        ("SELECT count(*), avg(weight_kg) FROM pets WHERE species = 'fish'", "lone_zero"),
        ("SELECT count(*), 0 FROM pets", None),
        ("SELECT '0' FROM pets WHERE pet_id = 1", None),
        ("SELECT 0 FROM pets", None),  # seven zeros are not one
        ("SELECT name FROM pets WHERE species = \"dog\"", None),
        # Tom and Mia weigh 4.2
        ("SELECT name FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 1", "tied_limit"),
        ("SELECT name FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 2", None),
        ("SELECT name FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 3", None),
        ("SELECT name FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 1 OFFSET 1", "tied_limit"),
        ("SELECT species FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 1", None),  # a cat either way
        ("SELECT species FROM pets GROUP BY species ORDER BY count(*) DESC LIMIT 1", "tied_limit"),
        ("SELECT species, count(*) AS n FROM pets GROUP BY species ORDER BY n LIMIT 1", None),
        ("SELECT name FROM pets LIMIT 3", "tied_limit"),  # any three
        ("SELECT name FROM pets LIMIT 7", None),
        ("SELECT name FROM pets LIMIT 70", None),
        ("SELECT DISTINCT city FROM owners ORDER BY joined_on LIMIT 2", "tied_limit"),  # Oslo joined on three days
        ("SELECT DISTINCT full_name FROM owners ORDER BY owner_id LIMIT 2", None),
        ("SELECT name FROM pets UNION SELECT city FROM owners ORDER BY 1 LIMIT 3", None),
        ("SELECT name FROM pets UNION ALL SELECT full_name FROM owners LIMIT 3", "tied_limit"),
        ("SELECT * FROM pets WHERE pet_id >= (SELECT pet_id FROM pets WHERE species = 'cat' ORDER BY weight_kg DESC LIMIT 1)",
         "tied_limit"),
        ("SELECT * FROM pets WHERE pet_id >= (SELECT pet_id FROM pets WHERE species = 'dog' ORDER BY weight_kg DESC LIMIT 1)", None),
    ],
)  # fmt: skip
def test_a_question_is_marked_with_the_reason_not_to_score_it(shop: Database, gold: str, reason: str | None) -> None:
    found = mark(shop, ask(gold))
    assert (found.reason if found else None) == reason
    assert found is None or found.detail


def test_an_unanswerable_question_may_be_scored(shop: Database) -> None:
    assert mark(shop, ask("", answerable=False)) is None


def test_marks_are_counted_by_reason(shop: Database) -> None:
    golds = ["SELECT 1", "SELECT 2", "SELECT name FROM pets LIMIT 3", "SELECT name FROM pets"]
    found = marks({"shop": shop}, [ask(gold, number=number) for number, gold in enumerate(golds)])
    assert list(found) == ["shop/0", "shop/1", "shop/2"]
    assert by_reason(found) == {reason.value: {"ungrounded": 2, "tied_limit": 1}.get(reason.value, 0) for reason in Reason}
