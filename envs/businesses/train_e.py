"""Training businesses, fifth part: a solar installer, a taxi firm, a contract warehouse and a local newspaper.

Here: three letters of the table before every column, the app_model tables of a web framework with a plain id, the T_ tables of a
warehouse system in capitals, and CamelCase tables with camelCase columns.
"""

from __future__ import annotations

# A column a line, as the table it declares:
# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Date, DateTime, Derive, Fake, Flag, Integer, Listed,
    Money, Parent, Phrase, Product, Serial, Since, Table)
# isort: on

SOLAR = Business("solar_installer", "Surveys roofs, quotes for solar panels, fits them and reads the meters afterwards.", (
    Table("customers", 95, (
        Column("cus_id", "INTEGER", Serial(), ("customer number",), primary_key=True),
        Column("cus_name", "TEXT", Fake("name", locales=("en_GB", "en_IE", "es_ES")), ("name", "customer name")),
        Column("cus_kind", "TEXT", Choice(("household", "farm", "business", "school"), (9, 3, 3, 1)), ("kind of customer",)),
        Column("cus_county", "TEXT", Choice(("Powys", "Shropshire", "Gwynedd", "Cheshire", "Denbighshire"), (4, 5, 2, 3, 2)),
            ("county",)),
        Column("cus_phone", "TEXT", Fake("phone"), ("phone number",), null_share=0.1),
        Column("cus_heard", "TEXT", Choice(("neighbour", "leaflet", "web search", "county show"), (4, 2, 5, 1)),
            ("source",), null_share=0.15),
    ), said=("customer", "customers")),
    Table("roofs", 120, (
        Column("rof_id", "INTEGER", Serial(501), ("roof number",), primary_key=True),
        Column("rof_cus", "INTEGER", Parent(skew=1.3, unused=0.08), ("customer",), references="customers.cus_id"),
        Column("rof_covering", "TEXT", Choice(("slate", "tile", "metal", "flat felt"), (5, 6, 3, 1)), ("roof covering", "covering")),
        Column("rof_facing", "TEXT", Choice(("south", "south-east", "south-west", "east", "west"), (5, 3, 3, 2, 2)),
            ("aspect",)),
        Column("rof_pitch", "INTEGER", Integer(5, 50), ("pitch", "pitch in degrees"), null_share=0.06),
        Column("rof_sqm", "INTEGER", Integer(18, 320, skew=2.2), ("usable area", "area in square metres")),
        Column("rof_listed", "TEXT", Choice(("Y", "N"), (1, 9)), ("listed building mark",)),
    ), said=("roof", "roofs")),
    Table("panels", 26, (
        Column("pnl_code", "TEXT", Code("PV-??##"), ("panel code",), primary_key=True),
        Column("pnl_maker", "TEXT", Choice(("Sunvolt", "Helix", "Nordlys", "Kaito"), (4, 3, 2, 3)), ("maker", "manufacturer")),
        Column("pnl_model", "TEXT", Phrase(("Prime", "Slim", "Duo", "Max", "Terra"), ("360", "385", "400", "425", "450", "500")),
            ("model", "panel name"), unique=True),
        Column("pnl_watts", "INTEGER", Derive(lambda row: int(str(row["pnl_model"]).split()[1])), ("wattage",)),
        Column("pnl_price", "REAL", Money(78, 260, skew=1.4, step=0.5), ("price", "price per panel")),
        Column("pnl_warranty", "INTEGER", Choice((10, 12, 20, 25, 30), (1, 3, 4, 6, 1)), ("number of warranty years",)),
    ), said=("panel", "panels", "solar panels")),
    Table("quotes", 190, (
        Column("qte_no", "TEXT", Code("Q24-@"), ("quote number",), primary_key=True),
        Column("qte_rof", "INTEGER", Parent(skew=1.2, unused=0.1), ("roof",), references="roofs.rof_id"),
        Column("qte_pnl", "TEXT", Parent(skew=1.6, unused=0.12), ("panel",), references="panels.pnl_code"),
        Column("qte_date", "TEXT", Date("2022-03-01", "2025-02-28"), ("quote date", "date of the quote")),
        Column("qte_count", "INTEGER", Integer(6, 48, skew=2), ("number of panels",)),
        Column("qte_total", "REAL", Product("qte_count", "qte_pnl.pnl_price", factor=2.4), ("total", "quote amount")),
        Column("qte_status", "TEXT", Choice(("Accepted", "Declined", "Waiting", "Expired"), (9, 4, 2, 2)), ("status", "quote status")),
    ), said=("quote", "quotes")),
    Table("crews", 7, (
        Column("crw_code", "TEXT", Listed(("RED", "BLU", "GRN", "YEL", "ORG", "PUR", "GRY")), ("crew code",), primary_key=True),
        Column("crw_leader", "TEXT", Fake("name", locales=("en_GB", "pl_PL")), ("crew leader", "leader")),
        Column("crw_size", "INTEGER", Integer(2, 6), ("size",)),
        Column("crw_van", "TEXT", Code("??## ???"), ("van registration",), null_share=0.1),
    ), said=("crew", "crews", "fitting crews")),
    Table("installs", 115, (
        Column("ins_no", "INTEGER", Serial(7001), ("installation number",), primary_key=True),
        Column("ins_qte", "TEXT", Parent(unused=0.25), ("quote",), references="quotes.qte_no", unique=True),
        Column("ins_crw", "TEXT", Parent(skew=1.3, unused=0.12), ("crew",), references="crews.crw_code"),
        Column("ins_started", "TEXT", After("ins_qte.qte_date", (14, 120)), ("start date",)),
        Column("ins_days", "INTEGER", Integer(1, 9, skew=1.8), ("number of days", "days on site")),
        Column("ins_battery", "TEXT", Choice(("Y", "N"), (2, 3)), ("battery mark",)),
        Column("ins_signed_off", "TEXT", After("ins_started", (2, 40), latest="2025-05-31"), ("sign-off date",), null_share=0.08),
    ), said=("installation", "installations", "installs")),
    Table("readings", 280, (
        Column("rdg_id", "INTEGER", Serial(), ("reading number",), primary_key=True),
        Column("rdg_ins", "INTEGER", Parent(skew=1.2, unused=0.12), ("installation",), references="installs.ins_no"),
        Column("rdg_date", "TEXT", Since("rdg_ins.ins_started", "2025-06-30"), ("reading date", "date of the reading")),
        Column("rdg_units", "INTEGER", Integer(40, 1900, skew=1.6), ("number of units generated", "number of units")),
        Column("rdg_exported", "INTEGER", Integer(0, 900, skew=1.8), ("number of units exported",), null_share=0.07),
        Column("rdg_fault", "TEXT", Choice(("inverter", "shading", "bird nest", "loose cable")), ("fault", "fault found"), null_share=0.7),
    ), said=("reading", "readings", "meter readings")),
))

