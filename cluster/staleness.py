"""How far behind the learner a group is, and which groups are still fresh enough to train on."""

from __future__ import annotations

from collections.abc import Iterable

from envs.records import Group


def lag(group: Group, version: int) -> int:
    """Weight versions between a group's oldest token and the learner's weights `version`."""
    return version - group.oldest_version


def fresh_groups(groups: Iterable[Group], version: int, max_lag: int) -> list[Group]:
    """The groups whose oldest token was sampled at most max_lag weight versions before `version`."""
    return [group for group in groups if lag(group, version) <= max_lag]
