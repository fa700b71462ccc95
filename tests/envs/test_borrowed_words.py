"""Number columns take other businesses' words of the same kind; all others keep theirs, and questions say the new ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.borrowed_words import Pool, borrow, pool_of
from envs.businesses import build_database, wording
from envs.profile import Facts, Role, read_facts
from envs.restyle import restyle
from envs.sandbox import Database
from envs.synthesis import synthesize

LENDERS = ("courier", "library", "brewery")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("businesses")


@pytest.fixture(scope="module")
def facts(folder: Path) -> Iterator[dict[str, Facts]]:
    found = {}
    for name in LENDERS:
        build_database(name, folder / f"{name}.sqlite", seed=0)
        database = Database.open(folder / f"{name}.sqlite")
        found[name] = read_facts(database, wording(name))
        database.close()
    yield found


@pytest.fixture(scope="module")
def pool(facts: dict[str, Facts]) -> Pool:
    return pool_of([facts[name] for name in LENDERS[1:]])


@pytest.mark.parametrize("seed", range(5))
def test_number_columns_borrow_words_of_their_kind_and_others_keep_theirs(facts: dict[str, Facts], pool: Pool, seed: int) -> None:
    own = wording("courier")
    words, borrowed = borrow(own, facts["courier"], pool, 1.0, random.Random(seed))
    columns = {column.path: column for table in facts["courier"].tables.values() for column in table.columns.values()}
    assert borrowed
    for path, column in columns.items():
        if path in borrowed:
            assert column.role is Role.NUMBER
            assert any(set(words[path]) <= set(said) for said in pool[(column.kind, column.additive)])
        else:
            assert words.get(path) == own.get(path)
    for table in facts["courier"].tables.values():
        said = [phrase.lower() for column in table.columns for phrase in words.get(f"{table.name}.{column}", ())]
        assert len(said) == len(set(said)), "two columns of a table are called alike"


def test_none_borrow_at_a_share_of_0(facts: dict[str, Facts], pool: Pool) -> None:
    words, borrowed = borrow(wording("courier"), facts["courier"], pool, 0.0, random.Random(0))
    assert (dict(words), borrowed) == (dict(wording("courier")), frozenset())


def test_a_restyled_database_shows_the_borrowed_word_alone_and_is_asked_by_it(folder: Path, facts: dict[str, Facts], pool: Pool) -> None:
    words, borrowed = borrow(wording("courier"), facts["courier"], pool, 1.0, random.Random(1))
    path = folder / "restyled.sqlite"
    path.write_bytes((folder / "courier.sqlite").read_bytes())
    renamed = restyle(path, words, random.Random(3), borrowed)
    database = Database.open(path)
    names = {column.lower().replace("_", "") for table in database.schema.tables for column in table.column_names}
    asked = " ".join(question.text.lower() for question in synthesize(database, 200, 0, "train", renamed))
    database.close()
    lent = {phrase for key in borrowed for phrase in words[key]}
    assert any(phrase.lower().replace(" ", "") in names for phrase in lent)
    assert sum(phrase.lower() in asked for phrase in lent) > len(borrowed) / 3
    old = {key.partition(".")[2].lower().replace("_", "") for key in borrowed}
    assert not old & names
