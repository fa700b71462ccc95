"""What a column holds is decided by all of its cells together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.importing.columns import Hints, Stored, Tally, decide, hints
from envs.importing.values import RawCell


def column(cells: Sequence[RawCell], name: str = "c", hint: Hints | None = None) -> tuple[str, list[Stored], str]:
    """Type, values and notes of a column."""
    tally = Tally()
    for place, cell in enumerate(cells):
        tally.add(cell, place + 2)
    decision = decide(tally, name, hint or Hints())
    stored: list[Stored] = []
    for cell in cells:
        try:
            stored.append(decision.store(cell))
        except ValueError:
            stored.append(None)
    return decision.type, stored, "; ".join(f"{kind}: {text}" for kind, text in decision.notes)


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2", "30"], "INTEGER", [1, -2, 30]),
        (["1,234", "1,234,567", "5"], "INTEGER", [1234, 1234567, 5]),
        (["1,234.50", "7"], "REAL", [1234.5, 7.0]),
        (["1.234,50", "7"], "REAL", [1234.5, 7.0]),
        (["1 234,50", "2\u00a0000"], "REAL", [1234.5, 2000.0]),
        (["1'234.50", "1’000"], "REAL", [1234.5, 1000.0]),
        (["12,34,567.5", "1.0"], "REAL", [1234567.5, 1.0]),
        (["$1,234.50", "-$3", "($4.20)", "$ 5"], "REAL", [1234.5, -3.0, -4.2, 5.0]),
        (["3,50 €", "1.000,00 €"], "REAL", [3.5, 1000.0]),
        (["USD 5", "USD 7"], "INTEGER", [5, 7]),
        (["12.5%", "3 %"], "REAL", [12.5, 3.0]),
        ([".5", "-0.25", "1."], "REAL", [0.5, -0.25, 1.0]),
        (["1.5E+3", "2"], "REAL", [1500.0, 2.0]),
        (["007", "12"], "TEXT", ["007", "12"]),
        (["+4722334455"], "TEXT", ["+4722334455"]),
        (["4111111111111111", "1"], "TEXT", ["4111111111111111", "1"]),
        (["1e5", "2"], "TEXT", ["1e5", "2"]),
        (["192.168.1.1"], "TEXT", ["192.168.1.1"]),
        (["€5", "$6"], "TEXT", ["€5", "$6"]),
        (["5 kg", "6 kg"], "TEXT", ["5 kg", "6 kg"]),
        (["1/2", "3/4"], "TEXT", ["1/2", "3/4"]),
        (["2024-01-05", "2024/1/6", "2024.01.07"], "DATE", ["2024-01-05", "2024-01-06", "2024-01-07"]),
        (["5 Jan 2024", "Jan 6, 2024", "7. März 2024", "8-Dec-24"], "DATE", ["2024-01-05", "2024-01-06", "2024-03-07", "2024-12-08"]),
        (["Monday, 5 January 2024"], "DATE", ["2024-01-05"]),
        (["25/12/2024", "03/04/2024"], "DATE", ["2024-12-25", "2024-04-03"]),
        (["12/25/2024", "03/04/2024"], "DATE", ["2024-12-25", "2024-03-04"]),
        (["3.4.2024"], "DATE", ["2024-04-03"]),
        (["2024-01-05 10:00", "2024-01-06"], "DATETIME", ["2024-01-05 10:00:00", "2024-01-06 00:00:00"]),
        (["1/25/24 3:05 PM"], "DATETIME", ["2024-01-25 15:05:00"]),
        (["2024-01-05T10:00:00+02:00", "2024-01-05T10:00:00Z"], "DATETIME", ["2024-01-05 08:00:00", "2024-01-05 10:00:00"]),
        (["25/12/2024", "12/25/2024"], "TEXT", ["25/12/2024", "12/25/2024"]),
        (["2024-02-30"], "TEXT", ["2024-02-30"]),
        (["20240131"], "INTEGER", [20240131]),
        (["yes", "No"], "BOOLEAN", [1, 0]),
        (["TRUE", "false"], "BOOLEAN", [1, 0]),
        (["NO", "SE"], "TEXT", ["NO", "SE"]),
        (["no", "no"], "TEXT", ["no", "no"]),
        ([True, False], "BOOLEAN", [1, 0]),
        ([1.0, 2.0], "INTEGER", [1, 2]),
        ([1.0, 2.5, "1,000"], "REAL", [1.0, 2.5, 1000.0]),
        ([1001.0, "A17"], "TEXT", ["1001", "A17"]),
        ([dt.datetime(2024, 1, 5), "6.1.2024"], "DATE", ["2024-01-05", "2024-01-06"]),
        ([dt.datetime(2024, 1, 5, 9, 30)], "DATETIME", ["2024-01-05 09:30:00"]),
        (['=HYPERLINK("http://e.com")', "=1+1"], "TEXT", ['=HYPERLINK("http://e.com")', "=1+1"]),
        (["NULL", "abc", "\\N"], "TEXT", [None, "abc", None]),
        ([" a \u00a0", "b\0"], "TEXT", ["a", "b"]),
    ],
)  # fmt: skip
def test_a_column_is_read_as_what_all_its_cells_are(cells: list[RawCell], kind: str, values: list[Stored]) -> None:
    assert column(cells)[:2] == (kind, values)


def test_dates_that_allow_both_orders_follow_the_file_or_are_reported() -> None:
    kind, values, notes = column(["03/04/2024", "05/06/2024"])
    assert (kind, values) == ("DATE", ["2024-03-04", "2024-05-06"])
    assert "check: each date could be day or month first; read as month first" in notes
    _, values, notes = column(["03/04/2024"], hint=Hints(month_first=False))
    assert values == ["2024-04-03"]
    assert "like the rest of the file" in notes


def test_a_column_that_allows_one_order_speaks_for_the_others() -> None:
    tallies = [Tally() for _ in range(3)]
    for tally, cell in zip(tallies, ("25/12/2024", "1,5", "abc"), strict=True):
        tally.add(cell, 2)
    assert hints(tallies, comma=None, month_first=None) == Hints(comma=True, month_first=False)
    assert hints(tallies, comma=None, month_first=True).month_first is True


def test_thousands_that_could_be_decimals_follow_the_file_and_are_reported() -> None:
    assert column(["1.234", "2.500"])[1] == [1.234, 2.5]
    kind, values, notes = column(["1.234", "2.500"], hint=Hints(comma=True))
    assert (kind, values) == ("INTEGER", [1234, 2500])
    assert "check: '1.234' (row 2), '2.500' (row 3) could be thousands or decimals" in notes


def test_marks_for_nothing_and_stray_words_among_numbers_become_null_and_are_named() -> None:
    kind, values, notes = column([*["12"] * 40, "n/a", "-", "call us"])
    assert (kind, values[-3:]) == ("INTEGER", [None, None, None])
    assert "read_as: 2 empty marks stored as NULL: 'n/a' (row 42)" in notes
    assert "left_out: 1 value stored as NULL, being no number: 'call us' (row 44)" in notes


def test_one_impossible_date_among_many_is_named_and_one_odd_code_keeps_all_text() -> None:
    kind, values, notes = column([*["05.03.2024"] * 30, "31.02.2024"])
    assert (kind, values[-1]) == ("DATE", None)
    assert "being no date: '31.02.2024' (row 32)" in notes
    kind, values, notes = column([*["12"] * 40, "A17"])
    assert (kind, values[0]) == ("TEXT", "12")
    assert "check: stays text: 1 of 41 values are no numbers: 'A17' (row 42)" in notes


def test_what_the_name_says_counts_for_phone_numbers_and_compact_dates() -> None:
    assert column(["555 123 456"], "phone")[0] == "TEXT"
    assert column(["55123", "90210"], "zip_code")[0] == "TEXT"
    assert column(["20240131"], "order_date")[:2] == ("DATE", ["2024-01-31"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.text(min_size=1), st.floats(allow_nan=False), st.integers(-(2**70), 2**70), st.booleans(), st.datetimes()), min_size=1
    )
)
def test_any_column_is_decided_and_every_cell_is_stored_or_refused(cells: list[RawCell]) -> None:
    kind, values, _ = column([cell for cell in cells if not isinstance(cell, str) or cell.strip()] or ["x"])
    assert kind in ("INTEGER", "REAL", "DATE", "DATETIME", "BOOLEAN", "TEXT")
    assert all(value is None or isinstance(value, str | int | float) for value in values)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dates(dt.date(1970, 1, 1), dt.date(2068, 12, 31)), min_size=30, max_size=60, unique=True),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y-%m-%d", "%d %b %Y", "%B %d, %Y"]),
)
def test_dates_written_one_way_come_back_as_they_were_unless_the_report_asks(dates: list[dt.date], spelling: str) -> None:
    _, values, notes = column([date.strftime(spelling) for date in dates])
    assert values == [date.isoformat() for date in dates] or "could be day or month first" in notes


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), min_size=5, max_size=40), st.booleans())
def test_amounts_with_thousands_come_back_as_they_were_in_either_spelling(amounts: list, comma: bool) -> None:
    texts = [f"{amount:,.2f}" for amount in amounts]
    if comma:
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    kind, values, _ = column(texts)
    assert (kind, values) == ("REAL", [float(amount) for amount in amounts])
