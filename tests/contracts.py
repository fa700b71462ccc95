"""What every Policy must do, checked alike for the fakes, transformers and vLLM: call `check_policy` with one that is running."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

import pytest

from actors.policy import Policy, Sampling, Turn
from envs.dialogue import Codec, parse_action
from envs.records import Verb
from envs.steering import Names, Steering


async def check_policy(policy: Policy, prompt: Sequence[int], *, context: int, vocabulary: int, samples: bool = True) -> None:
    """Raise AssertionError where a policy breaks the contract of `actors.policy`.

    Args:
        prompt: ids to continue, far shorter than the context.
        context: tokens the policy has room for.
        vocabulary: every id it may sample is below this.
        samples: False for a policy that always says the same.
    """
    assert max(prompt) < vocabulary
    free = await policy.generate(prompt, Sampling(max_tokens=12, stop_ids=(), seed=1))
    check_turn(free, tokens_max=12)

    again = await policy.generate(prompt, Sampling(max_tokens=12, stop_ids=(), seed=1))
    assert again.ids == free.ids, "the same seed gives the same turn"
    if samples:
        others = [await policy.generate(prompt, Sampling(max_tokens=12, stop_ids=(), seed=s)) for s in range(2, 6)]
        assert any(other.ids != free.ids for other in others), "other seeds give other turns"

    stop = free.ids[len(free.ids) // 2]
    stopped = await policy.generate(prompt, Sampling(max_tokens=12, stop_ids=(stop,), seed=1))
    assert stopped.ids == free.ids[: free.ids.index(stop) + 1], "a turn ends with the first stop id, which is kept"
    check_turn(stopped, tokens_max=12)

    at_once = await policy.generate(prompt, Sampling(max_tokens=12, stop_ids=tuple(range(vocabulary)), seed=1))
    assert len(at_once.ids) == 1, "a stop id as the first token is a turn of one token"

    greedy = [await policy.generate(prompt, Sampling(max_tokens=8, stop_ids=(), temperature=0.0, seed=s)) for s in (1, 2)]
    assert greedy[0].ids == greedy[1].ids, "greedy turns do not depend on the seed"
    check_turn(greedy[0], tokens_max=8)

    together = await asyncio.gather(*(policy.generate(prompt, Sampling(max_tokens=12, stop_ids=(), seed=s)) for s in (1, 2, 3, 1)))
    for turn in together:
        check_turn(turn, tokens_max=12)

    almost = (list(prompt) * context)[: context - 3]
    check_turn(await policy.generate(almost, Sampling(max_tokens=12, stop_ids=(), seed=1)), tokens_max=3)
    with pytest.raises(ValueError, match="tokens"):
        await policy.generate((list(prompt) * context)[:context], Sampling(max_tokens=12, stop_ids=(), seed=1))


async def check_steering(policy: Policy, codec: Codec, question: str, names: Names) -> None:
    """Raise AssertionError unless the policy obeys `Sampling.names`; a random model never writes an action by itself."""
    tables = [table for table, _ in names.tables]
    prompt = codec.prompt_ids(question, tables)
    free = await policy.generate(prompt, Sampling(max_tokens=24, stop_ids=codec.stop_ids, seed=1))
    assert parse_action(codec.action_text(free.ids)).verb is Verb.MALFORMED

    described = 0
    for seed, temperature in [(0, 0.0), *((seed, 1.0) for seed in range(1, 40))]:
        if seed >= 8 and described:
            break
        turn = await policy.generate(prompt, Sampling(24, codec.stop_ids, temperature=temperature, seed=seed, names=names))
        check_turn(turn, tokens_max=24)
        ended = turn.ids[-1] in codec.stop_ids
        action = parse_action(codec.action_text(turn.ids))
        assert Steering(names).allows(codec.action_text(turn.ids).partition("\n")[0])
        assert action.verb is not Verb.MALFORMED or not ended
        if ended and action.verb in (Verb.DESCRIBE, Verb.SAMPLE):
            assert action.argument in tables
            described += 1
    assert described

    again = await policy.generate(prompt, Sampling(max_tokens=24, stop_ids=codec.stop_ids, seed=1))
    assert again.ids == free.ids, "a turn without names is not steered"


async def check_transfer(
    policy: Policy, change: Callable[[int], None], push: Callable[[], int], gap: Callable[[], float], *, bound: float
) -> None:
    """Raise AssertionError where a weight transfer breaks its contract: what was pushed, all of it, is what samples, under its version.

    Args:
        policy: the generator's, in the end that was pushed to.
        change: makes the learner's weights others, by a seed.
        push: pushes them; the version they were pushed as.
        gap: mean |difference| in logprob between learner and generator, nats a token.
        bound: what rounding alone may make of the gap.
    """
    sampling = Sampling(max_tokens=24, stop_ids=(), temperature=0.0)
    before = await policy.generate([5, 6, 7], sampling)
    for seed in (1, 2):
        await asyncio.to_thread(change, seed)
        assert await asyncio.to_thread(gap) > 2 * bound, "the learner has moved on: the canary must see it"
        version = await asyncio.to_thread(push)
        assert await asyncio.to_thread(gap) < bound, "every weight has arrived"
    after = await policy.generate([5, 6, 7], sampling)
    assert after.ids != before.ids, "cached keys and values of the old weights are gone"
    assert {span.version for span in after.spans} == {version}


def check_turn(turn: Turn, *, tokens_max: int) -> None:
    """A turn is whole: ids, a logprob each, spans that cover them once and in order."""
    assert 1 <= len(turn.ids) <= tokens_max
    assert len(turn.logprobs) == len(turn.ids)
    assert all(math.isfinite(value) and value <= 0.0 for value in turn.logprobs)
    assert all(isinstance(token, int) for token in turn.ids)
    covered = [i for span in turn.spans for i in range(span.start, span.end)]
    assert covered == list(range(len(turn.ids)))


def mean_difference(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]]) -> float:
    """Mean |difference| of two lists of logprobs, first tokens left out: what the canary measures."""
    pairs = [(a, b) for one, other in zip(left, right, strict=True) for a, b in zip(one[1:], other[1:], strict=True)]
    return sum(abs(a - b) for a, b in pairs) / len(pairs)
