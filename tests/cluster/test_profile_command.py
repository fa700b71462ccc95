"""Whose processor time a step took, told from real processes; a whole profiled step runs by hand (`analyst-buddy profile smoke`)."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from cluster.config import ConfigError, load_preset, to_toml
from cluster.processor_time import ProcessorTime, process_kind
from cluster.profile_command import Part, Profile, print_profile, profiled, trainable, what_to_profile
from envs.groups import groups_to_table, table_to_groups
from envs.records import Group, Outcome, Question, Stop, Trajectory
from envs.run_store import RunStore


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("ray::GeneratorActor.generate", "generator"),
        ("ray::LearnerActor", "learner"),
        ("ray::RolloutActor.play()", "rollout"),
        ("ray::IDLE", "idle worker"),
        ("VLLM::EngineCore", "engine"),
        ("/venv/site-packages/ray/core/src/ray/raylet/raylet", "Ray"),
        ("/usr/bin/sqlite3", "other"),
    ],
)
def test_processes_are_told_apart_by_their_titles(title: str, kind: str) -> None:
    assert process_kind([title, "--option"], "python") == kind


def test_what_a_child_computes_is_counted_once_and_only_since_the_first_look() -> None:
    code = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.readline()"
    before = ProcessorTime.now()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        busy = ProcessorTime.now()
        assert 0.25 <= busy.since(before)["other"] < 5
        assert ProcessorTime.now().since(busy)["other"] < 0.25
        child.communicate(b"\n")


def group(*rewards: float) -> Group:
    question = Question("shop/1", "shop", "How many pets?", "SELECT COUNT(*) FROM pets")
    outcome = Outcome(False, None, "", "")
    members = (
        Trajectory("shop/1", "shop", i, (1, 2), (0, 1), (0.0, -1.0), (), (), Stop.ANSWERED, outcome, reward, 0.1)
        for i, reward in enumerate(rewards)
    )
    return Group(question, tuple(members))


def test_groups_that_would_train_nothing_are_given_rewards_that_do() -> None:
    kept, changed = trainable([group(0.5, 0.0, 0.5), group(0.0, 0.0, 0.0)])
    assert kept.rewards == (0.5, 0.0, 0.5)
    assert changed.has_variance and changed.rewards == (0.0, 1.0, 0.0)


def test_a_run_is_profiled_by_its_own_configuration_and_best_policy(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "mine")
    store.config_path.write_text(to_toml(load_preset("smoke", ["rollout.group_size=3"])))
    store.append_metrics(1, {"sft/loss": 1.0})
    (store.policy_dir("best")).mkdir(parents=True)
    (store.policy_dir("best") / "config.json").write_text("{}")
    config, model_dir = what_to_profile("mine", tmp_path, ["rollout.turn_tokens_max=16"])
    assert (config.rollout.group_size, config.rollout.turn_tokens_max, model_dir) == (3, 16, store.policy_dir("best"))


def test_a_name_that_is_neither_run_nor_preset_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="smoke"):
        what_to_profile("smok", tmp_path, [])


def test_the_table_shows_each_process_in_each_part_and_the_clock() -> None:
    parts = [Part("rollout", 10.0, {"engine": 8.0, "driver": 1.0}), Part("update", 5.0, {"learner": 9.5, "driver": 0.01})]
    console = Console(record=True, width=100, file=io.StringIO())
    print_profile(Profile(parts, {"learner/forward_s": 2.0, "grpo/loss": 0.1}), console)
    told = console.export_text()
    rows = {
        line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:5]] for line in told.splitlines() if line.count("│") == 5
    }
    assert rows["engine"] == ["8.0", "0.0", "8.0"]
    assert rows["learner"] == ["0.0", "9.5", "9.5"]
    assert rows["on the clock"] == ["10.0", "5.0", "15.0"]
    assert "learner/forward_s 2" in told and "grpo/loss" not in told


class Told:
    """A method behind Ray: notes what it was called with and gives what it was made with."""

    def __init__(self, result: Any) -> None:
        self.result, self.calls = result, []

    async def remote(self, *arguments: Any, **named: Any) -> Any:
        self.calls.append((arguments, named))
        return self.result


def test_a_step_is_rollout_update_and_push_and_what_has_no_variance_is_trained_all_the_same() -> None:
    async def nothing() -> None:
        return None

    learner = SimpleNamespace(begin_grpo=Told(None), grpo_step=Told({"learner/step_s": 2.0}), push=Told({"broadcast/push_s": 0.5}))
    rollout = SimpleNamespace(play=Told(groups_to_table([group(0.0, 0.0)])))
    crew = SimpleNamespace(ready=nothing, learner=learner, rollouts=[rollout], generators=["generator"])
    config = load_preset("smoke", ["phase1.groups_per_step=3", "rollout.group_size=2"])
    questions = [Question(f"shop/{i}", "shop", "How many?", "SELECT 1") for i in range(9)]
    profile = asyncio.run(profiled(config, crew, questions, Console(file=io.StringIO())))
    assert [part.name for part in profile.parts] == ["rollout", "update", "push"]
    assert [call[0][0].id for call in rollout.play.calls] == ["shop/0", "shop/1", "shop/2", "shop/3"]  # the first warms up
    (((table, rate, _), _),) = learner.grpo_step.calls
    assert all(g.has_variance for g in table_to_groups(table)) and table.num_rows == 6
    assert rate == config.phase1.learning_rate
    assert learner.push.calls == [((["generator"], 1), {})]
    assert profile.metrics["learner/step_s"] == 2.0 and profile.metrics["actor/groups"] == 3
    assert json.loads(json.dumps(profile.as_dict()))["parts"].keys() == {"rollout", "update", "push"}
