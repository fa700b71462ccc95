"""A sample business, declared: its tables, its columns, what people call them, and how each value is drawn.

builder.py turns a `Business` into a SQLite file. A spec is read top to bottom: a table is filled before the tables that
reference it (the builder sorts them), and a row's columns are drawn in the order written, so a derived value stands after
what it is derived from. An example:

    BUSINESSES = (
        Business("bike_hire", "Rents bicycles by the day from two shops.", (
            Table("Riders", 90, (
                Column("RiderID", "INTEGER", Serial(), primary_key=True, said=("rider number",)),
                Column("FullName", "TEXT", Fake("name", locales=("en_GB", "fr_FR")), said=("name", "rider's name")),
                Column("HomeTown", "TEXT", Fake("city", pool=7), said=("town", "home town"), null_share=0.1),
                Column("JoinedOn", "TEXT", Date("2022-01-01", "2024-12-31"), said=("joining date",)),
            ), said=("rider", "riders", "customers")),
            Table("Bikes", 40, (
                Column("BikeID", "INTEGER", Serial(101), primary_key=True, said=("bike number",)),
                Column("FrameCode", "TEXT", Code("FR-??-###"), said=("frame code",), unique=True),
                Column("Kind", "TEXT", Choice(("city", "mountain", "cargo"), (5, 3, 1)), said=("kind", "type of bike")),
                Column("DayRate", "REAL", Money(9, 45, step=0.5), said=("daily rate", "price per day")),
            ), said=("bike", "bikes", "bicycles")),
            Table("Hires", 300, (
                Column("HireID", "INTEGER", Serial(5001), primary_key=True, said=("hire number",)),
                Column("RiderID", "INTEGER", Parent(skew=2, unused=0.15), references="Riders.RiderID", said=("rider",)),
                Column("BikeID", "INTEGER", Parent(), references="Bikes.BikeID", said=("bike",)),
                Column("StartedOn", "TEXT", Since("RiderID.JoinedOn", "2025-06-30"), said=("start date",)),
                Column("ReturnedOn", "TEXT", After("StartedOn", (1, 9), latest="2025-06-30"), said=("return date",)),
                Column("Days", "INTEGER", Integer(1, 9, skew=2), said=("number of days",)),
                Column("DayRate", "REAL", Copy("BikeID.DayRate"), said=("daily rate",)),
                Column("Total", "REAL", Product("Days", "DayRate"), said=("total", "amount charged")),
            ), said=("hire", "hires", "rentals")),
        )),
    )

Values (all of this file): Serial, Code, Listed, Fake, Phrase, Choice, Flag, Integer, Money, Date, DateTime; drawn from others:
Parent (a foreign key), Suited (one to a row that fits), Copy, Product, After, Since, Derive. Where a value takes a path it is
either a column of the same row ("StartedOn") or, through a foreign key of the same row, a column of the row it points to
("BikeID.DayRate").
NULLs: `null_share` of a column; besides, Copy, Product, After and Since of a NULL are NULL.

What people call things: Table.said is (singular, plural, more plurals...), Column.said singular noun phrases that can follow
"the", all lower case unless a name; the synthesiser makes questions from them, so let them be what an owner would say.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol

from faker import Faker

Value = int | float | str | None
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Cell:
    """What a value may look at while it is drawn."""

    rng: random.Random  # of this column alone, so that one column's spec does not change another's values
    key: str  # seed/business/table/column
    index: int  # of the row in its table, from 0
    row: Row  # the columns of this row drawn so far
    parents: Sequence[Row]  # rows a Parent may choose from, most chosen first
    points_to: Mapping[str, Row]  # foreign key column of this row -> the row it points to

    def value(self, path: str) -> Value:
        """The value at "column" or "foreign_key_column.column"; None when the foreign key is NULL."""
        column, _, beyond = path.partition(".")
        if column not in self.row:
            raise ValueError(
                f"{self.key} reads {path!r}, but {column!r} is not drawn yet: name a column written above it (so far: "
                f"{', '.join(self.row)})"
            )
        if not beyond or self.row[column] is None:
            return self.row[column]
        if column not in self.points_to or beyond not in self.points_to[column]:
            raise ValueError(f"{self.key} reads {path!r}: {column!r} must be a foreign key to a table with column {beyond!r}")
        return self.points_to[column][beyond]

    def number(self, path: str) -> float | None:
        value = self.value(path)
        return None if value is None else float(value)

    def day(self, path: str) -> dt.date | None:
        value = self.value(path)
        return None if value is None else dt.date.fromisoformat(str(value)[:10])


class Values(Protocol):
    """How the values of one column are drawn, one at a time."""

    def draw(self, cell: Cell) -> Value: ...


@dataclass(frozen=True)
class Serial:
    """first, first + step, ..."""

    first: int = 1
    step: int = 1

    def draw(self, cell: Cell) -> Value:
        return self.first + cell.index * self.step


@dataclass(frozen=True)
class Code:
    """A pattern in which # is a random digit, ? a random capital and @ the row's number in three or more digits: "INV-@"."""

    pattern: str

    def draw(self, cell: Cell) -> Value:
        swap: dict[str, Callable[[], str]] = {
            "#": lambda: str(cell.rng.randrange(10)),
            "?": lambda: cell.rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ"),
            "@": lambda: f"{cell.index + 1:03d}",
        }
        return "".join(swap[c]() if c in swap else c for c in self.pattern)


