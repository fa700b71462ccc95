"""The engine's half of the weight transfer on a CPU: loads a safetensors file from shared memory into the running model.

vLLM's own transports need a GPU. This one is registered with vLLM's factory as "shm" and works through the same calls, so a
generator is driven alike on every kind of machine. vLLM imports this module in its worker process (`worker_extension_cls`), which
is where the registration must happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from vllm.distributed.weight_transfer.base import WeightTransferEngine, WeightTransferInitInfo, WeightTransferUpdateInfo
from vllm.distributed.weight_transfer.factory import WeightTransferEngineFactory
from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead
from vllm.model_executor.model_loader.reload import finalize_layerwise_reload, initialize_layerwise_reload

TIED = "lm_head.weight"  # left out of a checkpoint whose output layer is its embedding


class WorkerExtension:
    """Nothing but a name for vLLM to import: the import registers the transport."""


@dataclass
class ShmInit(WeightTransferInitInfo):  # type: ignore[misc]  # vLLM is not type-checked here
    """Shared memory needs no rendezvous."""


@dataclass
class ShmUpdate(WeightTransferUpdateInfo):  # type: ignore[misc]
    """Where the new weights are: one safetensors file, names and shapes as in the model directory."""

    path: str


class ShmReceiver(WeightTransferEngine[ShmInit, ShmUpdate]):  # type: ignore[misc]
    """Receives whole checkpoints; refuses one that lacks a weight, has one too many, or has another shape."""

    init_info_cls = ShmInit
    update_info_cls = ShmUpdate

    def init_transfer_engine(self, init_info: ShmInit) -> None:
        pass

    def start_weight_update(self) -> None:
        initialize_layerwise_reload(self.model)

    def update_weights(self, update_info: dict[str, Any]) -> None:
        self.receive_weights(self.parse_update_info(update_info))  # without the base class's accelerator synchronisation

    def receive_weights(self, update_info: ShmUpdate) -> None:
        with safe_open(update_info.path, framework="pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  not a dict
            self._check(shapes)
            self.model.load_weights((name, file.get_tensor(name)) for name in shapes)

    def finish_weight_update(self) -> None:
        finalize_layerwise_reload(self.model, self.model_config)
        for module in self.model.modules():
            # A tied output layer computes with a packed copy of the embedding, which vLLM does not pack anew on a reload:
            # without this the model would answer with new layers and the old output layer, and nothing would say so.
            if isinstance(module, ParallelLMHead):
                module.quant_method.process_weights_after_loading(module)

    def shutdown(self) -> None:
        pass

    def _check(self, sent: dict[str, tuple[int, ...]]) -> None:
        wanted = checkpoint_shapes(Path(self.model_config.model))
        for shapes in (sent, wanted):
            if self.model_config.hf_config.tie_word_embeddings:
                shapes.pop(TIED, None)
        if sent != wanted:
            differing = sorted(name for name in sent.keys() | wanted.keys() if sent.get(name) != wanted.get(name))
            shown = [f"{name}: sent {sent.get(name)}, wanted {wanted.get(name)}" for name in differing[:3]]
            raise ValueError(f"{len(differing)} of the pushed weights do not fit {self.model_config.model}: {'; '.join(shown)}")


def checkpoint_shapes(model_dir: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a model directory's weights, from the headers of its safetensors files."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path in model_dir.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            shapes |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    return shapes


WeightTransferEngineFactory.register_engine("shm", ShmReceiver)
