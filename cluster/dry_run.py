"""`analyst-buddy train --dry-run`: what a run would take on GPUs, before a card is rented: memory by part, tokens, hours, cost.

Memory and tokens follow from the model's shape and the preset. Hours follow from two speeds that are assumed, not measured here, and
are printed with the result: they may be off by a factor of two either way until the preset has run on the card once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from cluster.config import PhaseConfig, RunConfig
from cluster.errors import UserError
from cluster.model_shape import ModelShape, shape_of


@dataclass(frozen=True)
class Assumptions:
    """What the plan takes for granted."""

    card_bytes: float = 79.1 * 2**30  # what an A100-80GB leaves to its programs
    card_flops: float = 312e12  # bf16, dense, of the data sheet
    training_share_of_flops: float = 0.3  # of the data sheet's, with varying shapes and one micro-batch at a time
    sampled_tokens_per_s: float = 4000.0  # of all turns at once, a generator; 1.7B parameters in bf16 at some 200 turns
    episode_tokens: int = 700  # prompt, turns and observations
    sampled_share: float = 0.25  # of an episode's tokens
    trained_share: float = 0.25  # of a demonstration's tokens; logits are made for these alone
    variance_share: float = 0.6  # groups that train; to fill a step more are played
    dollars_per_card_hour: float = 2.5  # Modal's list price of an A100-80GB, November 2025
    overhead_bytes: float = 1.5e9  # a CUDA context and what libraries keep, each process


@dataclass(frozen=True)
class DryRun:
    """A plan of a run."""

    parameters: int
    shared_card: bool
    learner_bytes: dict[str, float]
    generator_bytes: dict[str, float]
    kv_tokens: int  # that fit in a generator's cache
    tokens: dict[str, float]
    hours: dict[str, float]
    cards: float
    assumptions: Assumptions = field(default_factory=Assumptions)

    @property
    def fits(self) -> bool:
        return max(self.cards_filled.values()) <= 1.0 and self.kv_tokens > 0

    @property
    def cards_filled(self) -> dict[str, float]:
        """How full each kind of card gets, as a share."""
        learner, generator = sum(self.learner_bytes.values()), sum(self.generator_bytes.values())
        whole = self.assumptions.card_bytes
        return (
            {"shared": (learner + generator) / whole} if self.shared_card else {"learner": learner / whole, "generator": generator / whole}
        )

    @property
    def dollars(self) -> float:
        return sum(self.hours.values()) * self.cards * self.assumptions.dollars_per_card_hour

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "fits": self.fits, "cards_filled": self.cards_filled, "hours_in_all": sum(self.hours.values()),
                "dollars": self.dollars}  # fmt: skip


def dry_run(config: RunConfig, assumptions: Assumptions | None = None) -> DryRun:
    """The plan of a preset that runs on GPUs.

    Raises:
        UserError: the preset runs on a CPU, or the model's shape is not known.
    """
    given = assumptions or Assumptions()
    if not config.run.learner_gpus:
        raise UserError(
            "this preset runs on the CPU, where the clock plans: its minutes are in `analyst-buddy config`; --dry-run is for GPUs"
        )
    shape = shape_of(config.run.base_model)
    if shape is None:
        raise UserError(
            f"the shape of {config.run.base_model!r} is not known: download it first, then name its directory as run.base_model"
        )
    shared = config.generator.transport == "ipc"
    tokens = _tokens(config, given)
    generator = _generator_bytes(config, shape, given)
    return DryRun(
        parameters=shape.parameters,
        shared_card=shared,
        learner_bytes=_learner_bytes(config, shape, given),
        generator_bytes=generator,
        kv_tokens=int(max(0.0, generator["KV cache"]) // shape.kv_bytes_per_token),
        tokens=tokens,
        hours=_hours(config, shape, tokens, given),
        cards=1.0 if shared else config.run.learner_ranks * config.run.learner_gpus + config.generator.count * config.generator.num_gpus,
        assumptions=given,
    )


def print_plan(plan: DryRun, console: Console) -> None:
    """The plan for a person."""
    table = Table("memory", "GB", title=f"{plan.parameters / 1e9:.2f} billion parameters", title_justify="left", box=None)
    for who, parts in (("learner", plan.learner_bytes), ("generator", plan.generator_bytes)):
        for part, size in parts.items():
            table.add_row(f"{who}: {part}", f"{size / 1e9:.1f}")
    console.print(table)
    for card, share in plan.cards_filled.items():
        console.print(f"{card} card: {100 * share:.0f} % of {plan.assumptions.card_bytes / 1e9:.0f} GB", markup=False)
    console.print(f"KV cache of a generator: {plan.kv_tokens:,} tokens", markup=False)
    table = Table("tokens", "millions", box=None)
    for part, count in plan.tokens.items():
        table.add_row(part, f"{count / 1e6:.1f}")
    console.print(table)
    table = Table("hours", "", box=None)
    for part, hours in plan.hours.items():
        table.add_row(part, f"{hours:.1f}")
    table.add_row("in all", f"{sum(plan.hours.values()):.1f}")
    console.print(table)
    given = plan.assumptions
    console.print(f"About ${plan.dollars:.0f}: {plan.cards:g} cards at ${given.dollars_per_card_hour:g} an hour.", markup=False)
    console.print(
        f"Assumed, not measured: {100 * given.training_share_of_flops:.0f} % of {given.card_flops / 1e12:.0f} Tflop/s in training, "
        f"{given.sampled_tokens_per_s:.0f} sampled tokens a second and generator, episodes of {given.episode_tokens} tokens. "
        "Hours and cost may be half or twice that.",
        markup=False,
        soft_wrap=True,
    )
    if not plan.fits:
        console.print(
            "It does not fit: lower learner.micro_batch_tokens (activations, logits) or generator.gpu_memory_utilization, "
            "or give learner and generator cards of their own (preset cluster).",
            markup=False,
            soft_wrap=True,
        )


def _learner_bytes(config: RunConfig, shape: ModelShape, given: Assumptions) -> dict[str, float]:
    parameters, micro = shape.parameters, config.learner.micro_batch_tokens
    shards = config.run.learner_ranks if config.learner.zero_stage else 1  # ZeRO shares out the optimizer's states
    return {
        "weights (bf16)": 2.0 * parameters,
        "gradients (fp32, and bf16 on their way)": 6.0 * parameters,
        "master weights and Adam's moments (fp32)": 12.0 * parameters / shards,
        "reference weights (bf16)": 2.0 * parameters,
        f"activations of {micro:,} tokens": float(shape.activation_bytes_per_token * micro),
        "logits of the trained tokens (bf16, fp32 and their gradient)": given.trained_share * micro * shape.vocabulary * 10.0,
        "CUDA and libraries": given.overhead_bytes,
    }


def _generator_bytes(config: RunConfig, shape: ModelShape, given: Assumptions) -> dict[str, float]:
    """vLLM takes its share of the whole card, whatever for: what weights and a forward pass leave is the KV cache."""
    whole = config.generator.gpu_memory_utilization * 80 * 2**30
    weights, working = 2.0 * shape.parameters, 0.6e9 + config.generator.max_num_seqs * shape.vocabulary * 4.0 * 2
    return {
        "weights (bf16)": weights,
        "a forward pass": working,
        "KV cache": whole - weights - working,
        "CUDA and libraries": given.overhead_bytes,
    }


def _tokens(config: RunConfig, given: Assumptions) -> dict[str, float]:
    """Tokens trained on (SFT and the phases) and tokens sampled."""
    sft = float(config.sft.steps * config.sft.batch_tokens)
    episodes = {name: _episodes(getattr(config, name), config.rollout.group_size) for name in ("phase1", "phase2")}
    found = {"trained in SFT": sft}
    for name, count in episodes.items():
        found[f"trained in {name}"] = count * given.episode_tokens
    played = sum(episodes.values()) / given.variance_share + _scored_episodes(config)
    found["sampled in all"] = played * given.episode_tokens * given.sampled_share
    return found


def _episodes(phase: PhaseConfig, members: int) -> float:
    return float(phase.steps * phase.groups_per_step * members)


def _scored_episodes(config: RunConfig) -> float:
    """Questions scored: every validation, and a test after each stage."""
    validations = 1 + config.sft.steps // config.sft.validate_every
    validations += sum(phase.steps // phase.validate_every for phase in (config.phase1, config.phase2))
    validation = config.evaluation.validation_questions or config.data.validation_questions
    return float(validations * validation + 4 * (config.evaluation.test_questions or 291))


def _hours(config: RunConfig, shape: ModelShape, tokens: dict[str, float], given: Assumptions) -> dict[str, float]:
    """Training takes 6 operations a parameter and token, and 2 more where GRPO reads the reference's or its own logprobs."""
    speed = given.card_flops * given.training_share_of_flops * config.run.learner_ranks
    more = 2.0 * (config.grpo.kl_report_share if not config.grpo.kl_coefficient else 1.0)
    more += 2.0 * (config.grpo.old_logprobs == "learner")
    rl = sum(count for name, count in tokens.items() if name.startswith("trained in phase")) * config.grpo.updates_per_batch
    return {
        "SFT": 6 * shape.parameters * tokens["trained in SFT"] / speed / 3600,
        "GRPO updates": (6 + more) * shape.parameters * rl / speed / 3600,
        "playing and scoring": tokens["sampled in all"] / (given.sampled_tokens_per_s * config.generator.count) / 3600,
        "start, pushes, checkpoints": 0.5,
    }
