"""Files and directories that are whole or not there."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from envs.whole_files import DiskFullError, no_room_is_one_clear_error, written_aside


def test_a_directory_written_twice_holds_only_the_second(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with written_aside(tmp_path / "best") as folder:
            (folder / text).write_text(text)
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == ["best", "best/second"]


def test_a_swap_cut_in_the_middle_does_not_lose_the_old_directory(tmp_path: Path) -> None:
    replaced = tmp_path / ".replaced-best"
    replaced.mkdir()
    (replaced / "old").write_text("old")
    with pytest.raises(RuntimeError), written_aside(tmp_path / "best"):
        raise RuntimeError("the new one fails too")
    assert (tmp_path / "best" / "old").read_text() == "old"


class ShellError(OSError):
    """As Ray hands over an actor's error: the number is the cause's alone."""

    def __init__(self, cause: OSError) -> None:
        self.cause = cause


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_known_by_its_number_from_an_actor_too(tmp_path: Path, number: int) -> None:
    for error in (OSError(number, "no"), ShellError(OSError(number, "no"))):
        with pytest.raises(DiskFullError, match="free some space, then give the same command again"), no_room_is_one_clear_error(tmp_path):
            raise error


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), no_room_is_one_clear_error(tmp_path):
        raise PermissionError(errno.EACCES, "not yours")
