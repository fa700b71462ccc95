"""How likely an answer is right, learnt from answers to validation questions whose gold is known; kept beside the policy.

A logistic fit of a few things that can be seen without the gold: how many of the sampled answers agree, whether anything was found,
how the episode went, how likely the policy found its own words. One fit for each number of samples, because five that agree say more
than one alone. What is reported (the curve, accuracy against the share answered) is of questions of databases that the fit did not see.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from envs.whole_files import file_written_aside

FILE_NAME = "calibration.json"
VERSION = 1
BINS = 10
RIDGE = 1.0  # pulls weights to 0, so that a few hundred questions do not fit noise
ANSWERS_MIN = 40  # fewer tell nothing
THRESHOLD = 0.5  # below it an answer is called unsure

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Features:
    """What is seen of an answer without its gold."""

    share: float  # of the samples that agree with it, 0 to 1
    margin: float  # that share less the next answer's
    found: bool  # the result has rows, and not one lone NULL or 0
    errors: float  # steps that failed, a mean over the agreeing episodes
    steps: float  # actions, a mean over the agreeing episodes
    described: bool  # every table that the query reads was described first
    surprise: float = 0.0  # nats: how unlikely the policy itself found all it wrote, a mean over the agreeing episodes
    unknown: bool = False  # the answer is that the data does not have it

    def row(self) -> list[float]:
        return [
            self.share,
            self.margin,
            float(self.found),
            min(self.errors, 5.0),
            min(self.steps, 10.0),
            float(self.described),
            min(self.surprise, 20.0),
            float(self.unknown),
        ]


NAMES = ("share", "margin", "found", "errors", "steps", "described", "surprise", "unknown")


@dataclass(frozen=True, slots=True)
class Example:
    """One answer to a validation question."""

    db_id: str
    features: Features
    correct: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: what was promised and what came."""

    confidence: float  # mean
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Answering:
    """Answering only at or above a confidence."""

    threshold: float
    share: float  # of all questions asked
    accuracy: float  # of those


@dataclass(frozen=True)
class Fit:
    """The calibration for one number of samples, and how it did on databases it had not seen."""

    samples: int
    asked: int  # questions
    answered: int  # of them with an answer, UNKNOWN included
    correct: int
    mean: tuple[float, ...]  # of each feature
    scale: tuple[float, ...]  # its standard deviation
    weights: tuple[float, ...]
    bias: float
    curve: tuple[Bin, ...]
    answering: tuple[Answering, ...]
    error: float  # expected calibration error: mean distance between confidence and accuracy over the bins
    brier: float  # mean squared distance between confidence and being right

    def confidence(self, features: Features) -> float:
        """The probability that an answer is right."""
        standard = (np.array(features.row()) - np.array(self.mean)) / np.array(self.scale)
        return _sigmoid(float(standard @ np.array(self.weights)) + self.bias)


