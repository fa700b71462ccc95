"""Sampled tokens as HTML, each with its logprob or weight version as colour; whatever a token says is escaped."""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from dashboards.episode_reading import Token

VERSION_COLOURS = ("#3d7ea6", "#c98b2b", "#6a9a58", "#a65a7e", "#7b6fb0", "#4f9d96")


def tokenizer_of(run: Path) -> Path | None:
    """The tokenizer.json of any policy the run has kept."""
    return next((path for which in ("best", "last", "sft") if (path := run / "policy" / which / "tokenizer.json").is_file()), None)


def decoder(tokenizer: Path | None) -> Callable[[int], str]:
    """Says what a token id stands for; without a tokenizer, its number."""
    if tokenizer is None:
        return lambda token_id: f"[{token_id}]"
    return functools.partial(_word, tokenizer, tokenizer.stat().st_mtime_ns)


@functools.lru_cache(maxsize=65_536)
def _word(path: Path, written_ns: int, token_id: int) -> str:
    return str(_load(path, written_ns).decode([token_id], skip_special_tokens=False)) or f"[{token_id}]"


@functools.lru_cache(maxsize=4)
def _load(path: Path, written_ns: int) -> Tokenizer:  # noqa: ARG001 - part of the cache's key
    return Tokenizer.from_file(str(path))


def tokens_html(tokens: Sequence[Token], word: Callable[[int], str], colour: str) -> str:
    """The tokens of a turn, one span each with a title that gives the figures.

    Args:
        colour: "logprob" (the less likely the token was, the stronger its red) or "version".
    """
    spans = []
    for token in tokens:
        said = f"p = {math.exp(min(0.0, token.logprob)):.3f}, logprob {token.logprob:.3f}, weights v{token.version}, id {token.id}"
        style = _logprob_style(token.logprob) if colour == "logprob" else _version_style(token.version)
        text = html.escape(word(token.id)).replace("\n", "⏎")
        spans.append(f'<span style="{style}" title="{html.escape(said)}">{text}</span>')
    line = "white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;font-size:0.85rem;line-height:1.55"
    return f'<div style="{line}">{"".join(spans)}</div>'


def _logprob_style(logprob: float) -> str:
    doubt = 1 - math.exp(min(0.0, logprob))  # 0 for a certain token, 1 for one that was hardly ever drawn
    return f"background:rgba(214,92,64,{0.6 * doubt:.2f});border-radius:2px"


def _version_style(version: int | None) -> str:
    colour = "#8a8f98" if version is None else VERSION_COLOURS[version % len(VERSION_COLOURS)]
    return f"box-shadow:inset 0 -2px 0 {colour}"