TAXI = Business("taxi_firm", "A taxi firm with its own cabs: trips, shifts, accounts and what passengers thought.", (
    Table("fleet_cab", 34, (
        Column("id", "INTEGER", Serial(), ("cab number",), primary_key=True),
        Column("plate", "TEXT", Code("T??-###"), ("number plate", "plate"), unique=True),
        Column("model", "TEXT", Choice(("Octavia", "Prius", "Corolla", "Vito", "Ioniq", "E-Class"), (5, 6, 4, 2, 3, 1)), ("model",)),
        Column("seats", "INTEGER", Derive(lambda row: 8 if row["model"] == "Vito" else 4), ("number of seats",)),
        Column("fuel", "TEXT", Derive(lambda row: {"Octavia": "diesel", "Vito": "diesel", "E-Class": "diesel", "Ioniq": "electric"}.get(
            str(row["model"]), "hybrid")), ("fuel", "fuel type")),
        Column("bought_on", "TEXT", Date("2016-02-01", "2024-10-31"), ("purchase date", "date it was bought")),
        Column("wheelchair", "INTEGER", Flag(0.3), ("wheelchair ramp mark",)),
    ), said=("cab", "cabs", "taxis")),
    Table("fleet_repair", 90, (
        Column("id", "INTEGER", Serial(), ("repair number",), primary_key=True),
        Column("cab_id", "INTEGER", Parent(skew=1.6, unused=0.15), ("cab",), references="fleet_cab.id"),
        Column("done_on", "TEXT", Date("2023-06-01", "2025-05-31"), ("repair date", "date of the repair")),
        Column("work", "TEXT", Choice(("brake", "tyre", "bodywork", "gearbox", "meter", "engine"), (4, 5, 2, 1, 1, 3)),
            ("kind of repair", "type of repair")),
        Column("cost", "REAL", Money(35, 1450, skew=2.6, step=0.5), ("cost", "repair cost")),
    ), said=("repair", "repairs")),
    Table("staff_driver", 52, (
        Column("id", "INTEGER", Serial(11), ("driver number",), primary_key=True),
        Column("name", "TEXT", Fake("name", locales=("en_GB", "en_IN", "ro_RO", "tr_TR")), ("name", "driver's name")),
        Column("badge", "TEXT", Code("HC####"), ("badge number",), unique=True),
        Column("joined_on", "TEXT", Date("2009-01-01", "2024-12-31"), ("joining date", "date they joined")),
        Column("commission_pct", "INTEGER", Choice((20, 25, 30, 35), (2, 5, 4, 1)), ("commission", "commission rate")),
        Column("nights_only", "INTEGER", Flag(0.25), ("night work mark",)),
    ), said=("driver", "drivers", "cab drivers")),
    Table("geo_zone", 12, (
        Column("id", "INTEGER", Serial(), ("zone number",), primary_key=True),
        Column("name", "TEXT", Listed(("Airport", "Station", "Old Town", "Quayside", "University", "Hospital", "Eastfields", "Moor End",
            "Racecourse", "Castle Hill", "Business Park", "St John's")), ("name", "zone name")),
        Column("surcharge", "REAL", Listed((4.5, 1.5, 0.0, 0.5, 0.0, 0.0, 1.0, 2.0, 3.0, 0.5, 1.0, 0.5)), ("surcharge",)),
    ), said=("zone", "zones", "pick-up zones")),
    Table("crm_account", 38, (
        Column("id", "INTEGER", Serial(100), ("account number",), primary_key=True),
        Column("name", "TEXT", Fake("company", locales=("en_GB", "en_IN")), ("name",), unique=True),
        Column("sector", "TEXT", Choice(("care", "office", "school run", "hospitality", "rail"), (3, 5, 2, 3, 1)), ("sector",)),
        Column("opened_on", "TEXT", Date("2014-05-01", "2024-09-30"), ("opening date",)),
        Column("monthly_limit", "INTEGER", Choice((250, 500, 1000, 2500), (3, 5, 4, 2)), ("monthly limit",), null_share=0.12),
    ), said=("account", "accounts", "business accounts")),
    Table("ride_trip", 340, (
        Column("id", "INTEGER", Serial(40001), ("trip number",), primary_key=True),
        Column("driver_id", "INTEGER", Parent(skew=1.4, unused=0.1), ("driver",), references="staff_driver.id"),
        Column("cab_id", "INTEGER", Parent(skew=1.3, unused=0.08), ("cab",), references="fleet_cab.id"),
        Column("from_zone_id", "INTEGER", Parent(skew=1.5, unused=0.0), ("pick-up zone",), references="geo_zone.id"),
        Column("account_id", "INTEGER", Parent(skew=1.6, unused=0.15), ("account",), references="crm_account.id", null_share=0.6),
        Column("picked_up_at", "TEXT", DateTime("2024-06-01", "2025-05-31", hours=(0, 24)), ("pick-up time", "time of the trip")),
        Column("miles", "REAL", Money(0.6, 28, skew=2.4, step=0.1), ("number of miles", "distance in miles")),
        Column("fare", "REAL", Derive(lambda row: round(3.2 + 2.1 * float(row["miles"] or 0), 1)), ("fare",)),
        Column("tip", "REAL", Money(0.5, 9, skew=2, step=0.5), ("tip",), null_share=0.6),
        Column("paid_by", "TEXT", Choice(("card", "cash", "account", "app"), (5, 3, 3, 4)), ("payment method",)),
        Column("status", "TEXT", Choice(("completed", "no-show", "cancelled"), (16, 1, 2)), ("status", "trip status")),
    ), said=("trip", "trips", "rides")),
    Table("ride_feedback", 110, (
        Column("id", "INTEGER", Serial(), ("feedback number",), primary_key=True),
        Column("trip_id", "INTEGER", Parent(unused=0.55), ("trip",), references="ride_trip.id", unique=True),
        Column("stars", "INTEGER", Integer(1, 5, skew=0.5), ("number of stars", "star rating")),
        Column("topic", "TEXT", Choice(("late arrival", "driving", "clean cab", "friendly driver", "wrong fare"), (3, 2, 4, 5, 1)),
            ("topic",), null_share=0.1),
        Column("answered", "INTEGER", Flag(0.6), ("answered mark",)),
    ), said=("review", "reviews", "passenger reviews")),
    Table("staff_shift", 200, (
        Column("id", "INTEGER", Serial(), ("shift number",), primary_key=True),
        Column("driver_id", "INTEGER", Parent(skew=1.3, unused=0.08), ("driver",), references="staff_driver.id"),
        Column("shift_date", "TEXT", Date("2024-12-01", "2025-05-31"), ("shift date", "date of the shift")),
        Column("kind", "TEXT", Choice(("early", "late", "night", "split"), (5, 4, 3, 1)), ("kind of shift",)),
        Column("hours", "REAL", Money(4, 12, step=0.5), ("number of hours", "length in hours")),
        Column("takings", "REAL", Money(60, 420, skew=1.4, step=0.5), ("takings", "amount taken")),
    ), said=("shift", "shifts")),
))

