"""What the served application is told: the arguments of `build`, as a YAML file has them, and the keys, which only the environment has."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from actors.generator_actor import GeneratorConfig
from actors.rollout import RolloutConfig
from envs.sql_env import EpisodeConfig
from serving.analyst import AnalystConfig
from serving.contract import SAMPLES_MAX
from serving.databases import StoreLimits

KEYS, ADMIN_KEY = "ANALYST_BUDDY_API_KEYS", "ANALYST_BUDDY_ADMIN_KEY"
KEY_CHARS_MIN = 16
NOBODY = "public"  # the owner of everything where no keys are set


class Args(BaseModel):
    """Arguments of `serving.app:build`."""

    model_config = ConfigDict(extra="forbid")

    policy: str = Field(description="A policy directory, or scripted:FILE.")
    policy_name: str = Field("policy", description="What answers call it.")
    tested: dict[str, Any] | None = Field(None, description="Its score on the test set: correct and questions.")
    engine: Literal["auto", "vllm", "transformers"] = "auto"
    state: str = Field(description="The folder for databases, answers, feedback and promoted weights.")
    samples: int = Field(1, ge=1, le=SAMPLES_MAX, description="Answers sampled where a request does not say.")
    timeout_s: float = Field(60.0, gt=0, description="Of one answer.")
    answers_max: int = Field(16, ge=1, description="Answers under way at once.")
    waiting_max: int = Field(16, ge=0, description="Answers that wait for their turn; more are sent away with 503.")
    queries_max: int = Field(4, ge=1, description="Edited queries, schemas and downloads under way at once.")
    databases_max: int = Field(20, ge=1, description="Databases of one key.")
    upload_mb: int = Field(50, ge=1, le=200)
    log_questions: bool = Field(False, description="Write questions and SQL into the log; without it only ids, durations and outcomes.")
    episode: dict[str, Any] = Field(default_factory=dict, description="As [episode] of the run that taught the policy.")
    rollout: dict[str, Any] = Field(default_factory=dict, description="As [rollout] of that run.")
    steered: bool = Field(False, description="Write only actions on names that the database has.")
    generator: dict[str, Any] = Field(default_factory=dict, description="How vLLM is run, as [generator] of a run.")

    def analyst(self) -> AnalystConfig:
        episode = TypeAdapter(EpisodeConfig).validate_python(self.episode)
        rollout = TypeAdapter(RolloutConfig).validate_python(self.rollout)
        return AnalystConfig(episode, rollout, steered=self.steered, timeout_s=self.timeout_s)

    def generator_config(self) -> GeneratorConfig:
        return TypeAdapter(GeneratorConfig).validate_python(self.generator)

    def limits(self) -> StoreLimits:
        return StoreLimits(databases_max=self.databases_max, upload_bytes_max=self.upload_mb * 1_000_000)


class Keys:
    """The API keys of the environment: who may ask, and who may change the weights.

    Raises:
        ValueError: a key is too short to be one.
    """

    def __init__(self, keys: str = "", admin: str = "") -> None:
        wanted = [key for key in (part.strip() for part in keys.split(",")) if key]
        for key in [*wanted, *([admin] if admin else [])]:
            if len(key) < KEY_CHARS_MIN or not key.isascii() or any(c.isspace() for c in key):
                raise ValueError(
                    f"a key in {KEYS} or {ADMIN_KEY} has {len(key)} characters or strange ones: wanted {KEY_CHARS_MIN} or more, ASCII "
                    "without spaces, for example from `openssl rand -hex 24`"
                )
        self._owners = {_digest(key): hashlib.blake2b(key.encode(), digest_size=8, person=b"owner").hexdigest() for key in wanted}
        self._admin = _digest(admin) if admin else b""

    @classmethod
    def from_environment(cls) -> Keys:
        return cls(os.environ.get(KEYS, ""), os.environ.get(ADMIN_KEY, ""))

    @property
    def needed(self) -> bool:
        """Whether a request needs a key at all."""
        return bool(self._owners)

    def owner(self, authorization: str) -> str | None:
        """Whose key an Authorization header bears; None for a wrong one. Every key is compared, so that time tells nothing."""
        if not self.needed:
            return NOBODY
        given, found = _digest(_bearer(authorization)), None
        for digest, owner in self._owners.items():
            if hmac.compare_digest(digest, given):
                found = owner
        return found

    def is_admin(self, authorization: str) -> bool:
        """Whether this request may change the weights: with the admin key, or anybody where no keys are needed."""
        if not self.needed and not self._admin:
            return True
        return bool(self._admin) and hmac.compare_digest(self._admin, _digest(_bearer(authorization)))


def _bearer(authorization: str) -> str:
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
