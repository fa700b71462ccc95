"""`analyst-buddy replay` on runs made by a real learner on a tiny model: the losses come back, and what was changed is noticed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.config import RunConfig, RunSection, to_toml
from cluster.errors import UserError
from cluster.replay_command import LEARNER, TOLERANCES, ReplayError, parse_steps, plan, recorded_updates, replay
from cluster.state import TrainerState
from envs.group_files import read_groups, read_training, training_of, write_groups
from envs.groups import groups_to_table
from envs.records import Group, Outcome, Question, Stop, TrainingSequence, Trajectory, WeightSpan
from envs.run_store import RunStore
from envs.whole_files import write_text_atomic
from learner.config import GrpoConfig, LearnerConfig
from learner.learner_actor import LearnerActor
from tests import command_line

ROOT = Path(__file__).parent.parent.parent
FP32 = LearnerConfig(precision="fp32", zero_stage=0, compile=False, threads=1, micro_batch_tokens=64, width_multiple=1)
BF16 = replace(FP32, precision="bf16", zero_stage=1)
MANY_UPDATES = GrpoConfig(updates_per_batch=2, minibatches=2, kl_coefficient=0.1)
DEMONSTRATIONS = [TrainingSequence(tuple(range(k, k + 12)), (0.0, *[1.0] * 11)) for k in (1, 20, 40)]
SFT_STEPS, LAST = 3, 7


def groups_of(learner: LearnerActor, step: int) -> list[Group]:
    """Two groups that train, in lengths that meet, around one without variance, sampled by the learner's own weights."""
    made = []
    for number, rewards in enumerate(((1, 0, 0, 1), (0, 0, 0, 0), (0, 1, 0, 0))):
        question = Question(f"shop/{number}", "shop", "How many?", "SELECT 1")
        trajectories = []
        for member, reward in enumerate(rewards):
            length = 9 + 3 * (member % 3)
            ids = tuple(1 + (7 * step + 31 * number + 13 * member + place * (5 + member)) % 96 for place in range(length))
            mask = tuple(0 if place < 3 or place % 3 == 2 else 1 for place in range(length))
            sampled = learner.logprobs([ids])[0]
            spans, outcome = (WeightSpan(3, length, step - 1),), Outcome(reward > 0, None, "", "")
            logprobs = tuple(p * m for p, m in zip(sampled, mask, strict=True))
            played = Trajectory(question.id, "shop", member, ids, mask, logprobs, spans, (), Stop.ANSWERED, outcome, float(reward), 0.1)
            trajectories.append(played)
        made.append(Group(question, tuple(trajectories)))
    return made


def make_run(path: Path, model_dir: Path, config: LearnerConfig, grpo: GrpoConfig, checkpoint_at: int | None = None) -> RunStore:
    """A run as the trainer leaves it: SFT, policy/sft, four steps of GRPO of which the third has nothing to train on."""
    store = RunStore(path)
    write_text_atomic(store.config_path, to_toml(RunConfig(run=RunSection(base_model=str(model_dir)), learner=config, grpo=grpo)))
    learner = LearnerActor(config, str(model_dir), grpo=grpo)
    for step in range(1, SFT_STEPS + 1):
        store.append_metrics(step, learner.sft_step(DEMONSTRATIONS, 1e-2))
    learner.begin_grpo()
    learner.export(str(store.policy_dir("sft")), exact=True)
    for step in range(SFT_STEPS + 1, LAST + 1):
        played = groups_of(learner, step)
        usable = [] if step == LAST - 1 else [group for group in played if group.has_variance]
        training = training_of(step, "phase1", played, usable, 3e-3 / step, 1000 + step)
        write_groups(store.groups_path(step), played, training)
        update = learner.grpo_step(groups_to_table(usable), training.learning_rate, training.seed) if usable else {}
        store.append_metrics(step, {"reward/mean": 0.25, **update})
        store.append_metrics(step, {"broadcast/push_s": 0.5})
        if step == checkpoint_at:
            with store.checkpoint(step, TrainerState(stage="phase1", step=step).as_dict()) as folder:
                learner.save_checkpoint(str(folder / LEARNER))
    return store


def differences(store: RunStore, first: int | None = None, last: int | None = None) -> dict[int, float]:
    planned = plan(store, first, last)
    learner = LearnerActor(planned.config.learner, str(planned.model_dir), grpo=planned.config.grpo)
    return {compared.step: compared.difference for compared in replay(planned, learner)}


