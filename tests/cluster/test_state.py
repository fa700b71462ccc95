"""cluster/state.py, staleness.py and report.py: what a run remembers and reports."""

from __future__ import annotations

import json

from cluster.memorisation import Watched
from cluster.report import result, score_text
from cluster.staleness import fresh_groups
from cluster.state import DONE, STAGES, Best, StageRecord, TrainerState
from envs.proportions import Tally
from envs.records import Group, Outcome, Question, Stop, Trajectory, WeightSpan


def group_of_versions(*versions: int) -> Group:
    spans = tuple(WeightSpan(i, i + 1, version) for i, version in enumerate(versions))
    n = len(versions)
    trajectory = Trajectory("q", "d", 0, (1,) * n, (1,) * n, (0.0,) * n, spans, (), Stop.ANSWERED, Outcome(True, None, "", ""), 1.0, 0.0)
    return Group(Question("q", "d", "?", ""), (trajectory,))


def test_state_survives_json_as_a_manifest_keeps_it() -> None:
    state = TrainerState(stage="phase1", step=12, best=Best("sft", 9, 80, 200, {"accuracy": 0.4}))
    state.stages["sft"] = StageRecord(steps=9, drawn=120, rewards=[0.1], over=True)
    state.spend("sft", 1.5)
    assert TrainerState.from_dict(json.loads(json.dumps(state.as_dict()))) == state


def test_an_alarm_looks_back_over_all_stages_and_is_told_in_the_result() -> None:
    state = TrainerState(stage="phase1")
    assert state.watch("base", Watched(0, Tally(20, 100), Tally(10, 100))) is None
    assert state.watch("sft", Watched(50, Tally(50, 100), Tally(60, 100))) is None
    state = TrainerState.from_dict(json.loads(json.dumps(state.as_dict())))  # after a stop
    assert state.watch("phase1", Watched(60, Tally(90, 100), Tally(20, 100))) is not None
    told = result(state, seed=1)
    assert told["alarms"][0].startswith("Memorisation: since step 50")
    assert [stage["watched"][0]["validation_correct"] for stage in told["stages"][:3]] == [10, 60, 20]


def test_stages_follow_one_another_to_the_end() -> None:
    state, seen = TrainerState(), []
    while state.stage != DONE:
        seen.append(state.stage)
        state.advance()
    assert tuple(seen) == STAGES[1:]  # base is only scored


def test_a_group_older_than_max_lag_is_not_fresh() -> None:
    old, mixed, new = group_of_versions(3), group_of_versions(4, 5), group_of_versions(5, 5)
    assert fresh_groups([old, mixed, new], version=5, max_lag=0) == [new]
    assert fresh_groups([old, mixed, new], version=5, max_lag=1) == [mixed, new]


def test_reward_quarters_are_the_means_of_the_first_and_last_steps() -> None:
    state = TrainerState()
    state.stages["phase1"].rewards = [0.1, 0.3, 0.5, 0.5, 0.5, 0.5, 0.6, 0.8]
    training = result(state, seed=1)["stages"][2]["training"]
    assert abs(training["reward_first_quarter"] - 0.2) < 1e-9
    assert abs(training["reward_last_quarter"] - 0.7) < 1e-9


def test_a_score_reads_with_count_and_interval() -> None:
    assert score_text({"accuracy": 0.5, "correct": 5, "questions": 10, "interval": [0.2366, 0.7634]}) == "50.0 % (5 of 10; 23.7 to 76.3)"
    assert score_text(None) == "-"
