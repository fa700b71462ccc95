"""Says the parts of a query in English: nouns, columns, values, dates and conditions.

A `Voice` speaks for one question and keeps to its words: a table is called the same thing throughout. Its sentences and clauses come
from one of two sets that share none, "train" and "validation" (frames_train.py, frames_validation.py), so that held-out questions
are asked in ways training never showed.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from envs import events, frames_train, frames_validation
from envs.profile import ColumnFacts, Facts, Role
from envs.relations import works_here
from envs.schema import Cell
from envs.vocabulary import Noun, is_plural, listed, plural, with_article

Phrasing = Literal["train", "validation"]


@dataclass(frozen=True)
class _Words:
    """One of the two sets."""

    frames: Mapping[str, tuple[str, ...]]
    clauses: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, tuple[str, ...]]
    aggregates: Mapping[str, tuple[str, ...]]
    polite: tuple[str, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]


def _words(words: Any) -> _Words:
    return _Words(words.FRAMES, words.CLAUSES, words.ORDERS, words.AGGREGATES, words.POLITE, words.OPENINGS, words.CLOSINGS)


_SETS: Mapping[Phrasing, _Words] = {"train": _words(frames_train), "validation": _words(frames_validation)}
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NO_NOUN = re.compile(r"^[a-z]+(ed| on)$| on$|^(date|in|on) (and time )?(it|they|we) |^(in|on) (shelf|stock|hand)$| (it|they|we) ")
_SENTENCE = re.compile(r"^(date|date and time) (?:it was|it|they|we) (?=[a-z]+( [a-z]+ed|ed)?$)")
UNITS = "kilos|litres|minutes|hours|days|miles|grams|tonnes|years|square metres|pages|months"
_OF_THE = re.compile(r"(?<=\w) of the \w+$")
_UNIT = re.compile(rf" in ({UNITS})$")
# Head of a child's noun -> what a customer does with it: past, participle, plain.
_DEEDS = {
    "order": ("placed", "placed", "place"), "booking": ("made", "made", "make"), "reservation": ("made", "made", "make"),
    "payment": ("made", "made", "make"), "purchase": ("made", "made", "make"), "visit": ("made", "made", "make"),
    "review": ("wrote", "written", "write"), "rental": ("made", "made", "make"), "hire": ("made", "made", "make"),
    "loan": ("took out", "taken out", "take out"), "lesson": ("took", "taken", "take"), "test": ("took", "taken", "take"),
    "appointment": ("had", "had", "have"), "complaint": ("made", "made", "make"), "sale": ("made", "made", "make"),
}  # fmt: skip
_ACTS = {"order": "ordered", "booking": "booked", "payment": "paid", "purchase": "bought", "rental": "rented", "hire": "hired",
         "loan": "borrowed", "reservation": "reserved"}  # fmt: skip
# Kind of a number -> said of its largest and of its smallest.
_SUPERLATIVES = {
    "price": (("most expensive", "priciest", "dearest"), ("cheapest", "least expensive")),
    "age": (("oldest",), ("youngest",)),
    "weight": (("heaviest",), ("lightest",)),
    "duration": (("longest",), ("shortest",)),
    "wage": (("best paid", "highest-paid"), ("lowest-paid", "worst paid")),
}


@dataclass
class Voice:
    """The words of one question."""

    facts: Facts
    phrasing: Phrasing
    rng: random.Random
    _nouns: dict[str, Noun] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)
    _currency: str | None = None
    _extreme: int | None = None

    def noun(self, table: str) -> Noun:
        if table not in self._nouns:
            nouns = self.facts.tables[table].nouns
            self._nouns[table] = nouns[0] if self.rng.random() < 0.6 else self.rng.choice(nouns)
        return self._nouns[table]

    def said_nouns(self) -> list[str]:
        """What this question has called rows so far."""
        return [noun.singular for noun in self._nouns.values()]

    def column(self, column: ColumnFacts) -> str:
        """ "unit price"; the table's own noun is not repeated in front."""
        if column.path not in self._said:
            phrases = [p for p in column.phrases if "'s " not in p] or [p.split("'s ", 1)[1] for p in column.phrases]
            phrases = [_SENTENCE.sub(r"\1 ", p) for p in phrases]
            if column.role is not Role.FLAG:  # "joined" and "date it was painted" are no nouns
                phrases = [p for p in phrases if not _NO_NOUN.search(p)] or phrases
            nouns = {n.singular for n in self.facts.tables[column.table].nouns} | {self.noun(column.table).singular.split()[-1]}
            own = [
                p
                for p in phrases
                if p in nouns or p.partition(" ")[0] in nouns or any(f" of the {n}" in p or p.endswith(f" of {n}") for n in nouns)
            ]
            phrases = [p for p in phrases if p not in own] or [_OF_THE.sub("", p) for p in phrases]  # a customer's name is its "name"
            self._said[column.path] = phrases[0] if self.rng.random() < 0.4 else self.rng.choice(phrases)
        return self._said[column.path]

    def columns(self, columns: Sequence[ColumnFacts], base: str, *, many: bool = False) -> str:
        """ "name and price", or in the plural; a column of another table is said with it: "customer's name"."""
        facts = self.facts.tables
        said: list[str] = []
        left = list(columns)
        while left:
            column = left.pop(0)
            table = facts[column.table]
            pair = len(table.label) == 2 and column == table.label[0] and left and left[0] == table.label[1]
            if pair:
                left.pop(0)
                phrase = self.pick("full_names" if many else "full_name")
            else:
                phrase = self.column(column)
            if column.table != base and not set(self.noun(column.table).singular.lower().split()) & set(phrase.lower().split()):
                noun = self.noun(column.table).singular
                phrase = f"{noun} {plural(phrase)}" if many and not pair else self.pick("other_column", s=noun, c=phrase)
            elif many and not pair:
                phrase = plural(phrase)
            said.append(phrase)
        return listed(said)

    def pick(self, kind: str, **slots: str) -> str:
        """One clause of this kind."""
        clause = self.rng.choice(_SETS[self.phrasing].clauses[kind])
        if "c" in slots:
            slots["a"] = with_article(slots["c"])
            if is_plural(slots["c"]):
                clause = clause.replace("{c} is", "{c} are")
        return clause.format(**slots)

    def frame(self, *kinds: str) -> str:
        """One sentence frame of these kinds, to be filled with str.format."""
        known = _SETS[self.phrasing].frames
        return self.rng.choice([frame for kind in kinds for frame in known[kind]])

    def order(self, kind: str, phrase: str) -> str:
        """ ", sorted by price from highest to lowest"."""
        return self.rng.choice(_SETS[self.phrasing].orders[kind]).format(c=phrase)

    def aggregate(self, function: str) -> str:
        """ "average" for AVG; "lowest" goes with "highest", never with "maximum"."""
        words = _SETS[self.phrasing].aggregates[function]
        if function in ("MIN", "MAX"):
            self._extreme = self.rng.randrange(len(words)) if self._extreme is None else self._extreme
            return words[self._extreme]
        return self.rng.choice(words)

    def finish(self, text: str) -> str:
        """The question as asked: now and then polite, with a word before it, or typed in a hurry."""
        text = re.sub(r"\b(\w+)'s \1 ", r"\1's ", " ".join(text.split()))
        chance = self.rng.random()
        words = _SETS[self.phrasing]
        verb, _, rest = text.partition(" ")
        if text.endswith(".") and verb in frames_train.IMPERATIVES and chance < 0.12:
            text = self.rng.choice(words.polite).format(f"{verb.lower()} {rest[:-1]}")
        elif chance > 0.96 and ": " not in text:
            text = self.rng.choice(words.openings).format(text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:])
        elif chance > 0.94 and text.endswith("?"):
            text = text[:-1] + self.rng.choice(words.closings) + text[-1]
        text = text[0].upper() + text[1:]
        hurried = self.rng.random() < 0.18 and text.count("?") + text.count(".") <= 1
        return text[0].lower() + text[1:].rstrip("?.") if hurried else text

    def value(self, value: Cell, column: ColumnFacts) -> str:
        """A value as one would write it in a question."""
        if isinstance(value, str):
            chance = self.rng.random()
            if chance < 0.08 and value.isascii() and len(value) > 3 and column.role is Role.CATEGORY:
                return value.lower()
            return f"'{value}'" if chance > 0.95 and "'" not in value else value
        return self.number(value) if isinstance(value, int | float) else str(value)

    def number(self, value: float, *, words: bool = True) -> str:
        """ "50", "1,200", "three", "2.5"."""
        if float(value).is_integer():
            value = int(value)
            if words and value in range(2, 11) and self.rng.random() < 0.3:
                return _NUMBERS[value]
            return f"{value:,}" if value >= 1000 and self.rng.random() < 0.5 else str(value)
        return str(value)

    def measure(self, value: float, column: ColumnFacts, *, words: bool = True) -> str:
        """A number of a column; a year is never "2,019"."""
        if column.role is Role.YEAR:
            return str(value)
        said = self.number(value, words=words)
        money = column.kind in ("price", "money", "wage") and said[0].isdigit()
        if money and self._currency is None:
            self._currency = self.rng.choices(("", "£", "$"), (0.75, 0.15, 0.1))[0]
        return f"{self._currency}{said}" if money else said

    def day(self, iso: str) -> str:
        """ "2024-03-05" as "5 March 2024" and the like."""
        day = dt.date.fromisoformat(iso[:10])
        return self.rng.choice((f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}", f"{_ordinal(day.day)} {day:%B %Y}", iso[:10]))

    def month(self, iso: str) -> str:
        """ "2024-03" as "March 2024"."""
        return f"{dt.date.fromisoformat(iso[:7] + '-01'):%B %Y}"

    def compared(self, sign: str, value: str) -> str:
        """ "over 50" for > and "50"."""
        return self.pick({">": "noun_more", "<": "noun_less"}[sign], v=value)

    def event(self, column: ColumnFacts) -> str | None:
        """ "hired" for a hire date; "" when the time alone will do; None when the column must be named."""
        return events.event(self.facts, column, self.noun(column.table).singular.lower().split())

    def deed(self, parent: str, child: str) -> tuple[str, str, str]:
        """What a row of parent does with rows of child: ("placed", "placed", "place"); otherwise it has them."""
        if self.facts.tables[parent].being == "person" and not works_here(self.noun(parent).singular.split()):
            return _DEEDS.get(self.noun(child).singular.split()[-1], ("had", "had", "have"))
        return ("had", "had", "have")

    def superlative(self, column: ColumnFacts, *, largest: bool) -> str:
        """ "most expensive" for a price; "" where no adjective can mean only this column."""
        table = self.facts.tables[column.table]
        if column.role in (Role.DATE, Role.MOMENT):
            if column.hints & {"birth", "birthday"}:
                return "youngest" if largest else "oldest"
            only = len(table.having(Role.DATE, Role.MOMENT)) == 1
            words = (("most recent", "latest", "newest"), ("earliest", "oldest", "first"))[not largest]
            return self.rng.choice(words) if only and table.being == "thing" and self.event(column) == "" else ""
        rivals = [c for c in table.columns.values() if c.kind == column.kind or {c.kind, column.kind} == {"price", "money"}]
        if column.kind == "duration" and not column.hints & {"duration", "length", "running"}:
            return ""  # a product with a long baking time is not a long product
        if len(rivals) > 1 or column.kind not in _SUPERLATIVES or (column.kind == "price" and not table.label):
            return ""
        return self.rng.choice(_SUPERLATIVES[column.kind][not largest])

    def called(self, table: str, names: Sequence[Cell]) -> str:
        """A row by its label: "Jane Doe", "the product Oak desk"."""
        label = " ".join(str(n) for n in names)
        person = self.facts.tables[table].being == "person"
        if self.rng.random() < (0.8 if person else 0.5 if " " in label else 0.15):
            return label
        return self.pick("called", s=self.noun(table).singular, v=label)

    def figure(self, function: str, column: ColumnFacts) -> str:
        """A column after "total" or "average": never "total total price", nor "average faults"."""
        said = self.column(column)
        if function != "SUM" and is_plural(said) and counted(said) == said and column.kind not in ("price", "money", "wage"):
            return f"number of {said}"
        if function != "SUM" or "total" not in said.split():
            return said
        other = next((p for p in column.phrases if "total" not in p.split() and not _NO_NOUN.search(p)), "")
        return other or (said.removeprefix("total ") if said.startswith("total ") else said.replace("total", "amount"))

    def most(self, column: ColumnFacts, *, largest: bool) -> tuple[str, str]:
        """A superlative and what it stands with: ("most", "kegs"), ("highest", "price"), ("latest", "order date")."""
        said = self.column(column)
        if column.role is not Role.NUMBER:
            said = next((p for p in column.phrases if p.endswith((" date", " time", " day"))), said)  # not "the latest date bought"
            return self.rng.choice(("latest", "most recent") if largest else ("earliest",)), said
        things = counted(said)
        if (is_plural(things) and column.kind not in ("price", "money", "wage")) or things != said:
            return ("most" if largest else "fewest" if is_plural(things) else "least"), things
        said = _UNIT.sub("", said)
        if column.kind in ("size", "quantity", "stock", "length"):
            return self.rng.choice(("largest", "biggest") if largest else ("smallest",)), said
        return "highest" if largest else "lowest", said

    def act(self, parent: str, child: str) -> str:
        """The participle for rows of a customer table that have rows of child: "ordered"; "" when there is no such word."""
        return _ACTS.get(self.noun(child).singular.split()[-1], "") if self.deed(parent, child)[0] != "had" else ""


def agree(frame: str, first: str) -> str:
    """A frame whose verb agrees with the first of its {cols}: "What are the seats", "What is the price"."""
    if not is_plural(first.split(" and ")[0].split(",")[0]):
        return frame
    return (
        frame.replace("What is the {cols}", "What are the {cols}")
        .replace("hat's the {cols}", "hat are the {cols}")
        .replace("what is the {cols}", "what are the {cols}")
    )


def counted(phrase: str) -> str:
    """ "kegs" for "number of kegs" or "quantity of kegs"; other phrases as they are."""
    return phrase.removeprefix("number of ").removeprefix("quantity of ")


def frames(phrasing: Phrasing) -> Mapping[str, tuple[str, ...]]:
    """Every sentence frame of a phrasing by the kind of question."""
    return _SETS[phrasing].frames


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
