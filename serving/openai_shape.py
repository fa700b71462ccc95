"""OpenAI's shape of the same: every database is a model, `analyst:<database>`, and its answer a message.

The last user message is the question. Where an answer of ours and its question stand before it, it is read as a follow-up, so no
conversation id is needed. What shapes sampling (temperature, top_p, ...) is taken and ignored: how it samples is the analyst's business.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import ServerSentEvent
from starlette.exceptions import HTTPException

from envs.follow_ups import LastTurn
from envs.plain_text import unlinked
from serving.contract import QUESTION_CHARS_MAX, Answer, Samples
from serving.desk import Desk
from serving.questions import Answered, Asked, Begun
from serving.routes import owner, until_left
from serving.streams import Told, events, last_of, streamed

PREFIX = "analyst:"
ROWS_SAID, CELL_CHARS = 20, 60


class Part(BaseModel):
    type: str
    text: str | None = None


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return " ".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatBody(BaseModel):
    """What is read of a request; the rest of OpenAI's parameters may be there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "analyst:retail_smb", "messages": [{"role": "user", "content": "How many pets?"}]}]}
    )
    model: Annotated[str, Field(max_length=100)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1, None] = None
    samples: Samples | None = Field(None, description="Ours: answers sampled and compared.")


class ModelCard(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Said(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    index: Literal[0] = 0
    message: Said
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Completion(BaseModel):
    """One answer; `answer` is ours and holds all of it."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    system_fingerprint: str
    answer: Answer


def add_openai(app: FastAPI, desk: Desk) -> None:
    """Put the two routes into an application."""
    began = int(time.time())
    stream = {"text/event-stream": {"schema": {"type": "string"}}}

    @app.get("/v1/models")
    async def models(request: Request) -> ModelList:
        """Every database of this key, as a model."""
        entries = await desk.databases(owner(request))
        cards = [ModelCard(id=PREFIX + e.name, created=began, owned_by="analyst-buddy" if e.sample else "you") for e in entries]
        return ModelList(data=cards)

    @app.get("/v1/models/{model}")
    async def model(model: str, request: Request) -> ModelCard:
        """One of them."""
        for card in (await models(request)).data:
            if card.id == model:
                return card
        raise HTTPException(404, "there is no such model: GET /v1/models lists those there are")

    @app.post("/v1/chat/completions", response_model=Completion, responses={200: {"content": stream}})
    async def completions(body: ChatBody, request: Request) -> Any:
        """Ask the last user message of the database that the model names."""
        asked = _asked(body, owner(request), request.state.request_id)
        if body.stream:
            include_usage = body.stream_options is not None and body.stream_options.include_usage
            shaped = _shaped(asked.request_id, body.model, include_usage)
            return await streamed(events(desk, asked, shaped, ServerSentEvent("[DONE]", sep="\n"), None))
        answered = await until_left(request, last_of(desk, asked))
        answer = answered.answer
        return Completion(
            id=f"chatcmpl-{answer.id}",
            created=int(time.time()),
            model=body.model,
            choices=[Choice(message=Said(content=in_words(answer)))],
            usage=_usage(answered),
            system_fingerprint=answer.model.weights if answer.model else "",
            answer=answer,
        )


def in_words(answer: Answer) -> str:
    """An answer as Markdown: the sentence, the rows when there are several, the SQL and what it does."""
    parts = [_plain(answer.sentence)]
    if answer.reason:
        parts.append(_plain(answer.reason))
    if answer.outcome == "unsure":
        parts += [f"- {_plain(one.sentence)} ({one.votes} votes)" for one in answer.candidates]
    if answer.row_count > 1 or len(answer.columns) > 1:
        parts.append("\n".join(_table(answer)))
    if answer.sql:
        parts.append(_fenced(answer.sql))
    return "\n\n".join(parts)


def fenced_sql(text: str) -> str:
    """The SQL in a message that `in_words` wrote; "" where there is none. Takes time in proportion to the text, whatever it holds."""
    lines = text.split("\n")
    for start, line in enumerate(lines, 1):
        fence = line.removesuffix("sql")
        if len(fence) >= 3 and fence != line and not fence.strip("`"):
            return "\n".join(lines[start : lines.index(fence, start)]) if fence in lines[start:] else ""
    return ""


def _asked(body: ChatBody, owned_by: str, request_id: str) -> Asked:
    """The question in a request.

    Raises:
        HTTPException: 404 for a model that is none, 422 for messages without a question.
    """
    if not body.model.startswith(PREFIX):
        raise HTTPException(404, f"there is no such model: wanted {PREFIX}<database>; GET /v1/models lists them")
    turns = [message for message in body.messages if message.role in ("user", "assistant")]
    question = turns[-1].text.strip() if turns and turns[-1].role == "user" else ""
    if not 0 < len(question) <= QUESTION_CHARS_MAX:
        raise HTTPException(422, f"the last message is no question: wanted a user message of 1 to {QUESTION_CHARS_MAX} characters")
    last = None
    if len(turns) >= 3 and turns[-2].role == "assistant" and turns[-3].role == "user":
        sql = fenced_sql(turns[-2].text)
        if sql and 0 < len(turns[-3].text.strip()) <= QUESTION_CHARS_MAX:
            last = LastTurn(turns[-3].text.strip(), sql)
    return Asked(owned_by, request_id, body.model.removeprefix(PREFIX), question, body.samples, last=last)


def _shaped(request_id: str, model: str, include_usage: bool) -> Callable[[Told], Iterator[ServerSentEvent]]:
    """Of what happens, OpenAI's chunks. The answer comes in parts; steps are not told here."""
    made, name = int(time.time()), f"chatcmpl-{request_id}"

    def chunk(choices: list[dict[str, Any]], **more: Any) -> ServerSentEvent:
        body = {"id": name, "object": "chat.completion.chunk", "created": made, "model": model, "choices": choices, **more}
        return ServerSentEvent(json.dumps(body), sep="\n")

    def delta(what: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": what, "finish_reason": finish, "logprobs": None}]

    def shaped(event: Told) -> Iterator[ServerSentEvent]:
        if isinstance(event, Begun):
            yield chunk(delta({"role": "assistant", "content": ""}))
        elif isinstance(event, Answered):
            for part in re.split(r"(?<=\n\n)", in_words(event.answer)):
                yield chunk(delta({"content": part}))
            yield chunk(delta({}, "stop"))
            if include_usage:
                yield chunk([], usage=_usage(event).model_dump())

    return shaped


def _usage(answered: Answered) -> Usage:
    total = answered.prompt_tokens + answered.sampled_tokens
    return Usage(prompt_tokens=answered.prompt_tokens, completion_tokens=answered.sampled_tokens, total_tokens=total)


def _table(answer: Answer) -> list[str]:
    lines = [f"| {' | '.join(_cell(name) for name in answer.columns)} |", f"|{' --- |' * len(answer.columns)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in answer.rows[:ROWS_SAID]]
    if answer.row_count > ROWS_SAID:
        lines += ["", f"{answer.row_count - ROWS_SAID:,} more rows."]
    return lines


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    text = text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + "…"
    return _plain(" ".join(text.split())).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text in which Markdown finds no link, bare addresses included, no image and no code."""
    return re.sub(r"([\\`\[\]<>!&])", r"\\\1", unlinked(text))


def _fenced(sql: str) -> str:
    """SQL as a block of code, fenced by more backticks than it holds anywhere in a row."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", sql)), default=0))
    return f"{fence}sql\n{sql}\n{fence}"
