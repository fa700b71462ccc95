"""The generator deployment: one policy that continues token ids for every answer, and takes other weights while the application runs.

The class is plain; serving/app.py makes a Ray Serve deployment of it. What is promoted is written down, so that a replica that is started
again comes back with the same weights.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from actors.generator_actor import GeneratorConfig
from actors.policy import Sampling, Turn
from envs.steering import Names
from serving.contract import Model, PromotedBody
from serving.lease import Gate
from serving.policy_files import (
    SCRIPTED,
    History,
    PolicyRefusedError,
    Promoted,
    check_fits,
    fingerprint,
    forget_old,
    keep,
    read_history,
    write_history,
)

log = logging.getLogger("ray.serve")

WARM_UP_IDS, WARM_UP_NAMES = tuple(range(32)), Names((("pets", ("name",)),))


class LoadedPolicy(Protocol):
    """A `Policy` that is running and takes other weights."""

    version: int

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn: ...
    async def load(self, model_dir: Path, version: int) -> None: ...
    async def set_version(self, version: int) -> None: ...
    async def check(self) -> None: ...
    def close(self) -> None: ...


class Generator:
    """Every method is a coroutine, so turns overlap.

    Args:
        policy: what the server was started with.
        engine: "vllm", "transformers" or "auto", which takes vLLM where it is installed.
        config: how vLLM is run.
        state: the folder of the server's state.
    """

    def __init__(self, policy: str, engine: str, config: GeneratorConfig, state: str, started: Promoted) -> None:
        self._state = Path(state)
        self._file = self._state / "promotions.json"
        weights = fingerprint(policy)
        kept = keep(policy, self._state / "policies", weights)
        history = read_history(self._file, policy, weights)
        if history is None:
            first = replace(started, policy=kept, weights=weights, version=0)
            history = History(policy, weights, (first,), versions=1)
        self._history = history
        self._started_from = history.current.policy
        self._broken = False  # a change of weights failed, and so did going back
        self._gate = Gate()
        self._closed = False
        self.engine, self._policy = start_policy(history.current.policy, engine, config, self._state / "vllm.log")
        self._begun = False  # whether the version in force has been told to the engine
        self._warm = self.engine == "scripted"  # whether a turn has been sampled yet
        self._steered = config.steered

    async def info(self) -> dict[str, Any]:
        """What answers, once it can: engine, model, the policy's test score, leases and turns that wait."""
        await self._policy.check()
        return {
            "engine": self.engine,
            "model": self._model().model_dump(),
            "tested": self._history.current.tested,
            "policy": self._history.current.policy,
            "leased": self._gate.leased,
            "waiting": self._gate.waiting,
        }

    async def enter(self, seconds: float) -> tuple[str, dict[str, Any], str]:
        """A lease of the weights in force, the model they are and where they lie; waits while weights change."""
        lease = await self._gate.enter(seconds)
        try:
            await self._name_version()
        except BaseException:
            self._gate.leave(lease)
            raise
        return lease, self._model().model_dump(), self._history.current.policy

    async def generate(self, lease: str, ids: Sequence[int], sampling: Sampling) -> Turn:
        """One turn after ids with the weights of the lease.

        Raises:
            LeaseLostError: they are gone.
            ValueError: no room is left in the context.
            GeneratorDiedError: the engine is gone; Ray Serve starts another.
        """
        self._gate.check(lease)
        return await self._policy.generate(ids, sampling)

    async def leave(self, lease: str) -> None:
        self._gate.leave(lease)

    async def promote(self, policy: str, name: str, tested: dict[str, Any] | None, margin: float) -> PromotedBody:
        """Answer with another policy from here on; what is under way is finished with the old one.

        Raises:
            PolicyRefusedError: it does not fit, or its test accuracy is below that of the policy in force by more than `margin`.
        """
        before = self._history.current
        check_accuracy(tested, before.tested, margin)
        await asyncio.to_thread(check_fits, policy, before.policy)
        weights = await asyncio.to_thread(fingerprint, policy)
        folder = self._state / "policies"
        kept = await asyncio.to_thread(keep, policy, folder, weights)
        promoted = Promoted(kept, name, weights, tested=tested)
        done = await self._change(self._history.with_next(promoted))
        forget_old(folder, self._history, self._started_from)
        return done

    async def roll_back(self) -> PromotedBody:
        """Answer with the policy that was in force before.

        Raises:
            PolicyRefusedError: there is none.
        """
        return await self._change(self._history.rolled_back())

    async def check_health(self) -> None:
        """Ray Serve asks this now and then, and starts another replica when it raises."""
        if self._broken:
            raise RuntimeError("the weights in place are nobody's: this replica is to be replaced")
        await self._policy.check()
        if not self._warm:  # Ray Serve asks first before it sends anybody here, and the first turn takes seconds
            self._warm = True
            await self._policy.generate(WARM_UP_IDS, Sampling(4, (), 0.0, 0, WARM_UP_NAMES if self._steered else None))

    def close(self) -> None:
        """End the engine; the generator is of no use afterwards."""
        if not self._closed:
            self._closed = True
            self._policy.close()

    def __del__(self) -> None:  # Ray Serve calls it when a replica stops
        if hasattr(self, "_policy"):
            self.close()

    async def _change(self, history: History) -> PromotedBody:
        before = self._model()
        async with self._gate.closed():
            began = time.perf_counter()
            try:
                await load_weights(self._policy, history.current)
            except Exception:
                log.exception("loading %s failed: going back to version %d", history.current.weights, before.version)
                self._broken = True
                await load_weights(self._policy, self._history.current)
                self._broken = False
                raise
            self._history, self._begun = history, True
            await asyncio.to_thread(write_history, self._file, history)
            waited = self._gate.waiting
        seconds = round(time.perf_counter() - began, 3)
        log.info("weights %s are in force as version %d after %.2f s", history.current.weights, history.current.version, seconds)
        return PromotedBody(model=self._model(), before=before, seconds=seconds, waited=waited)

    async def _name_version(self) -> None:
        """A replica that is started again after a promotion samples with that version's number, not with 0."""
        if not self._begun:
            self._begun = True
            if self._policy.version != self._history.current.version:
                await self._policy.set_version(self._history.current.version)

    def _model(self) -> Model:
        current = self._history.current
        return Model(name=current.name, version=current.version, weights=current.weights)


