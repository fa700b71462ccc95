"""Training businesses, sixth part: a charity, an insurance broker, a dairy farm and a football league.

Here: _pk and _fk, natural keys under clipped names, tables marked by the part of the farm they belong to, and names that are
written out the other way round (name_of_player, date_of_fixture).
"""

from __future__ import annotations

# A column a line, as the table it declares:
# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Copy, Date, DateTime, Derive, Fake, Flag, Integer, Listed,
    Money, Parent, Phrase, Product, Serial, Since, Table)
# isort: on

CHARITY = Business("water_charity", "Collects donations in campaigns and pays for wells and pumps, with volunteers at work on them.", (
    Table("donors", 150, (
        Column("donor_pk", "INTEGER", Serial(), ("donor number",), primary_key=True),
        Column("donor_name", "TEXT", Fake("name", locales=("en_GB", "en_IE", "de_DE", "nl_NL")), ("name", "donor name")),
        Column("donor_kind", "TEXT", Choice(("private", "company", "church", "trust"), (12, 3, 2, 1)), ("kind of donor",)),
        Column("city", "TEXT", Fake("city", pool=9), ("city",), null_share=0.06),
        Column("email", "TEXT", Fake("email"), ("email address",), null_share=0.2),
        Column("first_gift_on", "TEXT", Date("2012-01-01", "2024-12-31"), ("date of the first gift",)),
        Column("wants_letters", "INTEGER", Flag(0.6), ("newsletter choice",)),
    ), said=("donor", "donors", "supporters")),
    Table("campaigns", 16, (
        Column("campaign_pk", "INTEGER", Serial(), ("campaign number",), primary_key=True),
        Column("campaign_name", "TEXT", Phrase(("Clean", "Safe", "Every", "First", "Spring"), ("Drop", "Tap", "Well", "Village", "Bucket",
            "Rain")), ("name", "campaign name"), unique=True),
        Column("channel", "TEXT", Choice(("street", "letter", "radio", "online", "school run"), (2, 3, 1, 4, 1)), ("channel",)),
        Column("launched_on", "TEXT", Date("2019-03-01", "2024-10-31"), ("launch date", "date it was launched")),
        Column("goal", "INTEGER", Choice((5000, 10000, 25000, 50000), (3, 5, 4, 2)), ("goal amount", "target amount")),
    ), said=("campaign", "campaigns", "appeals")),
    Table("donations", 330, (
        Column("donation_pk", "INTEGER", Serial(60001), ("donation number",), primary_key=True),
        Column("donor_fk", "INTEGER", Parent(skew=1.7, unused=0.12), ("donor",), references="donors.donor_pk"),
        Column("campaign_fk", "INTEGER", Parent(skew=1.4, unused=0.06), ("campaign",), references="campaigns.campaign_pk", null_share=0.1),
        Column("given_on", "TEXT", Since("donor_fk.first_gift_on", "2025-05-31"), ("donation date", "date of the donation")),
        Column("amount", "REAL", Money(5, 900, skew=3.2, step=2.5), ("amount", "amount given")),
        Column("method", "TEXT", Choice(("standing order", "card", "cash", "cheque"), (6, 6, 2, 1)), ("payment method", "method")),
        Column("gift_aid", "TEXT", Choice(("yes", "no"), (3, 2)), ("tax relief mark",)),
    ), said=("donation", "donations", "gifts")),
    Table("projects", 34, (
        Column("project_pk", "INTEGER", Serial(301), ("project number",), primary_key=True),
        Column("project_name", "TEXT", Phrase(("Kisumu", "Gulu", "Mbeya", "Tamale", "Sidama", "Zomba", "Bobo"), ("well", "pump", "pipeline",
            "rain tank", "spring cap", "latrines")), ("name", "project name"), unique=True),
        Column("country", "TEXT", Derive(lambda row: {"Kisumu": "Kenya", "Gulu": "Uganda", "Mbeya": "Tanzania", "Tamale": "Ghana",
            "Sidama": "Ethiopia", "Zomba": "Malawi", "Bobo": "Burkina Faso"}[str(row["project_name"]).split()[0]]), ("country",)),
        Column("budget", "INTEGER", Money(3000, 64000, skew=1.8, step=500), ("budget",)),
        Column("villagers", "INTEGER", Integer(80, 6200, skew=2), ("number of villagers served",), null_share=0.1),
        Column("started_on", "TEXT", Date("2018-01-01", "2024-08-31"), ("start date",)),
        Column("finished_on", "TEXT", After("started_on", (90, 900), latest="2025-05-31"), ("finishing date", "date it was finished")),
    ), said=("project", "projects", "water projects")),
    Table("grants", 70, (
        Column("campaign_fk", "INTEGER", Parent(unused=0.1), ("campaign",), primary_key=True, references="campaigns.campaign_pk"),
        Column("project_fk", "INTEGER", Parent(skew=1.2, unused=0.12), ("project",), primary_key=True, references="projects.project_pk"),
        Column("granted_on", "TEXT", Since("project_fk.started_on", "2025-03-31"), ("grant date",)),
        Column("grant_amount", "INTEGER", Money(500, 18000, skew=2, step=250), ("grant amount", "amount granted")),
    ), said=("grant", "grants")),
    Table("volunteers", 64, (
        Column("volunteer_pk", "INTEGER", Serial(), ("volunteer number",), primary_key=True),
        Column("volunteer_name", "TEXT", Fake("name", locales=("en_GB", "sv_SE", "nl_NL")), ("name", "volunteer's name")),
        Column("skill", "TEXT", Choice(("plumbing", "nursing", "driving", "teaching", "surveying"), (4, 2, 3, 3, 2)), ("skill",)),
        Column("joined_on", "TEXT", Date("2016-01-01", "2024-12-31"), ("joining date", "date they joined")),
        Column("mentor_fk", "INTEGER", Parent(skew=1.4, unused=0.0), ("mentor",), references="volunteers.volunteer_pk", null_share=0.2),
    ), said=("volunteer", "volunteers", "helpers")),
    Table("placements", 140, (
        Column("placement_pk", "INTEGER", Serial(), ("placement number",), primary_key=True),
        Column("volunteer_fk", "INTEGER", Parent(skew=1.4, unused=0.15), ("volunteer",), references="volunteers.volunteer_pk"),
        Column("project_fk", "INTEGER", Parent(skew=1.4, unused=0.15), ("project",), references="projects.project_pk"),
        Column("from_date", "TEXT", Since("volunteer_fk.joined_on", "2025-04-30"), ("start date",)),
        Column("weeks", "INTEGER", Integer(1, 26, skew=1.8), ("number of weeks", "length in weeks")),
        Column("travel_cost", "REAL", Money(120, 1600, skew=1.5, step=5), ("travel cost",), null_share=0.1),
    ), said=("placement", "placements")),
))