@dataclass(frozen=True)
class Calibration:
    """What calibration.json holds."""

    fits: Mapping[int, Fit]  # by number of samples
    threshold: float = THRESHOLD
    weights: str = ""  # the first 12 hex digits of the SHA-256 of the policy's weights it was made for

    def confidence(self, features: Features, samples: int) -> float | None:
        """The probability that an answer is right; None when nothing was calibrated for so many samples or fewer.

        With more samples than any fit had, the nearest smaller one is used.
        """
        fit = self.fits.get(max((n for n in self.fits if n <= samples), default=0))
        return None if fit is None else fit.confidence(features)

    def save(self, policy_dir: Path) -> Path:
        """Write calibration.json into a policy directory, whole or not at all."""
        path = policy_dir / FILE_NAME
        body = {
            "version": VERSION,
            "features": list(NAMES),
            "threshold": self.threshold,
            "weights": self.weights,
            "fits": {str(samples): asdict(fit) for samples, fit in sorted(self.fits.items())},
        }
        with file_written_aside(path) as aside:
            aside.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
        return path

    @classmethod
    def load(cls, policy_dir: Path) -> Calibration | None:
        """The calibration of a policy directory; None when it has none.

        Raises:
            ValueError: the file is not one of ours.
        """
        path = policy_dir / FILE_NAME
        if not path.is_file():
            return None
        try:
            body = json.loads(path.read_text("utf-8"))
            if body["version"] != VERSION or tuple(body["features"]) != NAMES:
                raise ValueError(f"version {body['version']} of features {body['features']}")
            fits = {int(samples): _fit_of(fit) for samples, fit in body["fits"].items()}
            return cls(fits, float(body["threshold"]), str(body["weights"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"{path} is no calibration that this version reads ({error}): make it with `analyst-buddy calibrate`"
            ) from error


def fit(examples: Sequence[Example], samples: int, asked: int | None = None) -> Fit:
    """Fit confidences to answers, and measure them with each database held out in turn.

    Args:
        asked: questions, those that no answer came of included; by default there is an answer to each.

    Raises:
        ValueError: there are fewer than ANSWERS_MIN answers, or all of them are right or all wrong.
    """
    right = sum(example.correct for example in examples)
    if len(examples) < ANSWERS_MIN or right in (0, len(examples)):
        raise ValueError(
            f"{len(examples)} answers, {right} of them right, cannot be calibrated: wanted {ANSWERS_MIN} or more, some right and some wrong"
        )
    rows = np.array([example.features.row() for example in examples])
    labels = np.array([float(example.correct) for example in examples])
    mean, scale, weights, bias = _logistic(rows, labels)
    held_out = _held_out(rows, labels, [example.db_id for example in examples])
    curve = reliability(held_out, labels)
    asked = len(examples) if asked is None else asked
    return Fit(
        samples,
        asked,
        len(examples),
        right,
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(weights.tolist()),
        bias,
        curve,
        answering(held_out, labels, asked),
        sum(abs(b.confidence - b.accuracy) * b.count for b in curve) / len(examples),
        float(np.mean((held_out - labels) ** 2)),
    )


def reliability(confidences: Floats, labels: Floats) -> tuple[Bin, ...]:
    """The calibration curve: bins of about equally many answers, lowest confidence first; equal confidences stay together."""
    order = np.argsort(confidences, kind="stable")
    bins: list[Bin] = []
    start, size = 0, max(1, math.ceil(len(order) / BINS))
    while start < len(order):
        end = min(start + size, len(order))
        while end < len(order) and confidences[order[end]] == confidences[order[end - 1]]:
            end += 1
        part = order[start:end]
        bins.append(Bin(float(confidences[part].mean()), float(labels[part].mean()), len(part)))
        start = end
    return tuple(bins)


def answering(confidences: Floats, labels: Floats, asked: int) -> tuple[Answering, ...]:
    """What comes of answering only at or above each tenth of confidence; thresholds that no answer reaches are left out.

    Args:
        asked: questions, those that no answer came of included.
    """
    found = []
    for tenth in range(10):
        above = confidences >= tenth / 10
        if above.any():
            found.append(Answering(tenth / 10, float(above.sum()) / asked, float(labels[above].mean())))
    return tuple(found)


def _logistic(rows: Floats, labels: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Ridge logistic regression by Newton's method; the bias is not penalised, so mean confidence is the accuracy."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    design = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    penalty = np.diag([RIDGE] * rows.shape[1] + [1e-6])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (likely - labels) + penalty @ beta
        hessian = (design * (likely * (1 - likely))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    return mean, scale, beta[:-1], float(beta[-1])


def _held_out(rows: Floats, labels: Floats, groups: Sequence[str]) -> Floats:
    """Confidence of each answer by a fit that did not see its database; with a single database, by fifths of the questions."""
    names = list(groups) if len(set(groups)) > 1 else [str(place % 5) for place in range(len(groups))]
    confidences = np.empty(len(labels))
    for name in set(names):
        inside = np.array([other == name for other in names])
        rest = labels[~inside]
        if not 0 < rest.sum() < len(rest):
            confidences[inside] = rest.mean()
            continue
        mean, scale, weights, bias = _logistic(rows[~inside], rest)
        confidences[inside] = [_sigmoid(z) for z in (((rows[inside] - mean) / scale) @ weights + bias).tolist()]
    return confidences


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def _fit_of(body: dict[str, Any]) -> Fit:
    made = Fit(
        **{
            **body,
            "mean": tuple(map(float, body["mean"])),
            "scale": tuple(map(float, body["scale"])),
            "weights": tuple(map(float, body["weights"])),
            "curve": tuple(Bin(**b) for b in body["curve"]),
            "answering": tuple(Answering(**a) for a in body["answering"]),
        }
    )
    if not len(made.mean) == len(made.scale) == len(made.weights) == len(NAMES):
        raise ValueError("it has another number of weights than features")
    return made
