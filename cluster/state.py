"""Where a run stands: everything the trainer must remember to go on after a stop, kept in each checkpoint's manifest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from cluster.memorisation import Alarm, Watched, memorising

STAGES = ("base", "sft", "phase1", "phase2")
DONE = "done"


@dataclass
class StageRecord:
    """What one stage has done so far."""

    steps: int = 0
    seconds: float = 0.0  # spent in its learner steps, evaluations left out
    drawn: int = 0  # demonstrations or questions taken from the stage's order
    since_best: int = 0  # validations in a row without a new best
    validated_at: int = -1  # the stage's step count at its last validation
    groups: int = 0
    zero_variance: int = 0
    stale: int = 0
    rewards: list[float] = field(default_factory=list)  # mean reward of every step's groups
    kl_to_sft: float = 0.0
    validation: dict[str, Any] | None = None
    test: dict[str, Any] | None = None
    scoring_s: float = 0.0  # what its scores took
    over: bool = False  # no more steps; its scores may still be missing
    watched: list[dict[str, int]] = field(default_factory=list)  # training against validation at each validation, as `Watched.as_dict`

    def training(self) -> dict[str, Any]:
        """The `training` entry of result.json."""
        quarter = max(1, len(self.rewards) // 4)
        return {
            "groups": self.groups,
            "zero_variance": self.zero_variance,
            "stale": self.stale,
            "reward_first_quarter": _mean(self.rewards[:quarter]),
            "reward_last_quarter": _mean(self.rewards[-quarter:]),
            "kl_to_sft": self.kl_to_sft,
        }


@dataclass
class Best:
    """The policy with the highest validation accuracy so far (the earlier one on a tie)."""

    stage: str
    step: int
    correct: int
    questions: int
    validation: dict[str, Any]
    test: dict[str, Any] | None = None


@dataclass
class TrainerState:
    """The position of a run."""

    stage: str = "sft"  # base is not trained: it is scored before its weights are first replaced
    step: int = 0  # learner steps over all stages; also the weight version of the last push
    stages: dict[str, StageRecord] = field(default_factory=lambda: {stage: StageRecord() for stage in STAGES})
    best: Best | None = None
    seconds: dict[str, float] = field(default_factory=dict)  # wall clock by part, over all sessions of the run
    peak_memory_bytes: int = 0
    alarms: list[str] = field(default_factory=list)  # of memorisation

    @property
    def record(self) -> StageRecord:
        """The record of the stage at hand."""
        return self.stages[self.stage]

    def step_of(self, stage: str) -> int:
        """The learner step whose weights a stage's score speaks of."""
        return 0 if stage == "base" else self.step

    def advance(self) -> None:
        """Go to the next stage of training."""
        place = STAGES.index(self.stage) + 1
        self.stage = STAGES[place] if place < len(STAGES) else DONE

    def watch(self, stage: str, watched: Watched) -> Alarm | None:
        """Note a validation; the alarm if it shows memorising."""
        self.stages[stage].watched.append(watched.as_dict())
        alarm = memorising([Watched.from_dict(one) for name in STAGES for one in self.stages[name].watched])
        if alarm is not None:
            self.alarms.append(str(alarm))
        return alarm

    def spend(self, part: str, seconds: float) -> None:
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainerState:
        """The state a manifest holds."""
        values = dict(values)
        values["stages"] = {name: StageRecord(**record) for name, record in values["stages"].items()}
        values["best"] = Best(**values["best"]) if values["best"] else None
        return cls(**values)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
