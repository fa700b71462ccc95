"""What the tests of the app share: a small finished run and the settings that point to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from envs.dialogue import Codec
from envs.records import Question
from envs.run_store import RunStore
from envs.sandbox import Database
from tests.conftest import make_shop
from tests.dashboards.runs import make_run

SHOP_QUESTIONS = [
    Question("shop/1", "shop", "How many pets are there?", "SELECT COUNT(*) FROM pets", ("pets",), ("aggregate",)),
    Question("shop/2", "shop", "Who owns Rex?", "SELECT full_name FROM owners JOIN pets USING (owner_id) WHERE name = 'Rex'",
             ("owners", "pets"), ("join",)),
    Question("shop/3", "shop", "What did people in Oslo <b>buy</b>?",
             "SELECT DISTINCT product_name FROM owners JOIN sales USING (owner_id) JOIN Products USING (product_id) WHERE city = 'Oslo'",
             ("owners", "sales", "Products"), ("join",)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def the_main_module_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit puts a page in the place of __main__, which every process that is spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def runs_dir(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: str) -> Iterator[Path]:
    """A folder with two finished runs, "small" (the newer) and "older"."""
    folder = tmp_path_factory.mktemp("app")
    shop = folder / "shop.sqlite"
    make_shop(shop)
    database = Database.open(shop)
    codec = Codec(Tokenizer.from_str(tiny_tokenizer))
    for seed, name in enumerate(("older", "small")):
        store = make_run(folder / "runs" / name, codec, {"shop": database}, SHOP_QUESTIONS, seed=seed)
        (store.policy_dir("best")).mkdir(parents=True)
        (store.policy_dir("best") / "tokenizer.json").write_text(tiny_tokenizer)
    database.close()
    yield folder / "runs"


@pytest.fixture(scope="session")
def small_run(runs_dir: Path) -> RunStore:
    return RunStore(runs_dir / "small")
