"""How large a model is, from its config.json: parameters, and the bytes that training and sampling with it take per token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Qwen/Qwen3-1.7B's config.json, for a plan before the model is downloaded.
KNOWN: dict[str, dict[str, Any]] = {
    "Qwen3-1.7B": {
        "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
        "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": True,
    },
    "smollm2-135m-instruct": {
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
        "head_dim": 64, "vocab_size": 49152, "tie_word_embeddings": True,
    },
}  # fmt: skip


@dataclass(frozen=True)
class ModelShape:
    """A dense decoder with grouped-query attention and a gated MLP (Llama, Qwen)."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool

    @property
    def parameters(self) -> int:
        """All of them, norms left out (below 0.01 %)."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        mlp = 3 * self.hidden * self.intermediate
        return self.layers * (attention + mlp) + self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of one token over all layers, in bf16."""
        return 2 * 2 * self.layers * self.kv_heads * self.head_dim

    @property
    def activation_bytes_per_token(self) -> int:
        """What the backward pass needs of one token over all layers, in bf16, with fused attention and no recomputation.

        A layer keeps its input, two normed inputs (and their fp32 copies), queries, keys, values and the attention's output, gate and
        up projections, the gate's activation and their product.
        """
        attention = self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        return 2 * self.layers * (3 * self.hidden + 2 * 2 * self.hidden + attention + 4 * self.intermediate)


def shape_of(base_model: str) -> ModelShape | None:
    """The shape of a model directory, or of a known name when it is not downloaded yet; None when neither tells."""
    path = Path(base_model).expanduser() / "config.json"
    values = json.loads(path.read_text("utf-8")) if path.is_file() else KNOWN.get(Path(base_model).name)
    if values is None:
        return None
    heads = int(values["num_attention_heads"])
    return ModelShape(
        hidden=int(values["hidden_size"]),
        intermediate=int(values["intermediate_size"]),
        layers=int(values["num_hidden_layers"]),
        heads=heads,
        kv_heads=int(values.get("num_key_value_heads") or heads),
        head_dim=int(values.get("head_dim") or values["hidden_size"] // heads),
        vocabulary=int(values["vocab_size"]),
        tied=bool(values.get("tie_word_embeddings", False)),
    )
