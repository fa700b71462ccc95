"""A test business: Barley Lane Kennels, boarding for dogs, in the database a nephew made with short names and codes for keys.

Abbreviated columns, a chip number for a key, two telephone columns, three dates a stay, rates and fees that are nearly the same
thing, statuses and remarks typed in two ways. Nothing is trained or tuned on it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from envs.businesses.spec import (
    After,
    Business,
    Cell,
    Choice,
    Code,
    Column,
    Copy,
    Date,
    Derive,
    Fake,
    Integer,
    Listed,
    Money,
    Parent,
    Row,
    Serial,
    Since,
    Suited,
    Table,
    Value,
)

TODAY = "2025-08-31"  # the last day in the books

_SIZES: tuple[tuple[str, str, int | None, float], ...] = (  # code, words, weight limit in kg, supplement a night
    ("TOY", "Toy", 5, 0.0), ("SML", "Small", 12, 0.0), ("MED", "Medium", 25, 1.5), ("LRG", "Large", 45, 3.25), ("GNT", "Giant", None, 5.5),
)  # fmt: skip

_BREEDS: tuple[tuple[str, str, str, str | None, int | None, float], ...] = (  # code, name, size, coat, lifespan, usual kg
    ("AFF", "Affenpinscher", "TOY", "wiry", 13, 3.8), ("AKI", "Akita", "LRG", "double", 11, 38.0),
    ("BAS", "Basset Hound", "MED", "short", 12, 24.0), ("BEA", "Beagle", "SML", "short", 13, 11.0),
    ("BIC", "Bichon Frisé", "TOY", "curly", 14, 4.6), ("BOX", "Boxer", "LRG", "short", 10, 29.0),
    ("COT", "Coton de Tuléar", "TOY", "long", 15, 4.9), ("DAL", "Dalmatian", "MED", "short", 12, 24.0),
    ("DOG", "Dogue de Bordeaux", "GNT", "short", 7, 55.0), ("GSD", "German Shepherd", "LRG", "double", 11, 33.0),
    ("GOL", "Golden Retriever", "LRG", "long", 11, 31.0), ("GRY", "Greyhound", "LRG", "short", 12, 29.0),
    ("IRW", "Irish Wolfhound", "GNT", "wiry", 7, 58.0), ("LEO", "Leonberger", "GNT", "long", 9, 57.0),
    ("LOW", "Löwchen", "SML", "long", 14, 6.5), ("MUT", "Mixed breed", "MED", None, None, 17.0),
    ("NOR", "Norfolk Terrier", "SML", "wiry", 13, 5.8), ("POI", "Pointer", "MED", "short", 13, 23.0),
    ("PUG", "Pug", "SML", "short", 12, 8.2), ("SAM", "Samoyed", "MED", "double", 13, 22.5),
    ("SCH", "Schnauzer", "MED", "wiry", 14, 16.5), ("STB", "St Bernard", "GNT", "long", 9, 68.0),
    ("VIZ", "Vizsla", "MED", "short", 13, 22.0), ("YOR", "Yorkshire Terrier", "TOY", "long", 14, 3.1),
)  # fmt: skip

_NAMES = (
    "Aggie", "Angus", "Archie", "Bandit", "Baxter", "Beau", "Biscuit", "Bonnie", "Bruno", "Buster", "Casper", "Chester", "Chloé",
    "Clover", "Dexter", "Digby", "Domino", "Dougal", "Duchess", "Elsa", "Fergus", "Fidget", "Flossie", "Freya", "Ginger", "Gus",
    "Hattie", "Hector", "Hettie", "Holly", "Ivy", "Jack O'Lantern", "Jet", "Juno", "Kipper", "Lady", "Lottie", "Loulou", "Maisie",
    "Merlin", "Mabel", "Moss", "Muffin", "Nell", "Nóra", "Olive", "Ozzy", "Paddy", "Pepper", "Pickle", "Pip", "Prince", "Ralph",
    "Rex", "Roxy", "Rufus", "Scamp", "Scout", "Skye", "Socks", "Sooty", "Stanley", "Suki", "Tess", "Tilly", "Toffee", "Trixie",
    "Truffle", "Tyson", "Waffles", "Walter", "Winnie", "Wolfie", "Ziggy",
)  # fmt: skip

_RUNS: tuple[tuple[str, str, str, float, str, float, str | None], ...] = (  # code, block, kind, m2, heated, rate, last painted
    ("A1", "Old Barn", "standard", 4.5, "Y", 21.0, "2023-04-11"), ("A2", "Old Barn", "standard", 4.5, "Y", 21.0, "2023-04-11"),
    ("A3", "Old Barn", "standard", 4.5, "Y", 21.0, "2023-04-12"), ("A4", "Old Barn", "standard", 5.0, "Y", 21.5, None),
    ("A5", "Old Barn", "standard", 5.0, "N", 19.5, "2021-03-02"), ("A6", "Old Barn", "family", 9.5, "Y", 34.0, "2024-02-20"),
    ("B1", "Orchard", "standard", 6.0, "N", 20.0, "2022-10-05"), ("B2", "Orchard", "standard", 6.0, "N", 20.0, "2022-10-05"),
    ("B3", "Orchard", "standard", 6.0, "N", 20.0, None), ("B4", "Orchard", "deluxe", 8.0, "Y", 29.0, "2024-06-14"),
    ("B5", "Orchard", "deluxe", 8.0, "Y", 29.0, "2024-06-14"), ("B6", "Orchard", "family", 11.0, "Y", 36.5, "2024-06-17"),
    ("C1", "Stable Yard", "deluxe", 9.0, "Y", 31.0, "2025-01-22"), ("C2", "Stable Yard", "deluxe", 9.0, "Y", 31.0, "2025-01-22"),
    ("C3", "Stable Yard", "deluxe", 10.5, "Y", 32.5, "2025-01-23"), ("C4", "Stable Yard", "family", 14.0, "Y", 41.0, "2025-01-24"),
    ("P1", "Puppy Wing", "puppy", 3.5, "Y", 23.5, "2023-09-01"), ("P2", "Puppy Wing", "puppy", 3.5, "Y", 23.5, "2023-09-01"),
    ("Q1", "Gate House", "isolation", 4.0, "Y", 26.0, None), ("Q2", "Gate House", "isolation", 4.0, "N", 24.0, None),
)  # fmt: skip

_TREATMENTS: tuple[tuple[str, str, float, int | None], ...] = (  # code, words, usual fee, minutes
    ("BTH", "Bath and blow-dry", 24.0, 50), ("CLP", "Full clip", 46.0, 95), ("NLS", "Nail trim", 9.5, 15),
    ("TCK", "Tick removal", 12.0, 20), ("WRM", "Worming dose", 14.75, 5), ("EAR", "Ear clean", 11.0, 15),
    ("TTH", "Teeth scrape", 32.0, 40), ("WND", "Wound dressing", 28.5, 25), ("HYD", "Hydrotherapy", 39.0, 45),
    ("MSG", "Massage d'été", 27.0, 30), ("ACU", "Acupuncture", 55.0, None),
)  # fmt: skip

_CHARGES: dict[str, tuple[float, float]] = {  # kind of charge: lowest and highest amount; boarding follows from the stay
    "boarding": (0, 0), "extra walks": (6, 48), "laundry": (4, 15), "damage": (15, 160), "late pick-up": (10, 30), "taxi": (12, 38),
}  # fmt: skip


def _weight(row: Row) -> Value:
    """The breed's usual weight, up to 18 % less or more."""
    usual = next(kg for code, *_, kg in _BREEDS if code == row["breed_cd"])
    return round(usual * (0.82 + int(str(row["chip_no"])[-4:]) % 37 / 100), 1)


