"""What may be sampled in an evaluation, and what an evaluation says as JSON."""

from __future__ import annotations

import pytest

from cluster.evaluate import Evaluation, Sampled
from cluster.sampled_scores import SampledScore
from cluster.scores import score
from envs.proportions import Tally


@pytest.mark.parametrize(("samples", "temperature"), [(0, 1.0), (8, 0.0), (8, -1.0), (8, 9.0)])
def test_samples_without_chance_or_beyond_all_reason_are_refused(samples: int, temperature: float) -> None:
    with pytest.raises(ValueError, match="wanted 1 or more, above 0 and up to 5"):
        Sampled(samples, temperature)


def test_sampled_answers_are_told_beside_the_greedy_score_and_only_when_there_are_any() -> None:
    greedy = score([])
    assert "sampled" not in Evaluation(greedy).as_dict()
    sampled = SampledScore(2, 0.7, {1: 0.25, 2: 0.5}, {"1": {1: 0.25, 2: 0.5}}, {1: Tally(1, 4), 2: Tally(1, 4)})
    told = Evaluation(greedy, sampled).as_dict()
    assert told["questions"] == 0
    assert told["sampled"]["pass_at"] == {"1": 0.25, "2": 0.5}
