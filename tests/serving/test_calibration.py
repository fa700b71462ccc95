from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.calibration import ANSWERS_MIN, FILE_NAME, Calibration, Example, Features, answering, fit, reliability


def features(share: float, *, errors: float = 0.0, found: bool = True) -> Features:
    return Features(share=share, margin=share, found=found, errors=errors, steps=4.0, described=True)


def examples(count: int, seed: int = 0) -> list[Example]:
    """Answers that are right as often as their share says."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        share = rng.choice((0.2, 0.4, 0.6, 0.8, 1.0))
        made.append(Example(f"db{number % 4}", features(share), rng.random() < share**2))
    return made


def test_confidence_follows_how_often_such_answers_were_right() -> None:
    made = fit(examples(2_000), samples=5)
    for share in (0.2, 0.6, 1.0):
        assert abs(made.confidence(features(share)) - share**2) < 0.12
    assert made.error < 0.06


def test_more_agreement_never_means_less_confidence_when_agreement_is_all_that_tells() -> None:
    made = fit(examples(1_000), samples=5)
    confidences = [made.confidence(features(share)) for share in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert confidences == sorted(confidences)


def test_answering_less_often_makes_the_answers_righter() -> None:
    points = fit(examples(2_000), samples=5).answering
    assert points[0].share == 1.0
    assert [point.share for point in points] == sorted((point.share for point in points), reverse=True)
    assert points[-1].accuracy > points[0].accuracy + 0.2


def test_questions_without_an_answer_count_as_not_answered() -> None:
    made = fit(examples(200), samples=5, asked=400)
    assert (made.asked, made.answered, made.answering[0].share) == (400, 200, 0.5)


def test_the_reported_curve_is_of_databases_that_the_fit_did_not_see() -> None:
    """Each database's answers are right or wrong by the opposite rule, so that no fit can carry over."""
    made = [
        Example(f"db{number % 2}", features(share), (share > 0.5) == bool(number % 2))
        for number in range(200)
        for share in ((0.2, 1.0)[number // 2 % 2],)
    ]
    assert fit(made, samples=5).brier > 0.5


def test_a_single_sample_is_calibrated_by_what_happened_in_the_episode() -> None:
    rng = random.Random(2)
    made = []
    for number in range(600):
        errors = float(rng.randrange(3))
        made.append(Example(f"db{number % 3}", features(1.0, errors=errors), rng.random() < (0.7, 0.4, 0.1)[int(errors)]))
    fitted = fit(made, samples=1)
    assert fitted.confidence(features(1.0)) > fitted.confidence(features(1.0, errors=2.0)) + 0.3


def test_an_answer_that_the_policy_itself_found_unlikely_is_less_sure() -> None:
    rng = random.Random(4)
    made = []
    for number in range(600):
        surprise = rng.choice((1.0, 9.0))
        seen = Features(1.0, 1.0, True, 0.0, 4.0, described=True, surprise=surprise)
        made.append(Example(f"db{number % 3}", seen, rng.random() < (0.8 if surprise < 5 else 0.2)))
    fitted = fit(made, samples=1)
    sure, unsure = (fitted.confidence(Features(1.0, 1.0, True, 0.0, 4.0, described=True, surprise=s)) for s in (1.0, 9.0))
    assert sure > 0.7 and unsure < 0.3


def test_too_few_answers_or_all_alike_are_refused() -> None:
    with pytest.raises(ValueError, match=f"wanted {ANSWERS_MIN} or more"):
        fit(examples(ANSWERS_MIN - 1), samples=5)
    with pytest.raises(ValueError, match="0 of them right"):
        fit([Example("a", features(1.0), False)] * 100, samples=5)


def test_a_saved_calibration_gives_the_same_confidences(tmp_path: Path) -> None:
    made = Calibration({1: fit(examples(300), 1), 5: fit(examples(300, seed=1), 5)}, threshold=0.4, weights="0123456789ab")
    assert made.save(tmp_path).name == FILE_NAME
    assert Calibration.load(tmp_path) == made


def test_a_policy_without_calibration_has_no_confidence(tmp_path: Path) -> None:
    assert Calibration.load(tmp_path) is None


def test_the_fit_of_the_nearest_smaller_number_of_samples_is_used() -> None:
    made = Calibration({3: fit(examples(300), 3)})
    assert made.confidence(features(0.5), samples=5) == made.confidence(features(0.5), samples=3)
    assert made.confidence(features(0.5), samples=1) is None


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"version": 99, "features": [], "fits": {}}'])
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ValueError, match=r"calibration\.json is no calibration"):
        Calibration.load(tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.9]), st.booleans()), min_size=1, max_size=60))
def test_the_curve_and_the_shares_count_every_answer_once(answers: list[tuple[float, bool]]) -> None:
    confidences = np.array([confidence for confidence, _ in answers])
    labels = np.array([float(correct) for _, correct in answers])
    curve = reliability(confidences, labels)
    assert sum(b.count for b in curve) == len(answers)
    assert [b.confidence for b in curve] == sorted(b.confidence for b in curve)
    assert abs(sum(b.accuracy * b.count for b in curve) - labels.sum()) < 1e-9
    assert answering(confidences, labels, 2 * len(answers))[0].share == 0.5
