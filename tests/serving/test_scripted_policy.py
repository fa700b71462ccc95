"""The scripted policy keeps the contract of every policy and says what its file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.policy import Sampling
from serving.scripted_policy import CONTEXT, ScriptedPolicy, ScriptError, byte_codec
from tests.contracts import check_policy
from tests.serving.scripts import write_script


def script(tmp_path: Path, **more: object) -> Path:
    return Path(write_script(tmp_path, **more).removeprefix("scripted:"))


async def test_it_keeps_the_policy_contract(tmp_path: Path) -> None:
    codec = byte_codec()
    prompt = codec.prompt_ids("How many pets do we have?", ["pets"])
    await check_policy(ScriptedPolicy(script(tmp_path)), prompt, context=CONTEXT, vocabulary=300, samples=False)


async def test_a_dialogue_that_began_with_one_script_goes_on_with_it(tmp_path: Path) -> None:
    policy, codec = ScriptedPolicy(script(tmp_path)), byte_codec()
    for seed in range(6):
        ids = list(codec.prompt_ids("be  TORN", ["pets"]))
        first = await policy.generate(ids, Sampling(200, codec.stop_ids, temperature=0.7, seed=seed))
        ids += [*first.ids, *codec.observation_ids("count(*)\n1", turn_closed=True)]
        assert codec.action_text(first.ids).startswith("QUERY SELECT count(*) FROM ")
        second = await policy.generate(ids, Sampling(200, codec.stop_ids, temperature=0.7, seed=seed + 1))
        assert codec.action_text(second.ids) == "ANSWER RESULT"


async def test_another_script_is_loaded_under_its_version(tmp_path: Path) -> None:
    policy, codec = ScriptedPolicy(script(tmp_path)), byte_codec()
    await policy.load(script(tmp_path, questions={"Hi?": ["ANSWER UNKNOWN later"]}), 3)
    turn = await policy.generate(codec.prompt_ids("Hi?", ["pets"]), Sampling(200, codec.stop_ids))
    assert codec.action_text(turn.ids) == "ANSWER UNKNOWN later"
    assert turn.spans[0].version == 3


@pytest.mark.parametrize("text", ["", "[]", '{"questions": {"a": [1]}}', '{"questions": {"a": "QUERY"}}'])
def test_a_file_that_is_no_script_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ScriptError, match="is no script"):
        ScriptedPolicy(path)
