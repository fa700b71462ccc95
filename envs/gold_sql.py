"""Writes a query in the one canonical spelling every demonstration shows.

One line; upper-case keywords and functions; names as in the schema, quoted only where SQLite needs it; text in single quotes. One
table: bare column names. A join: every column by its table's full name, starting from the table that holds the foreign keys and
following them upwards, so each ON reads as DESCRIBE lists the key (`orders JOIN customers ON orders.customer_id =
customers.customer_id`). One shape for each meaning, so that the way from question to query can be learnt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from envs.profile import ColumnFacts, Facts
from envs.schema import Cell

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_AFTER_FROM = re.compile(r'\b(?:FROM|JOIN) (?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))')
# Words SQLite takes as keywords wherever they stand, so that a table or column of that name needs quotes.
_RESERVED = {
    "ADD", "ALL", "ALTER", "AND", "AS", "AUTOINCREMENT", "BETWEEN", "CASE", "CHECK", "COLLATE", "COMMIT", "CONSTRAINT", "CREATE",
    "DEFAULT", "DEFERRABLE", "DELETE", "DISTINCT", "DROP", "ELSE", "ESCAPE", "EXCEPT", "EXISTS", "FOREIGN", "FROM", "GROUP", "HAVING",
    "IN", "INDEX", "INSERT", "INTERSECT", "INTO", "IS", "ISNULL", "JOIN", "LIMIT", "NOT", "NOTNULL", "NULL", "ON", "OR", "ORDER",
    "PRIMARY", "REFERENCES", "SELECT", "SET", "TABLE", "THEN", "TO", "TRANSACTION", "UNION", "UNIQUE", "UPDATE", "USING", "VALUES",
    "WHEN", "WHERE",
    # These SQLite takes bare, but sqlglot, which reads our golds, does not.
    "ANY", "CROSS", "CUBE", "DESCRIBE", "FETCH", "FOR", "GLOB", "GRANT", "ILIKE", "INNER", "LATERAL", "LIKE", "LOCK", "OFFSET", "OUTER",
    "QUALIFY", "REGEXP", "RETURNING", "REVOKE", "RLIKE", "ROLLBACK", "ROLLUP", "TABLESAMPLE", "UNCACHE", "WITH", "XOR",
}  # fmt: skip


@dataclass(frozen=True)
class Expr:
    """SQL with `{0}`, `{1}` for columns: Expr("AVG({0})", (price,))."""

    template: str
    columns: tuple[ColumnFacts, ...] = ()


@dataclass(frozen=True)
class Select:
    """A query from one table upwards along its foreign keys."""

    base: str
    show: tuple[Expr, ...]
    where: tuple[Expr, ...] = ()
    group: tuple[Expr, ...] = ()
    having: Expr | None = None
    order: tuple[Expr, ...] = ()  # with DESC in the template
    limit: int = 0
    distinct: bool = False
    either: bool = False  # conditions joined by OR


COUNT = Expr("COUNT(*)")


def column(facts: ColumnFacts) -> Expr:
    return Expr("{0}", (facts,))


def descending(expr: Expr) -> Expr:
    return Expr(f"{expr.template} DESC", expr.columns)


def render(select: Select, facts: Facts) -> str:
    """The query as text.

    Raises:
        KeyError: a column's table cannot be reached from the base.
    """
    used = [*select.show, *select.where, *select.group, *([select.having] if select.having else []), *select.order]
    joins: list[str] = []
    joined = [select.base]
    for wanted in dict.fromkeys(c.table for expr in used for c in expr.columns):
        if wanted == select.base:
            continue
        for edge in facts.paths[select.base][wanted]:
            if edge.parent not in joined:
                joined.append(edge.parent)
                on = f"{name(edge.child)}.{name(edge.column)} = {name(edge.parent)}.{name(edge.target)}"
                joins.append(f" JOIN {name(edge.parent)} ON {on}")

    def text(expr: Expr) -> str:
        refs = [name(c.name) if len(joined) == 1 else f"{name(c.table)}.{name(c.name)}" for c in expr.columns]
        return expr.template.format(*refs)

    sql = f"SELECT {'DISTINCT ' if select.distinct else ''}{', '.join(map(text, select.show))} FROM {name(select.base)}{''.join(joins)}"
    if select.where:
        sql += " WHERE " + (" OR " if select.either else " AND ").join(map(text, select.where))
    if select.group:
        sql += " GROUP BY " + ", ".join(map(text, select.group))
    if select.having:
        sql += f" HAVING {text(select.having)}"
    if select.order:
        sql += " ORDER BY " + ", ".join(map(text, select.order))
    return sql + (f" LIMIT {select.limit}" if select.limit else "")


def name(identifier: str) -> str:
    """A table or column name as SQL; quoted only when it must be."""
    if _PLAIN.fullmatch(identifier) and identifier.upper() not in _RESERVED:
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: Cell) -> str:
    """A value as SQL, safe inside an Expr's template."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def inside(sql: str) -> str:
    """A rendered query as part of another's template."""
    return sql.replace("{", "{{").replace("}", "}}")


def tables_named(sql: str, facts: Facts) -> tuple[str, ...]:
    """The tables a canonical query reads, in the order it names them."""
    read = [quoted.replace('""', '"') or plain for quoted, plain in _AFTER_FROM.findall(_TEXT.sub("''", sql))]
    return tuple(dict.fromkeys(t for t in read if t in facts.tables))
