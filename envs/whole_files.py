"""Files and directories written whole or not at all: aside first, flushed to the disk, then renamed; a full disk is one clear error."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ASIDE = ".writing-"  # a directory being written; one that is left over was cut short
_REPLACED = ".replaced-"  # the directory that a finished one takes the place of, for the instant of the swap
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, a quota, a limit on the size of a file


class DiskFullError(OSError):
    """No room is left for something a run has to keep."""


@contextlib.contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A new directory beside `target` that takes its place when the block ends well, flushed to the disk first.

    When the block raises, the new directory is deleted and `target` stays as it was.

    Raises:
        DiskFullError: there was no room, here or in the block.
    """
    replaced = target.with_name(_REPLACED + target.name)
    with no_room_is_one_clear_error(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if replaced.exists() and not target.exists():
            replaced.rename(target)  # an earlier swap was cut in the middle
        aside = Path(tempfile.mkdtemp(prefix=f"{ASIDE}{target.name}-", dir=target.parent))
        try:
            aside.chmod(0o755)
            yield aside
            for path in [*aside.rglob("*"), aside]:
                _flush(path)
            if target.exists():
                shutil.rmtree(replaced, ignore_errors=True)
                target.rename(replaced)
            aside.rename(target)
            _flush(target.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def write_text_atomic(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with file_written_aside(target) as aside:
        aside.write_text(text, "utf-8")


@contextlib.contextmanager
def file_written_aside(target: Path) -> Iterator[Path]:
    """A file beside `target` to write to: it takes target's place, flushed to the disk, when the block ends well, else it vanishes.

    Raises:
        DiskFullError: there was no room.
    """
    with no_room_is_one_clear_error(target):
        handle, name = tempfile.mkstemp(prefix=f"{ASIDE}{target.name}-", dir=target.parent)
        os.close(handle)
        aside = Path(name)
        try:
            yield aside
            aside.chmod(0o644)
            _flush(aside)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def no_room_is_one_clear_error(path: Path) -> Iterator[None]:
    """Turns "no space left" (or a quota) from anywhere in the block into one DiskFullError that says what to do.

    Raises:
        DiskFullError: as said.
    """
    try:
        yield
    except DiskFullError:
        raise
    except OSError as error:
        number = getattr(getattr(error, "cause", error), "errno", None)  # Ray hands over what an actor raised in a shell of its own
        if number not in _NO_ROOM:
            raise
        raise DiskFullError(
            number, f"no room left on the disk of {path}: free some space, then give the same command again to go on"
        ) from error


def plain(value: Any) -> Any:
    """The same value from what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, str) or value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item"):  # a number of numpy's or torch's
        return plain(value.item())
    return str(value)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