_CAUSES = {"FI": "fire", "EW": "escape of water", "TH": "theft", "AD": "accidental damage", "ST": "storm", "CO": "collision"}

INSURANCE = Business("insurance_broker", "Places policies for households and small firms with insurers and follows up their claims.", (
    Table("insr", 12, (
        Column("insr_cd", "TEXT", Listed(("ALB", "BEA", "CRO", "DUN", "EVE", "FAL", "GRA", "HAR", "IBE", "JUP", "KES", "LOM")),
            ("insurer code",), primary_key=True),
        Column("insr_nm", "TEXT", Listed(("Albion Mutual", "Beacon", "Crown & Anchor", "Dunmore", "Everard", "Falcon", "Grafton General",
            "Harbour Life", "Ibex", "Jupiter Direct", "Kestrel", "Lombard")), ("name", "insurer name")),
        Column("comm_pct", "REAL", Money(8, 22, step=0.5), ("commission rate", "commission")),
        Column("agrmt_dt", "TEXT", Date("2006-01-01", "2021-12-31"), ("agreement date",)),
    ), said=("insurer", "insurers")),
    Table("cvr", 8, (
        Column("cvr_cd", "TEXT", Listed(("HOME", "MOTR", "VANS", "SHOP", "TRVL", "LIAB", "LAND", "BOAT")), ("cover code",),
            primary_key=True),
        Column("cvr_nm", "TEXT", Listed(("Home contents", "Motor", "Commercial van", "Shop package", "Travel", "Public liability",
            "Landlord", "Small craft")), ("cover name", "name")),
        Column("cvr_cls", "TEXT", Listed(("personal", "personal", "business", "business", "personal", "business", "business", "personal")),
            ("class", "class of cover")),
    ), said=("type of cover", "types of cover", "covers")),
    Table("brkr", 14, (
        Column("brkr_init", "TEXT", Code("???"), ("initials",), primary_key=True),
        Column("brkr_nm", "TEXT", Fake("name", locales=("en_GB", "en_IE")), ("name", "broker's name")),
        Column("offc", "TEXT", Choice(("Exeter", "Truro", "Taunton"), (4, 2, 3)), ("office",)),
        Column("qual_yr", "INTEGER", Integer(1994, 2022), ("year of qualification",), null_share=0.1),
        Column("sal", "INTEGER", Money(24000, 61000, step=500), ("salary",)),
    ), said=("broker", "brokers")),
    Table("clnt", 120, (
        Column("clnt_ref", "TEXT", Code("CL?###"), ("client reference",), primary_key=True),
        Column("clnt_nm", "TEXT", Fake("name", locales=("en_GB", "en_IE", "pt_PT")), ("name", "client name")),
        Column("clnt_tp", "TEXT", Choice(("private", "sole trader", "company"), (7, 3, 2)), ("client type",)),
        Column("pcd", "TEXT", Fake("postcode"), ("postcode",)),
        Column("tel", "TEXT", Fake("phone"), ("phone number",), null_share=0.08),
        Column("clnt_since", "TEXT", Date("2008-01-01", "2024-06-30"), ("joining date", "date they joined")),
    ), said=("client", "clients", "policyholders")),
    Table("pol", 220, (
        Column("pol_no", "TEXT", Code("P/##-@"), ("policy number",), primary_key=True),
        Column("clnt_ref", "TEXT", Parent(skew=1.4, unused=0.1), ("client",), references="clnt.clnt_ref"),
        Column("insr_cd", "TEXT", Parent(skew=1.4, unused=0.08), ("insurer",), references="insr.insr_cd"),
        Column("cvr_cd", "TEXT", Parent(skew=1.5, unused=0.0), ("type of cover",), references="cvr.cvr_cd"),
        Column("brkr_init", "TEXT", Parent(skew=1.3, unused=0.07), ("broker",), references="brkr.brkr_init"),
        Column("inc_dt", "TEXT", Since("clnt_ref.clnt_since", "2024-12-31"), ("start date",)),
        Column("ann_prm", "REAL", Money(85, 2400, skew=2.2, step=0.5), ("yearly premium", "premium")),
        Column("xs_amt", "INTEGER", Choice((50, 100, 250, 500), (2, 5, 4, 2)), ("excess", "excess amount")),
        Column("pol_st", "TEXT", Choice(("Live", "Lapsed", "Cancelled", "Quote only"), (10, 3, 1, 1)), ("policy status", "status")),
    ), said=("policy", "policies")),
    Table("lss_cs", len(_CAUSES), (
        Column("cs_cd", "TEXT", Listed(tuple(_CAUSES)), ("cause code",), primary_key=True),
        Column("cs_nm", "TEXT", Listed(tuple(_CAUSES.values())), ("cause", "name")),
    ), said=("cause", "causes", "causes of loss")),
    Table("clm", 130, (
        Column("clm_no", "INTEGER", Serial(51001), ("claim number",), primary_key=True),
        Column("pol_no", "TEXT", Parent(skew=1.4, unused=0.4), ("policy",), references="pol.pol_no"),
        Column("cs_cd", "TEXT", Parent(skew=1.3, unused=0.0), ("cause",), references="lss_cs.cs_cd"),
        Column("lss_dt", "TEXT", Since("pol_no.inc_dt", "2025-05-31"), ("date of the loss", "loss date")),
        Column("clm_amt", "REAL", Money(120, 18000, skew=3, step=10), ("amount claimed", "claim amount")),
        Column("pd_amt", "REAL", Copy("clm_amt", spread=0.3), ("amount paid", "payout"), null_share=0.25),
        Column("clm_st", "TEXT", Derive(lambda row: "Open" if row["pd_amt"] is None else "Settled"), ("claim status", "status")),
    ), said=("claim", "claims")),
    Table("prm_inst", 260, (
        Column("inst_no", "INTEGER", Serial(), ("instalment number",), primary_key=True),
        Column("pol_no", "TEXT", Parent(skew=1.2, unused=0.15), ("policy",), references="pol.pol_no"),
        Column("due_dt", "TEXT", Date("2024-01-01", "2025-05-31"), ("due date",)),
        Column("pd_dt", "TEXT", After("due_dt", (0, 40), latest="2025-05-31"), ("payment date", "date it was paid"), null_share=0.07),
        Column("inst_amt", "REAL", Money(9, 240, skew=2, step=0.5), ("amount", "instalment amount")),
    ), said=("instalment", "instalments")),
))

