"""The trainer's half of the weight transfer: gives every generator the learner's weights and says how long they stood still.

"shm" (CPU) writes one safetensors file to shared memory, which the generators' `actors.weight_receiver` loads. "ipc" (the same GPU)
and "nccl" (other GPUs) are vLLM's own transports behind the same calls; they have not run on a GPU yet. Generators are driven through
the methods of `actors.generator_actor.GeneratorActor`, and none samples with half-loaded weights: one that fails stays paused.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file

from envs.records import Metrics
from learner.errors import PushError

PREFIX = "analyst-buddy-weights-"  # of the files in shared memory


class WeightSync(Protocol):
    """The four calls of vLLM's `VLLMWeightSyncClient`, by which a trainer drives generators."""

    def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None: ...
    def start_weight_update(self) -> None: ...
    def update_weights(self, update_info: dict[str, Any] | list[dict[str, Any]]) -> None: ...
    def finish_weight_update(self, weight_version: str | None = None) -> None: ...


class Generators:
    """Ray generators as one `WeightSync`: paused from start to finish, so that no token mixes two versions."""

    def __init__(self, handles: Sequence[Any], timeout_s: float) -> None:
        self.handles = tuple(handles)
        self.version = 0
        self.gap_s = 0.0  # how long the last update kept them from sampling
        self._timeout_s = timeout_s
        self._paused_at = 0.0

    def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        self._all("init_weight_transfer_engine", init_info)

    def start_weight_update(self) -> None:
        self._paused_at = time.perf_counter()
        self._all("pause")
        self._all("start_weight_update")

    def update_weights(self, update_info: dict[str, Any] | list[dict[str, Any]]) -> None:
        self._all("update_weights", update_info)

    def finish_weight_update(self, weight_version: str | None = None) -> None:
        self._all("finish_weight_update")
        self._all("set_version", self.version if weight_version is None else int(weight_version))
        self._all("resume")
        self.gap_s = time.perf_counter() - self._paused_at

    def _all(self, method: str, *arguments: Any) -> None:
        """Call a method of every generator and wait for all of them.

        Raises:
            PushError: any failed, or did not answer in time; the others have made this call.
        """
        import ray

        calls = [getattr(handle, method).remote(*arguments) for handle in self.handles]
        deadline = time.monotonic() + self._timeout_s
        failures: list[tuple[int, Exception]] = []
        for index, call in enumerate(calls):
            try:
                ray.get(call, timeout=max(0.0, deadline - time.monotonic()))
            except (ray.exceptions.RayError, ValueError, RuntimeError) as error:
                failures.append((index, error))
        if failures:
            told = "; ".join(f"generator {index}: {str(error).strip().splitlines()[-1]}" for index, error in failures)
            raise PushError(
                f"{method} failed on {len(failures)} of {len(self.handles)} generators ({told}): start those anew, push again"
            ) from failures[0][1]