def _nights(row: Row) -> Value:
    return (dt.date.fromisoformat(str(row["due_dt"])) - dt.date.fromisoformat(str(row["arr_dt"]))).days


@dataclass(frozen=True)
class _StayStatus:
    """Where the stay is by its dates; some are called off, and two people type it differently."""

    def draw(self, cell: Cell) -> Value:
        fate = cell.rng.random()
        if fate < 0.09:
            return cell.rng.choice(("cancelled", "cancelled", "Cancelled"))
        if str(cell.row["arr_dt"]) > TODAY:
            return "booked"
        if fate < 0.12:
            return "no show"
        if str(cell.row["due_dt"]) > TODAY:
            return "in kennels"
        return "Checked out" if fate > 0.83 else "checked out"


@dataclass(frozen=True)
class _Amount:
    """Boarding is nights times the nightly rate; anything else lies in its usual range, to the half pound."""

    def draw(self, cell: Cell) -> Value:
        kind = str(cell.row["chrg_typ"])
        if kind == "boarding":
            return round((cell.number("stay_no.nights") or 0) * (cell.number("stay_no.nt_rate") or 0), 2)
        low, high = _CHARGES[kind]
        return low + cell.rng.randrange(int((high - low) * 2) + 1) / 2


@dataclass(frozen=True)
class _PaidHow:
    """Nobody has paid in any way what is not paid."""

    def draw(self, cell: Cell) -> Value:
        return None if cell.row["paid_dt"] is None else cell.rng.choices(("card", "cash", "bank transfer", "Card"), (9, 3, 5, 2))[0]