_GOODS = (
    ("tinned tomatoes", "food"), ("olive oil", "food"), ("basmati rice", "food"), ("frozen peas", "food"), ("ice cream tubs", "food"),
    ("oat biscuits", "food"), ("sparkling water", "drink"), ("apple juice", "drink"), ("craft cola", "drink"), ("house gin", "drink"),
    ("laundry powder", "household"), ("dish soap", "household"), ("kitchen roll", "household"), ("scented candles", "household"),
    ("desk lamps", "electrical"), ("kettles", "electrical"), ("toasters", "electrical"), ("phone chargers", "electrical"),
    ("jigsaw puzzles", "toys"), ("wooden trains", "toys"), ("teddy bears", "toys"), ("garden gnomes", "garden"), ("hose reels", "garden"),
    ("plant food", "garden"), ("wine glasses", "kitchenware"), ("cast-iron pans", "kitchenware"), ("crème brûlée dishes", "kitchenware"),
    ("copier paper", "office"), ("ring binders", "office"), ("gel pens", "office"),
)

WAREHOUSE = Business("contract_warehouse", "Stores other firms' goods on pallets and picks cartons from them to order.", (
    Table("T_CLIENT", 22, (
        Column("CLIENT_ID", "INTEGER", Serial(10, 10), ("client number",), primary_key=True),
        Column("CLIENT_NM", "TEXT", Fake("company", locales=("en_GB", "nl_NL", "de_DE")), ("client name", "company name"), unique=True),
        Column("CNTRY_NM", "TEXT", Choice(("Ireland", "Netherlands", "Germany", "Wales"), (2, 4, 4, 3)), ("country",)),
        Column("CONTRACT_END_DT", "TEXT", Date("2025-09-01", "2028-12-31"), ("contract end date",), null_share=0.12),
        Column("STORAGE_RATE_AMT", "REAL", Money(1.6, 4.8, step=0.05), ("storage rate", "weekly rate per pallet")),
    ), said=("client", "clients")),
    Table("T_ZONE", 5, (
        Column("ZONE_CD", "TEXT", Listed(("AMB", "CHL", "FRZ", "SEC", "BLK")), ("zone code",), primary_key=True),
        Column("ZONE_NM", "TEXT", Listed(("Ambient", "Chilled", "Frozen", "Secure cage", "Bulk floor")), ("zone name",)),
        Column("MAX_TEMP", "INTEGER", Listed((25, 5, -18, 25, 30)), ("maximum temperature",)),
    ), said=("zone", "zones")),
    Table("T_BAY", 90, (
        Column("BAY_CD", "TEXT", Code("?-##-#"), ("bay code",), primary_key=True),
        Column("ZONE_CD", "TEXT", Parent(skew=1.4, unused=0.0), ("zone",), references="T_ZONE.ZONE_CD"),
        Column("RACK_LEVEL", "INTEGER", Integer(0, 5), ("rack level",)),
        Column("MAX_WT_KG", "INTEGER", Choice((500, 800, 1000, 1500), (2, 5, 4, 2)), ("maximum weight",)),
        Column("BLOCKED_YN", "TEXT", Choice(("N", "Y"), (11, 1)), ("blocked mark",)),
    ), said=("bay", "bays", "rack bays")),
    Table("T_GOODS", len(_GOODS), (
        Column("GOODS_ID", "INTEGER", Serial(3001), ("goods number",), primary_key=True),
        Column("GOODS_NM", "TEXT", Listed(tuple(name for name, _ in _GOODS)), ("description", "name")),
        Column("GOODS_GRP", "TEXT", Listed(tuple(group for _, group in _GOODS)), ("product group", "group")),
        Column("CLIENT_ID", "INTEGER", Parent(skew=1.4, unused=0.1), ("client",), references="T_CLIENT.CLIENT_ID"),
        Column("CARTON_WT_KG", "REAL", Money(1.5, 18, step=0.1), ("carton weight", "weight per carton")),
        Column("CARTON_VALUE_AMT", "REAL", Money(8, 190, skew=1.8, step=0.5), ("carton value", "value per carton")),
        Column("FRAGILE_YN", "TEXT", Choice(("N", "Y"), (3, 1)), ("fragile mark",)),
    ), said=("product", "products", "stored products")),
    Table("T_PALLET", 210, (
        Column("PALLET_ID", "INTEGER", Serial(880001), ("pallet number",), primary_key=True),
        Column("GOODS_ID", "INTEGER", Parent(skew=1.4, unused=0.1), ("product",), references="T_GOODS.GOODS_ID"),
        Column("BAY_CD", "TEXT", Parent(unused=0.15), ("bay",), references="T_BAY.BAY_CD", null_share=0.08),
        Column("ARRIVED_DT", "TEXT", Date("2024-06-01", "2025-05-31"), ("arrival date", "date it arrived")),
        Column("BEST_BEFORE_DT", "TEXT", After("ARRIVED_DT", (60, 700)), ("best-before date",), null_share=0.4),
        Column("CARTON_CNT", "INTEGER", Integer(12, 120), ("number of cartons", "carton count")),
        Column("PALLET_ST", "TEXT", Choice(("STORED", "ON HOLD", "SHIPPED", "DAMAGED"), (9, 1, 5, 1)), ("status", "pallet status")),
    ), said=("pallet", "pallets")),
    Table("T_PICKER", 28, (
        Column("PICKER_ID", "INTEGER", Serial(), ("picker number",), primary_key=True),
        Column("PICKER_NM", "TEXT", Fake("name", locales=("en_GB", "pl_PL", "ro_RO", "pt_PT")), ("name", "picker's name")),
        Column("SHIFT", "TEXT", Choice(("morning", "afternoon", "night"), (4, 4, 2)), ("shift",)),
        Column("HOUR_PAY_AMT", "REAL", Money(11.5, 16.8, step=0.05), ("hourly pay",)),
        Column("HIRED_DT", "TEXT", Date("2015-03-01", "2025-01-31"), ("hire date",)),
        Column("FORKLIFT_YN", "TEXT", Choice(("Y", "N"), (2, 3)), ("forklift licence mark",)),
    ), said=("picker", "pickers", "warehouse pickers")),
    Table("T_ERROR_TYPE", 5, (
        Column("ERROR_CD", "TEXT", Listed(("E1", "E2", "E3", "E4", "E9")), ("error code",), primary_key=True),
        Column("ERROR_NM", "TEXT", Listed(("wrong product", "short count", "over count", "crushed carton", "other")),
            ("error type", "name")),
    ), said=("error type", "error types")),
    Table("T_PICK", 330, (
        Column("PICK_ID", "INTEGER", Serial(), ("pick number",), primary_key=True),
        Column("PALLET_ID", "INTEGER", Parent(skew=1.2, unused=0.2), ("pallet",), references="T_PALLET.PALLET_ID"),
        Column("PICKER_ID", "INTEGER", Parent(skew=1.3, unused=0.1), ("picker",), references="T_PICKER.PICKER_ID"),
        Column("PICKED_TS", "TEXT", DateTime("2024-12-01", "2025-06-30", hours=(5, 23)), ("picking time", "time it was picked")),
        Column("PICK_CNT", "INTEGER", Integer(1, 40, skew=2), ("number of cartons",)),
        Column("MINS_TAKEN", "INTEGER", Integer(2, 45, skew=1.6), ("number of minutes",)),
        Column("ERROR_CD", "TEXT", Parent(skew=1.5, unused=0.2), ("error type",), references="T_ERROR_TYPE.ERROR_CD", null_share=0.85),
    ), said=("pick", "picks")),
))

