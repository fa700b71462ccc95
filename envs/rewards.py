"""What a trajectory is worth in training: 1 or 0 for its answer, less small named penalties, all of them off by default.

Shaping never turns the order of right and wrong round: together the penalties take at most PENALTY_MAX. `Outcome.correct` stays the
verifier's word, whatever the reward; scores are made of that alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.records import Group, Step, Trajectory, Verb

PENALTY_MAX = 0.49  # a right answer keeps at least 0.51, a wrong one loses at most this


@dataclass(frozen=True)
class RewardConfig:
    """What is taken from a trajectory's reward: the [reward] table of a run's TOML file. 0 switches a part off."""

    after_end: float = 0.0  # words after the ANSWER that ends the episode, in its own turn: nobody acts on them
    repeated: float = 0.0  # each action that was taken before, word for word
    malformed: float = 0.0  # each turn that is no action
    step_cost: float = 0.0  # each action of a right answer to a question that is solved reliably
    reliable_share: float = 0.8  # of a group's members right: from here on the question counts as solved reliably

    def __post_init__(self) -> None:
        for name in ("after_end", "repeated", "malformed", "step_cost"):
            if not 0 <= getattr(self, name) <= PENALTY_MAX:
                raise ValueError(f"reward.{name} is {getattr(self, name)}: a penalty lies between 0 (off) and {PENALTY_MAX}; 0.05 is usual")
        if not 0 < self.reliable_share <= 1:
            raise ValueError(f"reward.reliable_share is {self.reliable_share}: it is a share of a group's members, above 0 up to 1")

    @property
    def plain(self) -> bool:
        """Nothing is taken: the reward is the verifier's word."""
        return not (self.after_end or self.repeated or self.malformed or self.step_cost)


def shaped(group: Group, config: RewardConfig) -> Group:
    """The group with its penalties taken from its rewards; itself when there are none.

    The step cost makes a group whose members are all right worth training on: its shorter ways become likelier.
    """
    if config.plain:
        return group
    right = sum(t.outcome.correct for t in group.trajectories) / len(group.trajectories)
    step_cost = config.step_cost if right >= config.reliable_share else 0.0
    return replace(
        group, trajectories=tuple(replace(t, reward=t.reward - min(PENALTY_MAX, penalty(t, config, step_cost))) for t in group.trajectories)
    )


def penalty(trajectory: Trajectory, config: RewardConfig, step_cost: float = 0.0) -> float:
    """What a trajectory's turns cost, before the limit; the step cost only if its answer is right."""
    steps = trajectory.steps
    cost = config.repeated * repeated_actions(steps) + config.malformed * sum(s.action.verb is Verb.MALFORMED for s in steps)
    if steps and steps[-1].action.verb is Verb.ANSWER and "\n" in steps[-1].text.strip():
        cost += config.after_end
    return cost + (step_cost * len(steps) if trajectory.outcome.correct else 0.0)


def repeated_actions(steps: Sequence[Step]) -> int:
    """Actions that had been taken before, word for word; malformed turns have a penalty of their own."""
    actions = [step.action for step in steps if step.action.verb is not Verb.MALFORMED]
    return len(actions) - len(set(actions))
