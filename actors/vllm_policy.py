"""A policy on vLLM: token ids in, token ids and their logprobs out, and new weights while turns are in flight.

The one file that knows vLLM's engine. Its processes start quietly; with a log path they write there instead of to the terminal.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.engine_memory import unname_shared_memory
from actors.generator_actor import GeneratorConfig, GeneratorDiedError
from actors.output_file import output_to
from actors.policy import Sampling, Turn
from actors.steered_sampling import STEERING
from actors.weight_file import one_file
from envs.records import WeightSpan

if TYPE_CHECKING:
    from vllm import RequestOutput, SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM

BASE = "default"  # what vLLM calls the weights it was started with


class VllmPolicy:
    """Implements `Policy`. Starting takes about 20 s; `close` ends the engine's processes."""

    def __init__(self, model_dir: str | Path, config: GeneratorConfig, log_path: Path | None = None) -> None:
        self._config = config
        self._numbers = itertools.count()
        self._turns = self._prompt_tokens = self._sampled_tokens = 0
        self._half_loaded = False  # an update failed: the weights in place are nobody's
        self.version = 0
        with output_to(log_path):
            self._engine = _start(str(model_dir), config)
        unname_shared_memory()
        if log_path is not None:
            _log_to(log_path)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        room = self._config.max_model_len - len(prompt_ids)
        if room < 1:
            raise ValueError(f"the prompt has {len(prompt_ids)} tokens: generator.max_model_len is {self._config.max_model_len}")
        if sampling.names is not None and not self._config.steered:
            raise ValueError("a steered turn was asked of an engine that cannot steer: start it with generator.steered = true")
        params = SamplingParams(
            temperature=sampling.temperature,
            seed=sampling.seed,
            max_tokens=min(sampling.max_tokens, room),
            stop_token_ids=list(sampling.stop_ids),
            ignore_eos=True,  # only stop_ids end a turn, whatever the model directory says
            logprobs=0,  # the sampled token's own, no alternatives
            detokenize=False,
            skip_clone=True,
            output_kind=RequestOutputKind.FINAL_ONLY,
            extra_args=None if sampling.names is None else {STEERING: sampling.names.plain()},
        )
        output = (await self._run(prompt_ids, params)).outputs[0]
        ids = tuple(output.token_ids)
        self._turns += 1
        self._prompt_tokens += len(prompt_ids)
        self._sampled_tokens += len(ids)
        logprobs = tuple(min(0.0, step[token].logprob) for step, token in zip(output.logprobs or (), ids, strict=True))
        spans = output.weight_versions or ()
        return Turn(ids, logprobs, tuple(WeightSpan(s.start, s.end, _number(s.version)) for s in spans))

    async def logprobs(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """For each sequence the log-probability of every token after those before it; 0.0 for the first."""
        from vllm import SamplingParams

        params = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)
        found = []
        for ids in sequences:  # one at a time: each needs logits of the whole vocabulary at every token
            told = (await self._run(ids, params)).prompt_logprobs
            found.append([0.0, *(step[token].logprob for step, token in zip(told[1:], ids[1:], strict=True))])
        return found

    async def check(self) -> None:
        """Raise GeneratorDiedError unless the engine answers."""
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            await self._engine.get_weight_version()
        except EngineDeadError:
            raise GeneratorDiedError(_DEAD) from None  # vLLM's own traceback repeats once a turn and says no more

    def stats(self) -> dict[str, float]:
        """Counts since the start."""
        return {
            "turns": self._turns,
            "prompt_tokens": self._prompt_tokens,
            "sampled_tokens": self._sampled_tokens,
            "version": self.version,
        }

    async def pause(self) -> None:
        """Hold turns in flight where they are and drop the KV cache, which old weights made; they go on after `resume`."""
        await self._engine.pause_generation(mode="keep", clear_cache=True)

    async def resume(self) -> None:
        await self._engine.resume_generation()

    async def set_version(self, version: int) -> None:
        """Name the weights in place; tokens sampled from here on carry this version."""
        await self._engine.update_weight_version(str(version))
        self.version = version

    async def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        from vllm.distributed.weight_transfer.base import WeightTransferInitRequest

        await self._engine.init_weight_transfer_engine(WeightTransferInitRequest(init_info=init_info))

    async def start_weight_update(self) -> None:
        """Begin an update; the policy must be paused and stay so until it is finished."""
        await self._or_abort(self._engine.start_weight_update())

    async def update_weights(self, update_info: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Load new weights, whole or in parts; what fails here ends every turn in flight with GeneratorDiedError."""
        from vllm.distributed.weight_transfer.base import WeightTransferUpdateRequest

        await self._or_abort(self._engine.update_weights(WeightTransferUpdateRequest(update_info=update_info)))

    async def finish_weight_update(self) -> None:
        await self._or_abort(self._engine.finish_weight_update())
        self._half_loaded = False

    async def load(self, model_dir: Path, version: int) -> None:
        """Take the weights of another model directory of the same shape, on a CPU; tokens sampled from then on carry the version.

        Raises:
            what vLLM raises: nothing is sampled then until a load has gone well.
        """
        with one_file(model_dir) as file:
            await self.pause()
            await self.start_weight_update()
            await self.update_weights({"path": str(file)})
        await self.finish_weight_update()
        await self.set_version(version)
        await self.resume()

    def close(self) -> None:
        """End the engine's processes; the policy is of no use afterwards."""
        self._engine.shutdown()
        del self._engine  # its finalizer fails when it first runs at the interpreter's end

    async def _or_abort(self, call: Awaitable[None]) -> None:
        try:
            await call
        except Exception:
            self._half_loaded = True
            await self._engine.pause_generation(mode="abort")
            raise

    async def _run(self, ids: Sequence[int], params: SamplingParams) -> RequestOutput:
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        prompt = {"type": "token", "prompt_token_ids": list(ids)}
        if self._half_loaded:
            raise GeneratorDiedError(_HALF_LOADED)
        stream: AsyncGenerator[RequestOutput, None] = self._engine.generate(prompt, params, str(next(self._numbers)))
        try:
            async for output in stream:
                if output.finished:
                    if output.outputs[0].finish_reason == "abort":
                        raise GeneratorDiedError(_HALF_LOADED)
                    return output
        except (EngineDeadError, EngineGenerateError):
            raise GeneratorDiedError(_DEAD) from None  # vLLM's own traceback repeats once a turn and says no more
        raise GeneratorDiedError("vLLM ended a request without an output; start the generator again and push weights to it")


_HALF_LOADED = "a push of weights failed half-way, so nothing may be sampled: push again, or start the generator again"
_DEAD = "vLLM's engine process has died (its log says why): start the generator again and push weights to it"


def _number(label: str) -> int:
    return 0 if label == BASE else int(label)


def _start(model_dir: str, config: GeneratorConfig) -> AsyncLLM:
    on_cpu = config.num_gpus == 0
    _set_environment(config.threads if on_cpu else None)
    from vllm.config import WeightTransferConfig
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    device: dict[str, Any] = (
        {
            "kv_cache_memory_bytes": int(config.kv_cache_gb * 2**30),
            "block_size": 32,  # the KV cache is reused in whole blocks: 128, the default, computes more of every turn's prompt again
            "enable_chunked_prefill": False,  # a seeded turn whose prefill is split crashes vLLM's CPU worker
        }
        if on_cpu
        else {"gpu_memory_utilization": config.gpu_memory_utilization}
    )
    return AsyncLLM.from_engine_args(
        AsyncEngineArgs(
            model=model_dir,
            skip_tokenizer_init=True,  # ids in, ids out
            generation_config="vllm",  # no sampling defaults from the model directory
            dtype=config.dtype,
            max_model_len=config.max_model_len,
            max_num_seqs=config.max_num_seqs,
            max_num_batched_tokens=config.max_num_batched_tokens,
            enforce_eager=config.enforce_eager,
            enable_prefix_caching=True,  # a turn's prompt is the last turn's prompt and a little more
            logprobs_mode="raw_logprobs",  # at temperature 1, whatever the sampling temperature
            logits_processors=["actors.vllm_steering:SteeringProcessor"] if config.steered else None,
            weight_transfer_config=WeightTransferConfig(backend=config.transport),
            worker_extension_cls="actors.weight_receiver.WorkerExtension" if config.transport == "shm" else "",
            disable_log_stats=True,
            **device,
        )
    )


def _set_environment(threads: int | None) -> None:
    """vLLM reads these when it is imported; what the user has set stays."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    wanted = {
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(str(core) for core in cores[:threads]),
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
    }
    for name, value in wanted.items():
        os.environ.setdefault(name, value)


def _log_to(path: Path) -> None:
    """Send what vLLM logs in this process to the file its other processes write to."""
    stream = path.open("a")
    for handler in logging.getLogger("vllm").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
