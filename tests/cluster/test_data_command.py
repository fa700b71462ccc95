"""`analyst-buddy data`: counts, the check, and its exit codes: 0 good, 2 usage, 3 refused."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from envs.businesses import TRAIN
from tests import command_line
from tests.spider_layout import make_spider

SMALL = {
    "train_questions": len(TRAIN),
    "validation_questions": 200,
    "schema_styles": 1,
    "spider_validation_databases": 2,
    "spider_test_databases": 2,
    "spider_questions_min": 12,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds spider/ and a cache."""
    folder = tmp_path_factory.mktemp("place")
    make_spider(folder / "spider")
    return folder


def run(place: Path, *arguments: str, spider: str = "spider") -> CompletedProcess[str]:
    sets = [part for key, value in SMALL.items() for part in ("--set", f"data.{key}={value}")]
    command = [*arguments, "--preset", "smoke", "--spider", str(place / spider), *sets]
    return command_line.run(*command, ANALYST_BUDDY_CACHE=str(place / "cache"), columns=200)


@pytest.fixture(scope="module")
def counted(place: Path) -> dict[str, Any]:
    done = run(place, "data", "build", "--json")
    assert done.returncode == 0, done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def test_build_counts_sets_by_tables_constructs_and_databases(counted: dict[str, Any]) -> None:
    assert set(counted["sets"]) == {"train", "validation", "test"}
    for of in counted["sets"].values():
        assert sum(of["databases"].values()) == sum(of["tables"].values()) == of["questions"]
        assert of["constructs"]["join"] > 0
    assert counted["sets"]["train"]["databases"].items() >= {(name, 6) for name in counted["sources"]["spider"]["databases"]["train"]}
    assert Path(counted["directory"], "manifest.json").is_file()


def test_build_and_check_print_tables_for_a_person(place: Path, counted: dict[str, Any]) -> None:
    built, checked = run(place, "data", "build"), run(place, "data", "check")
    assert (built.returncode, checked.returncode) == (0, 0)
    for word in ("validation", "unanswerable", "join", "spider_comet 6", counted["sources"]["spider"]["fingerprint"]):
        assert word in built.stdout
    assert "fit to be scored" in checked.stdout
    assert "good: no database" in checked.stdout


def test_check_gives_splits_and_the_health_of_every_set(place: Path, counted: dict[str, Any]) -> None:
    done = run(place, "data", "check", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["good"], found["overlaps"]) == (0, True, [])
    for name, of in counted["sets"].items():
        assert found["splits"][name] == {"questions": of["questions"], "databases": list(of["databases"])}
        assert set(found["health"][name]) >= {"failing", "empty", "tied_limit"}
        assert found["health"][name]["failing"] == 0


def test_an_overlap_is_printed_and_refused_by_the_check_and_by_training(place: Path, counted: dict[str, Any], tmp_path: Path) -> None:
    manifest = Path(counted["directory"], "manifest.json")
    train = Path(counted["directory"], "train.json")
    kept = manifest.read_bytes(), train.read_bytes()
    planted = {**json.loads(Path(counted["directory"], "test.json").read_text())[0], "id": "planted"}
    train.write_text(json.dumps([*json.loads(kept[1]), planted]))
    changed = json.loads(kept[0])
    changed["files"]["train.json"] = train.stat().st_size
    manifest.write_text(json.dumps(changed))
    try:
        person, machine = run(place, "data", "check"), run(place, "data", "check", "--json")
        training = run(place, "train", "--run-dir", str(tmp_path / "run"))
    finally:
        manifest.write_bytes(kept[0])
        train.write_bytes(kept[1])
    assert (person.returncode, machine.returncode, training.returncode) == (3, 3, 3)
    assert planted["question"] in person.stdout
    assert {"question", "query", "database"} <= {overlap["kind"] for overlap in json.loads(machine.stdout)["overlaps"]}
    assert "planted" in training.stderr
    assert "held-out scores would mean nothing" in training.stderr


def test_an_unusable_directory_is_one_line_and_begins_nothing(place: Path, tmp_path: Path) -> None:
    for arguments in (("data", "build"), ("data", "check"), ("train", "--run-dir", str(tmp_path / "run"))):
        done = run(place, *arguments, spider="nowhere")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert "no directory" in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_spider_preset_without_a_directory_says_how_to_name_one(place: Path) -> None:
    done = command_line.run("train", "--preset", "spider-135m", "--run-dir", place / "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--spider DIR" in done.stderr
    assert not (place / "run").exists()
