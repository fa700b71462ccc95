"""The generator deployment as seen by the analyst: a lease of its weights for one answer, and a `Policy` that samples under it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from actors.generator_actor import GeneratorDiedError
from actors.policy import Sampling, Turn
from serving.contract import Model, PromotedBody
from serving.lease import LeaseLostError


class ModelGoneError(RuntimeError):
    """The model cannot answer now; Ray Serve is starting it again."""


class MixedVersionsError(RuntimeError):
    """A turn was sampled by other weights than its answer was begun with: a bug of ours, never shown as an answer."""


class LeasedPolicy:
    """Implements `Policy` with one lease; `policy` is where the weights lie, as given to --policy."""

    def __init__(self, generator: Any, lease: str, model: Model, policy: str) -> None:
        self._generator, self._lease, self.model, self.policy = generator, lease, model, policy

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        turn: Turn = await _call(self._generator.generate.remote(self._lease, list(prompt_ids), sampling))
        if any(span.version != self.model.version for span in turn.spans):
            raise MixedVersionsError(
                f"a turn has tokens of versions {sorted({s.version for s in turn.spans})}, wanted {self.model.version}"
            )
        return turn


class ModelClient:
    """Calls to the generator deployment; a replica that dies is a ModelGoneError."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    @contextlib.asynccontextmanager
    async def leased(self, seconds: float) -> AsyncIterator[LeasedPolicy]:
        """A policy whose weights stay the same for the block."""
        entering = asyncio.ensure_future(_call(self._generator.enter.remote(seconds)))
        try:
            lease, model, policy = await asyncio.shield(entering)
        except asyncio.CancelledError:
            entering.add_done_callback(self._leave_unused)
            raise
        try:
            yield LeasedPolicy(self._generator, lease, Model.model_validate(model), policy)
        finally:
            self._generator.leave.remote(lease)

    async def info(self, timeout_s: float) -> dict[str, Any]:
        """What answers; see Generator.info.

        Raises:
            ModelGoneError: it does not say in time.
        """
        try:
            told: dict[str, Any] = await asyncio.wait_for(_call(self._generator.info.remote()), timeout_s)
        except TimeoutError as error:
            raise ModelGoneError(f"the model did not answer within {timeout_s:g} s") from error
        return told

    async def promote(self, policy: str, name: str, tested: dict[str, Any] | None, margin: float) -> PromotedBody:
        done: PromotedBody = await _call(self._generator.promote.remote(policy, name, tested, margin))
        return done

    async def roll_back(self) -> PromotedBody:
        done: PromotedBody = await _call(self._generator.roll_back.remote())
        return done

    def _leave_unused(self, entering: asyncio.Future[Any]) -> None:
        if not entering.cancelled() and entering.exception() is None:
            self._generator.leave.remote(entering.result()[0])


async def _call(response: Any) -> Any:
    """What a call to the deployment returns; the call is cancelled with the task that waits for it."""
    import ray
    from ray.serve.exceptions import RayServeException

    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except (LeaseLostError, GeneratorDiedError) as error:
        raise ModelGoneError("the model is being started again: ask again in a moment") from error
    except (ray.exceptions.RayActorError, RayServeException) as error:
        raise ModelGoneError("the model is being started again: ask again in a moment") from error
