from __future__ import annotations

import pytest

from learner.config import GrpoConfig, LearnerConfig, SftConfig


@pytest.mark.parametrize(
    ("section", "wrong", "named"),
    [
        (LearnerConfig, {"precision": "fp16"}, "learner.precision"),
        (LearnerConfig, {"zero_stage": 3}, "learner.zero_stage"),
        (LearnerConfig, {"betas": (0.9, 1.0)}, "learner.betas"),
        (SftConfig, {"learning_rate": 0.0}, "sft.learning_rate"),
        (SftConfig, {"warmup_share": 1.0}, "sft.warmup_share"),
        (GrpoConfig, {"clip_low": 1.5}, "grpo.clip_low"),
        (GrpoConfig, {"old_logprobs": "actor"}, "grpo.old_logprobs"),
        (GrpoConfig, {"minibatches": 0}, "grpo.minibatches"),
        (GrpoConfig, {"importance_cap": 2.0}, "grpo.importance_cap"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name_in_the_file(section: type, wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named.replace(".", r"\.")):
        section(**wrong)


def test_betas_may_come_as_a_list_from_toml() -> None:
    assert LearnerConfig(betas=[0.8, 0.9]).betas == (0.8, 0.9)  # type: ignore[arg-type]


def test_the_learning_rate_rises_straight_then_falls_to_its_final_share() -> None:
    config = SftConfig(learning_rate=1.0, warmup_share=0.1, final_share=0.2)
    assert config.learning_rate_at(0.05) == pytest.approx(0.5)
    assert config.learning_rate_at(0.1) == pytest.approx(1.0)
    assert config.learning_rate_at(0.55) == pytest.approx(0.6)  # half way down the cosine
    assert config.learning_rate_at(1.0) == pytest.approx(0.2)
    assert config.learning_rate_at(1.3) == pytest.approx(0.2)  # a run that overstays does not rise again
    assert config.learning_rate_at(0.0) > 0
