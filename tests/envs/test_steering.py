"""Steering lets every sensible action through, stops others at the first wrong letter, and leads into no dead end."""

from __future__ import annotations

import random

import pytest

from envs.records import Action, Step, Verb
from envs.sandbox import Database
from envs.steering import Names, Steering


@pytest.fixture
def steering(shop: Database) -> Steering:
    return Steering(Names.of(shop.schema))


@pytest.mark.parametrize(
    "turn",
    [
        "DESCRIBE pets",
        "SAMPLE products",
        "ANSWER RESULT",
        "ANSWER UNKNOWN there is no column for the weather",
        "QUERY SELECT COUNT(*) FROM pets",
        "QUERY select count( * ) from PETS where weight_kg >= -1.5 ;",
        "QUERY SELECT name, species FROM pets WHERE name LIKE '%O''Hara é FROM nowhere%' ORDER BY weight_kg DESC, name LIMIT 3",
        "QUERY SELECT owners.city, COUNT(DISTINCT pet_id) FROM pets JOIN owners ON pets.owner_id = owners.owner_id GROUP BY owners.city",
        "QUERY SELECT T2.city, T1.* FROM pets AS T1 LEFT JOIN owners AS T2 ON T1.owner_id = T2.owner_id WHERE T2.city IS NOT NULL",
        "QUERY SELECT p.name FROM pets p JOIN owners USING (owner_id) WHERE city IN ('Oslo', 'Bergen') AND weight_kg BETWEEN 1 AND 5",
        "QUERY SELECT name FROM pets WHERE NOT EXISTS (SELECT 1 FROM owners WHERE owners.owner_id = pets.owner_id)",
        "QUERY SELECT 100.0 * SUM(CASE WHEN species = 'cat' THEN 1 ELSE 0 END) / COUNT(*) AS share FROM pets",
        "QUERY SELECT city FROM owners GROUP BY city HAVING COUNT(*) > (SELECT AVG(price) FROM (SELECT COUNT(*) AS price FROM pets))",
        "QUERY SELECT owner_id FROM owners EXCEPT SELECT owner_id FROM pets",
        "QUERY SELECT STRFTIME('%Y', sold_on) AS y, CAST(SUM(quantity) AS REAL) FROM sales GROUP BY y ORDER BY y",
        "QUERY SELECT Products.product_name FROM pets JOIN owners ON pets.owner_id = owners.owner_id JOIN sales ON owners.owner_id = "
        "sales.owner_id JOIN Products ON Products.product_id = sales.product_id AND price > 3",
        "QUERY SELECT \"name\" FROM `pets` WHERE [species] <> 'dog'",
    ],
)
def test_a_sensible_turn_is_allowed_at_every_letter(steering: Steering, turn: str) -> None:
    refused = [turn[:i] for i in range(len(turn) + 1) if not steering.allows(turn[:i])]
    assert refused == []


@pytest.mark.parametrize(
    ("start", "wrong"),
    [
        ("", "H"),
        ("DESCRIBE ", "species"),
        ("DESCRIBE pets", "y"),
        ("SAMPLE pets", ", owners"),
        ("QUERY ", "DELETE"),
        ("QUERY SELECT ", "nmae"),
        ("QUERY SELECT pets.", "city"),
        ("QUERY SELECT pets.name", ".name"),
        ("QUERY SELECT name, ", "FROM"),
        ("QUERY SELECT name FROM ", "species"),
        ("QUERY SELECT name FROM pets JOIN owners ", "WHERE"),
        ("QUERY SELECT name FROM pets ", "JOIN owners ON pets.owner_id = sales"),
        ("QUERY SELECT owners.city FROM pets ", "WHERE"),  # owners is not in FROM yet
        ("QUERY SELECT T1.city FROM pets AS ", "T1"),
        ("QUERY SELECT name FROM pets JOIN owners ", "jo8"),
        ("QUERY SELECT name FROM pets WHERE ", "city"),
        ("QUERY SELECT name FROM pets WHERE pets.", "quantity"),
        ("QUERY SELECT city FROM owners JOIN pets ON owners.owner_id = pets.owner_id WHERE ", "owner_id "),  # in both
        ("QUERY SELECT owner_id FROM pets ", "JOIN"),  # the one table that a key leads to has it too
        ("QUERY SELECT name FROM pets JOIN ", "pets"),
        ("QUERY SELECT name FROM pets JOIN ", "Products"),  # by way of owners and sales
        ("QUERY SELECT name FROM pets JOIN owners ON ", "pets.name"),
        ("QUERY SELECT name FROM pets JOIN owners ON pets.", "pet_id"),
        ("QUERY SELECT name FROM pets JOIN owners ON pets.owner_id = ", "pets"),
        ("QUERY SELECT name FROM pets JOIN owners ON pets.owner_id = owners.", "city"),
        ("QUERY SELECT name FROM pets JOIN owners ON pets.owner_id ", "<"),
        ("QUERY SELECT COUNT(*", ", name"),
        ("QUERY SELECT name FROM pets JOIN owners ON pets.owner_id = owners.owner_id JOIN ", "owners"),  # the key is taken
        ("QUERY SELECT name FROM pets JOIN ", "(SELECT"),
        ("QUERY SELECT name FROM pets GROUP BY ", "COUNT("),
        ("QUERY SELECT name FROM pets WHERE ", "SUM("),
        ("QUERY SELECT AVG(", "SUM("),
        ("QUERY SELECT AVG(", "species"),
        ("QUERY SELECT AVG(", "owner_id"),
        ("QUERY SELECT AVG(pets.", "name"),
        ("QUERY SELECT ", "degrees("),
        ("QUERY SELECT ", "load_extension"),
        ("QUERY SELECT name FROM pets WHERE name LIKE 'R%' ", "GROUP BY name ORDER BY name WHERE"),
        ("QUERY SELECT weight_kg -", "-"),
    ],
)
def test_a_wrong_turn_is_refused(steering: Steering, start: str, wrong: str) -> None:
    assert steering.allows(start)
    assert not steering.allows(start + wrong)


