"""Steers one turn while it is sampled: of the likeliest tokens, only those after which it can still become a sensible action.

Both policies use it, so a steered turn is the same on transformers and on vLLM. The logprobs they tell stay those of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from tokenizers import Tokenizer

from envs.steering import Steering, Turn

STEERING = "steering"  # the key under which a vLLM request carries its names
LIKELIEST = 32  # tokens looked at; further ones only when none of these will do


@dataclass(frozen=True)
class TokenPieces:
    """The bytes of every token; None for markup, which says nothing."""

    pieces: tuple[bytes | None, ...]

    @classmethod
    @lru_cache(maxsize=4)
    def load(cls, model_dir: Path) -> TokenPieces:
        """Of a model directory's tokenizer.json.

        Raises:
            FileNotFoundError: there is none.
            ValueError: the tokenizer is not byte-level, so its tokens' bytes cannot be told.
        """
        path = model_dir / "tokenizer.json"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: steered sampling reads the tokens' text there")
        tokenizer = Tokenizer.from_file(str(path))
        return cls(tuple(token_pieces(tokenizer)))


def token_pieces(tokenizer: Tokenizer) -> Iterator[bytes | None]:
    """The bytes of each token in order of id."""
    bytes_of = _byte_alphabet()
    added = tokenizer.get_added_tokens_decoder()
    for i in range(tokenizer.get_vocab_size()):
        token = tokenizer.id_to_token(i)
        if i in added:
            yield None if added[i].special else added[i].content.encode()
        elif token is None:
            yield None
        else:
            try:
                yield bytes(bytes_of[c] for c in token)
            except KeyError:
                raise ValueError(
                    f"token {i} ({token!r}) is not in the byte-level alphabet: steering takes tokenizers such as SmolLM2's or Qwen's"
                ) from None


class SteeredTurn:
    """Follows one turn from its beginning and masks the logits of its next token."""

    def __init__(self, steering: Steering, tokens: TokenPieces, stop_ids: frozenset[int], *, greedy: bool) -> None:
        self._steering, self._pieces, self._stops, self._greedy = steering, tokens.pieces, stop_ids, greedy
        self._turn: Turn | None = steering.start
        self._followed = 0
        self._ahead: dict[int, Turn] = {}  # where the tokens tried last lead, since one of them comes next

    def mask(self, logits: torch.Tensor, ids: Sequence[int]) -> torch.Tensor:
        """The logits of the next token, changed in place: minus infinity where a token would lead nowhere.

        Of a greedy turn only the likeliest token that will do is left; others are sampled from those of the LIKELIEST that will.
        Nothing is changed when no token at all will do.

        Args:
            logits: [vocabulary] of the token after `ids`.
            ids: what has been sampled of the turn so far; it only grows from call to call.
        """
        self._follow(ids)
        turn = self._turn
        if turn is None:
            return logits
        values, likeliest = torch.topk(logits, min(LIKELIEST, len(logits)))
        good: list[int] = []
        for rank, token in enumerate(likeliest.tolist()):
            if self._will_do(turn, token):
                good.append(rank)
                if self._greedy:
                    break
        if good:
            kept, allowed = likeliest[good], values[good]
        else:
            first = self._first_of_the_others(turn, logits)
            if first is None:
                return logits
            kept = torch.tensor([first], device=logits.device)
            allowed = logits[kept]
        logits.fill_(-torch.inf)  # equals of a token that will do are no better than others
        logits[kept] = allowed
        return logits

    def _follow(self, ids: Sequence[int]) -> None:
        for token in ids[self._followed :]:
            if token in self._ahead:
                self._turn = self._ahead[token]
            else:
                piece = self._piece(token)
                self._turn = None if self._turn is None or piece is None else self._steering.follow(self._turn, piece)
            self._ahead = {}
        self._followed = len(ids)

    def _will_do(self, turn: Turn, token: int) -> bool:
        piece = self._piece(token)
        if token not in self._stops:
            led = self._steering.follow(turn, piece) if piece else None
            if led is not None:
                self._ahead[token] = led
            return led is not None
        said = (piece or b"").partition(b"\n")[0]  # an action is one line
        ended = self._steering.follow(turn, said) if said else turn
        return ended is not None and self._steering.may_end(ended)

    def _first_of_the_others(self, turn: Turn, logits: torch.Tensor) -> int | None:
        """The likeliest token of all that will do; those whose first byte leads nowhere are passed over."""
        first = {byte for byte in range(256) if self._steering.follow(turn, bytes([byte])) is not None}
        for token in torch.argsort(logits, descending=True).tolist():
            piece = self._piece(token)
            if (token in self._stops or (piece and piece[0] in first)) and self._will_do(turn, token):
                return int(token)
        return None

    def _piece(self, token: int) -> bytes | None:
        return self._pieces[token] if 0 <= token < len(self._pieces) else None


def _byte_alphabet() -> dict[str, int]:
    """The characters that byte-level tokenizers write bytes with: GPT-2's, printable ones as they are, the rest from U+0100 on."""
    plain = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return {chr(byte if byte in plain else next(others)): byte for byte in range(256)}