DAIRY = Business("dairy_farm", "A family farm with cows in five groups: milkings, feed, calvings and the milk that is sold.", (
    Table("herd_group", 5, (
        Column("group_code", "TEXT", Listed(("HI", "MD", "LO", "DRY", "HFR")), ("group code",), primary_key=True),
        Column("group_name", "TEXT", Listed(("High yielders", "Middle group", "Low yielders", "Dry cows", "Heifers")), ("group name",)),
        Column("shed", "TEXT", Listed(("New barn", "New barn", "Old barn", "Orchard shed", "Top field")), ("shed", "building")),
    ), said=("group", "groups", "cow groups")),
    Table("herd_cow", 110, (
        Column("ear_tag", "TEXT", Code("UK#####@"), ("ear tag", "ear tag number"), primary_key=True),
        Column("cow_name", "TEXT", Phrase(("Daisy", "Bluebell", "Clover", "Maisie", "Rosalie", "Buttercup", "Hilda", "Florrie", "Étoile"),
            ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII")), ("name", "cow name"), unique=True),
        Column("breed", "TEXT", Choice(("Holstein", "Jersey", "Ayrshire", "Brown Swiss"), (8, 4, 2, 1)), ("breed",)),
        Column("born_on", "TEXT", Date("2013-02-01", "2022-11-30"), ("birth date", "date of birth")),
        Column("dam_tag", "TEXT", Parent(unused=0.3), ("mother",), references="herd_cow.ear_tag", null_share=0.3),
        Column("group_code", "TEXT", Parent(unused=0.0), ("group",), references="herd_group.group_code"),
        Column("weight_kg", "INTEGER", Integer(390, 740), ("weight", "weight in kilos"), null_share=0.05),
        Column("sold_on", "TEXT", After("born_on", (1500, 5200), latest="2025-05-31"), ("sale date", "date sold"), null_share=0.6),
    ), said=("cow", "cows")),
    Table("herd_calving", 130, (
        Column("calving_no", "INTEGER", Serial(), ("calving number",), primary_key=True),
        Column("ear_tag", "TEXT", Parent(skew=1.2, unused=0.15), ("cow",), references="herd_cow.ear_tag"),
        Column("calved_on", "TEXT", After("ear_tag.born_on", (720, 2500), latest="2025-05-31"), ("calving date", "date of the calving")),
        Column("calf_sex", "TEXT", Choice(("bull", "heifer"), (1, 1)), ("calf sex",)),
        Column("calf_weight_kg", "REAL", Money(24, 49, step=0.5), ("calf weight",), null_share=0.08),
        Column("helped", "TEXT", Choice(("Y", "N"), (1, 4)), ("assistance mark",)),
    ), said=("calving", "calvings")),
    Table("staff_milker", 12, (
        Column("milker_no", "INTEGER", Serial(), ("milker number",), primary_key=True),
        Column("milker_name", "TEXT", Fake("name", locales=("en_GB", "pl_PL", "en_IE")), ("name", "milker's name")),
        Column("hourly_wage", "REAL", Money(11.8, 18, step=0.1), ("hourly wage",)),
        Column("hired_on", "TEXT", Date("2011-01-01", "2024-10-31"), ("hiring date",)),
    ), said=("milker", "milkers")),
    Table("milk_milking", 360, (
        Column("milking_no", "INTEGER", Serial(100001), ("milking number",), primary_key=True),
        Column("ear_tag", "TEXT", Parent(skew=1.3, unused=0.15), ("cow",), references="herd_cow.ear_tag"),
        Column("milker_no", "INTEGER", Parent(skew=1.3, unused=0.08), ("milker",), references="staff_milker.milker_no"),
        Column("milked_at", "TEXT", DateTime("2025-01-01", "2025-05-31", hours=(4, 19)), ("milking time", "time of the milking")),
        Column("litres", "REAL", Money(6, 24, step=0.1), ("number of litres", "yield in litres")),
        Column("fat_pct", "REAL", Money(3.1, 5.6, step=0.05), ("fat content", "fat percentage"), null_share=0.1),
        Column("parlour_side", "TEXT", Choice(("left", "right")), ("parlour side",)),
    ), said=("milking", "milkings")),
    Table("feed_type", 10, (
        Column("feed_code", "TEXT", Code("FD@"), ("feed code",), primary_key=True),
        Column("feed_name", "TEXT", Listed(("Grass silage", "Maize silage", "Hay", "Barley straw", "Dairy nuts", "Rolled oats", "Beet pulp",
            "Soya meal", "Rape meal", "Mineral lick")), ("name", "feed name")),
        Column("price_tonne", "REAL", Listed((38.0, 46.0, 110.0, 72.0, 318.0, 214.0, 245.0, 402.0, 287.0, 890.0)), ("price per tonne",)),
        Column("organic", "INTEGER", Listed((1, 0, 1, 1, 0, 1, 0, 0, 0, 0)), ("organic mark",)),
    ), said=("feed", "feeds")),
    Table("feed_ration", 28, (
        Column("group_code", "TEXT", Parent(unused=0.0), ("group",), primary_key=True, references="herd_group.group_code"),
        Column("feed_code", "TEXT", Parent(unused=0.0), ("feed",), primary_key=True, references="feed_type.feed_code"),
        Column("kg_per_cow", "REAL", Money(0.2, 26, skew=2, step=0.2), ("weight per cow",)),
    ), said=("ration", "rations", "feed rations")),
    Table("milk_buyer", 4, (
        Column("buyer_code", "TEXT", Listed(("CRM", "VAL", "GEL", "TWN")), ("buyer code",), primary_key=True),
        Column("buyer_name", "TEXT", Listed(("Cramond Cheese", "Valley Creamery", "Gelato Rossi", "Town Dairies")), ("name", "buyer name")),
        Column("buyer_town", "TEXT", Listed(("Kendal", "Penrith", "Lancaster", "Kendal")), ("town",)),
    ), said=("buyer", "buyers", "milk buyers")),
    Table("milk_collection", 140, (
        Column("collection_no", "INTEGER", Serial(), ("collection number",), primary_key=True),
        Column("buyer_code", "TEXT", Parent(unused=0.0), ("buyer",), references="milk_buyer.buyer_code"),
        Column("collected_on", "TEXT", Date("2024-06-01", "2025-05-31"), ("collection date", "date of the collection")),
        Column("litres", "INTEGER", Integer(300, 3800, skew=1.2), ("number of litres", "volume in litres")),
        Column("price_litre", "REAL", Money(0.31, 0.49, step=0.01), ("price per litre",)),
        Column("pay_amount", "REAL", Product("litres", "price_litre"), ("amount paid",)),
    ), said=("milk collection", "milk collections", "collections")),
))

LEAGUE = Business("sunday_league", "An amateur football league: clubs, players, fixtures, goals and cards.", (
    Table("grounds", 14, (
        Column("number_of_ground", "INTEGER", Serial(), ("ground number",), primary_key=True),
        Column("name_of_ground", "TEXT", Listed(("Mill Meadow", "The Rec", "Station Road", "Priory Park", "Gasworks Lane", "Windmill Hill",
            "Abbey Field", "Long Acre", "Canal End", "Jubilee Ground", "Quarry Bank", "Church Close", "Farm Lane", "Bridge Street")),
            ("name", "ground name")),
        Column("surface", "TEXT", Choice(("grass", "artificial", "shale"), (7, 3, 1)), ("surface",)),
        Column("room_for", "INTEGER", Integer(60, 900, skew=2), ("capacity",), null_share=0.1),
        Column("floodlit", "TEXT", Choice(("yes", "no"), (2, 3)), ("floodlights mark",)),
    ), said=("ground", "grounds", "football grounds")),
    Table("clubs", 16, (
        Column("code_of_club", "TEXT", Listed(("ABB", "BRI", "CAN", "DYN", "EAG", "FOX", "GAS", "HIL", "IRO", "JUN", "KIN", "LOC", "MIL",
            "NOM", "OLD", "PRI")), ("club code",), primary_key=True),
        Column("name_of_club", "TEXT", Listed(("Abbey Rovers", "Bridge Inn", "Canal Athletic", "Dynamo Drayton", "Eagle & Child",
            "Fox Hollow", "Gasworks FC", "Hillside", "Iron Bridge", "Junction Town", "King's Arms", "Locomotive", "Mill Lane", "Nomads",
            "Old Boys", "Priory Wanderers")), ("name", "club name")),
        Column("home_ground", "INTEGER", Parent(unused=0.1), ("home ground",), references="grounds.number_of_ground"),
        Column("year_of_founding", "INTEGER", Integer(1921, 2018, skew=0.7), ("founding year", "year it was founded")),
        Column("name_of_secretary", "TEXT", Fake("name"), ("secretary", "club secretary"), null_share=0.1),
        Column("division", "TEXT", Choice(("Premier", "First", "Second"), (1, 1, 1)), ("division",)),
    ), said=("club", "clubs", "teams")),
    Table("players", 200, (
        Column("number_of_player", "INTEGER", Serial(1001), ("registration number",), primary_key=True),
        Column("name_of_player", "TEXT", Fake("name", locales=("en_GB", "en_IE", "pt_PT", "pl_PL")), ("name", "player's name")),
        Column("club_played_for", "TEXT", Parent(unused=0.0), ("club",), references="clubs.code_of_club"),
        Column("place_on_pitch", "TEXT", Choice(("goalkeeper", "defender", "midfielder", "striker"), (2, 5, 5, 3)), ("position",)),
        Column("date_of_birth", "TEXT", Date("1978-01-01", "2008-06-30"), ("date of birth", "birthday")),
        Column("date_of_signing", "TEXT", Date("2018-07-01", "2025-01-31"), ("signing date",)),
        Column("fee_outstanding", "REAL", Choice((10.0, 20.0, 35.0, 60.0), (3, 4, 2, 1)), ("unpaid subscription", "amount owed"),
            null_share=0.6),
    ), said=("player", "players")),
    Table("referees", 18, (
        Column("number_of_referee", "INTEGER", Serial(), ("referee number",), primary_key=True),
        Column("name_of_referee", "TEXT", Fake("name", locales=("en_GB", "en_IN")), ("name", "referee's name")),
        Column("grade_of_referee", "INTEGER", Integer(3, 8), ("grade",)),
        Column("fee_per_match", "REAL", Choice((28.0, 32.0, 40.0), (4, 5, 2)), ("match fee", "fee per match")),
        Column("distance_from_town", "INTEGER", Integer(1, 38, skew=1.6), ("distance in miles", "distance from town")),
    ), said=("referee", "referees")),
    Table("fixtures", 150, (
        Column("number_of_fixture", "INTEGER", Serial(), ("match number",), primary_key=True),
        Column("home_club", "TEXT", Parent(unused=0.0), ("home club",), references="clubs.code_of_club"),
        Column("away_club", "TEXT", Parent(unused=0.0), ("away club",), references="clubs.code_of_club"),
        Column("referee_of_fixture", "INTEGER", Parent(skew=1.3, unused=0.1), ("referee",), references="referees.number_of_referee",
            null_share=0.05),
        Column("date_of_fixture", "TEXT", Date("2023-09-03", "2025-05-25"), ("match date", "date of the match")),
        Column("goals_at_home", "INTEGER", Integer(0, 7, skew=2), ("number of home goals",)),
        Column("goals_away", "INTEGER", Integer(0, 6, skew=2.2), ("number of away goals",)),
        Column("number_of_spectators", "INTEGER", Integer(4, 260, skew=2.6), ("number of spectators",), null_share=0.08),
        Column("state_of_fixture", "TEXT", Choice(("played", "abandoned", "waterlogged"), (20, 1, 2)), ("match status", "status")),
    ), said=("match", "matches", "fixtures")),
    Table("goals", 300, (
        Column("number_of_goal", "INTEGER", Serial(), ("goal number",), primary_key=True),
        Column("fixture_of_goal", "INTEGER", Parent(unused=0.1), ("match",), references="fixtures.number_of_fixture"),
        Column("scored_by", "INTEGER", Parent(skew=2.2, unused=0.3), ("scorer",), references="players.number_of_player"),
        Column("minute_of_goal", "INTEGER", Integer(1, 90), ("minute",)),
        Column("kind_of_goal", "TEXT", Choice(("open play", "penalty", "free kick", "corner", "own goal"), (12, 3, 2, 3, 1)),
            ("kind of goal",)),
    ), said=("goal", "goals")),
    Table("cards", 170, (
        Column("number_of_card", "INTEGER", Serial(), ("card number",), primary_key=True),
        Column("fixture_of_card", "INTEGER", Parent(skew=1.3, unused=0.2), ("match",), references="fixtures.number_of_fixture"),
        Column("shown_to", "INTEGER", Parent(skew=1.9, unused=0.35), ("player",), references="players.number_of_player"),
        Column("colour_of_card", "TEXT", Choice(("yellow", "red"), (8, 1)), ("colour",)),
        Column("reason_for_card", "TEXT", Choice(("foul", "dissent", "handball", "time wasting", "violent conduct"), (9, 5, 2, 2, 1)),
            ("reason", "reason for the card")),
        Column("amount_of_fine", "REAL", Choice((10.0, 12.0, 25.0, 40.0), (5, 4, 2, 1)), ("fine", "fine amount")),
        Column("date_of_payment", "TEXT", After("fixture_of_card.date_of_fixture", (3, 60), latest="2025-05-31"),
            ("payment date", "date it was paid"), null_share=0.15),
    ), said=("card", "cards")),
))

BUSINESSES: tuple[Business, ...] = (CHARITY, INSURANCE, DAIRY, LEAGUE)