@dataclass(frozen=True)
class Listed:
    """The values in order, one a row: for look-up tables and named things. The table may not have more rows than values."""

    values: tuple[Value, ...]

    def draw(self, cell: Cell) -> Value:
        if cell.index >= len(self.values):
            raise ValueError(f"{cell.key} lists {len(self.values)} values, but its table has more rows: list more")
        return self.values[cell.index]


@dataclass(frozen=True)
class Fake:
    """A made-up "name", "first_name", "last_name", "company", "city", "street", "postcode", "email", "phone" or "country".

    `pool` > 0 draws from only so many different values, so that they repeat (towns to group by).
    """

    kind: str
    locales: tuple[str, ...] = ("en_GB",)
    pool: int = 0

    def draw(self, cell: Cell) -> Value:
        rng = random.Random(f"{cell.key}/{cell.rng.randrange(self.pool)}") if self.pool else cell.rng
        fake = _faker(rng.choice(self.locales))
        fake.random = rng
        match self.kind:
            case "name":
                return f"{fake.first_name()} {fake.last_name()}"
            case "street":
                return str(fake.street_address()).replace("\n", ", ")
            case "phone":
                return str(fake.phone_number())
            case "first_name" | "last_name" | "company" | "city" | "postcode" | "email" | "country":
                return str(getattr(fake, self.kind)())
        raise ValueError(f"{cell.key}: Fake({self.kind!r}) is unknown: use one of the kinds in its docstring")


@dataclass(frozen=True)
class Phrase:
    """One word or phrase from each part, joined by spaces: Phrase(("Oak", "Steel"), ("desk", "shelf"))."""

    parts: tuple[tuple[str, ...], ...]

    def __init__(self, *parts: tuple[str, ...]) -> None:
        object.__setattr__(self, "parts", parts)

    def draw(self, cell: Cell) -> Value:
        return " ".join(word for word in (cell.rng.choice(part) for part in self.parts) if word)


@dataclass(frozen=True)
class Choice:
    """One of the values, with weights when some are commoner."""

    values: tuple[Value, ...]
    weights: tuple[float, ...] = ()

    def draw(self, cell: Cell) -> Value:
        return cell.rng.choices(self.values, self.weights or None)[0]


@dataclass(frozen=True)
class Flag:
    """1 for `share` of the rows, else 0."""

    share: float = 0.5

    def draw(self, cell: Cell) -> Value:
        return int(cell.rng.random() < self.share)


@dataclass(frozen=True)
class Integer:
    """low to high, both possible; skew > 1 crowds towards low, < 1 towards high."""

    low: int
    high: int
    skew: float = 1.0

    def draw(self, cell: Cell) -> Value:
        return self.low + int((self.high - self.low + 1) * cell.rng.random() ** self.skew)


@dataclass(frozen=True)
class Money:
    """low to high in steps of `step`, two decimals; skew as Integer. Also for weights, ratings and other measures."""

    low: float
    high: float
    skew: float = 1.0
    step: float = 0.01

    def draw(self, cell: Cell) -> Value:
        steps = int((self.high - self.low) / self.step + 1e-9)
        return round(self.low + self.step * int((steps + 1) * cell.rng.random() ** self.skew), 2)


@dataclass(frozen=True)
class Date:
    """first to last, ISO text ("2024-03-31"); skew > 1 crowds towards first."""

    first: str
    last: str
    skew: float = 1.0

    def draw(self, cell: Cell) -> Value:
        return _between(dt.date.fromisoformat(self.first), dt.date.fromisoformat(self.last), cell.rng.random() ** self.skew)


@dataclass(frozen=True)
class DateTime:
    """A date as Date, with a time within `hours` on the quarter hour: "2024-03-31 09:15"."""

    first: str
    last: str
    hours: tuple[int, int] = (8, 18)

    def draw(self, cell: Cell) -> Value:
        day = Date(self.first, self.last).draw(cell)
        return f"{day} {cell.rng.randrange(*self.hours):02d}:{cell.rng.choice((0, 15, 30, 45)):02d}"