def check_accuracy(tested: dict[str, Any] | None, before: dict[str, Any] | None, margin: float) -> None:
    """Raise PolicyRefusedError when the new policy has no test score, or a worse one; any is better than one that was never tested."""
    if not tested or not tested.get("questions"):
        raise PolicyRefusedError("it has no score on the test set: a run has one when it is finished")
    if not before or not before.get("questions"):
        return
    new, old = tested["correct"] / tested["questions"], before["correct"] / before["questions"]
    if new < old - margin:
        raise PolicyRefusedError(
            f"its test accuracy, {100 * new:.1f} % of {tested['questions']}, is below that of the policy in force, "
            f"{100 * old:.1f} % of {before['questions']}, by more than the margin of {100 * margin:.1f} points: promote a better one, "
            "or allow more with --margin"
        )


def start_policy(policy: str, engine: str, config: GeneratorConfig, log_path: Path) -> tuple[str, LoadedPolicy]:
    """The engine's name and the policy, running.

    Raises:
        ValueError: no such engine.
    """
    if policy.startswith(SCRIPTED):
        from serving.scripted_policy import ScriptedPolicy

        return "scripted", ScriptedPolicy(Path(policy.removeprefix(SCRIPTED)))
    if engine == "auto":
        engine = "vllm" if importlib.util.find_spec("vllm") else "transformers"
    if engine == "vllm":
        from actors.vllm_policy import VllmPolicy

        return engine, VllmPolicy(policy, config, log_path=log_path)
    if engine == "transformers":
        from actors.transformers_policy import TransformersPolicy

        return engine, TransformersPolicy(policy, device="cuda" if config.num_gpus else "cpu")
    raise ValueError(f"engine is {engine!r}: wanted vllm, transformers or auto")


async def load_weights(running: LoadedPolicy, promoted: Promoted) -> None:
    """Load a policy's weights into a running one of the same shape."""
    await running.load(Path(promoted.policy.removeprefix(SCRIPTED)), promoted.version)