def _came(stay: Row, cell: Cell) -> bool:
    return _left(stay, cell) or stay["stat"] == "in kennels"


def _left(stay: Row, _cell: Cell) -> bool:
    return stay["out_dt"] is not None


BUSINESS = Business("dog_kennels", "Barley Lane Kennels: dogs boarded in twenty runs, groomed and treated while they stay.", (
    Table("size_band", len(_SIZES), (
        Column("size_cd", "TEXT", Listed(tuple(code for code, *_ in _SIZES)), ("size code",), primary_key=True),
        Column("size_desc", "TEXT", Listed(tuple(words for _, words, _, _ in _SIZES)), ("size",)),
        Column("max_kg", "INTEGER", Listed(tuple(limit for _, _, limit, _ in _SIZES)), ("weight limit",)),
        Column("nt_suppl", "REAL", Listed(tuple(extra for *_, extra in _SIZES)), ("supplement per night",)),
    ), said=("size band", "size bands", "sizes")),
    Table("breed", len(_BREEDS), (
        Column("breed_cd", "TEXT", Listed(tuple(code for code, *_ in _BREEDS)), ("breed code",), primary_key=True),
        Column("breed_nm", "TEXT", Listed(tuple(name for _, name, *_ in _BREEDS)), ("breed", "breed name")),
        Column("size_cd", "TEXT", Listed(tuple(size for _, _, size, *_ in _BREEDS)), ("size",), references="size_band.size_cd"),
        Column("coat", "TEXT", Listed(tuple(coat for _, _, _, coat, *_ in _BREEDS)), ("coat", "kind of coat")),
        Column("life_yrs", "INTEGER", Listed(tuple(years for *_, years, _ in _BREEDS)), ("usual lifespan",)),
    ), said=("breed", "breeds")),
    Table("ownr", 170, (
        Column("acct_no", "TEXT", Code("BL-@"), ("account number",), primary_key=True),
        Column("full_nm", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_GB", "en_IE", "fr_FR", "es_ES")), ("name",), unique=True),
        Column("town", "TEXT", Choice((
            "Evesham", "Pershore", "Bishop's Cleeve", "Cheltenham", "Broadway", "Winchcombe", "Stow", "Upton",
        ), (8, 6, 5, 7, 3, 3, 2, 1)), ("town", "home town")),
        Column("mob_tel", "TEXT", Fake("phone"), ("mobile number",), null_share=0.09),
        Column("home_tel", "TEXT", Fake("phone"), ("home telephone",), null_share=0.55),
        Column("email_addr", "TEXT", Fake("email"), ("email address",), null_share=0.16),
        Column("heard_via", "TEXT", Choice(("vet", "Vet", "friend", "Google", "google", "leaflet", "Facebook"), (5, 2, 7, 5, 2, 2, 3)),
            ("way they heard of us",), null_share=0.12),
        Column("disc_pct", "INTEGER", Choice((5, 10, 15), (6, 3, 1)), ("discount",), null_share=0.68),
        Column("reg_dt", "TEXT", Date("2021-02-01", "2025-05-31"), ("registration date",)),
    ), said=("owner", "owners", "customers")),
    Table("dog", 225, (
        Column("chip_no", "TEXT", Code("9560000########"), ("chip number",), primary_key=True),
        Column("dog_nm", "TEXT", Choice(_NAMES), ("name",)),
        Column("acct_no", "TEXT", Parent(skew=1.3, unused=0.1), ("owner",), references="ownr.acct_no"),
        Column("breed_cd", "TEXT", Parent(skew=1.4, unused=0.08), ("breed",), references="breed.breed_cd"),
        Column("sex", "TEXT", Choice(("F", "M")), ("sex",)),
        Column("neut", "TEXT", Choice(("Y", "N", "y"), (10, 5, 2)), ("neutered mark",), null_share=0.07),
        Column("birth_dt", "TEXT", Date("2011-03-01", "2024-12-20", skew=0.7), ("date of birth",), null_share=0.12),
        Column("wt_kg", "REAL", Derive(_weight), ("weight",), null_share=0.1),
        Column("temper", "TEXT", Choice(("friendly", "Friendly", "shy", "nervous", "boisterous", "snappy"), (9, 2, 4, 3, 4, 1)),
            ("temper",), null_share=0.06),
        Column("reg_dt", "TEXT", Since("acct_no.reg_dt", "2025-07-31"), ("registration date",)),
    ), said=("dog", "dogs", "boarders")),
    Table("kennel_run", len(_RUNS), (
        Column("run_cd", "TEXT", Listed(tuple(code for code, *_ in _RUNS)), ("run code",), primary_key=True),
        Column("block", "TEXT", Listed(tuple(block for _, block, *_ in _RUNS)), ("block", "building")),
        Column("run_typ", "TEXT", Listed(tuple(kind for _, _, kind, *_ in _RUNS)), ("kind of run",)),
        Column("area_m2", "REAL", Listed(tuple(area for _, _, _, area, *_ in _RUNS)), ("floor area",)),
        Column("heated", "TEXT", Listed(tuple(heated for _, _, _, _, heated, _, _ in _RUNS)), ("heated mark",)),
        Column("nt_rate", "REAL", Listed(tuple(rate for *_, rate, _ in _RUNS)), ("nightly rate",)),
        Column("painted_dt", "TEXT", Listed(tuple(painted for *_, painted in _RUNS)), ("date it was last painted",)),
    ), said=("run", "runs", "kennels")),
    Table("staff_mbr", 18, (
        Column("staff_cd", "TEXT", Code("S@"), ("staff code",), primary_key=True),
        Column("full_nm", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_IE", "fr_FR", "es_ES")), ("name",), unique=True),
        Column("role", "TEXT", Choice(("kennel hand", "groomer", "vet nurse", "receptionist"), (7, 4, 3, 2)), ("role", "job")),
        Column("hr_pay", "REAL", Money(11.6, 19.5, skew=1.4, step=0.05), ("hourly pay",)),
        Column("hrs_wk", "INTEGER", Choice((12, 16, 20, 24, 30, 37), (1, 2, 3, 2, 2, 5)), ("weekly hours",)),
        Column("start_dt", "TEXT", Date("2016-04-04", "2024-03-18"), ("starting date",)),
        Column("left_dt", "TEXT", After("start_dt", (300, 2600), latest=TODAY), ("leaving date",), null_share=0.6),
    ), said=("staff member", "staff", "employees")),
    Table("stay", 620, (
        Column("stay_no", "INTEGER", Serial(30001), ("stay number",), primary_key=True),
        Column("chip_no", "TEXT", Parent(skew=1.5, unused=0.13), ("dog",), references="dog.chip_no"),
        Column("run_cd", "TEXT", Parent(skew=1.2, unused=0.05), ("run",), references="kennel_run.run_cd"),
        Column("bkd_by", "TEXT", Parent(skew=1.3, unused=0.4), ("staff member who took the booking",), references="staff_mbr.staff_cd",
            null_share=0.3),
        Column("bkd_dt", "TEXT", Since("chip_no.reg_dt", TODAY), ("booking date",)),
        Column("arr_dt", "TEXT", After("bkd_dt", (0, 60)), ("arrival date",)),
        Column("due_dt", "TEXT", After("arr_dt", (1, 16)), ("date it is due out",)),
        Column("stat", "TEXT", _StayStatus(), ("status",)),
        Column("out_dt", "TEXT", Derive(lambda row: row["due_dt"] if str(row["stat"]).lower() == "checked out" else None),
            ("date it left",)),
        Column("nights", "INTEGER", Derive(_nights), ("number of nights",)),
        Column("nt_rate", "REAL", Copy("run_cd.nt_rate"), ("nightly rate",)),
    ), said=("stay", "stays", "bookings")),
    Table("trt_type", len(_TREATMENTS), (
        Column("trt_cd", "TEXT", Listed(tuple(code for code, *_ in _TREATMENTS)), ("treatment code",), primary_key=True),
        Column("trt_desc", "TEXT", Listed(tuple(words for _, words, *_ in _TREATMENTS)), ("treatment",)),
        Column("std_fee", "REAL", Listed(tuple(fee for _, _, fee, _ in _TREATMENTS)), ("usual fee", "standard fee")),
        Column("mins", "INTEGER", Listed(tuple(minutes for *_, minutes in _TREATMENTS)), ("minutes it takes",)),
    ), said=("kind of treatment", "kinds of treatment", "treatment types")),
    Table("treatment", 430, (
        Column("trt_no", "INTEGER", Serial(), ("treatment number",), primary_key=True),
        Column("stay_no", "INTEGER", Suited(skew=1.2, unused=0.3, fits=_came), ("stay",), references="stay.stay_no"),
        Column("trt_cd", "TEXT", Parent(skew=1.5, unused=0.09), ("kind of treatment",), references="trt_type.trt_cd"),
        Column("staff_cd", "TEXT", Parent(skew=1.2, unused=0.3), ("staff member",), references="staff_mbr.staff_cd", null_share=0.05),
        Column("trt_dt", "TEXT", After("stay_no.arr_dt", (0, 1), latest=TODAY), ("treatment date",)),
        Column("fee", "REAL", Copy("trt_cd.std_fee", spread=0.12), ("fee", "fee charged"), null_share=0.06),
        Column("react", "TEXT", Choice(("fine", "Fine", "wriggled", "stressed", "nipped"), (8, 3, 4, 3, 1)), ("reaction",),
            null_share=0.15),
    ), said=("treatment", "treatments")),
    Table("vacc", 460, (
        Column("vacc_no", "INTEGER", Serial(), ("vaccination number",), primary_key=True),
        Column("chip_no", "TEXT", Parent(skew=1.1, unused=0.16), ("dog",), references="dog.chip_no"),
        Column("vacc_nm", "TEXT", Choice(("kennel cough", "DHP", "lepto 4", "rabies"), (5, 6, 5, 1)), ("vaccine",)),
        Column("given_dt", "TEXT", Date("2021-06-01", TODAY), ("date given",)),
        Column("exp_dt", "TEXT", After("given_dt", (364, 366)), ("expiry date",)),
        Column("batch_no", "TEXT", Code("??####"), ("batch number",), null_share=0.22),
        Column("vet_pract", "TEXT", Choice((
            "Vale Vets", "O'Hara & Sons", "Avonbank Surgery", "Clinique du Chêne", "Cotswold Paws",
        ), (6, 4, 5, 1, 2)), ("vet practice",), null_share=0.08),
    ), said=("vaccination", "vaccinations", "jabs")),
    Table("feed_plan", 165, (
        Column("chip_no", "TEXT", Parent(unused=0.2), ("dog",), references="dog.chip_no", primary_key=True),
        Column("food", "TEXT", Choice(("house biscuit", "own food", "tinned", "raw", "gastric diet"), (7, 6, 3, 2, 1)), ("food",)),
        Column("meals_day", "INTEGER", Choice((1, 2, 3, 4), (2, 9, 3, 1)), ("meals a day",)),
        Column("g_meal", "INTEGER", Integer(40, 480, skew=1.3), ("grams per meal",)),
        Column("note", "TEXT", Choice(("no chicken", "no grain", "hand feed", "slow bowl", "tablet in cheese"), (3, 3, 1, 2, 2)),
            ("note", "remark"), null_share=0.6),
    ), said=("feeding plan", "feeding plans")),
    Table("chrg", 860, (
        Column("stay_no", "INTEGER", Suited(skew=1.1, unused=0.04, fits=_left), ("stay",), references="stay.stay_no", primary_key=True),
        Column("chrg_typ", "TEXT", Choice(tuple(_CHARGES), (20, 5, 3, 1, 3, 2)), ("kind of charge",), primary_key=True),
        Column("amt", "REAL", _Amount(), ("amount",)),
        Column("raised_dt", "TEXT", After("stay_no.arr_dt", (0, 1)), ("date it was raised",)),
        Column("paid_dt", "TEXT", After("raised_dt", (0, 40), latest=TODAY), ("date it was paid",), null_share=0.07),
        Column("pay_meth", "TEXT", _PaidHow(), ("way it was paid",)),
    ), said=("charge", "charges")),
))  # fmt: skip
