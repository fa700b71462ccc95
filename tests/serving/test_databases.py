"""What an owner may keep: names, limits, and nothing half-made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from envs.importing import ImportRefusedError
from serving.databases import SAMPLES, DatabaseStore, NameTakenError, NoDatabaseError, SampleKeptError, StoreFullError, StoreLimits


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    DatabaseStore(folder)
    return folder / "samples"


@pytest.fixture
def store(samples: Path, tmp_path: Path) -> DatabaseStore:
    shutil.copytree(samples, tmp_path / "state" / "samples")
    return DatabaseStore(tmp_path / "state", StoreLimits(databases_max=3, bytes_max=200_000))


def csv(folder: Path, rows: int = 2) -> Path:
    path = folder / "upload"
    path.write_text("a,b\n" + "".join(f"{row},{'x' * 50}\n" for row in range(rows)))
    return path


def test_the_samples_are_there_at_once_and_stay(store: DatabaseStore) -> None:
    assert [entry.name for entry in store.list("ann")] == list(SAMPLES)
    assert all(entry.sample and entry.tables > 3 and entry.rows > 300 for entry in store.list("ann"))
    with pytest.raises(SampleKeptError):
        store.delete("ann", SAMPLES[0])


@pytest.mark.parametrize(
    ("file_name", "name", "made"),
    [
        ("Sales 2024.csv", None, "sales_2024"),
        ("../../etc/passwd", None, "passwd"),
        ("C:\\shop\\Größen.csv", None, "groessen"),
        ("...", None, "upload"),
        ("x.csv", "Our Shop!", "our_shop"),
        (f"{SAMPLES[0]}.csv", None, f"{SAMPLES[0]}_2"),
        ("日本.csv", None, "upload"),
    ],
)
def test_a_database_gets_a_name_that_is_safe_and_free(
    store: DatabaseStore, tmp_path: Path, file_name: str, name: str | None, made: str
) -> None:
    entry = store.add("ann", csv(tmp_path), file_name, name)
    assert entry.name == made
    assert store.path("ann", made).is_file()
    assert store.path("ann", made).parent.parent == tmp_path / "state" / "databases" / "ann"


def test_a_second_file_of_one_name_is_numbered_and_a_name_that_was_asked_for_is_not(store: DatabaseStore, tmp_path: Path) -> None:
    names = [store.add("ann", csv(tmp_path), "shop.csv").name for _ in range(2)]
    assert names == ["shop", "shop_2"]
    with pytest.raises(NameTakenError):
        store.add("ann", csv(tmp_path), "other.csv", "shop")
    with pytest.raises(NameTakenError):
        store.add("ann", csv(tmp_path), "other.csv", SAMPLES[0])


def test_what_is_refused_leaves_nothing(store: DatabaseStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\0" * 200)
    with pytest.raises(ImportRefusedError):
        store.add("ann", tmp_path / "upload", "x.sqlite")
    with pytest.raises(StoreFullError, match="MB"):
        store.add("ann", csv(tmp_path, rows=5_000), "large.csv")
    assert list((tmp_path / "state" / "databases").rglob("*")) == []


def test_an_owner_may_keep_so_many_and_may_delete(store: DatabaseStore, tmp_path: Path) -> None:
    for _ in range(3):
        store.add("ann", csv(tmp_path), "shop.csv")
    with pytest.raises(StoreFullError, match="delete one first"):
        store.add("ann", csv(tmp_path), "shop.csv")
    store.add("bob", csv(tmp_path), "shop.csv")
    store.delete("ann", "shop")
    with pytest.raises(NoDatabaseError):
        store.path("ann", "shop")
    assert store.path("bob", "shop").is_file()
    assert store.add("ann", csv(tmp_path), "shop.csv").name == "shop"


@pytest.mark.parametrize("name", ["..", "../bob/shop", "SHOP", "", "shop/../shop", "a\x00b", "x" * 100])
def test_a_name_that_is_none_is_no_path(store: DatabaseStore, name: str) -> None:
    with pytest.raises(NoDatabaseError):
        store.path("ann", name)
    with pytest.raises(NoDatabaseError):
        store.delete("ann", name)
