"""A run's whole configuration: a TOML preset, then `--set section.key=value`, checked before anything starts.

Each section is a frozen dataclass that lives beside the code that reads it. A key nobody reads is refused with the nearest name.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic
import toml

from actors.generator_actor import GeneratorConfig
from actors.rollout import RolloutConfig
from cluster.base_model import BUNDLED
from cluster.canary_bound import bound_for
from cluster.errors import UserError
from envs.dataset import DataConfig
from envs.rewards import RewardConfig
from envs.sql_env import EpisodeConfig
from learner.config import GrpoConfig, LearnerConfig, SftConfig

PRESETS = Path(__file__).parent / "presets"


class ConfigError(UserError):
    """A preset or a `--set` that cannot be used; the message says which key and what was wanted."""


@dataclass(frozen=True)
class RunSection:
    """What is trained and from which model."""

    base_model: str = BUNDLED  # or a Hugging Face directory
    seed: int = 17
    minutes: float = 0.0  # of the whole run; SFT takes what scoring and the phases leave of it (0: the stages' own limits alone)
    checkpoint_every: int = 10  # learner steps between checkpoints (also one at each stage's end and on Ctrl-C)
    rollout_actors: int = 1
    learner_ranks: int = 1  # DeepSpeed ZeRO over so many processes, each with the CPUs and GPUs below
    learner_gpus: float = 0.0
    learner_cpus: float = 1.0

    def __post_init__(self) -> None:
        if min(self.checkpoint_every, self.rollout_actors, self.learner_ranks) < 1:
            raise ValueError("run.checkpoint_every, run.rollout_actors and run.learner_ranks must be 1 or more")
        if self.minutes < 0:
            raise ValueError(f"run.minutes is {self.minutes}: wanted a limit for the whole run, or 0 for none")


@dataclass(frozen=True)
class PhaseConfig:
    """One GRPO phase: which questions, how many steps, when it is validated and when it gives up."""

    steps: int = 10
    minutes: float = 600.0  # the phase also ends here; the learning rate decays by whichever is nearer
    tables_max: int = 2  # questions whose gold reads at most this many tables
    groups_per_step: int = 8  # with variance in their rewards; others teach nothing
    refill: int = 2  # a step plays at most so many times groups_per_step to replace those without variance
    learning_rate: float = 1e-5
    warmup_steps: int = 1
    validate_every: int = 5
    patience: int = 3  # validations in a row without a new best before the phase ends

    def __post_init__(self) -> None:
        if min(self.steps, self.groups_per_step, self.refill, self.validate_every, self.patience, self.tables_max) < 1:
            raise ValueError("phase: steps, groups_per_step, refill, validate_every, patience and tables_max must be 1 or more")


@dataclass(frozen=True)
class EvaluationConfig:
    """How a policy is scored: greedy, one episode a question."""

    concurrency: int = 64  # episodes in flight
    steered: bool = False  # write only actions on names the database has (envs/steering.py), here and in `ask`; never in training
    # rollouts, nor for a run's base model, which would then talk for all its actions instead of three and be right no more often
    validation_questions: int = 0  # score only so many, spread evenly over the databases (0: all)
    test_questions: int = 0
    samples: int = 0  # beside each validation: so many answers a question at rollout.temperature, for pass@k (0: none)
    training_questions: int = 0  # beside each validation: so many of the training set, to ring when the policy memorises them (0: none)
    canary_sequences: int = 4
    canary_bound: float = 0.0  # mean |difference| in logprob, nats a token; 0: by the precision (cluster/canary_bound.py)

    def __post_init__(self) -> None:
        if self.canary_sequences < 1 or self.canary_bound < 0:
            raise ValueError("evaluation.canary_sequences must be 1 or more, evaluation.canary_bound positive (0: by the precision)")
        if min(self.samples, self.training_questions) < 0:
            raise ValueError("evaluation.samples and evaluation.training_questions may not be negative (0 leaves them out)")


@dataclass(frozen=True)
class SupervisionConfig:
    """When processes that die end the run: the [supervision] table."""

    restarts_max: int = 10  # within the window; one more stops the run with a checkpoint
    window_minutes: float = 30.0
    ready_s: float = 600.0  # a process that is not back by then is given up
    watch_s: float = 2.0  # between looks at the engines

    def __post_init__(self) -> None:
        if self.restarts_max < 0 or min(self.window_minutes, self.ready_s, self.watch_s) <= 0:
            raise ValueError("supervision: restarts_max must be 0 or more; window_minutes, ready_s and watch_s above 0")


@dataclass(frozen=True)
class RunConfig:
    """Everything a run is made of; one TOML table each."""

    run: RunSection = field(default_factory=RunSection)
    data: DataConfig = field(default_factory=DataConfig)
    episode: EpisodeConfig = field(default_factory=EpisodeConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    reward: RewardConfig = field(default_factory=RewardConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    learner: LearnerConfig = field(default_factory=LearnerConfig)
    sft: SftConfig = field(default_factory=SftConfig)
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    phase1: PhaseConfig = field(default_factory=PhaseConfig)
    phase2: PhaseConfig = field(default_factory=lambda: PhaseConfig(tables_max=99))
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)

    def __post_init__(self) -> None:
        if self.evaluation.steered and not self.generator.steered:
            object.__setattr__(self, "generator", dataclasses.replace(self.generator, steered=True))
        if not self.evaluation.canary_bound:
            bound = bound_for(self.learner.precision, self.generator.dtype)
            object.__setattr__(self, "evaluation", dataclasses.replace(self.evaluation, canary_bound=bound))


def preset_names() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_preset(name: str, overrides: Iterable[str] = ()) -> RunConfig:
    """The configuration of a preset name or a TOML file, with `section.key=value` overrides.

    Raises:
        ConfigError: no such preset, unknown section or key (the nearest name is suggested), or a value out of range.
    """
    path = Path(name) if name.endswith(".toml") else PRESETS / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(f"no preset {name!r}{_nearest(name, preset_names())}; there are: {', '.join(preset_names())}")
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for override in overrides:
        _apply(values, override)
    return from_mapping(values)


def from_mapping(values: Mapping[str, Any]) -> RunConfig:
    """A configuration from nested tables; what is left out takes its default."""
    sections = {f.name: f.default_factory for f in dataclasses.fields(RunConfig)}
    built: dict[str, Any] = {}
    for section, table in values.items():
        if section not in sections:
            raise ConfigError(f"unknown section [{section}]{_nearest(section, sections)}")
        if not isinstance(table, Mapping):
            raise ConfigError(f"{section} must be a table of keys, not {table!r}")
        make: Any = sections[section]
        built[section] = _section(section, make(), table)
    return RunConfig(**built)


def read_config(path: Path) -> RunConfig:
    """The configuration that a run keeps as TOML, as `to_toml` writes it."""
    return from_mapping(tomllib.loads(path.read_text("utf-8")))


def to_toml(config: RunConfig) -> str:
    """The whole configuration, defaults included, as TOML that `from_mapping` reads back."""
    return toml.dumps(_plain(dataclasses.asdict(config)))


def _section(name: str, defaults: Any, table: Mapping[str, Any]) -> Any:
    keys = [f.name for f in dataclasses.fields(defaults)]
    for key in table:
        if key not in keys:
            raise ConfigError(f"unknown key {name}.{key}{_nearest(key, keys)}")
    merged = {**{key: getattr(defaults, key) for key in keys}, **table}
    try:
        return pydantic.TypeAdapter(type(defaults)).validate_python(merged)
    except pydantic.ValidationError as error:
        problems = "; ".join(f"{name}.{'.'.join(map(str, e['loc'])) or '*'}: {e['msg']}" for e in error.errors())
        raise ConfigError(problems) from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    section, dot, name = key.strip().partition(".")
    if not separator or not dot:
        raise ConfigError(f"--set {override!r}: wanted section.key=value, for example phase1.steps=4")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is a string
    values.setdefault(section, {})[name] = value


def _plain(value: Any) -> Any:
    """TOML has no null: keys without a value are left out and take their default when read back."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    return list(value) if isinstance(value, tuple) else value


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
