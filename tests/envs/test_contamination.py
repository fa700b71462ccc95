"""Finding what training has already seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.contamination import ContaminationError, check_contamination, masked_skeleton, refuse_contamination
from envs.records import Question
from envs.schema import ColumnInfo, Schema, TableInfo


@pytest.fixture
def schema() -> Schema:
    return schema_of(Owners="OwnerID Name Town", Dogs="DogID OwnerID Name Age")


def schema_of(**tables: str) -> Schema:
    return Schema(
        tuple(TableInfo(name, tuple(ColumnInfo(c, "text", False) for c in columns.split()), (), 3) for name, columns in tables.items())
    )


def question(text: str, sql: str = "SELECT COUNT(*) FROM Dogs", db_id: str = "kennel", identity: str = "q/1") -> Question:
    return Question(identity, db_id, text, sql, ("Dogs",), ("count",))


def test_sets_over_different_businesses_do_not_overlap(schema: Schema) -> None:
    train = [question("How many dogs are older than four?", db_id="zoo")]
    held_out = [question("Which town has the most owners?", "SELECT Town FROM Owners", identity="h/1")]
    assert check_contamination(train, held_out) == []


def test_a_planted_copy_of_a_database_is_found_under_its_new_name(schema: Schema) -> None:
    train = [question("How old is Rex?", "SELECT Age FROM Dogs", db_id="copy")]
    held_out = [question("Which town has the most owners?", "SELECT Town FROM Owners", identity="h/1")]
    (found,) = check_contamination(train, held_out, {"copy": schema, "kennel": schema})
    assert (found.kind, found.held_out, found.train) == ("schema", "kennel", "copy")


def test_a_shared_database_is_found(schema: Schema) -> None:
    found = check_contamination([question("A thing?", "SELECT Age FROM Dogs")], [question("Another matter?", "SELECT Town FROM Owners")])
    assert [f.kind for f in found] == ["database"]


def test_a_planted_question_is_found_whatever_its_case_and_punctuation(schema: Schema) -> None:
    train = [question("How many DOGS are there, please", db_id="zoo", identity="t/1")]
    (found,) = check_contamination(train, [question("how many dogs are there please?", identity="h/1")])
    assert (found.kind, found.held_out, found.train) == ("question", "h/1", "t/1")
    assert "h/1" in str(found)


def test_a_question_with_one_word_of_twelve_changed_is_near(schema: Schema) -> None:
    words = "which of the owners in the north has brought us five grey dogs since last spring"
    train = [question(words, db_id="zoo", identity="t/1")]
    (found,) = check_contamination(train, [question(words.replace("since ", ""), "SELECT Town FROM Owners", identity="h/1")])
    assert found.kind == "near question"


def test_the_same_query_with_another_value_over_the_same_schema_is_found(schema: Schema) -> None:
    train = [question("How many are past four?", "SELECT COUNT(*) FROM Dogs WHERE Age > 4", db_id="copy", identity="t/1")]
    held_out = [question("Count the old ones above six.", "select count(*) from dogs where age > 6", identity="h/1")]
    kinds = {f.kind for f in check_contamination(train, held_out, {"copy": schema, "kennel": schema})}
    assert kinds == {"schema", "query"}


def test_a_schema_that_shares_a_third_of_its_columns_is_a_near_copy_under_other_spelling() -> None:
    schemas = {
        "shop": schema_of(Albums="AlbumId Title ArtistId", Artists="ArtistId Name", Staff="StaffId Salary"),
        "copy": schema_of(album="album_id title artist_id", artist="artist_id name", Track="TrackId Length Price"),
        "other": schema_of(Albums="AlbumId Title ArtistId", Roads="RoadId Length Lanes Town Number"),
    }
    held_out = [question("How many albums are there?", db_id="shop")]
    for name, kinds in (("copy", ["near schema"]), ("other", [])):  # three columns in common are chance
        train = [question("Which is the longest of them?", "SELECT 1 FROM Albums", db_id=name)]
        assert [f.kind for f in check_contamination(train, held_out, schemas)] == kinds


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=24), max_size=12), st.data())
def test_near_questions_are_those_that_comparing_every_pair_finds(texts: list[list[str]], data: st.DataObject) -> None:
    train = [question(" ".join(words), db_id="zoo", identity=f"t/{n}") for n, words in enumerate(texts)]
    asked = data.draw(st.sampled_from(texts))[1:] if texts else ["a"]
    asked = [*asked, *data.draw(st.lists(st.sampled_from("abcxyz"), max_size=2))]
    found = check_contamination(train, [question(" ".join(asked), identity="h/1")])
    near = any(len(set(words) & set(asked)) >= 0.9 * len(set(words) | set(asked)) for words in texts)
    assert [f.held_out for f in found] == (["h/1"] if near and asked else [])


def test_a_refusal_names_what_overlaps() -> None:
    held_out = [question("Which dogs are older than the oldest cat?", identity="h/1")]
    with pytest.raises(ContaminationError, match=r"held-out h/1 and training t/1: 'Which dogs are older") as refused:
        refuse_contamination([question(held_out[0].text, db_id="zoo", identity="t/1")], held_out, [])
    assert [overlap.kind for overlap in refused.value.overlaps] == ["question"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SELECT name FROM pets WHERE age > 3", 'SELECT "first name" FROM "order" WHERE total > 10.5', True),
        (
            "SELECT a.x FROM a JOIN b ON a.y = b.y WHERE b.z = 'it''s (SELECT'",
            "SELECT p.q FROM p JOIN r ON p.s = r.s WHERE r.t = 'u'",
            True,
        ),
        ("SELECT AVG(x) FROM t", "SELECT SUM(x) FROM t", False),
        ("SELECT x FROM t ORDER BY y", "SELECT x FROM t ORDER BY y DESC", False),
        ("SELECT x FROM t WHERE y >= 1", "SELECT x FROM t WHERE y > 1", False),
        ("SELECT x FROM t WHERE y IN (1, 2)", "SELECT x FROM t WHERE y = 1", False),
    ],
)
def test_masked_skeletons_keep_the_build_of_a_query_and_no_name_or_value(one: str, other: str, same: bool) -> None:
    assert (masked_skeleton(one) == masked_skeleton(other)) is same
