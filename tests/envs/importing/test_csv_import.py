"""CSV files of every encoding, delimiter and untidiness become one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.importing import ImportLimits, ImportRefusedError, ImportReport, import_file
from envs.sandbox import Database, Trust
from envs.schema import describe


def imported(folder: Path, data: bytes | str, **options: bool) -> tuple[ImportReport, list[tuple[object, ...]]]:
    """The report and the rows of the file's table."""
    source, out = folder / "shop list.csv", folder / "out.sqlite"
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    report = import_file(source, out, **options)
    database = Database.open(out, trust=Trust.UNTRUSTED)
    rows = list(database.query(f"SELECT * FROM {report.tables[0].name}").rows)
    database.close()
    assert sorted(p.name for p in folder.iterdir()) == ["out.sqlite", "shop list.csv"]
    out.unlink()
    return report, rows


def texts(report: ImportReport, kind: str) -> list[str]:
    return [note.text for note in report.notes if note.kind == kind]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends_are_found(tmp_path: Path, delimiter: str, encoding: str, newline: str) -> None:
    lines = [["Name", "City", "Amount"], ["Søren", "Århus", "1.5"], ["Zoë", "Málaga", "2.5"], ["Jürgen", "Köln", "3.0"]]
    report, rows = imported(tmp_path, newline.join(delimiter.join(line) for line in lines).encode(encoding))
    assert rows == [("Søren", "Århus", 1.5), ("Zoë", "Málaga", 2.5), ("Jürgen", "Köln", 3.0)]
    assert report.tables[0].name == "shop_list"


def test_quoted_delimiters_quotes_and_newlines_stay_in_their_cells(tmp_path: Path) -> None:
    _, rows = imported(tmp_path, 'name,note\n"Ann, Bo","said ""hi""\nand left"\nCy,5" pipe\n')
    assert rows == [("Ann, Bo", 'said "hi"\nand left'), ("Cy", '5" pipe')]


def test_quotes_out_of_place_are_read_leniently(tmp_path: Path) -> None:
    _, rows = imported(tmp_path, 'name,size\nplug,"5" wide"\ntap,"6"\n')
    assert [row[0] for row in rows] == ["plug", "tap"]


def test_excels_own_mark_of_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    assert imported(tmp_path, "sep=;\na;b\n1,5;2\n")[1] == [(1.5, 2)]


def test_titles_blank_rows_repeated_headers_extra_cells_and_totals_are_reported(tmp_path: Path) -> None:
    report, rows = imported(
        tmp_path,
        "Sales report 2024,,\n\nItem,Qty,Price\nLeash,2,3.50\n,,\nBowl,1,4.25,oops\nItem,Qty,Price\nToy,5,1.00\nTotal,8,8.75\n",
    )
    assert rows == [("Leash", 2, 3.5), ("Bowl", 1, 4.25), ("Toy", 5, 1.0), ("Total", 8, 8.75)]
    assert texts(report, "left_out") == [
        "1 line above the header: Sales report 2024",
        "cells beyond the header's 3 columns in 1 row, first in row 6",
        "1 row repeating the header",
    ]
    assert texts(report, "check") == ["1 row such as 'Total' kept like any other (the label in a text column only): sums count them"]


def test_columns_without_a_value_are_left_out_and_those_without_a_name_get_one(tmp_path: Path) -> None:
    report, rows = imported(tmp_path, "id,,empty,id\n1,a,,x\n2,b,,y\n")
    assert [c.name for c in report.tables[0].columns] == ["id", "column_2", "id_2"]
    assert rows == [(1, "a", "x"), (2, "b", "y")]
    assert texts(report, "left_out") == ["columns without a value (formulas that were never computed count as none): empty"]


def test_a_first_row_of_data_is_no_header(tmp_path: Path) -> None:
    report, rows = imported(tmp_path, "Ann,3,2024-01-05\nBo,4,2024-01-06\n")
    assert rows == [("Ann", 3, "2024-01-05"), ("Bo", 4, "2024-01-06")]
    assert [c.name for c in report.tables[0].columns] == ["column_1", "column_2", "column_3"]
    assert texts(report, "check") == ["the first row looks like data, so the columns have no names of their own"]


def test_years_may_head_columns(tmp_path: Path) -> None:
    report, _ = imported(tmp_path, "product,2023,2024\nLeash,5,6\nBowl,7,8\n")
    assert [c.name for c in report.tables[0].columns] == ["product", "c_2023", "c_2024"]


def test_describe_shows_the_wording_that_a_name_does_not_tell(tmp_path: Path) -> None:
    source, out = tmp_path / "Verkäufe.csv", tmp_path / "out.sqlite"
    source.write_text("Größe (cm);Order;Customer Name\n1,5;x;Ann\n2,5;y;Bo\n", encoding="utf-8")
    import_file(source, out)
    for trust in Trust:
        database = Database.open(out, trust=trust)
        assert describe(database, "verkaeufe").splitlines() == [
            "verkaeufe (Verkäufe): 2 rows",
            "groesse_cm real (Größe (cm))",
            "order_column text (Order)",
            "customer_name text",
        ]
        database.close()


def test_an_order_of_day_and_month_that_is_told_is_obeyed(tmp_path: Path) -> None:
    assert imported(tmp_path, "d,x\n3/4/2024,a\n5/6/2024,b\n", month_first=False)[1][0][0] == "2024-04-03"
    assert imported(tmp_path, "d,x\n3/4/2024,a\n5/6/2024,b\n", month_first=True)[1][0][0] == "2024-03-04"


def test_a_long_text_is_cut_and_reported(tmp_path: Path) -> None:
    report, rows = imported(tmp_path, f"a,b\n{'x' * 30_000},1\n")
    assert len(str(rows[0][0])) == 25_000
    assert texts(report, "left_out") == ["the ends of 1 text longer than 25,000 characters"]


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        ("name,note\nAnn,\"never closed\nBo,2\n", "damaged", "never closed"),
        ("name,note\nAnn,\"" + "x\n" * 100_000, "damaged", "never closed"),
        ("a," * 1_500_000, "not_a_table", "a row of more than"),
        ("\n\n , ,\n", "no_tables", "holds no rows"),
        ("\ufeff", "no_tables", "holds no rows"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_and_leaves_nothing(tmp_path: Path, data: str, code: str, said: str) -> None:
    (tmp_path / "in.csv").write_text(data)
    with pytest.raises(ImportRefusedError, match=said) as refused:
        import_file(tmp_path / "in.csv", tmp_path / "out.sqlite")
    assert refused.value.code == code
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


def test_more_rows_or_cells_than_allowed_are_refused_and_columns_cut(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b,c\n" + "1,2,3\n" * 50)
    for limits in (ImportLimits(rows_max=49), ImportLimits(cells_max=149)):
        with pytest.raises(ImportRefusedError, match="split the file"):
            import_file(tmp_path / "in.csv", tmp_path / "out.sqlite", limits)
    report = import_file(tmp_path / "in.csv", tmp_path / "out.sqlite", ImportLimits(columns_max=2))
    assert [c.name for c in report.tables[0].columns] == ["a", "b"]
    assert texts(report, "left_out") == ["columns beyond the first 2: 1 or more"]
