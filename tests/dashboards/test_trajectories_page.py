"""The page about trajectories and what it reads: lists, filters, tokens, and the view that a link shares."""

from __future__ import annotations

from pathlib import Path

from dashboards.episode_reading import advantages, chosen, files, list_groups, turn_tokens, whole_group
from dashboards.settings import Settings
from dashboards.token_text import decoder, tokens_html
from envs.group_files import write_groups
from envs.run_store import RunStore
from envs.sandbox import Database
from tests.conftest import make_shop
from tests.dashboards.conftest import SHOP_QUESTIONS
from tests.dashboards.pages import opened
from tests.dashboards.runs import played


def test_a_list_says_of_every_group_what_the_filters_ask(tmp_path: Path, tiny_codec) -> None:  # type: ignore[no-untyped-def]
    make_shop(tmp_path / "shop.sqlite")
    database = Database.open(tmp_path / "shop.sqlite")
    one, two, three = SHOP_QUESTIONS
    groups = [
        played(tiny_codec, database, one, ["right", "right"]),
        played(tiny_codec, database, two, ["recovered", "wrong"]),
        played(tiny_codec, database, three, ["gave up", "explored"]),
        played(tiny_codec, database, one, ["explored"]),
    ]
    database.close()
    write_groups(tmp_path / "groups.parquet", groups)
    lines = list_groups(tmp_path / "groups.parquet")
    marks = [set(line.marks) for line in lines]
    assert marks == [set(), {"wrong", "mixed", "recovered"}, {"wrong", "mixed", "three", "explored"}, {"explored"}]
    assert [line.place for line in chosen(lines, ["wrong", "three"], "")] == [2]
    assert [line.place for line in chosen(lines, [], " REX")] == [1]
    assert whole_group(tmp_path / "groups.parquet", lines[3], lines) == groups[3]  # the question was played before
    assert advantages((1.0, 0.0)) == [0.5, -0.5]


def test_the_tokens_of_a_turn_say_the_turn_with_probability_and_version_and_are_escaped(small_run: RunStore) -> None:
    path = files(small_run)["step 20"]
    lines = list_groups(path)
    trajectory = whole_group(path, lines[0], lines).trajectories[0]
    turns = turn_tokens(trajectory)
    word = decoder(small_run.policy_dir("best") / "tokenizer.json")
    said = "".join(word(token.id) for token in turns[0])
    assert said.startswith(trajectory.steps[0].text)
    assert {token.version for token in turns[0]} == {18}
    assert {token.version for turn in turns[1:] for token in turn} == {19}
    html = tokens_html(turns[0], lambda _: "<img src=x onerror=alert(1)>", "logprob")
    assert "<img" not in html
    assert "weights v18" in html
    assert decoder(None)(7) == "[7]"


def test_a_link_opens_the_group_it_names(runs_dir: Path, small_run: RunStore) -> None:
    query = {"run": "small", "played": "phase2 validation, step 20", "group": "2", "colour": "version"}
    page = opened("trajectories_page", Settings(runs=runs_dir), query)
    assert [box.value for box in page.selectbox] == ["small", "phase2 validation, step 20"]
    shown = " ".join(block.value for block in page.get("html") if hasattr(block, "value"))
    bodies = shown or " ".join(element.proto.body for element in page.get("html"))
    assert "What did people in Oslo &lt;b&gt;buy&lt;/b&gt;?" in bodies
    assert page.code[0].value == SHOP_QUESTIONS[2].gold_sql


def test_filters_that_leave_nothing_say_so_and_every_file_can_be_read(runs_dir: Path) -> None:
    page = opened("trajectories_page", Settings(runs=runs_dir))
    for name in page.selectbox(key="played").options:
        assert not page.selectbox(key="played").set_value(name).run().exception
    page.text_input[0].set_value("no such words").run()
    assert "No group passes" in page.info[0].value


def test_without_runs_or_with_a_broken_file_the_page_says_what_is_wrong(tmp_path: Path) -> None:
    assert "No runs" in opened("trajectories_page", Settings(runs=tmp_path)).info[0].value
    store = RunStore(tmp_path / "new")
    store.append_event("data")
    assert "Nothing was played" in opened("trajectories_page", Settings(runs=tmp_path)).info[0].value
    store.groups_path(3).write_bytes(b"PAR1 torn")
    assert "cannot be read" in opened("trajectories_page", Settings(runs=tmp_path)).error[0].value