NEWSPAPER = Business("weekly_gazette", "A local newspaper: who reads it, who carries it to the doors and who advertises in it.", (
    Table("Plan", 6, (
        Column("planCode", "TEXT", Listed(("FULL", "WKND", "DIGI", "BOTH", "SEN", "TRIAL")), ("plan code",), primary_key=True),
        Column("planName", "TEXT", Listed(("Every issue", "Weekend only", "Digital", "Print and digital", "Pensioner", "Trial")),
            ("plan name",)),
        Column("pricePerMonth", "REAL", Listed((14.5, 8.0, 6.5, 18.0, 9.9, 1.0)), ("monthly price", "price per month")),
    ), said=("plan", "plans", "subscription plans")),
    Table("Carrier", 30, (
        Column("carrierId", "INTEGER", Serial(), ("carrier number",), primary_key=True),
        Column("firstName", "TEXT", Fake("first_name", locales=("en_GB", "en_IE", "fr_FR")), ("first name",)),
        Column("lastName", "TEXT", Fake("last_name", locales=("en_GB", "en_IE")), ("last name",)),
        Column("bornOn", "TEXT", Date("1958-01-01", "2010-12-31"), ("date of birth",)),
        Column("weeklyPay", "REAL", Money(28, 95, step=0.5), ("weekly pay",)),
        Column("transport", "TEXT", Choice(("on foot", "moped", "car"), (5, 1, 2)), ("means of transport", "transport")),
    ), said=("carrier", "carriers", "newspaper carriers")),
    Table("DeliveryRound", 40, (
        Column("roundCode", "TEXT", Code("R@"), ("round code",), primary_key=True),
        Column("areaName", "TEXT", Choice(("Marsh Lane", "Upper Town", "Priory", "Ferry End", "St Mark's", "The Hollies", "Gasworks Road")),
            ("area", "area name")),
        Column("carrierId", "INTEGER", Parent(skew=1.2, unused=0.1), ("carrier",), references="Carrier.carrierId", null_share=0.06),
        Column("lengthMiles", "REAL", Money(0.8, 7.5, step=0.1), ("length in miles",)),
        Column("doorCount", "INTEGER", Integer(30, 210), ("number of doors",)),
    ), said=("round", "rounds", "delivery rounds")),
    Table("Subscriber", 150, (
        Column("subscriberId", "INTEGER", Serial(2001), ("subscriber number",), primary_key=True),
        Column("fullName", "TEXT", Fake("name", locales=("en_GB", "en_IE", "it_IT")), ("name", "full name")),
        Column("email", "TEXT", Fake("email"), ("email address", "email"), null_share=0.25),
        Column("readerSince", "TEXT", Date("2005-01-01", "2025-03-31"), ("joining date", "date they joined")),
        Column("ageGroup", "TEXT", Choice(("under 30", "30 to 49", "50 to 69", "over 70"), (1, 3, 5, 5)), ("age group",),
            null_share=0.1),
    ), said=("subscriber", "subscribers", "readers")),
    Table("Subscription", 190, (
        Column("subscriptionId", "INTEGER", Serial(), ("subscription number",), primary_key=True),
        Column("subscriberId", "INTEGER", Parent(unused=0.06), ("subscriber",), references="Subscriber.subscriberId"),
        Column("planCode", "TEXT", Parent(skew=1.4, unused=0.0), ("plan",), references="Plan.planCode"),
        Column("roundCode", "TEXT", Parent(skew=1.2, unused=0.1), ("round",), references="DeliveryRound.roundCode", null_share=0.12),
        Column("beganOn", "TEXT", Since("subscriberId.readerSince", "2025-04-30"), ("start date",)),
        Column("endedOn", "TEXT", After("beganOn", (30, 1400), latest="2025-05-31"), ("end date",), null_share=0.5),
        Column("paidBy", "TEXT", Choice(("direct debit", "card", "cheque", "shop voucher"), (8, 4, 2, 1)), ("payment method",)),
    ), said=("subscription", "subscriptions")),
    Table("MissedDelivery", 95, (
        Column("missedId", "INTEGER", Serial(), ("report number",), primary_key=True),
        Column("subscriptionId", "INTEGER", Parent(skew=1.5, unused=0.4), ("subscription",), references="Subscription.subscriptionId"),
        Column("reportedOn", "TEXT", Date("2024-01-05", "2025-05-30"), ("report date", "date it was reported")),
        Column("cause", "TEXT", Choice(("carrier ill", "wrong house", "wet copy", "stolen", "not printed"), (4, 4, 3, 1, 1)),
            ("cause", "reason"), null_share=0.08),
        Column("credit", "REAL", Choice((0.0, 1.5, 3.0, 4.5), (2, 6, 3, 1)), ("credit given",)),
    ), said=("missed delivery", "missed deliveries")),
    Table("Section", 8, (
        Column("sectionCode", "TEXT", Listed(("NEWS", "SPRT", "JOBS", "PROP", "CARS", "ARTS", "FARM", "FAMI")), ("section code",),
            primary_key=True),
        Column("sectionName", "TEXT", Listed(("News", "Sport", "Jobs", "Property", "Motors", "Arts", "Farming", "Family notices")),
            ("section name",)),
        Column("editorName", "TEXT", Fake("name"), ("editor", "section editor")),
        Column("ratePerCm", "REAL", Listed((9.5, 7.25, 6.0, 8.4, 6.8, 4.5, 4.0, 3.2)), ("rate per centimetre",)),
    ), said=("section", "sections")),
    Table("Advertiser", 60, (
        Column("advertiserId", "INTEGER", Serial(101), ("advertiser number",), primary_key=True),
        Column("businessName", "TEXT", Fake("company", locales=("en_GB", "en_IE")), ("business name", "advertiser name"), unique=True),
        Column("trade", "TEXT", Choice(("builder", "solicitor", "car dealer", "estate agent", "cafe", "undertaker", "council")),
            ("trade",)),
        Column("creditDays", "INTEGER", Choice((0, 14, 30, 60), (2, 4, 6, 1)), ("number of credit days",)),
    ), said=("advertiser", "advertisers")),
    Table("Advert", 230, (
        Column("advertId", "INTEGER", Serial(9001), ("advert number",), primary_key=True),
        Column("advertiserId", "INTEGER", Parent(skew=1.6, unused=0.12), ("advertiser",), references="Advertiser.advertiserId"),
        Column("sectionCode", "TEXT", Parent(skew=1.3, unused=0.0), ("section",), references="Section.sectionCode"),
        Column("printedOn", "TEXT", Date("2024-01-04", "2025-05-29"), ("printing date", "date it was printed")),
        Column("heightCm", "INTEGER", Integer(3, 36, skew=1.6), ("height",)),
        Column("charge", "REAL", Product("heightCm", "sectionCode.ratePerCm"), ("charge", "amount charged")),
        Column("discount", "REAL", Money(2, 25, skew=2, step=0.5), ("discount",), null_share=0.6),
        Column("inColour", "TEXT", Choice(("yes", "no"), (2, 3)), ("colour printing mark",)),
    ), said=("advert", "adverts", "ads")),
))

BUSINESSES: tuple[Business, ...] = (SOLAR, TAXI, WAREHOUSE, NEWSPAPER)