@dataclass(frozen=True)
class Parent:
    """A foreign key: a value of the column that Column.references names.

    skew > 1 gives some parents many children; a share `unused` of the parents has none ("who never ...?"). When the table
    references itself, a row can point only to rows before it, and the first ones are NULL.
    """

    skew: float = 1.0
    unused: float = 0.1

    def draw(self, cell: Cell) -> Value:
        if not cell.parents:
            return None
        row = cell.parents[int(len(cell.parents) * cell.rng.random() ** self.skew)]
        return row[""]  # the builder keeps the referenced value under the empty name


@dataclass(frozen=True)
class Suited(Parent):
    """A Parent among the rows that suit this one: Suited(fits=lambda room, cell: room["beds"] >= cell.value("guests"))."""

    fits: Callable[[Row, Cell], bool] = lambda _parent, _cell: True

    def draw(self, cell: Cell) -> Value:
        suited = [row for row in cell.parents if self.fits(row, cell)]
        if not suited:
            raise ValueError(f"{cell.key}: none of {len(cell.parents)} rows suits row {cell.index}: give it more parents or ask less")
        return super().draw(replace(cell, parents=suited))


@dataclass(frozen=True)
class Copy:
    """The value at a path, e.g. a product's price into the order line; `spread` 0.1 moves a number by up to 10 %."""

    path: str
    spread: float = 0.0

    def draw(self, cell: Cell) -> Value:
        value = cell.value(self.path)
        if not self.spread or value is None:
            return value
        return round(float(value) * (1 + self.spread * cell.rng.uniform(-1, 1)), 2)


@dataclass(frozen=True)
class Product:
    """The product of two paths, times `factor`, to two decimals: a line's total."""

    left: str
    right: str
    factor: float = 1.0

    def draw(self, cell: Cell) -> Value:
        left, right = cell.number(self.left), cell.number(self.right)
        return None if left is None or right is None else round(left * right * self.factor, 2)


@dataclass(frozen=True)
class After:
    """The date at a path plus `days` (low, high), ISO text; NULL when it is later than `latest` (has not happened yet)."""

    path: str
    days: tuple[int, int]
    latest: str = ""

    def draw(self, cell: Cell) -> Value:
        start = cell.day(self.path)
        day = None if start is None else (start + dt.timedelta(days=cell.rng.randint(*self.days))).isoformat()
        return None if day is None or (self.latest and day > self.latest) else day


@dataclass(frozen=True)
class Since:
    """A date from the one at a path to `last`, ISO text: an order never precedes its customer."""

    path: str
    last: str

    def draw(self, cell: Cell) -> Value:
        start = cell.day(self.path)
        return None if start is None else _between(start, max(start, dt.date.fromisoformat(self.last)), cell.rng.random())


@dataclass(frozen=True)
class Derive:
    """Anything else: a function of the row's columns so far, e.g. Derive(lambda row: f"{row['first']}@example.com".lower())."""

    function: Callable[[Row], Value]

    def draw(self, cell: Cell) -> Value:
        return self.function(cell.row)


@dataclass(frozen=True)
class Column:
    """One column; NOT NULL unless null_share, its values or a NULL source make it otherwise (the schema does not say)."""

    name: str
    type: str  # as in CREATE TABLE: INTEGER, REAL, TEXT, ...
    values: Values
    said: tuple[str, ...] = ()  # other plain-English names; singular noun phrases
    primary_key: bool = False  # on two columns: a composite key
    references: str = ""  # "Table.Column", the foreign key this is
    null_share: float = 0.0
    unique: bool = False


@dataclass(frozen=True)
class Table:
    """One table with the number of rows it gets."""

    name: str
    rows: int
    columns: tuple[Column, ...]
    said: tuple[str, ...] = ()  # (singular, plural, more plurals...)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Business:
    """One business: a database's worth of tables. `name` is the database's id and file name."""

    name: str
    description: str
    tables: tuple[Table, ...] = field(default=())

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def __post_init__(self) -> None:
        known = {f"{table.name}.{column.name}" for table in self.tables for column in table.columns}
        for table in self.tables:
            for column in table.columns:
                if column.references and column.references not in known:
                    raise ValueError(
                        f"{self.name}.{table.name}.{column.name} references {column.references!r}, which this business "
                        "does not have: write Table.Column with the names as declared"
                    )


def _between(first: dt.date, last: dt.date, share: float) -> str:
    return (first + dt.timedelta(days=int(((last - first).days + 1) * share))).isoformat()


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