@pytest.mark.parametrize(
    ("turn", "whole"),
    [
        ("DESCRIBE ", False), ("DESCRIBE pet", False), ("DESCRIBE pets", True),
        ("ANSWER ", False), ("ANSWER 3", True),
        ("QUERY SELECT name FROM pet", False), ("QUERY SELECT name FROM pets", True), ("QUERY SELECT name FROM pets WHERE", False),
        ("QUERY SELECT name FROM pets WHERE name = 'Rex", False), ("QUERY SELECT name FROM pets WHERE name = 'Rex'", True),
        ("QUERY SELECT owners.city FROM pets", False), ("QUERY SELECT name FROM pets JOIN owners", False),
        ("QUERY SELECT COUNT(name", False),
    ],
)  # fmt: skip
def test_a_turn_may_end_when_nothing_is_missing(steering: Steering, turn: str, whole: bool) -> None:
    assert steering.allows(turn)
    assert steering.complete(turn) is whole


def test_names_that_need_quotes_are_only_allowed_in_them() -> None:
    steering = Steering(Names((("order", ("unit price", "größe")),)))
    assert not steering.allows("QUERY SELECT unit")
    assert not steering.allows("QUERY SELECT größe FROM order")
    assert steering.complete('QUERY SELECT "unit price", größe FROM "order" WHERE "order"."unit price" > 3')
    assert steering.complete("DESCRIBE order")


def test_tables_without_keys_between_them_are_joined_on_anything() -> None:
    tables = (("a", ("id", "b_id")), ("b", ("id",)), ("c", ("day",)), ("d", ("id", "up")))
    steering = Steering(Names(tables, (("a", "b_id", "b", "id"), ("d", "up", "d", "id"))))
    assert steering.complete("QUERY SELECT day FROM a JOIN c ON a.id > c.day JOIN b ON b.id = a.b_id")
    assert steering.complete("QUERY SELECT day FROM c JOIN a ON a.id = c.day")
    assert steering.complete("QUERY SELECT T1.id FROM d AS T1 JOIN d AS T2 ON T1.up = T2.id")  # a key to itself
    assert not steering.allows("QUERY SELECT T1.id FROM d AS T1 JOIN d AS T2 ON T1.up = T2.id JOIN d")
    assert not steering.allows("QUERY SELECT day FROM c JOIN c")


def test_from_cannot_begin_where_joins_cannot_bring_in_what_select_names() -> None:
    tables = (("a", ("id", "x")), ("mid", ("a", "b", "x")), ("b", ("id", "name")))
    steering = Steering(Names(tables, (("mid", "a", "a", "id"), ("mid", "b", "b", "id"))))
    assert steering.allows("QUERY SELECT name FROM a JOIN mid ON mid.a = a.id JOIN b")
    assert not steering.allows("QUERY SELECT x, name FROM a")  # joining mid would make x ambiguous
    assert steering.allows("QUERY SELECT x, name FROM mid")


def test_a_query_reads_what_has_been_looked_at_and_nothing_is_described_twice(shop: Database) -> None:
    names, looked = Names.of(shop.schema), Step(Action(Verb.DESCRIBE, "PETS"), "", "", ok=True)
    failed = Step(Action(Verb.DESCRIBE, "owners"), "", "no", ok=False)
    assert names.after([failed]) == names
    steering = Steering(names.after([looked, failed]))
    assert steering.complete("QUERY SELECT name FROM pets")
    assert not steering.allows("QUERY SELECT city")
    assert not steering.allows("QUERY SELECT name FROM pets JOIN")
    assert steering.complete("DESCRIBE owners") and steering.complete("SAMPLE pets")
    assert not steering.allows("DESCRIBE pets")
    both = Steering(names.after([looked, Step(Action(Verb.SAMPLE, "owners"), "", "", ok=True)]))
    assert both.complete("QUERY SELECT city FROM pets JOIN owners ON pets.owner_id = owners.owner_id")
    every = [Step(Action(Verb.DESCRIBE, table), "", "", ok=True) for table in shop.schema.names]
    assert not Steering(names.after(every)).allows("D")


def test_names_survive_as_plain_lists(shop: Database) -> None:
    names = Names.of(shop.schema).after([Step(Action(Verb.DESCRIBE, "pets"), "", "", ok=True)])
    assert Names.from_plain(names.plain()) == names


def test_queries_written_at_random_where_steering_leads_all_run(steering: Steering, shop: Database) -> None:
    rng, signs = random.Random(3), [bytes([i]) for i in range(32, 127)]
    ran = 0
    for _ in range(8):
        turn = steering.follow(steering.start, b"QUERY SELECT ")
        said = "SELECT "
        while turn is not None and not steering.may_end(turn) and len(said) < 150:
            ways = [(c, after) for c in signs if (after := steering.follow(turn, c)) is not None]
            assert ways, f"a dead end: {said}"
            # closing and ordinary letters rather than more spaces, operators and parentheses, or hardly a query would end
            sign, turn = rng.choices(ways, [0.02 if c in b" +-*/%<>=!|(" else 4 if c in b")'" else 1 for c, _ in ways])[0]
            said += sign.decode()
        if turn is not None and steering.may_end(turn):
            shop.query(said)
            ran += 1
    assert ran
