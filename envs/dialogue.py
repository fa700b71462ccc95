"""Turns a dialogue into token ids and a sampled turn into an action: the one place for demonstrations, rollouts and serving.

A prompt is rendered to ids once. A turn is whatever ids the policy sampled, kept as they are; an observation is encoded on its
own and appended with mask 0. So the ids of a demonstration equal those of the same actions played, and nothing sampled is ever
decoded and encoded again. The chat markup is ChatML, which SmolLM2 and Qwen share. A tokenizer that knows <think> (Qwen3) gets its
template's empty block at every opening of a turn, which says that no thoughts follow: in demonstrations, rollouts and serving alike, with
mask 0, and kept between turns. A policy that thinks all the same has its thoughts kept as sampled, as a malformed turn.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer

from envs.records import Action, Verb, WeightSpan

SYSTEM = "Answer from the database: DESCRIBE table, SAMPLE table, QUERY select, ANSWER RESULT or UNKNOWN why."
ACTION_CHARS_MAX = 4_000
_VERBS = {str(verb): verb for verb in (Verb.DESCRIBE, Verb.SAMPLE, Verb.QUERY, Verb.ANSWER)}


def prompt_text(question: str, tables: Sequence[str]) -> str:
    """What the policy sees first: the question and the table names, nothing more of the schema.

    The names stand last, next to where they have to be copied.
    """
    return f"{follow_up_text(question)}\nTables: {', '.join(tables)}"


def follow_up_text(question: str) -> str:
    """What the policy sees of a further question about the same database."""
    return f"Question: {' '.join(question.split())}"


def parse_action(text: str) -> Action:
    """The action a turn asks for; only its first line counts, and verbs are upper-case ASCII.

    A turn that is none of the four becomes MALFORMED with a reason the policy can learn from; nothing is ever raised.
    """
    line = text.strip()
    if "\n" in line:
        line = line.partition("\n")[0].rstrip()
    if len(line) > ACTION_CHARS_MAX:
        return Action(Verb.MALFORMED, f"the action has {len(line)} characters; at most {ACTION_CHARS_MAX} are read")
    word, _, argument = line.partition(" ")
    verb = _VERBS.get(word)
    if verb is None:
        word, _, argument = line.partition("\t")
        verb = _VERBS.get(word)
    argument = argument.lstrip(" \t")
    if verb is None or not argument or argument[0].isspace():
        return Action(Verb.MALFORMED, "not an action: begin with DESCRIBE, SAMPLE, QUERY or ANSWER and what it needs")
    return Action(verb, argument)


class Codec:
    """Text to token ids and back for one tokenizer. Markup inside questions and cells is plain text to it, never control."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # "<|im_end|>" in a cell must not end a turn
        self._start = self._token("<|im_start|>")
        self.end_id = self._token("<|im_end|>")
        self._newline = tuple(self._encode("\n"))
        thinks = all(tokenizer.token_to_id(token) is not None for token in ("<think>", "</think>"))
        self._no_thoughts = self._encode("<think>\n\n</think>\n\n") if thinks else []

    @classmethod
    def load(cls, model_dir: Path | str) -> Codec:
        """The codec of a Hugging Face model directory (reads its tokenizer.json)."""
        path = Path(model_dir) / "tokenizer.json"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: a policy directory holds config.json, weights and tokenizer.json")
        return cls(Tokenizer.from_file(str(path)))

    @functools.cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens that end a turn: the end of the message, and every token that holds a line break (an action is one line)."""
        vocabulary = range(self._tokenizer.get_vocab_size())
        texts = self._tokenizer.decode_batch([[i] for i in vocabulary], skip_special_tokens=False)
        markup = {i for token in ("<|endoftext|>", "<|im_start|>") if (i := self._tokenizer.token_to_id(token)) is not None}
        return tuple(sorted({i for i, text in zip(vocabulary, texts, strict=True) if "\n" in text} | markup | {self.end_id}))

    def prompt_ids(self, question: str, tables: Sequence[str]) -> tuple[int, ...]:
        """System message, table names and question, up to where the first action begins."""
        return (
            *self._message("system", SYSTEM),
            *self._newline,
            *self._message("user", prompt_text(question, tables)),
            *self._newline,
            *self._turn_opening(),
        )

    def action_ids(self, action: str) -> tuple[int, ...]:
        """The turn that says this action, as a demonstration writes it: its text and the end of the message."""
        return (*self._encode(action), self.end_id)

    def action_text(self, ids: Sequence[int]) -> str:
        """What a sampled turn says, without markup."""
        body = ids[:-1] if ids and ids[-1] == self.end_id else ids
        return str(self._tokenizer.decode(list(body), skip_special_tokens=False))

    def observation_ids(self, observation: str, *, turn_closed: bool) -> tuple[int, ...]:
        """What follows a turn: its closing markup if the policy left it open, the observation, the next turn's opening."""
        return (
            *(() if turn_closed else (self.end_id,)),
            *self._newline,
            *self._message("user", observation),
            *self._newline,
            *self._turn_opening(),
        )

    def follow_up_ids(self, question: str) -> tuple[int, ...]:
        """What follows the last turn about one question when another is asked."""
        return self.observation_ids(follow_up_text(question), turn_closed=True)

    def _message(self, role: str, text: str) -> list[int]:
        return [*self._opening(role), *self._encode(text), self.end_id]

    def _turn_opening(self) -> list[int]:
        return [*self._opening("assistant"), *self._no_thoughts]

    def _opening(self, role: str) -> list[int]:
        return [self._start, *self._encode(f"{role}\n")]

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _token(self, token: str) -> int:
        token_id = self._tokenizer.token_to_id(token)
        if token_id is None:
            raise ValueError(f"the tokenizer has no {token} token: analyst-buddy needs a ChatML model such as SmolLM2 or Qwen")
        return int(token_id)


@dataclass
class Transcript:
    """The growing token sequence of one episode: demonstrations and rollouts both build theirs with it."""

    codec: Codec
    question: str
    tables: Sequence[str]
    ids: list[int] = field(init=False)
    mask: list[int] = field(init=False)
    logprobs: list[float] = field(init=False)
    spans: list[WeightSpan] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.ids = list(self.codec.prompt_ids(self.question, self.tables))
        self.mask = [0] * len(self.ids)
        self.logprobs = [0.0] * len(self.ids)

    def add_turn(self, ids: Sequence[int], logprobs: Sequence[float], spans: Sequence[WeightSpan] = ()) -> str:
        """Append a turn as sampled (spans count from the turn's own start) and return what it says."""
        start = len(self.ids)
        self.ids.extend(ids)
        self.mask.extend([1] * len(ids))
        self.logprobs.extend(logprobs)
        self.spans.extend(WeightSpan(start + s.start, start + s.end, s.version) for s in spans)
        return self.codec.action_text(ids)

    def add_observation(self, observation: str) -> None:
        """Append what the environment said, with mask 0."""
        closed = bool(self.ids) and self.ids[-1] == self.codec.end_id
        added = self.codec.observation_ids(observation, turn_closed=closed)
        self.ids.extend(added)
        self.mask.extend([0] * len(added))
        self.logprobs.extend([0.0] * len(added))