class Broadcaster:
    """Pushes weights by one transport. Every learner rank makes one and calls `push`; rank 0 speaks to the generators."""

    def __init__(self, transport: str, *, rank: int = 0, timeout_s: float = 300.0) -> None:
        if transport not in ("shm", "ipc", "nccl"):
            raise ValueError(f"transport is {transport!r}: wanted 'shm' (CPU), 'ipc' (the same GPU) or 'nccl' (other GPUs)")
        self._transport = transport
        self._rank = rank
        self._timeout_s = timeout_s
        self._generators: Generators | None = None
        self._sender: Any = None  # vLLM's trainer engine for ipc and nccl, kept while the generators stay the same
        self._weights: dict[str, torch.Tensor] = {}

    def push(self, weights: Iterable[tuple[str, torch.Tensor]], generators: Sequence[Any], version: int) -> Metrics:
        """Make every generator sample with these weights from here on.

        Args:
            weights: (name, tensor) with the names of the model directory, whole tensors, e.g. `model.named_parameters()`.
            generators: Ray handles of GeneratorActor.
            version: the weights' version, which every token sampled with them will carry.

        Returns:
            Seconds in all (`broadcast/push_s`) and seconds in which the generators stood still (`broadcast/gap_s`).

        Raises:
            PushError: some generators did not take them.
        """
        began = time.perf_counter()
        if self._generators is None or self._generators.handles != tuple(generators):
            self.close()
            self._generators = Generators(generators, self._timeout_s)
        self._generators.version = version
        self._weights = dict(weights)
        try:
            if self._transport == "shm":
                if self._rank == 0:
                    send_through_shm(self._weights, self._generators)
            else:
                self._sender = self._sender or self._rendezvous(self._generators)
                self._sender.send_weights()
        except BaseException:
            self.close()  # a broken group of processes cannot be used again
            raise
        finally:
            self._weights = {}
        return {"broadcast/push_s": time.perf_counter() - began, "broadcast/gap_s": self._generators.gap_s}

    def close(self) -> None:
        """Leave the generators; the next push meets them anew."""
        sender, self._sender, self._generators = self._sender, None, None
        if sender is not None:
            sender.shutdown()

    def _rendezvous(self, generators: Generators) -> Any:
        """vLLM's trainer engine for a GPU transport; it reads self._weights afresh at each send."""
        from vllm.distributed.weight_transfer.base import ParamMeta, WeightSource, materialize_full_tensor
        from vllm.distributed.weight_transfer.factory import WeightTransferTrainerFactory
        from vllm.distributed.weight_transfer.ipc_engine import IPCTrainerInitInfo
        from vllm.distributed.weight_transfer.nccl_engine import NCCLTrainerInitInfo

        broadcaster = self

        class Source(WeightSource):  # type: ignore[misc]  # vLLM is not type-checked here
            def metadata(self) -> list[Any]:
                return [ParamMeta(name, tensor.dtype, tuple(tensor.shape)) for name, tensor in broadcaster._weights.items()]

            def __iter__(self) -> Iterator[tuple[str, torch.Tensor]]:
                return ((name, materialize_full_tensor(tensor.detach())) for name, tensor in broadcaster._weights.items())

        if self._transport == "ipc":
            init_info: Any = IPCTrainerInitInfo(rank=self._rank)
        else:
            address, port = _free_address()
            init_info = NCCLTrainerInitInfo(address, port, world_size=1 + len(generators.handles), rank=self._rank)
        return WeightTransferTrainerFactory.trainer_init(init_info, client=generators, source=Source())


def send_through_shm(weights: dict[str, torch.Tensor], generators: WeightSync) -> None:
    """One whole update through a file in shared memory, which is gone when this returns or raises."""
    with _shm_file(weights) as path:
        generators.start_weight_update()
        generators.update_weights({"path": str(path)})
        generators.finish_weight_update()


@contextlib.contextmanager
def _shm_file(weights: dict[str, torch.Tensor]) -> Iterator[Path]:
    """The weights as a safetensors file in memory; tied weights once, under their first name."""
    seen: set[int] = set()
    once = {}
    for name, tensor in weights.items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            once[name] = tensor.detach().contiguous()
    folder = _memory()
    _remove_orphans(folder)
    path = folder / f"{PREFIX}{os.getpid()}-{time.time_ns()}.safetensors"
    try:
        save_file(once, path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _memory() -> Path:
    shared = Path("/dev/shm")  # noqa: S108  it is memory that generators on this machine can read
    return shared if shared.is_dir() and os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def _remove_orphans(folder: Path) -> None:
    """Delete what a learner that was killed in mid-push left behind."""
    for path in folder.glob(f"{PREFIX}*"):
        owner = path.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            path.unlink(missing_ok=True)


def _free_address() -> tuple[str, int]:
    import ray

    with socket.socket() as probe:
        probe.bind(("", 0))
        return ray.util.get_node_ip_address(), int(probe.getsockname()[1])
