"""Which groups are still fresh enough to train on."""

from __future__ import annotations

from collections.abc import Iterable

from envs.records import Group


def fresh_groups(groups: Iterable[Group], version: int, max_lag: int) -> list[Group]:
    """The groups whose oldest token was sampled at most max_lag weight versions before `version`."""
    return [group for group in groups if version - group.oldest_version <= max_lag]
