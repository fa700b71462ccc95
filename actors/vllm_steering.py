"""vLLM's side of steered sampling: a logits processor in the engine's worker process, idle unless a request brings names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from vllm.v1.sample.logits_processor import AdapterLogitsProcessor

from actors.steered_sampling import STEERING, SteeredTurn, TokenPieces
from envs.steering import Names, steering_for

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

GREEDY_BELOW = 1e-5  # vLLM's own bound


class SteeringProcessor(AdapterLogitsProcessor):  # type: ignore[misc]
    """Steers requests whose extra_args hold names. The engine knows no tokenizer, so the model directory's is read when first needed."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        super().__init__(vllm_config, device, is_pin_memory)
        self._model_dir = Path(vllm_config.model_config.model)

    def is_argmax_invariant(self) -> bool:
        return False

    def new_req_logits_processor(self, params: SamplingParams) -> Any:
        """What masks one request's logits, given the ids it has sampled; None for a request without names."""
        plain = (params.extra_args or {}).get(STEERING)
        if plain is None:
            return None
        stops = frozenset(params.stop_token_ids or ())
        steering = steering_for(Names.from_plain(plain))
        turn = SteeredTurn(steering, TokenPieces.load(self._model_dir), stops, greedy=params.temperature < GREEDY_BELOW)

        def mask(sampled: list[int], logits: torch.Tensor) -> torch.Tensor:
            return turn.mask(logits, sampled)

        return mask
