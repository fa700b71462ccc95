"""What is remembered of answers, for whom, and for how long."""

from __future__ import annotations

from pathlib import Path

from envs.follow_ups import LastTurn
from serving.answer_store import ANSWERS_MAX, CONVERSATIONS_MAX, AnswerStore, StoredAnswer


def answer(number: int, database: str = "shop") -> StoredAnswer:
    return StoredAnswer(f"ans_{number}", database, "How many?", "SELECT 1", "answered", "m v0 0")


def test_an_answer_is_found_by_its_owner_alone_and_by_another_process(tmp_path: Path) -> None:
    store, other = AnswerStore(tmp_path / "a.sqlite"), AnswerStore(tmp_path / "a.sqlite")
    store.keep("ann", answer(1))
    assert other.find("ann", "ans_1") == answer(1)
    assert other.find("bob", "ans_1") is None


def test_the_oldest_answers_of_an_owner_make_room(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "a.sqlite")
    store.keep("bob", answer(-1))
    for number in range(ANSWERS_MAX + 5):
        store.keep("ann", answer(number))
    assert store.find("ann", "ans_0") is None
    assert store.find("ann", f"ans_{ANSWERS_MAX + 4}") is not None
    assert store.find("bob", "ans_-1") is not None


def test_a_conversation_keeps_its_last_turn_about_one_database(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "a.sqlite")
    for sql in ("SELECT 1", "SELECT 2"):
        store.keep_turn("ann", "c", "shop", LastTurn("How many?", sql))
    assert store.last_turn("ann", "c", "shop") == LastTurn("How many?", "SELECT 2")
    assert store.last_turn("ann", "c", "farm") is None
    assert store.last_turn("bob", "c", "shop") is None


def test_an_owners_oldest_conversations_make_room_and_nobody_elses(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "a.sqlite")
    store.keep_turn("bob", "c", "shop", LastTurn("How many?", "SELECT 0"))
    for number in range(CONVERSATIONS_MAX + 2):
        store.keep_turn("ann", f"c{number}", "shop", LastTurn("How many?", f"SELECT {number}"))
    assert store.last_turn("ann", "c0", "shop") is None
    assert store.last_turn("ann", f"c{CONVERSATIONS_MAX + 1}", "shop") is not None
    assert store.last_turn("bob", "c", "shop") is not None


def test_what_was_asked_of_a_deleted_database_is_forgotten(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "a.sqlite")
    store.keep("ann", answer(1))
    store.keep("ann", answer(2, "farm"))
    store.keep_turn("ann", "c", "shop", LastTurn("How many?", "SELECT 1"))
    store.forget_database("ann", "shop")
    assert (store.find("ann", "ans_1"), store.last_turn("ann", "c", "shop")) == (None, None)
    assert store.find("ann", "ans_2") is not None
