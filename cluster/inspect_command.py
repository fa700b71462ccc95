"""`analyst-buddy inspect`: what was played in a run, turn by turn, from its Parquet files; without an episode to show, a list of them.

Each thing shown is first a plain dict, which is what --json prints, one a line; people get the same as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.errors import UserError
from envs.group_files import read_groups
from envs.records import Group, Step, Trajectory, turns_of
from envs.run_store import RunStore


@dataclass(frozen=True)
class Wanted:
    """Which episodes to show; nothing chosen means a list of what there is."""

    step: int | None = None
    question: str | None = None
    evaluation: str | None = None  # a held-out evaluation by name, such as "sft_validation", instead of training groups
    wrong: bool = False  # only episodes that were not right

    @property
    def nothing(self) -> bool:
        return self.step is None and self.question is None and self.evaluation is None and not self.wrong


def inspect_lines(store: RunStore, wanted: Wanted, *, as_json: bool) -> Iterator[str]:
    """What the command prints."""
    rows = listing(store) if wanted.nothing else episodes(store, wanted)
    if as_json:
        return map(json.dumps, rows)
    return listing_lines(rows) if wanted.nothing else episode_lines(rows)


def listing(store: RunStore) -> Iterator[dict[str, Any]]:
    """One dict for every step with groups, then one for every held-out evaluation.

    Raises:
        UserError: there are none of either.
    """
    steps, evaluations = store.groups_files(), store.evaluation_files()
    if not steps and not evaluations:
        raise UserError(f"nothing was played in {store.path} yet: the first file comes with the first evaluation")
    for step, path in steps.items():
        groups = read_groups(path)
        yield {
            "step": step,
            "groups": len(groups),
            "groups_with_variance": sum(group.has_variance for group in groups),
            **_counts(groups),
        }
    for step, name, path in evaluations:
        yield {"evaluation": name, "step": step, **_counts(read_groups(path))}


def episodes(store: RunStore, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """The episodes wanted, file after file, those of a group one after the other.

    Raises:
        UserError: there is no such step, evaluation or question in the run.
    """
    known: dict[str, None] = {}
    found = False
    for place, path in _files(store, wanted):
        for group in read_groups(path):
            known[group.question.id] = None
            if wanted.question in (None, group.question.id):
                found = True
                yield from (episode(group, t, place) for t in group.trajectories if not (wanted.wrong and t.outcome.correct))
    if not found:
        ids = ", ".join(list(known)[:5]) + (", ..." if len(known) > 5 else "")
        raise UserError(f"no question {wanted.question!r} was played there: there are {len(known)}, such as {ids or '(none)'}")


def episode(group: Group, played: Trajectory, place: dict[str, Any]) -> dict[str, Any]:
    """One episode as a dict."""
    question, outcome = group.question, played.outcome
    versions = turn_versions(played)
    return {
        **place,
        "question_id": question.id,
        "db_id": question.db_id,
        "question": question.text,
        "gold_sql": question.gold_sql,
        "answerable": question.answerable,
        "member": played.member,
        "members": len(group.trajectories),
        "correct": outcome.correct,
        "failure": None if outcome.failure is None else outcome.failure.value,
        "stop": played.stop.value,
        "reward": played.reward,
        "seconds": played.seconds,
        "tokens": len(played.ids),
        "tokens_sampled": sum(played.mask),
        "weight_versions": sorted({span.version for span in played.spans}),
        "sql": outcome.sql,
        "answer": outcome.answer,
        "turns": [{**_turn(step), "weight_versions": turn_version} for step, turn_version in zip(played.steps, versions, strict=True)],
    }


def turn_versions(played: Trajectory) -> list[list[int]]:
    """The weight versions that sampled each turn: a turn's tokens are one run of mask 1, observations lie between.

    Where turns and runs do not match (a turn without tokens), no turn can be told from the next and every list is empty.
    """
    version_at = {place: span.version for span in played.spans for place in range(span.start, span.end)}
    turns = turns_of(played.mask)
    if len(turns) != len(played.steps):
        return [[] for _ in played.steps]
    return [sorted({version_at[place] for place in range(start, end) if place in version_at}) for start, end in turns]


def listing_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The list for a person."""
    for row in rows:
        score = f"{row['correct']} of {row['episodes']} right, mean reward {row['reward_mean']:.3f}, {row['seconds_mean']:.1f} s an episode"
        if "evaluation" in row:
            yield f"--evaluation {row['evaluation'] or '(unnamed)'}, step {row['step']}: {score}"
        else:
            yield f"--step {row['step']}: {row['groups']} groups, {row['groups_with_variance']} with variance, {score}"


