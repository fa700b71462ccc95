"""Questions the data cannot answer: what an owner might well ask, about something that no table, column or value of the schema names.

Each is borrowed from a list of things other businesses keep. It is asked only where nothing looks like it: not a name or an abbreviation
in the schema (empty tables included), not a word of the owner's, not a word among the values. That drops many a fair question, and
must: an answerable question marked unanswerable would teach giving up. The sentences are those of answerable questions, so that
the wording does not give it away.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from envs.drafting import DeadEndError, Desk
from envs.phrasing import Phrasing, Voice
from envs.profile import Facts, Role, TableFacts
from envs.records import Question
from envs.relations import works_here
from envs.sandbox import Database
from envs.vocabulary import Wording, plural, split_name

ATTEMPTS = 40  # drafts for each question wanted
_WORD = re.compile(r"[^\W\d_]+")
_SHORT = 6  # a name this short may be an abbreviation: "ht" for height
_COMMON = {
    "name", "date", "id", "code", "type", "email", "phone", "city", "town", "title", "note", "notes", "price", "total", "paid", "time",
}  # fmt: skip


@dataclass(frozen=True)
class Concept:
    """Something that may be missing: an attribute of a row, or rows that would belong to it."""

    said: str  # singular noun phrase, "blood group"
    owner: str  # of whom: "customer", "staff", "organisation", "goods", "event"
    kind: str  # "number", "text" or "rows"
    stems: tuple[str, ...]  # beginnings of words that would be a sign of it


def _concepts(owner: str, kind: str, listed: str) -> list[Concept]:
    """From lines of `said: stem stem`; the words of `said` are stems too."""
    made = []
    for line in listed.strip().splitlines():
        said, _, stems = line.strip().partition(":")
        own = [w.lower()[:7] for w in said.split() if len(w) > 3 and w not in ("number", "with")]
        made.append(Concept(said, owner, kind, tuple(dict.fromkeys([*own, *stems.split()]))))
    return made


CONCEPTS: tuple[Concept, ...] = (
    *_concepts("customer", "text", """
        marital status: marri marital spouse partner wife husband single wedding civil
        occupation: job profession work employ career role position
        emergency contact: emergency contact kin phone parent guardian
        preferred language: language speak tongue prefer native
        middle name: middle initial fullname
        Instagram handle: instagram social handle twitter facebook user
        dietary requirement: diet allerg vegan vegetar food meal note
        passport number: passport identity document
        favourite brand: favo brand prefer make
        bank: bank account iban payment method
        preferred shop: prefer shop store branch favo
        nationality: nation countr origin passport citizen
    """),
    *_concepts("customer", "number", """
        credit score: credit score rating
        number of children: child kid son daughter family dependant
        household income: income earn salary wage household
        satisfaction score: satisf score rating star review feedback survey nps
        discount rate: discount rebate reduc rate
        credit limit: credit limit allow maxim
    """),
    *_concepts("customer", "rows", """
        gift card: gift voucher card
        loyalty card: loyal reward point club member card
        newsletter subscription: newsletter subscri mailing marketing consent opt
        refund: refund return reimburs credit money
        parking permit: park permit car vehicle
        website visit: web online visit click site traffic
        online review: review rating star feedback survey comment online
        donation: donat charit gift give
        referral: refer recommend introduc source heard
        missed call: call phone miss contact
        parking fine: park fine penalt
        loyalty point: loyal point reward
    """),
    *_concepts("staff", "text", """
        next of kin: kin emergency contact relative spouse
        uniform size: uniform shirt size cloth
        pension scheme: pension retire scheme
        driving licence number: licen driv permit
        passport number: passport identity document
        home address: address street home postcode town
        nationality: nation countr origin passport citizen
    """),
    *_concepts("staff", "number", """
        number of sick days: sick absen leave holiday ill attend day
        commute distance: commut distan travel mile km home
        bonus: incentiv commission reward extra
        overtime pay: overtime extra hour pay
        holiday allowance: holiday leave vacation allow absen
        appraisal score: apprais score review perform rating
    """),
    *_concepts("staff", "rows", """
        sick day: sick absen leave holiday ill attend day
        expense claim: expens claim reimburs
        warning letter: warn letter discipl
        parking space: park space bay car
        company phone: phone mobile device compan
        training course: train course qualif certif skill
        customer complaint: complain griev issue feedback problem
        award: award prize medal achiev
    """),
    *_concepts("organisation", "text", """
        Wi-Fi password: wifi wi internet password
        fire certificate: fire certif safety inspect
        landlord: landlord lease owner rent
        contract number: contract agreement
        website: web site url online link
        insurer: insur polic cover
    """),
    *_concepts("organisation", "number", """
        number of parking spaces: park space bay car
        electricity bill: electric energy bill utilit power cost
        carbon footprint: carbon footprint co emission
        customer rating: rating score star review satisf feedback
        turnover: turnover revenue income sales profit
    """),
    *_concepts("organisation", "rows", """
        security camera: secur camera cctv
        vending machine: vend machine
        break-in: break burglar theft crime incident
        contract: contract agreement term
        fire drill: fire drill safety
        parking space: park space bay car
    """),
    *_concepts("goods", "text", """
        barcode: bar ean upc scan code
        country of manufacture: countr origin manufact made import
        designer: design creator artist author
        storage instruction: storage store instruct keep
        recycling symbol: recycl symbol
        import licence: import licen permit custom
    """),
    *_concepts("goods", "number", """
        carbon footprint: carbon footprint co emission
        warranty length: warrant guarant
        number of photos: photo image picture url
        insured value: insur polic cover
        customs duty: custom duty tariff import tax
        recycled content: recycl content
        average review score: review rating score star feedback
    """),
    *_concepts("goods", "rows", """
        warranty claim: warrant guarant claim
        product recall: recall withdraw
        online review: review rating star feedback survey comment online
        photo: photo image picture url
        safety test: safe test inspect
        press mention: press mention media
    """),
    *_concepts("event", "text", """
        discount code: discount coupon promo voucher offer code
        currency: currenc exchange
        purchase order number: purchase po reference
        cancellation reason: cancel reason cause why
        weather forecast: weather rain temperat sun
        sales channel: channel source online web
    """),
    *_concepts("event", "number", """
        carbon footprint: carbon footprint co emission
        satisfaction score: satisf score rating star review feedback survey nps
        tip: tip gratuit service charge extra
        number of photos: photo image picture url
        profit margin: profit margin markup cost
        insurance cost: insur polic cover
    """),
)  # fmt: skip
_EVENTS = {
    "order", "sale", "booking", "reservation", "visit", "job", "appointment", "rental", "hire", "invoice", "payment", "purchase", "bill",
    "delivery", "viewing", "repair", "loan", "session", "lesson", "exam", "parcel", "trip", "stay", "showing", "return", "shipment",
}  # fmt: skip
_SERVICES = {
    "room", "class", "plan", "membership", "course", "treatment", "service", "lesson", "subject", "screen", "table", "type", "skill",
}  # fmt: skip


def unanswerable(
    database: Database, facts: Facts, wording: Wording, count: int, seed: int, phrasing: Phrasing, taken: set[str]
) -> list[Question]:
    """Up to `count` questions that this database cannot answer; each names in `tables` where one would look for it.

    Args:
        taken: texts in lower case not to be asked again; those made are added.
    """
    signs = database.remember(("signs", repr(wording)), lambda: _signs(database, facts, wording))
    held = [c for place, c in enumerate(CONCEPTS) if (place % 3 == 2) == (phrasing == "validation")]  # each set has its own
    absent = [concept for concept in held if not _seen(concept, signs)]
    rng = random.Random(f"{seed}/{phrasing}/{database.name}/unanswerable")
    pairs = [(table, concept) for table in facts.tables.values() for concept in absent if concept.owner == _owner(table)]
    questions: list[Question] = []
    for _ in range(count * ATTEMPTS if pairs else 0):
        if len(questions) == count:
            break
        table, concept = rng.choice(pairs)
        voice = Voice(facts, phrasing, rng)
        try:
            kind, text = _ask(Desk(database, facts, voice, rng, table.name, []), concept)
        except DeadEndError:
            continue
        text = voice.finish(text)
        if text.lower() in taken:
            continue
        taken.add(text.lower())
        identity = f"{database.name}/{phrasing}/u{len(questions):04d}"
        questions.append(Question(identity, database.name, text, "", (table.name,), ("unanswerable", kind), answerable=False))
    return questions


def _ask(desk: Desk, concept: Concept) -> tuple[str, str]:
    """The kind of question it would be, and the question."""
    voice, rng, noun, said = desk.voice, desk.rng, desk.voice.noun(desk.base), concept.said
    person = desk.table.being == "person"
    if concept.kind == "rows":
        kind = rng.choice(("with_child", "never", "group_count", "group_top", "having", "never_count"))
        x = voice.pick("count_more", v=str(rng.randint(2, 5)))
        text = _bare_frame(voice, kind).format(
            pp=noun.plural, ps=noun.singular, cnp=plural(said), np=plural(said), g=noun.singular, gp=noun.plural, x=x, most="most"
        )
        return kind, text
    unique = desk.table.label and desk.table.label_unique
    kinds = ["lookup"] * (3 if unique else 1) + ["list"]
    kinds += ["agg", "top_row"] if concept.kind == "number" else ["group_count", "group_common", "distinct"]
    kind = rng.choice(kinds)
    if kind == "lookup":
        row, _ = desk.row_name(desk.base)
        named = person and not row.startswith(("the ", "our ")) and not row[0].islower()
        return kind, voice.frame("lookup_name" if named else "lookup").format(cols=said, e=row)
    where = desk.where(own=0.25)
    np, np1 = desk.phrase(where), desk.phrase(where, one=True)
    if kind == "list":
        return kind, voice.frame("list").format(cols=said, colsp=plural(said), np=np, np1=np1)
    if kind == "agg":
        return kind, voice.frame("agg", "agg_avg").format(agg=voice.aggregate("AVG"), c=said, np=np)
    if kind == "top_row":
        frame = voice.frame("top_row_who" if person else "top_row")
        return kind, frame.format(sup=rng.choice(("highest", "lowest")), c=said, np=np, np1=np1)
    return kind, voice.frame("count_distinct" if kind == "distinct" else kind).format(g=said, np=np, cp=plural(said))


def _bare_frame(voice: Voice, kind: str) -> str:
    """A frame that asks for no columns besides."""
    for _ in range(10):
        frame = voice.frame(kind)
        if "{cols" not in frame:
            return frame
    raise DeadEndError


def _owner(table: TableFacts) -> str:
    """Of what kind the rows of a table are, as Concept.owner has it; "" for those that nothing in the list suits."""
    if table.being == "person":
        return "staff" if any(works_here(noun.singular.split()) for noun in table.nouns) else "customer"
    if table.being == "organisation":
        return "organisation"
    heads = {noun.singular.split()[-1] for noun in table.nouns}
    if table.edges and table.having(Role.DATE, Role.MOMENT) and heads & _EVENTS:
        return "event"
    return "goods" if table.label and not heads & _SERVICES and any(c.kind in ("stock", "price") for c in table.columns.values()) else ""


def _signs(database: Database, facts: Facts, wording: Wording) -> tuple[frozenset[str], frozenset[str]]:
    """Every word that tells what the data holds, and the short words of names, which may be abbreviations."""
    names: set[str] = set()
    words: set[str] = set()
    for table in database.schema.tables:
        for name in (table.name, *table.column_names):
            raw = [w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
            names.update(raw, split_name(name), [name.lower()])
            words.update(raw, (w.lower() for w in split_name(name)), _inside(name.lower()))
    for said in wording.values():
        words.update(w.lower() for phrase in said for w in _WORD.findall(phrase))
    for known in facts.tables.values():
        for column in known.columns.values():
            words.update(w.lower() for value in column.counts if isinstance(value, str) for w in _WORD.findall(value))
    return frozenset(words), frozenset(n for n in names if 1 < len(n) <= _SHORT and n not in _COMMON)


def _inside(name: str) -> Iterator[str]:
    """What may begin within a name that runs its words together: "custbloodgrp"."""
    letters = re.sub(r"[^a-z]", "", name)
    return (letters[at:] for at in range(len(letters) - 3))


def _seen(concept: Concept, signs: tuple[frozenset[str], frozenset[str]]) -> bool:
    words, short = signs
    if any(word.startswith(stem) for word in words for stem in concept.stems):
        return True
    heads = [w.lower() for w in concept.said.split() if len(w) > 3]
    return any(_abbreviates(name, head) for name in short for head in heads)


def _abbreviates(name: str, word: str) -> bool:
    """Whether the letters of a name stand in a word in that order, from its first on: "ht" in "height"."""
    rest = iter(word)
    return name[0] == word[0] and all(letter in rest for letter in name)
