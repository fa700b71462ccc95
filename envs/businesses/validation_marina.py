"""The sixth validation business: a marina. No training business is on the water, and none names its columns as this one does:
each begins with the kind of value it holds (lng, str, dat, cur, sng, bln), as office databases of the nineties had it.
"""

from __future__ import annotations

# A column a line, as the table it declares:
# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Copy, Date, Derive, Fake, Integer, Listed, Money, Parent, Phrase,
    Product, Serial, Table)
# isort: on

MARINA = Business("anchor_marina", "A marina with four pontoons: berths, the boats in them, repairs and fuel.", (
    Table("Pontoon", 4, (
        Column("strPontoon", "TEXT", Listed(("A", "B", "C", "V")), ("pontoon letter",), primary_key=True),
        Column("strPontoonName", "TEXT", Listed(("Harbour Wall", "Long Finger", "Sheltered", "Visitors")), ("name", "pontoon name")),
        Column("sngDepth", "REAL", Listed((3.5, 2.5, 1.8, 4.2)), ("depth", "water depth")),
        Column("blnGate", "INTEGER", Listed((1, 1, 0, 1)), ("gate",)),
    ), said=("pontoon", "pontoons")),
    Table("Berth", 70, (
        Column("strBerth", "TEXT", Code("?##"), ("berth code",), primary_key=True),
        Column("strPontoon", "TEXT", Parent(unused=0), ("pontoon",), references="Pontoon.strPontoon"),
        Column("sngMaxLength", "REAL", Choice((8.0, 10.0, 12.0, 15.0, 20.0), (4, 6, 5, 2, 1)), ("maximum length",)),
        Column("curYearRate", "REAL", Money(900, 6200, skew=1.6, step=25), ("yearly rate",)),
        Column("blnPower", "INTEGER", Choice((1, 0), (4, 1)), ("power supply",)),
    ), said=("berth", "berths", "moorings")),
    Table("Owner", 90, (
        Column("lngOwner", "INTEGER", Serial(), ("owner number",), primary_key=True),
        Column("strForename", "TEXT", Fake("first_name", locales=("en_GB", "nl_NL", "fr_FR")), ("first name",)),
        Column("strSurname", "TEXT", Fake("last_name", locales=("en_GB", "nl_NL", "fr_FR")), ("surname", "last name")),
        Column("strTown", "TEXT", Fake("city", pool=8), ("home town",)),
        Column("strMobile", "TEXT", Fake("phone"), ("mobile number",), null_share=0.1),
        Column("datJoined", "TEXT", Date("2010-03-01", "2024-09-30"), ("joining date",)),
    ), said=("owner", "owners", "boat owners")),
    Table("Boat", 88, (
        Column("lngBoat", "INTEGER", Serial(301), ("boat number",), primary_key=True),
        Column("strBoatName", "TEXT", Phrase(("Sea", "Lady", "Wild", "Grey", "Blue", "Saint", "Little"), ("Petrel", "Anne", "Goose",
            "Spray", "Horizon", "Mistral", "Étoile", "Piper", "Heron", "Swallow", "Duchess", "Tide", "Merlin", "Rascal", "Curlew")),
            ("name", "boat name"), unique=True),
        Column("lngOwner", "INTEGER", Parent(skew=1.2, unused=0.08), ("owner",), references="Owner.lngOwner"),
        Column("strClass", "TEXT", Choice(("sloop", "ketch", "motor cruiser", "narrowboat", "catamaran"), (7, 2, 5, 3, 1)), ("class",)),
        Column("sngLength", "REAL", Money(5.5, 18, skew=1.5, step=0.1), ("length",)),
        Column("intBuilt", "INTEGER", Integer(1968, 2023, skew=0.8), ("year of build",), null_share=0.06),
        Column("strRegistry", "TEXT", Code("SSR######"), ("registration number",), null_share=0.15),
    ), said=("boat", "boats", "vessels")),
    Table("Contract", 160, (
        Column("lngContract", "INTEGER", Serial(5001), ("contract number",), primary_key=True),
        Column("lngBoat", "INTEGER", Parent(unused=0.1), ("boat",), references="Boat.lngBoat"),
        Column("strBerth", "TEXT", Parent(skew=1.2, unused=0.12), ("berth",), references="Berth.strBerth"),
        Column("datFrom", "TEXT", Date("2022-04-01", "2025-04-01"), ("start date",)),
        Column("intMonths", "INTEGER", Choice((1, 3, 6, 12), (2, 2, 3, 8)), ("number of months",)),
        Column("curFee", "REAL", Product("intMonths", "strBerth.curYearRate", factor=1 / 12), ("fee",)),
        Column("strState", "TEXT", Choice(("running", "ended", "terminated", "unpaid"), (6, 8, 1, 2)), ("contract status",)),
    ), said=("contract", "contracts", "berth contracts")),
    Table("Engineer", 9, (
        Column("lngEngineer", "INTEGER", Serial(), ("engineer number",), primary_key=True),
        Column("strEngineer", "TEXT", Fake("name", locales=("en_GB", "nl_NL")), ("name", "engineer's name")),
        Column("strTrade", "TEXT", Choice(("engines", "rigging", "electrics", "hulls")), ("trade",)),
        Column("curHour", "REAL", Money(38, 72, step=1), ("hourly rate",)),
        Column("datHired", "TEXT", Date("2009-01-01", "2024-05-31"), ("hiring date",)),
    ), said=("engineer", "engineers")),
    Table("Repair", 200, (
        Column("lngRepair", "INTEGER", Serial(), ("repair number",), primary_key=True),
        Column("lngBoat", "INTEGER", Parent(skew=1.5, unused=0.2), ("boat",), references="Boat.lngBoat"),
        Column("lngEngineer", "INTEGER", Parent(skew=1.3, unused=0), ("engineer",), references="Engineer.lngEngineer"),
        Column("strJob", "TEXT", Choice(("antifouling", "engine service", "new sail", "leak", "wiring", "winter cover"),
            (5, 6, 1, 2, 3, 3)), ("job",)),
        Column("datBooked", "TEXT", Date("2023-01-10", "2025-05-20"), ("booking date",)),
        Column("datDone", "TEXT", After("datBooked", (2, 45), latest="2025-05-31"), ("date it was completed",), null_share=0.06),
        Column("sngHours", "REAL", Money(0.5, 22, skew=2, step=0.5), ("number of hours",)),
        Column("curRate", "REAL", Copy("lngEngineer.curHour"), ("rate charged",)),
        Column("curBill", "REAL", Product("sngHours", "curRate"), ("bill",)),
    ), said=("repair", "repairs")),
    Table("FillUp", 190, (
        Column("lngFillUp", "INTEGER", Serial(80001), ("fill-up number",), primary_key=True),
        Column("lngBoat", "INTEGER", Parent(skew=1.7, unused=0.3), ("boat",), references="Boat.lngBoat"),
        Column("datFilled", "TEXT", Date("2023-04-01", "2025-05-31"), ("fill-up date",)),
        Column("strFuel", "TEXT", Choice(("red diesel", "white diesel", "petrol", "gas bottle"), (6, 3, 3, 2)), ("fuel",)),
        Column("sngLitres", "REAL", Money(8, 240, skew=2, step=0.5), ("number of litres",)),
        Column("curPrice", "REAL", Derive(lambda row: {"red diesel": 1.12, "white diesel": 1.58, "petrol": 1.71}.get(
            str(row["strFuel"]), 2.4)), ("price per litre",)),
        Column("curTotal", "REAL", Product("sngLitres", "curPrice"), ("total amount",)),
    ), said=("fill-up", "fill-ups", "fuel fill-ups")),
))

BUSINESSES: tuple[Business, ...] = (MARINA,)
