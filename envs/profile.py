"""What a database holds, as a person who makes up questions about it needs to know.

Which column names a row, which are categories, amounts or dates, which values occur, which tables a row points to. Read once
per database from its schema and rows, without knowing the business.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from envs.sandbox import Database, QueryError, QueryResult
from envs.schema import Cell, TableInfo
from envs.vocabulary import Noun, Wording, column_phrases, split_name, table_nouns

ROWS_READ = 10_000  # a longer table is judged by its first rows
STALLS_MAX = 2  # times a query may run out of time and be asked again
CATEGORIES_MAX = 40  # more different texts than this are not categories
_PERSON = {
    "accountant", "actor", "agent", "applicant", "artist", "author", "baker", "barber", "borrower", "broker", "builder", "butcher",
    "buyer", "candidate", "carrier", "cashier", "chef", "child", "cleaner", "clerk", "client", "coach", "contact", "cook",
    "customer", "dentist", "designer", "director", "doctor", "donor", "driver", "electrician", "employee", "engineer", "gardener",
    "groomer", "guest", "instructor", "landlord", "lawyer", "learner", "manager", "mechanic", "member", "milker", "nurse", "operator",
    "optician", "optometrist", "owner", "parent", "passenger", "patient", "people", "person", "photographer", "physician", "picker",
    "player", "plumber", "professional", "pupil", "receptionist", "referee", "resident", "rider", "seller", "shopper", "sitter",
    "specialist", "staff", "student", "stylist", "subscriber", "teacher", "technician", "tenant", "therapist", "trainer", "tutor",
    "user", "vet", "visitor", "volunteer", "waiter", "walker", "worker", "writer",
}  # fmt: skip
_ORGANISATION = {
    "branch", "brewery", "club", "company", "farm", "haulier", "hotel", "insurer", "mill", "producer", "pub", "publisher", "school", "shop",
    "station", "store", "supplier", "team", "vendor",
}  # fmt: skip
_PLACE = {
    "area", "city", "country", "county", "district", "location", "place", "province", "region", "state", "suburb", "town", "village",
}  # fmt: skip
_CODE = {"id", "code", "zip", "postcode", "phone", "telephone", "fax", "isbn", "sku", "ssn", "reference", "barcode", "plate",
         "registration", "latitude", "longitude", "password", "card", "rank", "tooth"}  # fmt: skip
_PRIVATE = {"password", "hash", "token"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
_KINDS = (
    ("rating", {"rating", "score", "stars", "grade", "mark"}),
    ("age", {"age"}),
    ("wage", {"salary", "wage", "pay"}),
    ("rate", {"rate", "hourly", "percentage", "percent", "discount", "tax", "VAT", "ratio", "share", "commission"}),
    ("price", {"price", "cost", "fee", "fare", "tariff", "premium", "rent"}),
    ("money", {"amount", "total", "revenue", "charge", "charged", "takings", "refund", "balance", "income", "paid", "sales", "spent",
               "deposit", "tip", "limit", "budget", "value", "profit", "fine"}),
    ("duration", {"minutes", "hours", "days", "nights", "weeks", "months", "duration", "milliseconds", "seconds"}),
    ("weight", {"weight", "kg", "grams"}),
    ("distance", {"distance", "miles", "km", "mileage"}),
    ("length", {"length", "height", "width", "depth"}),
    ("stock", {"stock"}),
    ("level", {"floor", "level", "storey"}),
    ("size", {"size", "area", "capacity", "population", "enrollment", "seats", "sqm", "places"}),
    ("quantity", {"quantity", "units", "pieces", "number", "count", "points", "copies", "crates"}),
)  # fmt: skip
_NO_SUM = {"unit", "per", "limit", "maximum", "minimum", "each", "hourly", "nightly", "daily", "weekly", "monthly", "yearly", "annual",
           "experience", "pupil", "notice"}  # fmt: skip
_ADDITIVE = {"money", "duration", "quantity", "distance", "weight", "stock"}


class Role(StrEnum):
    """What a column is good for in a question."""

    KEY = "key"
    FOREIGN = "foreign"
    CODE = "code"  # an identifier that is no key: SKU, phone number
    CATEGORY = "category"  # text that repeats
    FLAG = "flag"  # yes or no
    NUMBER = "number"
    YEAR = "year"
    DATE = "date"
    MOMENT = "moment"  # date and time
    TEXT = "text"
    UNUSED = "unused"  # empty, private or mixed


@dataclass(frozen=True, eq=False)  # compared by identity: there is one of each
class ColumnFacts:
    """One column: its role, its words and the values that occur."""

    table: str
    name: str
    role: Role
    kind: str  # of a number: "price", "rating", ... or ""; of a category: "place", "status" or ""
    phrases: tuple[str, ...]  # said of no other column of the table
    hints: frozenset[str]  # every word of its names
    counts: Counter[Cell]  # of the values that are not NULL
    nulls: int
    unique: bool
    additive: bool = False  # a sum of it means something

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Edge:
    """child.column refers to parent.target; `said` are the names of the column that tell the role ("borrower")."""

    child: str
    column: str
    parent: str
    target: str
    said: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TableFacts:
    """One table: nouns for its rows, and which columns name a row."""

    name: str
    nouns: tuple[Noun, ...]
    being: str  # "person", "organisation" or "thing"
    columns: dict[str, ColumnFacts]
    key: ColumnFacts | None  # its single-column primary key
    label: tuple[ColumnFacts, ...]  # what one calls a row: its name, first and last name, title; may be empty
    rows: tuple[tuple[Cell, ...], ...]
    edges: tuple[Edge, ...]
    boss: Edge | None  # a foreign key to the table itself
    partial: bool = False  # rows are only the first of more

    @property
    def shown(self) -> tuple[ColumnFacts, ...]:
        """The columns that answer "which one?": the label, else the key."""
        return self.label or ((self.key,) if self.key else ())

    @cached_property
    def label_unique(self) -> bool:
        if self.partial:
            return False  # nobody knows
        names = [c.name for c in self.columns.values()]
        places = [names.index(c.name) for c in self.label]
        values = [tuple(row[i] for i in places) for row in self.rows]
        return bool(values) and len(set(values)) == len(values) and not any(None in v for v in values)

    def having(self, *roles: Role) -> list[ColumnFacts]:
        return [c for c in self.columns.values() if c.role in roles]


@dataclass(frozen=True)
class Facts:
    """All tables, and how each reaches the tables it points to."""

    tables: dict[str, TableFacts]
    paths: dict[str, dict[str, tuple[Edge, ...]]] = field(default_factory=dict)  # base -> ancestor -> the way there

    def children(self, parent: str) -> list[Edge]:
        """Edges into a table, except from itself and from tables that point to it twice."""
        return [p[parent][0] for base, p in self.paths.items() if parent in p and len(p[parent]) == 1 and base != parent]


def read_facts(database: Database, wording: Wording) -> Facts:
    """Read every table of a database once (its first ROWS_READ rows)."""
    tables = {info.name: _table_facts(database, info, wording) for info in database.schema.tables if info.row_count}
    above = {edge.parent for table in tables.values() for edge in table.edges}
    for name in above & tables.keys():
        for c in list(tables[name].columns.values()):
            if c.kind == "price" and c.additive and not c.hints & {"total", "paid", "charged"}:
                tables[name].columns[c.name] = replace(c, additive=False)  # the price of a showing is one ticket's
    known = {name: replace(t, edges=tuple(e for e in t.edges if e.parent in tables)) for name, t in tables.items()}
    return Facts(known, {name: dict(_paths(known, name)) for name in known})


def patiently(database: Database, sql: str, rows_max: int | None = None) -> QueryResult:
    """The rows of a query, asked again when time ran out: on a busy machine that says nothing about the query.

    Raises:
        QueryError: it fails, or is too slow every time.
    """
    for _ in range(STALLS_MAX):
        try:
            return database.query(sql, rows_max=rows_max)
        except QueryError as error:
            if error.code != "timeout":
                raise
    return database.query(sql, rows_max=rows_max)


def _paths(tables: dict[str, TableFacts], base: str) -> Iterator[tuple[str, tuple[Edge, ...]]]:
    """The one shortest way from a table to each it points to, at most three steps; none where two ways are equally short."""
    seen = {base}
    level: list[tuple[Edge, ...]] = [()]
    for _ in range(3):
        reached: dict[str, list[tuple[Edge, ...]]] = {}
        for path in level:
            for edge in tables[path[-1].parent if path else base].edges:
                if edge.parent not in seen:
                    reached.setdefault(edge.parent, []).append((*path, edge))
        seen |= reached.keys()
        level = [ways[0] for ways in reached.values() if len(ways) == 1]
        yield from ((way[-1].parent, way) for way in level)


def _table_facts(database: Database, info: TableInfo, wording: Wording) -> TableFacts:
    names = ", ".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in info.column_names)
    source = info.name.replace('"', '""')
    rows = patiently(database, f'SELECT {names} FROM "{source}"', ROWS_READ).rows
    nouns = table_nouns(info.name, wording)
    phrases = {c: column_phrases(info.name, c, wording) for c in info.column_names}
    used = Counter(phrase.lower() for said in phrases.values() for phrase in said)
    keys = [c.name for c in info.columns if c.primary_key]
    foreign = {f.column for f in info.foreign_keys}
    columns: dict[str, ColumnFacts] = {}
    for place, column in enumerate(info.columns):
        values = [row[place] for row in rows]
        counts: Counter[Cell] = Counter(v for v in values if v is not None)
        hints = frozenset(word.lower() for said in phrases[column.name] for word in said.split()) | set(split_name(column.name))
        role = Role.FOREIGN if column.name in foreign else Role.KEY if keys == [column.name] else _role(counts, hints, phrases[column.name])
        kind = _kind(role, hints, phrases[column.name], counts)
        columns[column.name] = ColumnFacts(
            table=info.name,
            name=column.name,
            role=role,
            kind=kind,
            phrases=tuple(p for p in phrases[column.name] if used[p.lower()] == 1) or phrases[column.name][:1],
            hints=hints,
            counts=counts,
            nulls=len(values) - counts.total(),
            unique=bool(counts) and max(counts.values()) == 1,
        )
    label = _label(columns, nouns, event=bool(foreign))
    line = bool(foreign) and not label and not any(c.kind == "quantity" for c in columns.values())
    for name, c in columns.items():
        line_price = c.kind == "price" and line and not c.hints & {"unit", "per", "standard"}
        if c.kind == "distance" and not (foreign and c.hints & {"miles", "km", "mileage", "driven"}):
            continue  # how far away something is
        if c.role is Role.NUMBER and (c.kind in _ADDITIVE or line_price) and not c.hints & _NO_SUM:
            columns[name] = replace(c, additive=True)
    edges = tuple(
        Edge(info.name, f.column, f.table, f.target, phrases[f.column])
        for f in info.foreign_keys
        if f.table != info.name and f.target and sum(o.table == f.table for o in info.foreign_keys) == 1
    )
    return TableFacts(
        name=info.name,
        nouns=nouns,
        being=_being(nouns),
        columns=columns,
        key=columns[keys[0]] if len(keys) == 1 else None,
        label=label,
        rows=rows,
        edges=edges,
        partial=len(rows) < info.row_count,
        boss=next(
            (Edge(info.name, f.column, f.table, f.target, phrases[f.column]) for f in info.foreign_keys if f.table == info.name), None
        ),
    )


def _role(counts: Counter[Cell], hints: frozenset[str], phrases: tuple[str, ...]) -> Role:
    values = list(counts)
    if not values or hints & _PRIVATE:
        return Role.UNUSED
    heads = {phrase.split(" of ")[0].split(" in ")[0].split()[-1].lower() for phrase in phrases}
    if all(isinstance(v, int | float) for v in values):
        if set(values) == {0, 1}:
            return Role.FLAG
        if "year" in hints and all(isinstance(v, int) and 1800 < v < 2200 for v in values):
            return Role.YEAR
        if heads & _CODE or ("number" in heads and not any("number of" in p or "number in" in p for p in phrases)):
            return Role.CODE
        return Role.NUMBER
    if not all(isinstance(v, str) for v in values):
        return Role.UNUSED
    texts = [str(v) for v in values]
    if all(_DAY.fullmatch(t) and _is_day(t) for t in texts):
        return Role.DATE
    if all(_MOMENT.fullmatch(t) and _is_day(t) for t in texts):
        return Role.MOMENT
    if len(texts) == 2 and {t.lower() for t in texts} in ({"y", "n"}, {"yes", "no"}, {"t", "f"}, {"true", "false"}):
        return Role.FLAG
    if 2 <= len(texts) <= CATEGORIES_MAX and counts.total() >= 1.8 * len(texts) and max(map(len, texts)) <= 40:
        return Role.CATEGORY
    return Role.CODE if heads & (_CODE | {"number"}) else Role.TEXT


def _is_day(text: str) -> bool:
    """Whether a day of that shape exists: not 0000-00-00."""
    try:
        dt.date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _kind(role: Role, hints: frozenset[str], phrases: tuple[str, ...], counts: Counter[Cell]) -> str:
    if role in (Role.CATEGORY, Role.TEXT):
        done = "state" in hints and any(str(v).lower().endswith("ed") for v in counts)  # a parcel's state is no place
        return "status" if done or hints & {"status", "outcome", "result"} else "place" if hints & _PLACE else ""
    if role is not Role.NUMBER:
        return ""
    tails = {phrase.split(" of ")[0].split()[-1].lower() for phrase in phrases}
    for words in (tails, hints):  # the last word of a phrase says most: "total weight" is a weight
        for kind, marks in _KINDS:
            if words & marks:
                return kind
    return ""


def _being(nouns: tuple[Noun, ...]) -> str:
    heads = {nouns[0].singular.split()[-1].lower()}
    return "person" if heads & _PERSON else "organisation" if heads & _ORGANISATION else "thing"


def _label(columns: dict[str, ColumnFacts], nouns: tuple[Noun, ...], *, event: bool) -> tuple[ColumnFacts, ...]:
    texts = [c for c in columns.values() if c.role in (Role.TEXT, Role.CATEGORY) and c.counts and c.kind != "status"]
    first = next((c for c in texts if {"first name", "given name"} & {p.lower() for p in c.phrases}), None)
    last = next((c for c in texts if {"last name", "surname"} & {p.lower() for p in c.phrases}), None)
    if first and last:
        return (first, last)
    own = {f"{noun.singular} {tail}" for noun in nouns for tail in ("name", "title")} | {noun.singular for noun in nouns}
    good = own | {"name", "full name", "title"}
    exact = [c for c in texts if good & {p.lower() for p in c.phrases}]
    close = [c for c in texts if c.unique and any(p.split()[-1].lower() in {"name", "title", "description"} for p in c.phrases)]
    return tuple((exact or ([] if event else close))[:1])  # a booking is not called by its guest's name
