"""`analyst-buddy play`: a person plays an episode; from a pipe or a file the output reads as a dialogue."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests import command_line

ROOT = Path(__file__).parent.parent.parent
GOLD = "SELECT species, count(*) FROM pets GROUP BY species"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "cluster.cli", "play", *map(str, arguments)]


def run(lines: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return command_line.run("play", *arguments, lines=lines)


def test_piped_lines_are_played_to_the_answer_and_the_verifier_finds_it_right(shop_db: Path) -> None:
    lines = "DESCRIBE pets\n\nQUERY SELECT species, count(*) FROM pets GROUP BY 1\nANSWER RESULT\nDESCRIBE owners\n"
    done = run(lines, shop_db, "How many pets of each kind?", "--gold", GOLD)
    assert (done.returncode, done.stderr) == (0, "")
    for said in ("Tables: owners, pets, Products, sales", "(10 left) DESCRIBE pets", "pets: 7 rows", "(9 left) QUERY", "bird | 1",
                 "Answer: RESULT", "The verifier finds it right."):  # fmt: skip
        assert said in done.stdout
    assert "DESCRIBE owners" not in done.stdout


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("QUERY SELECT count(*) FROM pets\nANSWER RESULT\n", "finds it wrong: wrong_rows"),
        ("ANSWER 7\n", "not from the data"),
        ("hm\nhm\nhm\n", "Too many lines were no action"),
        ("QUERY SELECT nmae FROM pets\n", "error: no such column: nmae; pets has name"),
        ("", "Left without an answer"),
    ],
)
def test_what_is_not_right_is_said_and_the_exit_code_is_1(shop_db: Path, tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "turns.txt").write_text(lines)
    done = run("", shop_db, "How many pets of each kind?", "--gold", GOLD, "--file", tmp_path / "turns.txt")
    assert (done.returncode, done.stderr) == (1, "")
    assert said in done.stdout


def test_terminal_codes_in_a_cell_do_not_reach_the_terminal(shop_db: Path) -> None:
    done = run("QUERY SELECT char(27) || '[2J' || name FROM pets\nANSWER RESULT\n", shop_db, "?")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_a_gold_that_does_not_run_is_a_usage_error(shop_db: Path) -> None:
    done = run("", shop_db, "?", "--gold", "SELECT nope FROM pets")
    assert done.returncode == 2
    assert "the gold does not run" in done.stderr


def _at_a_terminal() -> None:
    """In the child: its input is its terminal, and Ctrl-C interrupts it even where whoever started the tests ignores it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _until(wanted: bytes, terminal: int, press: bytes = b"") -> bytes:
    """What the terminal shows until it shows `wanted`. The key is pressed again when nothing comes of it: Python can lose one Ctrl-C."""
    said, quiet = b"", 0
    os.write(terminal, press)
    while wanted not in said:
        if select.select([terminal], [], [], 5)[0]:
            said += os.read(terminal, 4_096)
        else:
            quiet += 1
            assert quiet < 12, said
            os.write(terminal, press)
    return said


@pytest.mark.parametrize("key", [b"\x04", b"\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_ctrl_d_and_ctrl_c_leave_cleanly(shop_db: Path, key: bytes) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command(shop_db, "How many pets?"), cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=_at_a_terminal,
    )  # fmt: skip
    said = _until(b"(10 left)", ours)
    os.write(ours, b"DESCRIBE pets\n")
    said += _until(b"(9 left)", ours)
    said += _until(b"Left without an answer", ours, press=key)
    os.close(theirs)
    assert child.wait(60) == 1
    assert b"Traceback" not in said
    os.close(ours)