@pytest.fixture(scope="module")
def run(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return make_run(tmp_path_factory.mktemp("runs") / "tiny", tiny_model_dir, FP32, MANY_UPDATES)


@pytest.fixture
def copied(run: RunStore, tmp_path: Path) -> RunStore:
    shutil.copytree(run.path, tmp_path / "copy")
    return RunStore(tmp_path / "copy")


def test_losses_come_back_from_the_files_alone_over_several_updates_a_step(run: RunStore) -> None:
    apart = differences(run)
    assert list(apart) == [4, 5, 7]  # the sixth step had nothing to train on
    assert max(apart.values()) <= 1e-7


@pytest.mark.parametrize("config", [BF16, replace(BF16, zero_stage=2), replace(FP32, zero_stage=1)])
def test_losses_come_back_in_every_precision_and_stage(tiny_model_dir: Path, tmp_path: Path, config: LearnerConfig) -> None:
    assert max(differences(make_run(tmp_path / "run", tiny_model_dir, config, GrpoConfig())).values()) <= 1e-6


def test_a_span_of_steps_reports_only_those_though_earlier_ones_are_trained(run: RunStore) -> None:
    assert list(differences(run, 5, 6)) == [5]
    assert differences(run, 5, 5)[5] <= 1e-7


def test_a_checkpoint_nearer_to_the_first_step_is_the_start(tiny_model_dir: Path, tmp_path: Path) -> None:
    store = make_run(tmp_path / "run", tiny_model_dir, FP32, MANY_UPDATES, checkpoint_at=5)
    (store.groups_files()[4]).unlink()  # no longer needed
    assert plan(store, 6).checkpoint == store.checkpoint_dir(5)
    assert differences(store, 6)[7] <= 1e-7
    with pytest.raises(ReplayError, match="groups of steps 4 are missing"):
        plan(store)


def test_other_weights_to_start_from_are_noticed(copied: RunStore, tiny_model_dir: Path) -> None:
    shutil.copyfile(tiny_model_dir / "model.safetensors", copied.path / "policy" / "sft" / "model.safetensors")
    assert min(differences(copied).values()) > TOLERANCES["bf16"]


def test_another_learning_rate_in_a_file_is_noticed_at_the_next_step(copied: RunStore) -> None:
    path = copied.groups_files()[4]
    write_groups(path, read_groups(path), replace(read_training(path), learning_rate=0.0))
    apart = differences(copied)
    assert apart[5] > TOLERANCES["fp32"]


def test_a_group_less_is_refused_as_another_runs_file(copied: RunStore) -> None:
    path = copied.groups_files()[5]
    write_groups(path, read_groups(path), replace(read_training(path), trained=(0,)))
    with pytest.raises(ReplayError, match=r"step_000005\.parquet trains .* tokens, the run trained"):
        differences(copied)
    write_groups(path, read_groups(path), replace(read_training(path), trained=()))
    with pytest.raises(ReplayError, match="says that nothing trained"):
        plan(copied)


def test_what_a_replay_needs_and_does_not_find_is_named(copied: RunStore) -> None:
    with pytest.raises(ReplayError, match="those that did are 4, 5, 7"):
        plan(copied, 6, 6)
    shutil.rmtree(copied.path / "policy")
    with pytest.raises(ReplayError, match="keeps no weights from before step 4: wanted policy/sft"):
        plan(copied)
    copied.config_path.unlink()
    with pytest.raises(ReplayError, match=r"has no config\.toml"):
        plan(copied)


def test_steps_done_again_after_a_crash_count_as_the_later_time_and_what_lay_beyond_is_void() -> None:
    def line(step: int, loss: float) -> dict[str, Any]:
        return {"step": step, "reward/mean": 0.5, "grpo/updates": 1.0, "grpo/loss": loss}

    lines = [{"step": 1, "sft/loss": 2.0}, line(2, 0.1), line(3, 0.2), line(4, 0.3), {"step": 4, "validation/accuracy": 0.1}, line(3, 0.4)]
    assert {step: kept["grpo/loss"] for step, kept in recorded_updates(lines).items()} == {2: 0.1, 3: 0.4}
    assert recorded_updates([*lines, {"step": 2, "reward/mean": 0.5}]) == {}  # that time nothing was trained


@pytest.mark.parametrize(("text", "wanted"), [(None, (None, None)), ("4-7", (4, 7)), ("4-", (4, None)), ("-7", (None, 7)), (" 5 ", (5, 5))])
def test_a_span_of_steps_is_read(text: str | None, wanted: tuple[int | None, int | None]) -> None:
    assert parse_steps(text) == wanted


@pytest.mark.parametrize("text", ["", "-", "7-4", "a-b", "1-2-3"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--steps"):
        parse_steps(text)


def test_the_command_prints_a_json_line_a_step_and_its_exit_code_tells_the_tolerance(tiny_model_dir: Path, tmp_path: Path) -> None:
    store = make_run(tmp_path / "run", tiny_model_dir, BF16, GrpoConfig())
    command = [sys.executable, "-m", "cluster.cli", "replay", str(store.path), "--json"]  # a process of its own: DeepSpeed talks to stdout
    there = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=there)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["step"] for line in lines] == [4, 5, 7]
    assert set(lines[0]["replayed"]) >= {"grpo/loss", "policy/entropy", "learner/gradient_norm", "policy/kl_to_sft"}
    assert "3 updates replayed from policy/sft" in done.stderr
    (store.path / "policy" / "sft" / "model.safetensors").write_bytes((tiny_model_dir / "model.safetensors").read_bytes())
    other = command_line.run("replay", store.path, "--steps", "4")
    assert other.returncode == 1
    assert "beyond 0.002" in other.stdout
    none = command_line.run("replay", store.path, "--steps", "99-")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no step asked for" in none.stderr
