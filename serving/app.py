"""The Ray Serve application: a generator deployment, which holds the model, and an analyst deployment, which answers HTTP.

`build` is what `serve deploy` names (`import_path: serving.app:build`); `analyst-buddy serve` calls it too.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.config import BackpressureConfig
from ray.serve.schema import LoggingConfig

from envs.dialogue import Codec
from serving.desk import Desk
from serving.generator import Generator
from serving.policy_files import SCRIPTED, Promoted
from serving.questions import DRAIN_S
from serving.routes import make_app
from serving.settings import Args, Keys

APP_NAME = "analyst-buddy"
REQUESTS_MAX = 400  # of one analyst, answers under way and all; the desk sends askers away long before


@serve.ingress()
class Analyst:
    """Answers HTTP; serving/desk.py does the work."""

    def __init__(self, args: Args, generator: Any) -> None:
        self._desk = Desk(args, generator, load_codec(args.policy))
        self._keys = Keys.from_environment()

    def __serve_build_asgi_app__(self) -> FastAPI:  # Ray Serve's name
        return make_app(self._desk, self._keys, importlib.metadata.version("analyst-buddy"))

    async def drain(self) -> None:
        """Take nothing new and let answers under way end; `analyst-buddy serve` asks for it before it stops."""
        await self._desk.drain()

    async def __del__(self) -> None:  # Ray Serve awaits it when a replica stops
        await self._desk.stop()


def build(args: Args | dict[str, Any]) -> serve.Application:
    """The application for these arguments; `serve deploy` hands them over as its file has them.

    Raises:
        pydantic.ValidationError: an argument is unknown or out of range.
    """
    return application(Args.model_validate(args), Generator)


def application(args: Args, generator_class: type[Generator]) -> serve.Application:
    """The application with this kind of generator; a measurement has one that can be asked without the rest."""
    config = args.generator_config()
    started = Promoted(args.policy, args.policy_name, "", tested=args.tested)
    generator = serve.deployment(
        generator_class,
        name="Generator",
        max_ongoing_requests=1_000,
        ray_actor_options={"num_cpus": 0.5, "num_gpus": config.num_gpus},
        health_check_period_s=5,
        health_check_timeout_s=20,
        graceful_shutdown_timeout_s=15,  # vLLM's processes end one after the other
    )
    analyst = serve.deployment(
        Analyst,
        name="Analyst",
        max_ongoing_requests=REQUESTS_MAX,
        max_queued_requests=REQUESTS_MAX,
        backpressure_config=BackpressureConfig(status_code=503, retry_after_s=2),
        ray_actor_options={"num_cpus": 0.5},
        health_check_period_s=5,
        graceful_shutdown_timeout_s=DRAIN_S + 5,
        logging_config=LoggingConfig(encoding="JSON", enable_access_log=False),
    )
    return analyst.bind(args, generator.bind(args.policy, args.engine, config, args.state, started))


def load_codec(policy: str) -> Codec:
    """The codec of a policy; a script's needs no file."""
    if policy.startswith(SCRIPTED):
        from serving.scripted_policy import byte_codec

        return byte_codec()
    return Codec.load(Path(policy))
