"""Weights change in a running engine: vLLM and plain transformers on tiny random models, and the scripted policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from actors.generator_actor import GeneratorConfig
from actors.policy import Sampling
from envs.dialogue import Codec
from envs.proportions import Tally
from serving.generator import Generator, check_accuracy
from serving.policy_files import PolicyRefusedError, Promoted
from serving.scripted_policy import byte_codec
from tests.fakes import CONTEXT, save_tiny_model
from tests.serving.scripts import write_script

CONFIG = GeneratorConfig(dtype="float32", max_model_len=CONTEXT, max_num_seqs=8, max_num_batched_tokens=CONTEXT, kv_cache_gb=0.1)
SAMPLING = Sampling(24, (), temperature=0.0)
TESTED = {"correct": 1, "questions": 2}


async def check_that_weights_change(engine: str, tmp_path: Path, tokenizer: str) -> None:
    """What one set of weights says after a promotion, and after a rollback, is what it says from the start."""
    one, other = (save_tiny_model(tmp_path / name, tokenizer, seed=seed) for seed, name in enumerate(("one", "other")))
    prompt = Codec(Tokenizer.from_str(tokenizer)).prompt_ids("How many pets?", ["pets"])
    generator = Generator(str(one), engine, CONFIG, str(tmp_path / "state"), Promoted(str(one), "one", "", tested=TESTED))
    try:

        async def says() -> tuple[tuple[int, ...], set[int]]:
            lease, model, _ = await generator.enter(60)
            turn = await generator.generate(lease, prompt, SAMPLING)
            await generator.leave(lease)
            assert {span.version for span in turn.spans} == {model["version"]}
            return turn.ids, {span.version for span in turn.spans}

        await generator.check_health()  # which samples a turn the first time
        first, versions = await says()
        assert versions == {0}
        done = await generator.promote(str(other), "other", TESTED, 0.0)
        second, versions = await says()
        assert second != first
        assert versions == {1}
        assert done.seconds < 30
        shutil.rmtree(one)
        shutil.rmtree(other)  # what answers is kept elsewhere
        await generator.roll_back()
        assert await says() == (first, {2})
        strange = save_tiny_model(tmp_path / "strange", tokenizer)
        (strange / "tokenizer.json").write_text("{}")
        with pytest.raises(PolicyRefusedError, match="tokenizer"):
            await generator.promote(str(strange), "strange", TESTED, 0.0)
        assert await says() == (first, {2})
    finally:
        generator.close()


async def test_transformers_takes_promoted_weights_and_the_old_ones_again(tmp_path: Path, tiny_tokenizer: str) -> None:
    await check_that_weights_change("transformers", tmp_path, tiny_tokenizer)


@pytest.mark.vllm
async def test_vllm_takes_promoted_weights_and_the_old_ones_again(tmp_path: Path, tiny_tokenizer: str) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed: run `make setup`")
    await check_that_weights_change("vllm", tmp_path, tiny_tokenizer)


async def test_the_same_path_with_other_weights_in_it_begins_anew(tmp_path: Path) -> None:
    policy, state = write_script(tmp_path), str(tmp_path / "state")
    first = Generator(policy, "auto", CONFIG, state, Promoted(policy, "first", ""))
    await first.promote(write_script(tmp_path, "other", questions={"Hi?": ["ANSWER RESULT"]}), "other", TESTED, 0.0)
    again = Generator(policy, "auto", CONFIG, state, Promoted(policy, "first", ""))
    assert (await again.info())["model"]["name"] == "other", "a replica that is started again has the promoted weights"
    write_script(tmp_path, delay_s=0.001)
    anew = Generator(policy, "auto", CONFIG, state, Promoted(policy, "anew", ""))
    assert (await anew.info())["model"] == {**(await anew.info())["model"], "name": "anew", "version": 0}


async def test_weights_that_cannot_be_loaded_leave_the_old_ones_in_place(tmp_path: Path) -> None:
    policy = write_script(tmp_path)
    generator = Generator(policy, "auto", CONFIG, str(tmp_path / "state"), Promoted(policy, "first", ""))
    (tmp_path / "bad.json").write_text('{"questions": []}')
    with pytest.raises(ValueError, match="is no script"):
        await generator.promote(f"scripted:{tmp_path / 'bad.json'}", "bad", TESTED, 0.0)
    assert (await generator.info())["model"]["name"] == "first"
    await generator.check_health()
    lease, _, _ = await generator.enter(5)
    assert (await generator.generate(lease, byte_codec().prompt_ids("Hi?", ["pets"]), SAMPLING)).ids


def test_the_test_score_of_a_run_is_what_decides_as_its_result_has_it() -> None:
    new, old = Tally(19, 80).as_dict(), Tally(20, 80).as_dict()
    check_accuracy(old, new, 0.0)
    check_accuracy(new, old, 0.02)
    with pytest.raises(PolicyRefusedError, match=r"23\.8 % of 80, is below .* 25\.0 % of 80"):
        check_accuracy(new, old, 0.0)
    with pytest.raises(PolicyRefusedError, match="no score on the test set"):
        check_accuracy(Tally(0, 0).as_dict(), old, 0.0)
