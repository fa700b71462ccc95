"""The mask over one token's logits: of equals only what will do is left, and far down the list something is still found."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from envs.dialogue import Codec
from envs.steering import Names, Steering

torch = pytest.importorskip("torch")

STEERING = Steering(Names((("pets", ("name", "species")), ("owners", ("city",)))))


def turn(tokenizer_json: str, *, greedy: bool):  # type: ignore[no-untyped-def]
    from actors.steered_sampling import SteeredTurn, TokenPieces, token_pieces

    tokenizer = Tokenizer.from_str(tokenizer_json)
    stops = frozenset(Codec(tokenizer).stop_ids)
    return SteeredTurn(STEERING, TokenPieces(tuple(token_pieces(tokenizer))), stops, greedy=greedy)


def left(logits: object) -> list[int]:
    return [i for i, logit in enumerate(logits.tolist()) if logit > -float("inf")]  # type: ignore[attr-defined]


def test_of_equally_likely_tokens_a_greedy_turn_keeps_one_that_will_do(tiny_tokenizer: str, tiny_codec: Codec) -> None:
    said = tiny_codec.action_ids("QUERY SELECT name FROM pets")
    for place, token in enumerate(said):
        logits = torch.zeros(448)
        logits[token] = logits[7] = logits[8] = 5.0  # bfloat16 weights often find two tokens equally likely
        (kept,) = left(turn(tiny_tokenizer, greedy=True).mask(logits, said[:place]))
        assert STEERING.allows(tiny_codec.action_text([*said[:place], kept]).partition("\n")[0])


def test_a_sampled_turn_keeps_every_likely_token_that_will_do_as_likely_as_it_was(tiny_tokenizer: str, tiny_codec: Codec) -> None:
    said = tiny_codec.action_ids("DESCRIBE pets")
    other = tiny_codec.action_ids("ANSWER 3")[0]
    logits = torch.zeros(448)
    logits[[said[0], other, 7]] = torch.tensor([3.0, 2.0, 9.0])
    masked = turn(tiny_tokenizer, greedy=False).mask(logits, ())
    assert {said[0], other} <= set(left(masked)) and 7 not in left(masked)
    assert (float(masked[said[0]]), float(masked[other])) == (3.0, 2.0)


@pytest.mark.parametrize("greedy", [True, False])
def test_the_only_way_on_is_found_below_all_that_is_likely(tiny_tokenizer: str, tiny_codec: Codec, *, greedy: bool) -> None:
    follows = turn(tiny_tokenizer, greedy=greedy)
    said: list[int] = []
    while not (said and said[-1] in tiny_codec.stop_ids) and len(said) < 40:
        logits = torch.arange(448.0)
        logits[list(tiny_codec.action_ids("QUERY SELECT city FROM owners"))] = -50.0
        said.append(int(follows.mask(logits, said).argmax()))
    assert STEERING.allows(tiny_codec.action_text(said).partition("\n")[0])


def test_a_turn_that_has_gone_astray_is_left_alone(tiny_tokenizer: str) -> None:
    logits = torch.arange(448.0)
    assert left(turn(tiny_tokenizer, greedy=True).mask(logits, [7])) == list(range(448))
