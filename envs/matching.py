"""Whether two results hold the same rows: as bags, columns in any order their contents allow, reals within a tolerance."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from envs.guard import Cell

Row = tuple[Cell, ...]
Rows = Sequence[Row]

ARRANGEMENTS_MAX = 2_000  # column arrangements tried
KEY_NOISE = 1e-12  # relative difference of two sort keys that is rounding


class VerifierError(RuntimeError):
    """We could not grade: the gold failed, or a limit of ours was reached. The group is dropped, never scored 0."""


def rows_match(got: Rows, gold: Rows, *, ordered: bool = False, keys: Sequence[Row] | None = None) -> bool:
    """Whether two results hold the same rows.

    Args:
        got, gold: rows of cells.
        ordered: the order of rows counts.
        keys: the sort key of each gold row, adjacent rows of one key in any order; implies ordered.

    Raises:
        VerifierError: so many columns hold the same values that their arrangements cannot all be tried.
    """
    if len(got) != len(gold):
        return False
    if not gold:
        return True
    if len(got[0]) != len(gold[0]):
        return False
    got, gold = [_canonical(row) for row in got], [_canonical(row) for row in gold]
    blocks = [len(gold)]  # sizes of runs of gold rows that may come in any order among themselves
    if keys is not None:
        blocks = _runs(keys)
    elif ordered:
        blocks = [1] * len(gold)

    def same(columns: Sequence[int]) -> bool:
        start = 0
        for size in blocks:
            part = [tuple(row[c] for c in columns) for row in got[start : start + size]]
            if not _same_bag(part, gold[start : start + size]):
                return False
            start += size
        return True

    return any(same(columns) for columns in arrangements(got, gold, _same_bag))


def arrangements(got: Rows, gold: Rows, same_bag: Callable[[Rows, Rows], bool]) -> Iterator[list[int]]:
    """Which column of got stands for each of gold's: as they are first, then others between columns of equal content.

    An arrangement grows column by column and is given up once the rows so far differ as bags; of columns of got that are
    alike cell by cell one is tried.
    """
    width = len(gold[0])
    straight = list(range(width))
    yield straight
    if width == 1:
        return
    gold_columns = [[(row[c],) for row in gold] for c in straight]
    got_columns = [[(row[c],) for row in got] for c in straight]
    fits: list[list[int]] = []
    for column in gold_columns:
        fits.append([c for c in straight if same_bag(got_columns[c], column)])
        if not fits[-1]:
            return
    twins = {c: next(d for d in straight if got_columns[d] == got_columns[c]) for c in straight}
    tried = 0

    def grow(chosen: list[int]) -> Iterator[list[int]]:
        nonlocal tried
        if len(chosen) == width:
            if chosen != straight:
                yield chosen
            return
        seen = set()
        for c in fits[len(chosen)]:
            if c in chosen or twins[c] in seen:
                continue
            seen.add(twins[c])
            longer = [*chosen, c]
            tried += 1
            if tried > ARRANGEMENTS_MAX:
                raise VerifierError(f"more than {ARRANGEMENTS_MAX} arrangements of {width} columns that hold the same values")
            if same_bag([tuple(row[k] for k in longer) for row in got], [row[: len(longer)] for row in gold]):
                yield from grow(longer)

    yield from grow([])


def _runs(keys: Sequence[Row]) -> list[int]:
    """The sizes of runs of one key; keys that only rounding sets apart (a sum in another order) are one."""
    sizes = [1]
    for last, key in pairwise(keys):
        if key == last or all(map(_alike, key, last)):
            sizes[-1] += 1
        else:
            sizes.append(1)
    return sizes


def _alike(a: Cell, b: Cell) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=KEY_NOISE))


def equal_bag(got: Rows, gold: Rows) -> bool:
    return Counter(got) == Counter(gold)


def _canonical(row: Row) -> Row:
    return tuple(_canonical_cell(cell) for cell in row)


def _canonical_cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        if cell.is_integer() and abs(cell) < 2**53:
            return int(cell)
    return cell


def _same_bag(got: Rows, gold: Rows) -> bool:
    """Equal as bags of canonical rows, reals within tolerance."""
    left, right = Counter(got), Counter(gold)
    if left == right:
        return True
    got, gold = list((left - right).elements()), list((right - left).elements())
    kinds: dict[Row, tuple[list[list[float]], list[list[float]]]] = {}
    for side, rows in enumerate((got, gold)):
        for row in rows:
            kind = tuple("#" if isinstance(cell, int | float) else ("text", cell) for cell in row)
            numbers = [cell for cell in row if isinstance(cell, int | float)]
            kinds.setdefault(kind, ([], []))[side].append(numbers)  # type: ignore[arg-type]
    return all(_pair_up(a, b) for a, b in kinds.values())


def _pair_up(got: list[list[float]], gold: list[list[float]]) -> bool:
    """Whether rows of numbers can be paired within tolerance: in sorted order, or by augmenting paths (Kuhn)."""
    if len(got) != len(gold):
        return False
    got, gold = sorted(got), sorted(gold)
    if all(_close_rows(a, b) for a, b in zip(got, gold, strict=True)):
        return True
    if len(gold[0]) < 2:
        return False
    firsts = [row[0] for row in gold]
    partner: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        reach = 2 * _tolerance(got[i][0])  # a little wide: the tolerance is the gold's
        for j in range(bisect_left(firsts, got[i][0] - reach), bisect_right(firsts, got[i][0] + reach)):
            if j not in seen and _close_rows(got[i], gold[j]):
                seen.add(j)
                if j not in partner or place(partner[j], seen):
                    partner[j] = i
                    return True
        return False

    try:
        return all(place(i, set()) for i in range(len(got)))
    except RecursionError as error:
        raise VerifierError(f"{len(got)} rows of nearly equal numbers cannot be paired") from error


def _close_rows(got: list[float], gold: list[float]) -> bool:
    return all(_close(a, b) for a, b in zip(got, gold, strict=True))


def _close(a: float, b: float) -> bool:
    """Two integers exactly; else within a millionth of the gold, never more than half a cent."""
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return False
    return abs(a - b) <= _tolerance(b)


def _tolerance(gold: float) -> float:
    return min(1e-6 * max(abs(gold), 1e-3), 0.005)
