"""Every hostile text at both levels: refused or survived as documented, nothing changed on disk, and the next query is right."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.records import Question
from envs.sandbox import Database, Limits, QueryError, Trust
from envs.sql_env import EpisodeConfig, SqlEnv
from tests.conftest import make_shop
from tests.hostile import ACTIONS, ANSWERS, OK, REFUSED, SQL
from tests.watching import ChildMemory, resident_peak_kb, soonest

pytestmark = pytest.mark.timeout(60)  # what hangs
TIMEOUT_S = 0.1
CALM_S = 30.0  # for what is right: machines are busy
MEMORY_KB = 512_000


@pytest.fixture(scope="module", params=list(Trust))
def shop_at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Trust]]:
    """The pet shop at one level, and where a query could leave something."""
    path = tmp_path_factory.mktemp("hostile") / "shop.sqlite"
    make_shop(path)
    cwd, temporary = Path.cwd(), tmp_path_factory.mktemp("temporary")
    os.chdir(tmp_path_factory.mktemp("cwd"))  # where a relative path would lead to
    with pytest.MonkeyPatch.context() as patched:
        for name in ("TMPDIR", "SQLITE_TMPDIR"):
            patched.setenv(name, str(temporary))
        yield path, request.param
    os.chdir(cwd)


@pytest.fixture(scope="module")
def database(shop_at: tuple[Path, Trust]) -> Iterator[Database]:
    """Open through all the texts, as a policy's is, for queries that are short or stopped."""
    database = Database.open(shop_at[0], Limits(timeout_s=TIMEOUT_S), shop_at[1])
    yield database
    database.close()


@pytest.fixture(scope="module")
def patient(shop_at: tuple[Path, Trust]) -> Iterator[Database]:
    """Open through all the answers and turns."""
    database = Database.open(shop_at[0], Limits(timeout_s=CALM_S), shop_at[1])
    yield database
    database.close()


def fingerprint(path: Path) -> tuple[str, float, list[list[str]]]:
    """The file, and what lies wherever a query could put something: beside it, where we and the child stand, among temporary files."""
    places = (path.parent, Path.cwd(), Path(os.environ["SQLITE_TMPDIR"]), Path("/"))
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime, [sorted(p.name for p in at.iterdir()) for at in places]


def test_there_are_more_than_a_hundred_and_fifty_texts() -> None:
    assert len(SQL) > 150


@pytest.mark.parametrize("name", SQL)
def test_a_hostile_text_is_refused_or_survived_and_the_next_query_works(database: Database, name: str) -> None:
    case, before, bound_s = SQL[name], fingerprint(database.path), 1.0 if name in REFUSED else 4.0

    def throw() -> None:
        try:
            database.query(case.sql)
            outcome = OK
        except QueryError as error:
            outcome = error.code
            assert len(str(error)) < 400
        assert outcome in (case.trusted if database.trust is Trust.TRUSTED else case.untrusted)

    with ChildMemory(database) as memory:
        assert soonest(throw, bound_s) < bound_s
    after = database.query("SELECT count(*), (SELECT max(name) FROM pets) FROM sales", timeout_s=CALM_S)
    assert after.rows == ((9, "Tweety"),)
    assert after.tables_read == {"sales", "pets"}
    assert fingerprint(database.path) == before
    assert memory.peak_kb < MEMORY_KB
    if database.trust is Trust.UNTRUSTED:
        assert 5_000 < resident_peak_kb(database.child_pid) < MEMORY_KB


@pytest.mark.parametrize("name", ANSWERS)
def test_a_hostile_answer_is_wrong_and_stays_the_text_it_is(patient: Database, name: str) -> None:
    before = fingerprint(patient.path)
    env = SqlEnv(patient, Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets"), EpisodeConfig())
    assert env.step("QUERY SELECT count(*) FROM pets").ok
    assert env.step(f"ANSWER {ANSWERS[name]}").observation == ""
    assert not env.outcome().correct
    assert patient.query("SELECT count(*) FROM pets").rows == ((7,),)
    assert fingerprint(patient.path) == before


@pytest.mark.parametrize("name", ACTIONS)
def test_a_hostile_turn_comes_back_as_an_error(patient: Database, name: str) -> None:
    before = fingerprint(patient.path)
    env = SqlEnv(patient, Question("shop/1", "shop", "How many pets are there?", "SELECT count(*) FROM pets"), EpisodeConfig())
    step = env.step(ACTIONS[name])
    assert not step.ok
    assert step.observation.startswith("error: ")
    assert len(step.observation) < 400
    assert env.step("QUERY SELECT count(*) FROM pets").observation == "count(*)\n7"
    assert fingerprint(patient.path) == before


@pytest.mark.parametrize("name", ["WITH names that double", "columns that double", "many joins and a misspelt name", "thousands of joins"])
def test_what_would_take_seconds_to_compile_or_to_explain_is_refused_at_once(database: Database, name: str) -> None:
    def throw() -> None:
        with pytest.raises(QueryError):
            database.query(SQL[name].sql)

    assert soonest(throw, 0.2) < 0.2


def test_a_copy_of_the_file_reads_the_same_at_both_levels(shop_db: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(shop_db, copy)
    schemas = []
    for trust in Trust:
        database = Database.open(copy, trust=trust, private=True)
        schemas.append(database.schema)
        database.close()
    assert schemas[0] == schemas[1]
