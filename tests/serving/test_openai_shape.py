"""An answer as an OpenAI message: Markdown in which a stranger's cells and a model's SQL stay text."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from envs.sandbox import Database
from serving.analyst import read_again
from serving.answers import answer_to_sql
from serving.openai_shape import fenced_sql, in_words


def message(database: Database, sql: str) -> str:
    return in_words(answer_to_sql("shop", sql, read_again(database, {sql}), 0.0))


@pytest.mark.parametrize(
    "cell",
    [
        "![x](http://evil.example/a.png)", "[click](http://evil.example)", "<img src=x>", "<http://evil.example>", "http://evil.example/?a=1",
        "HTTPS://evil.example", "www.evil.example", "ann@evil.example", "ann&commat;evil.example", "`x` ```", "a | b",
    ],
)  # fmt: skip
def test_no_cell_becomes_a_link_an_image_or_code(shop: Database, cell: str) -> None:
    said = message(shop, f"SELECT name, '{cell}' AS told FROM pets WHERE pet_id < 3")
    prose = said.rpartition("\n\n```sql")[0] or said.rpartition("\n\n````sql")[0]
    assert prose
    tokens = MarkdownIt().enable("table").parse(said)
    inline = [child.type for token in tokens for child in token.children or ()]
    assert set(inline) <= {"text", "text_special", "softbreak"}, "escapes and plain text, nothing else"
    assert [token.type for token in tokens if token.type in ("fence", "code_block", "html_block")] == ["fence"]
    for starts_a_link in ("://e", "www.", "@e"):  # of a reader that makes links of bare addresses
        assert starts_a_link not in prose.lower()


@pytest.mark.parametrize("quoted", ["x", "```", "\n```\n![x](http://evil.example/a.png)\n", "\n`````\n", "\n```sql\n"])
def test_no_sql_breaks_out_of_its_block_and_a_follow_up_finds_it_whole(shop: Database, quoted: str) -> None:
    sql = f"SELECT count(*) FROM pets WHERE name <> '{quoted}'"
    said = message(shop, sql)
    fences = [token.content for token in MarkdownIt().parse(said) if token.type == "fence"]
    assert fences == [f"{sql}\n"]
    assert fenced_sql(said) == sql


@pytest.mark.parametrize(
    "text",
    ["", "no code", "```\nSELECT 1\n```", "```sql\nSELECT 1", "``sql\nSELECT 1\n``", "x```sql\nSELECT 1\n```",
     "```sql\nx" * 25_000],
)  # fmt: skip
def test_a_message_without_a_whole_block_of_sql_has_none(text: str) -> None:
    assert fenced_sql(text) == ""
