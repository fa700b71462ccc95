"""A policy that reads its turns from a file, so that the whole application runs without a model: for tests of the app and of load.

The file is JSON: {"questions": {"How many pets?": [["DESCRIBE pets", "QUERY SELECT count(*) FROM pets", "ANSWER RESULT"]]},
"otherwise": [["ANSWER UNKNOWN it is not in the script"]], "delay_s": 0.1}. A question has one script, or several, of which a sample draws
one. Questions are compared without regard to case, spaces and what a follow-up adds before them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from actors.policy import Sampling, Turn
from envs.dialogue import Codec
from envs.records import WeightSpan

CONTEXT = 100_000  # tokens; a byte is one
_MARKUP = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_ASSISTANT = "<|im_start|>assistant\n"

Scripts = list[list[str]]


class ScriptError(ValueError):
    """The file is no script; the message says what was wanted."""


class ScriptedPolicy:
    """Implements `Policy`; what it says depends on the dialogue alone, and on the seed where there are several scripts."""

    def __init__(self, file: Path, codec: Codec | None = None) -> None:
        self._codec = codec or byte_codec()
        self._take(file)
        self.version = 0

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling) -> Turn:
        room = CONTEXT - len(prompt_ids)
        if room < 1:
            raise ValueError(f"the prompt has {len(prompt_ids)} tokens: the script's context is {CONTEXT}")
        version = self.version  # a load does not change a turn that was begun
        said = self._next(self._codec.action_text(prompt_ids), sampling)
        await asyncio.sleep(self._delay_s)
        ids = self._codec.action_ids(said)
        stop = next((place for place, token in enumerate(ids) if token in sampling.stop_ids), len(ids))
        ids = ids[: min(stop + 1, sampling.max_tokens, room)]
        return Turn(ids, (-0.5,) * len(ids), (WeightSpan(0, len(ids), version),))

    async def load(self, file: Path, version: int) -> None:
        """Go on with another script."""
        self._take(file)
        self.version = version

    async def set_version(self, version: int) -> None:
        """Name the script in place."""
        self.version = version

    async def check(self) -> None:
        """It never dies."""

    def close(self) -> None:
        """There is nothing to end."""

    def _take(self, file: Path) -> None:
        scripts, self._otherwise, self._delay_s = read_script(file)
        self._scripts = {_plain(question): script for question, script in scripts.items()}

    def _next(self, dialogue: str, sampling: Sampling) -> str:
        head, *parts = dialogue.split(_ASSISTANT)
        turns = [part.partition("<|im_end|>")[0] for part in parts[:-1]]
        question = _plain(head.rpartition("Question: ")[2].partition("\nTables: ")[0])
        scripts = self._scripts.get(question) or next(
            (script for known, script in self._scripts.items() if question.endswith(known)), self._otherwise
        )
        fitting = [script for script in scripts if script[: len(turns)] == turns] or scripts
        drawn = (sampling.seed or 0) % len(fitting) if sampling.temperature > 0 else 0
        script = fitting[drawn]
        return script[len(turns)] if len(turns) < len(script) else "ANSWER RESULT"


def read_script(file: Path) -> tuple[dict[str, Scripts], Scripts, float]:
    """Scripts by question, those for every other question, and seconds that a turn takes.

    Raises:
        FileNotFoundError, ScriptError: as they say.
    """
    if not file.is_file():
        raise FileNotFoundError(f"no script at {file}: wanted a JSON file with questions and what is said to each")
    try:
        told = json.loads(file.read_text("utf-8"))
        questions = {str(question): _scripts(script) for question, script in told["questions"].items()}
        otherwise = _scripts(told.get("otherwise", ["ANSWER UNKNOWN it is not in the script"]))
        return questions, otherwise, float(told.get("delay_s", 0.0))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScriptError(
            f'{file} is no script ({error!r}): wanted {{"questions": {{"How many pets?": ["QUERY SELECT ...", "ANSWER RESULT"]}}, '
            '"otherwise": [...], "delay_s": 0.0}'
        ) from error


def byte_codec() -> Codec:
    """A codec in which every byte is a token: it needs no file, and no text is strange to it."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in _MARKUP])
    return Codec(tokenizer)


def _scripts(value: Any) -> Scripts:
    if not isinstance(value, list) or not value:
        raise TypeError("a script is a list of turns, or a list of such lists")
    several = value if isinstance(value[0], list) else [value]
    if not all(isinstance(turn, str) for script in several for turn in script) or not all(several):
        raise TypeError("a turn is a text")
    return several


def _plain(question: str) -> str:
    return " ".join(question.lower().split())