def episode_lines(shown: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Episodes for a person: the question once for all that follow on it. What would steer a terminal is shown as a mark."""
    for line in _episode_lines(shown):
        yield "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line)


def _episode_lines(shown: Iterable[dict[str, Any]]) -> Iterator[str]:
    last: tuple[Any, ...] | None = None
    for row in shown:
        asked = (row["step"], row["question_id"])
        if asked != last:
            where = f"evaluation {row['evaluation']}, step" if "evaluation" in row else "step"
            yield from () if last is None else ("",)
            yield f"{row['question_id']} ({row['db_id']}, {where} {row['step']}): {row['question']}"
            yield f"gold: {row['gold_sql'] or 'UNKNOWN: the data does not say'}"
        last = asked
        yield ""
        yield f"  member {row['member']}: {_verdict(row)}"
        for number, turn in enumerate(row["turns"], 1):
            yield from _turn_lines(number, turn, tell_version=len(row["weight_versions"]) > 1)


def _files(store: RunStore, wanted: Wanted) -> list[tuple[dict[str, Any], Path]]:
    """The files to read, each with what to call it."""
    if wanted.evaluation is None:
        steps = store.groups_files()
        if wanted.step is not None and wanted.step not in steps:
            raise UserError(f"no groups of step {wanted.step} in {store.path}: {_range(list(steps))}")
        if not steps:
            raise UserError(f"no groups in {store.path} yet: the first come with the first GRPO step")
        return [({"step": step}, path) for step, path in steps.items() if wanted.step in (None, step)]
    there = store.evaluation_files()
    named = [(step, name, path) for step, name, path in there if name == wanted.evaluation and wanted.step in (None, step)]
    if not named:
        names = ", ".join(f"{name} (step {step})" for step, name, _ in there) or "none yet"
        at = "" if wanted.step is None else f" of step {wanted.step}"
        raise UserError(f"no evaluation {wanted.evaluation!r}{at} in {store.path}: there are {names}")
    step, name, path = named[-1]  # one evaluation, the newest of its name
    return [({"evaluation": name, "step": step}, path)]


def _range(steps: list[int]) -> str:
    return f"there are {len(steps)} steps, {steps[0]} to {steps[-1]}" if steps else "none yet, the first come with the first GRPO step"


def _counts(groups: Iterable[Group]) -> dict[str, Any]:
    played = [trajectory for group in groups for trajectory in group.trajectories]
    count = max(1, len(played))
    return {
        "episodes": len(played),
        "correct": sum(t.outcome.correct for t in played),
        "reward_mean": sum(t.reward for t in played) / count,
        "seconds_mean": sum(t.seconds for t in played) / count,
    }


def _turn(step: Step) -> dict[str, Any]:
    return {
        "verb": step.action.verb.value,
        "argument": step.action.argument,
        "text": step.text,
        "observation": step.observation,
        "ok": step.ok,
    }


def _verdict(row: dict[str, Any]) -> str:
    verdict = "right" if row["correct"] else f"wrong ({row['failure']})"
    versions = ", ".join(f"v{version}" for version in row["weight_versions"]) or "none"
    return (
        f"{verdict}, reward {row['reward']:g}, ended by {row['stop']}, {row['seconds']:.1f} s, "
        f"{row['tokens_sampled']} of {row['tokens']} tokens sampled, weights {versions}"
    )


def _turn_lines(number: int, turn: dict[str, Any], *, tell_version: bool) -> Iterator[str]:
    said = turn["text"].strip() if turn["verb"] == "MALFORMED" else f"{turn['verb']} {turn['argument']}".strip()
    first, *rest = said.split("\n")
    notes = [*(["malformed"] if turn["verb"] == "MALFORMED" else []), *([] if turn["ok"] else ["failed"])]
    if tell_version:
        notes.extend(f"v{version}" for version in turn["weight_versions"])
    yield f"    {number}. {first}{'  [' + ', '.join(notes) + ']' if notes else ''}"
    yield from (f"       {line}" for line in rest)
    observation = turn["observation"] or (f"error: {turn['argument']}" if turn["verb"] == "MALFORMED" else "")
    yield from (f"       | {line}" for line in observation.split("\n") if observation)
