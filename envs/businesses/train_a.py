"""Training businesses, first part: a gym, a library, a car repair garage, a farm shop and a driving school.

Naming habits differ on purpose (tbl_ with abbreviations, CamelCase, ALLCAPS, plain `id`, camelCase): a model that learns
from them has to read the schema, not remember it.
"""

from __future__ import annotations

# A column a line, as the table it declares:
# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Copy, Date, DateTime, Derive, Fake, Flag, Integer, Listed, Money,
    Parent, Phrase, Product, Serial, Since, Table)
# isort: on

GYM = Business("gym", "Five fitness clubs with monthly plans, group classes and personal trainers.", (
    Table("tbl_branch", 5, (
        Column("br_cd", "TEXT", Listed(("NTH", "STH", "CTR", "RIV", "DOC")), ("branch code",), primary_key=True),
        Column("br_nm", "TEXT", Listed(("Northgate", "Southfields", "City Centre", "Riverside", "Dockyard")),
            ("branch name", "name of the branch")),
        Column("twn", "TEXT", Choice(("Leeds", "Bradford", "Wakefield")), ("town",)),
        Column("open_dt", "TEXT", Date("2008-01-01", "2019-12-31"), ("opening date",)),
        Column("floor_sqm", "INTEGER", Integer(350, 1800), ("floor area", "floor space")),
    ), said=("branch", "branches", "clubs")),
    Table("tbl_plan", 6, (
        Column("plan_cd", "TEXT", Listed(("OFFPK", "FULL", "STUD", "FAM", "CORP", "SEN")), ("plan code",), primary_key=True),
        Column("plan_nm", "TEXT", Listed(("Off-Peak", "Full Access", "Student", "Family", "Corporate", "Over 60s")),
            ("plan name",)),
        Column("mth_fee", "REAL", Listed((24.5, 42.0, 21.0, 79.0, 36.75, 18.0)), ("monthly fee", "monthly price")),
        Column("min_mths", "INTEGER", Listed((1, 12, 3, 12, 6, 1)), ("minimum term", "minimum number of months")),
    ), said=("membership plan", "membership plans", "plans")),
    Table("tbl_mbr", 220, (
        Column("mbr_no", "INTEGER", Serial(1001), ("member number",), primary_key=True),
        Column("fname", "TEXT", Fake("first_name", locales=("en_GB", "pl_PL", "fr_FR")), ("first name", "given name")),
        Column("lname", "TEXT", Fake("last_name", locales=("en_GB", "en_IE")), ("last name", "surname")),
        Column("sex", "TEXT", Choice(("F", "M", "X"), (10, 9, 1)), ("sex", "gender")),
        Column("dob", "TEXT", Date("1948-01-01", "2007-12-31"), ("date of birth", "birthday")),
        Column("email", "TEXT", Fake("email"), ("email address", "email"), null_share=0.12),
        Column("br_cd", "TEXT", Parent(skew=1.5, unused=0.0), ("home branch",), references="tbl_branch.br_cd"),
        Column("plan_cd", "TEXT", Parent(skew=1.4, unused=0.0), ("plan",), references="tbl_plan.plan_cd"),
        Column("join_dt", "TEXT", Date("2019-01-01", "2024-12-31"), ("joining date", "date joined")),
        Column("mbr_stat", "TEXT", Choice(("Active", "Frozen", "Lapsed", "Cancelled"), (7, 1, 2, 2)),
            ("membership status", "status")),
    ), said=("member", "members", "gym members")),
    Table("tbl_trnr", 32, (
        Column("trnr_id", "INTEGER", Serial(), ("trainer number",), primary_key=True),
        Column("nm", "TEXT", Fake("name", locales=("en_GB", "es_ES")), ("name", "trainer's name")),
        Column("spec", "TEXT", Choice(("strength", "yoga", "boxing", "swimming", "rehab")), ("speciality", "specialism")),
        Column("hr_rate", "REAL", Money(18, 45, step=0.5), ("hourly rate", "rate per hour")),
        Column("home_br", "TEXT", Parent(unused=0.0), ("home branch", "branch they work at"), references="tbl_branch.br_cd"),
        Column("cert_exp", "TEXT", Date("2025-01-01", "2027-12-31"), ("certificate expiry date",), null_share=0.15),
    ), said=("trainer", "trainers", "personal trainers")),
    Table("tbl_cls", 45, (
        Column("cls_id", "INTEGER", Serial(201), ("class number",), primary_key=True),
        Column("cls_nm", "TEXT", Phrase(("Morning", "Lunchtime", "Evening", "Express", "Power"),
            ("Spin", "Pilates", "HIIT", "Yoga Flow", "Aqua Fit", "Body Pump")), ("class name",)),
        Column("trnr_id", "INTEGER", Parent(), ("trainer", "instructor"), references="tbl_trnr.trnr_id"),
        Column("wkd", "TEXT", Choice(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), ("weekday", "day of the week")),
        Column("lvl", "TEXT", Choice(("beginner", "mixed", "advanced"), (3, 5, 2)), ("level", "difficulty")),
        Column("len_mins", "INTEGER", Choice((30, 45, 60, 90), (2, 4, 5, 1)), ("duration", "length in minutes")),
        Column("max_pl", "INTEGER", Integer(8, 30), ("capacity", "maximum number of places")),
    ), said=("class", "classes", "fitness classes")),
    Table("tbl_bkg", 300, (
        Column("bkg_id", "INTEGER", Serial(90001), ("booking number",), primary_key=True),
        Column("mbr_no", "INTEGER", Parent(skew=1.8, unused=0.2), ("member",), references="tbl_mbr.mbr_no"),
        Column("cls_id", "INTEGER", Parent(skew=1.3), ("class",), references="tbl_cls.cls_id"),
        Column("bkg_dt", "TEXT", Since("mbr_no.join_dt", "2025-03-31"), ("booking date",)),
        Column("chnl", "TEXT", Choice(("app", "web", "desk", "phone"), (6, 3, 2, 1)), ("channel", "booking channel")),
        Column("prsnt", "TEXT", Choice(("Y", "N"), (4, 1)), ("attendance", "attendance mark")),
    ), said=("booking", "bookings", "class bookings")),
    Table("tbl_pmt", 280, (
        Column("pmt_id", "INTEGER", Serial(), ("payment number",), primary_key=True),
        Column("mbr_no", "INTEGER", Parent(skew=1.2), ("member", "paying member"), references="tbl_mbr.mbr_no"),
        Column("pmt_dt", "TEXT", Since("mbr_no.join_dt", "2025-03-31"), ("payment date",)),
        Column("amt", "REAL", Choice((18.0, 21.0, 24.5, 36.75, 42.0, 79.0, 84.0), (1, 2, 3, 2, 5, 2, 1)),
            ("amount", "amount paid")),
        Column("mthd", "TEXT", Choice(("Direct Debit", "Card", "Cash", "Voucher"), (7, 4, 2, 1)), ("payment method", "method")),
    ), said=("payment", "payments")),
))

LIBRARY = Business("library", "A town library lending books, with reservations and fines.", (
    Table("Authors", 60, (
        Column("AuthorID", "INTEGER", Serial(), ("author number",), primary_key=True),
        Column("AuthorName", "VARCHAR(80)", Fake("name", locales=("en_GB", "en_IE", "fr_FR", "sv_SE", "es_ES")),
            ("name", "author's name")),
        Column("Nationality", "VARCHAR(30)", Choice(("British", "Irish", "French", "Swedish", "Spanish", "American",
            "Nigerian")), ("nationality",), null_share=0.1),
        Column("BirthYear", "INTEGER", Integer(1890, 1992), ("birth year", "year of birth"), null_share=0.15),
    ), said=("author", "authors", "writers")),
    Table("Books", 150, (
        Column("ISBN", "VARCHAR(17)", Code("978-#-####-####-#"), ("ISBN",), primary_key=True),
        Column("Title", "VARCHAR(120)", Phrase(("The", "A", "One", "My"), ("Silent", "Last", "Golden", "Hidden", "Winter",
            "Broken", "Distant", "Painted"), ("Harbour", "Garden", "Letter", "Orchard", "Lighthouse", "Witness", "River",
            "Daughter", "Clock", "Season")), ("title", "book title"), unique=True),
        Column("AuthorID", "INTEGER", Parent(skew=1.5, unused=0.12), ("author",), references="Authors.AuthorID"),
        Column("Genre", "VARCHAR(20)", Choice(("Crime", "Romance", "History", "Biography", "Science Fiction", "Poetry",
            "Travel", "Children's"), (5, 3, 3, 2, 3, 1, 1, 4)), ("genre", "type of book")),
        Column("PublishedYear", "INTEGER", Integer(1950, 2024, skew=0.5), ("publication year", "year published")),
        Column("PageCount", "INTEGER", Integer(64, 820, skew=1.4), ("number of pages", "page count", "length in pages")),
        Column("CopiesOwned", "INTEGER", Integer(1, 9, skew=2), ("number of copies", "number of copies owned")),
        Column("PurchasePrice", "FLOAT", Money(4.99, 32.99, step=0.5), ("purchase price", "price we paid")),
    ), said=("book", "books", "titles")),
    Table("Members", 140, (
        Column("CardNumber", "VARCHAR(10)", Code("LC-@##"), ("card number", "library card number"), primary_key=True),
        Column("FirstName", "VARCHAR(40)", Fake("first_name", locales=("en_GB", "fr_FR")), ("first name",)),
        Column("Surname", "VARCHAR(40)", Fake("last_name", locales=("en_GB", "en_IE", "de_DE")), ("surname", "last name")),
        Column("Village", "VARCHAR(40)", Choice(("Ashcombe", "Little Marl", "Priors Hill", "St Anne's", "Wexley", "Thornby"),
            (4, 2, 3, 3, 5, 1)), ("village", "home village")),
        Column("MemberType", "VARCHAR(20)", Choice(("Adult", "Junior", "Concession", "Housebound"), (6, 4, 3, 1)),
            ("membership type", "type of membership")),
        Column("RegisteredDate", "DATE", Date("2015-02-01", "2024-06-30"), ("registration date", "date registered")),
        Column("EmailAddress", "VARCHAR(80)", Fake("email"), ("email address",), null_share=0.3),
    ), said=("library member", "library members", "members", "borrowers")),
    Table("Loans", 300, (
        Column("LoanID", "INTEGER", Serial(30001), ("loan number",), primary_key=True),
        Column("BookISBN", "VARCHAR(17)", Parent(skew=1.8, unused=0.15), ("book borrowed", "book"), references="Books.ISBN"),
        Column("BorrowerCard", "VARCHAR(10)", Parent(skew=2, unused=0.2), ("borrower",), references="Members.CardNumber"),
        Column("LoanDate", "DATE", Since("BorrowerCard.RegisteredDate", "2025-02-28"), ("loan date", "date borrowed")),
        Column("DueDate", "DATE", After("LoanDate", (21, 21)), ("due date",)),
        Column("ReturnDate", "DATE", After("LoanDate", (2, 50), latest="2025-02-28"), ("return date", "date returned"),
            null_share=0.04),
        Column("Renewals", "INTEGER", Integer(0, 4, skew=3), ("number of renewals",)),
    ), said=("loan", "loans", "book loans")),
    Table("Fines", 70, (
        Column("FineID", "INTEGER", Serial(), ("fine number",), primary_key=True),
        Column("LoanID", "INTEGER", Parent(unused=0.5), ("loan",), references="Loans.LoanID"),
        Column("Reason", "VARCHAR(20)", Choice(("Overdue", "Damaged", "Lost"), (8, 2, 1)), ("reason", "reason for the fine")),
        Column("FineAmount", "FLOAT", Money(0.2, 18, skew=2, step=0.2), ("fine amount", "amount of the fine")),
        Column("Paid", "VARCHAR(3)", Choice(("Yes", "No"), (3, 2)), ("paid mark",)),
    ), said=("fine", "fines")),
    Table("Reservations", 110, (
        Column("ReservationID", "INTEGER", Serial(), ("reservation number",), primary_key=True),
        Column("ISBN", "VARCHAR(17)", Parent(skew=2, unused=0.4), ("reserved book", "book"), references="Books.ISBN"),
        Column("CardNumber", "VARCHAR(10)", Parent(skew=1.5, unused=0.3), ("member",), references="Members.CardNumber"),
        Column("PlacedOn", "DATE", Since("CardNumber.RegisteredDate", "2025-02-28"), ("date placed", "reservation date")),
        Column("Status", "VARCHAR(12)", Choice(("Waiting", "Ready", "Collected", "Expired"), (4, 2, 5, 1)),
            ("status", "reservation status")),
    ), said=("reservation", "reservations")),
))

_MAKE_OF = {
    "Fiesta": "Ford", "Focus": "Ford", "Transit": "Ford", "Corsa": "Vauxhall", "Astra": "Vauxhall", "Clio": "Renault",
    "Golf": "Volkswagen", "Polo": "Volkswagen", "Mégane": "Renault", "Yaris": "Toyota", "Prius": "Toyota", "Jazz": "Honda",
    "Civic": "Honda", "Fabia": "Škoda",
}
_PART_CATEGORY = {
    "brake pad set": "BRAKING", "brake disc": "BRAKING", "oil filter": "ENGINE", "drive belt": "ENGINE", "spark plug": "ENGINE",
    "battery": "ELECTRICAL", "headlamp bulb": "ELECTRICAL", "shock absorber": "SUSPENSION", "wheel bearing": "SUSPENSION",
    "wiper blade": "CONSUMABLE", "cabin filter": "CONSUMABLE", "hose clip": "CONSUMABLE",
}

GARAGE = Business("repair_garage", "A garage that services and repairs cars and vans for private and trade customers.", (
    Table("CUSTOMER", 90, (
        Column("CUST_NO", "INTEGER", Serial(100), ("customer number",), primary_key=True),
        Column("CUST_NAME", "TEXT", Fake("name", locales=("en_GB", "en_IE", "pl_PL")), ("customer name", "name")),
        Column("TOWN", "TEXT", Choice(("Hereford", "Leominster", "Ross-on-Wye", "Ledbury", "Kington"), (6, 3, 2, 3, 1)),
            ("town",)),
        Column("PHONE", "TEXT", Fake("phone"), ("phone number", "telephone number"), null_share=0.08),
        Column("ACCT_TYPE", "TEXT", Choice(("PRIVATE", "TRADE", "FLEET"), (8, 2, 1)), ("account type", "type of account")),
    ), said=("customer", "customers")),
    Table("VEHICLE", 120, (
        Column("REG_NO", "TEXT", Code("??## ???"), ("registration number", "number plate"), primary_key=True),
        Column("OWNER_NO", "INTEGER", Parent(skew=1.4, unused=0.1), ("owner",), references="CUSTOMER.CUST_NO"),
        Column("MODEL", "TEXT", Choice(tuple(_MAKE_OF)), ("model",)),
        Column("MAKE", "TEXT", Derive(lambda row: _MAKE_OF[str(row["MODEL"])]), ("make", "manufacturer")),
        Column("YEAR_BUILT", "INTEGER", Integer(2003, 2023, skew=0.8), ("year of manufacture", "model year")),
        Column("FUEL", "TEXT", Choice(("PETROL", "DIESEL", "HYBRID", "ELECTRIC"), (6, 5, 2, 1)), ("fuel type", "fuel")),
        Column("MILEAGE", "INTEGER", Integer(4200, 168000), ("mileage", "number of miles driven")),
    ), said=("vehicle", "vehicles", "cars")),
    Table("MECHANIC", 30, (
        Column("STAFF_ID", "INTEGER", Serial(1), ("staff number",), primary_key=True),
        Column("FULL_NAME", "TEXT", Fake("name", locales=("en_GB", "pt_PT")), ("name", "full name")),
        Column("GRADE", "TEXT", Choice(("APPRENTICE", "FITTER", "SENIOR", "MASTER TECH"), (2, 4, 3, 1)),
            ("grade", "skill grade")),
        Column("HOURLY_RATE", "REAL", Money(28, 75, step=0.5), ("hourly rate", "labour rate")),
        Column("HIRED_ON", "TEXT", Date("2006-05-01", "2023-09-30"), ("hire date", "starting date")),
        Column("MOT_TESTER", "INTEGER", Flag(0.35), ("MOT tester mark",)),
    ), said=("mechanic", "mechanics", "technicians")),
    Table("JOB", 240, (
        Column("JOB_NO", "INTEGER", Serial(7001), ("job number",), primary_key=True),
        Column("REG_NO", "TEXT", Parent(skew=1.6, unused=0.15), ("vehicle",), references="VEHICLE.REG_NO"),
        Column("STAFF_ID", "INTEGER", Parent(skew=1.3, unused=0.1), ("mechanic",), references="MECHANIC.STAFF_ID"),
        Column("JOB_TYPE", "TEXT", Choice(("SERVICE", "MOT", "BRAKES", "CLUTCH", "TYRES", "DIAGNOSTIC"), (6, 5, 3, 1, 3, 2)),
            ("job type", "kind of work")),
        Column("DATE_IN", "TEXT", Date("2023-01-03", "2024-12-20"), ("date in", "drop-off date")),
        Column("DATE_OUT", "TEXT", After("DATE_IN", (0, 12), latest="2024-12-20"), ("date out", "collection date")),
        Column("LABOUR_HRS", "REAL", Money(0.5, 14, skew=2, step=0.25), ("labour hours", "number of labour hours")),
        Column("LABOUR_COST", "REAL", Product("LABOUR_HRS", "STAFF_ID.HOURLY_RATE"), ("labour cost",)),
        Column("STATUS", "TEXT", Choice(("BOOKED", "IN PROGRESS", "WAITING PARTS", "DONE"), (1, 2, 1, 8)),
            ("status", "job status")),
    ), said=("job", "jobs", "repair jobs")),
    Table("PART", 80, (
        Column("PART_CODE", "TEXT", Code("P-####?"), ("part code",), primary_key=True),
        Column("DESCRIPTION", "TEXT", Phrase(("Front", "Rear", "Heavy-duty", "OEM", "Budget"), tuple(_PART_CATEGORY)),
            ("description", "part description")),
        Column("CATEGORY", "TEXT", Derive(lambda row: _PART_CATEGORY[str(row["DESCRIPTION"]).split(" ", 1)[1]]),
            ("category", "part category")),
        Column("UNIT_COST", "REAL", Money(2.5, 240, skew=2.2, step=0.05), ("unit cost", "cost")),
        Column("IN_STOCK", "INTEGER", Integer(0, 60, skew=1.5), ("stock level", "number in stock")),
    ), said=("part", "parts", "spare parts")),
    Table("JOB_PART", 260, (
        Column("JOB_NO", "INTEGER", Parent(unused=0.2), ("job",), primary_key=True, references="JOB.JOB_NO"),
        Column("PART_CODE", "TEXT", Parent(skew=1.4), ("part",), primary_key=True, references="PART.PART_CODE"),
        Column("QTY", "INTEGER", Integer(1, 6, skew=2), ("quantity", "number fitted")),
        Column("LINE_COST", "REAL", Product("QTY", "PART_CODE.UNIT_COST"), ("line cost",)),
    ), said=("part used", "parts used", "job parts")),
    Table("INVOICE", 180, (
        Column("INV_NO", "TEXT", Code("INV-@"), ("invoice number",), primary_key=True),
        Column("JOB_NO", "INTEGER", Parent(unused=0.25), ("job",), references="JOB.JOB_NO"),
        Column("INV_DATE", "TEXT", After("JOB_NO.DATE_IN", (0, 20)), ("invoice date",)),
        Column("TOTAL", "REAL", Money(38, 1450, skew=2), ("invoice total", "total amount")),
        Column("PAID", "TEXT", Choice(("Y", "N"), (5, 1)), ("paid mark",)),
        Column("PAY_METHOD", "TEXT", Choice(("CARD", "BACS", "CASH", "ACCOUNT"), (6, 3, 1, 2)), ("payment method",),
            null_share=0.1),
    ), said=("invoice", "invoices", "bills")),
))

_PRODUCE = {
    "Cheddar": "dairy", "Butter": "dairy", "Brie": "dairy", "Yoghurt": "dairy", "Bacon": "meat", "Sausages": "meat",
        "Ham": "meat",
    "Apples": "fruit & veg", "Leeks": "fruit & veg", "Plums": "fruit & veg", "Cider": "drinks", "Apple Juice": "drinks",
    "Ginger Beer": "drinks", "Honey": "preserves", "Chutney": "preserves", "Mustard": "preserves", "Rye Loaf": "baked goods",
    "Scones": "baked goods", "Fruit Cake": "baked goods",
}

FARM_SHOP = Business("farm_shop", "A shop on a farm selling its own and its neighbours' produce.", (
    Table("supplier", 34, (
        Column("id", "integer", Serial(), ("supplier number",), primary_key=True),
        Column("name", "text", Phrase(("Hill", "Brook", "O'Dowd's", "Two Oaks", "Manor", "Sandy Lane", "Café Clémence", "Wold",
            "Lower"), ("Farm", "Dairy", "Orchards", "Smokehouse", "Apiary", "Growers")), ("name", "supplier name"),
            unique=True),
        Column("county", "text", Choice(("Devon", "Somerset", "Dorset", "Cornwall")), ("county",)),
        Column("distance_miles", "real", Money(0.5, 68, skew=1.5, step=0.1), ("distance", "distance in miles")),
        Column("organic", "integer", Flag(0.4), ("organic certification",)),
        Column("since", "text", Date("2009-03-01", "2022-11-30"), ("date we started with them", "starting date")),
    ), said=("supplier", "suppliers", "producers")),
    Table("product", 95, (
        Column("id", "integer", Serial(), ("product number",), primary_key=True),
        Column("name", "text", Phrase(("Farmhouse", "Hilltop", "Organic", "Rosy", "Grandma's", "Clover"), tuple(_PRODUCE)),
            ("name", "product name"), unique=True),
        Column("category", "text", Derive(lambda row: _PRODUCE[str(row["name"]).split(" ", 1)[1]]),
            ("category", "product category")),
        Column("unit", "text", Choice(("each", "kg", "bottle", "jar", "pack")), ("unit", "unit of sale")),
        Column("price", "real", Money(0.8, 18.5, skew=1.6, step=0.05), ("price", "selling price")),
        Column("cost", "real", Derive(lambda row: round(float(row["price"] or 0) * 0.62, 2)), ("cost", "cost price"),
            null_share=0.1),
        Column("stock", "integer", Integer(0, 140), ("stock level", "number in stock")),
        Column("supplier_id", "integer", Parent(skew=1.5, unused=0.15), ("supplier",), references="supplier.id"),
    ), said=("product", "products", "items")),
    Table("staff", 30, (
        Column("id", "integer", Serial(), ("staff number",), primary_key=True),
        Column("name", "text", Fake("name", locales=("en_GB", "fr_FR")), ("name", "staff name")),
        Column("role", "text", Choice(("till", "butcher", "baker", "stockroom", "manager"), (6, 2, 2, 3, 1)),
            ("role", "job role")),
        Column("hourly_wage", "real", Money(10.5, 19, step=0.25), ("hourly wage", "hourly pay")),
        Column("started_on", "text", Date("2014-01-01", "2024-05-31"), ("start date", "date they started")),
        Column("weekends", "integer", Flag(0.6), ("weekend availability",)),
    ), said=("staff member", "staff members", "employees")),
    Table("sale", 210, (
        Column("id", "integer", Serial(), ("sale number",), primary_key=True),
        Column("staff_id", "integer", Parent(skew=1.5, unused=0.2), ("staff member",), references="staff.id"),
        Column("sold_at", "text", DateTime("2024-06-01", "2025-05-31", hours=(9, 17)),
            ("time of sale", "date and time of sale")),
        Column("payment", "text", Choice(("card", "cash", "gift voucher"), (7, 3, 1)), ("payment type", "way of paying")),
        Column("loyalty_points", "integer", Integer(1, 90, skew=2), ("number of loyalty points", "loyalty points earned"),
            null_share=0.35),
    ), said=("sale", "sales")),
    Table("sale_line", 300, (
        Column("id", "integer", Serial(), ("line number",), primary_key=True),
        Column("sale_id", "integer", Parent(unused=0.02), ("sale",), references="sale.id"),
        Column("product_id", "integer", Parent(skew=1.6, unused=0.15), ("product",), references="product.id"),
        Column("quantity", "integer", Integer(1, 8, skew=2.2), ("quantity", "number of units")),
        Column("unit_price", "real", Copy("product_id.price"), ("unit price", "price charged")),
        Column("line_total", "real", Product("quantity", "unit_price"), ("line total",)),
    ), said=("sale line", "sale lines")),
    Table("delivery", 130, (
        Column("id", "integer", Serial(), ("delivery number",), primary_key=True),
        Column("supplier_id", "integer", Parent(skew=1.4, unused=0.2), ("supplier",), references="supplier.id"),
        Column("received_on", "text", Date("2024-06-01", "2025-05-31"), ("delivery date", "date received")),
        Column("crates", "integer", Integer(1, 24, skew=1.6), ("number of crates",)),
        Column("invoice_amount", "real", Money(24, 680, skew=1.6), ("invoice amount", "cost of the delivery")),
        Column("quality", "text", Choice(("excellent", "good", "fair", "rejected"), (3, 6, 2, 1)),
            ("quality", "quality rating")),
    ), said=("delivery", "deliveries")),
))

DRIVING_SCHOOL = Business("driving_school", "Driving instructors, their learners, lessons and test results.", (
    Table("vehicles", 30, (
        Column("registration", "TEXT", Code("?# ?@"), ("registration", "number plate"), primary_key=True),
        Column("carModel", "TEXT", Choice(("Mini One", "Citroën C3", "Peugeot 208", "Kia Picanto", "Seat Ibiza")),
            ("model", "car model")),
        Column("gearbox", "TEXT", Choice(("manual", "automatic"), (3, 2)), ("gearbox", "gearbox type")),
        Column("boughtOn", "TEXT", Date("2016-01-01", "2024-03-31"), ("purchase date", "date bought")),
        Column("insurancePremium", "REAL", Money(620, 1480, step=5), ("insurance premium", "cost of insurance")),
    ), said=("vehicle", "vehicles", "tuition cars")),
    Table("instructors", 36, (
        Column("instructorId", "INTEGER", Serial(10, 10), ("instructor number",), primary_key=True),
        Column("fullName", "TEXT", Fake("name", locales=("en_GB", "en_IN")), ("name", "full name")),
        Column("gradeCode", "TEXT", Choice(("A", "B", "PDI"), (4, 4, 1)), ("grade", "instructor grade")),
        Column("hourlyRate", "REAL", Money(30, 46, step=1), ("hourly rate", "price per hour")),
        Column("baseTown", "TEXT", Choice(("Stirling", "Falkirk", "Alloa", "Perth", "Dunblane")), ("base town", "town")),
        Column("hiredOn", "TEXT", Date("2012-01-01", "2023-12-31"), ("hire date",)),
        Column("mentorId", "INTEGER", Parent(skew=2, unused=0.3), ("mentor",), references="instructors.instructorId",
            null_share=0.3),
    ), said=("instructor", "instructors", "driving instructors")),
    Table("learners", 150, (
        Column("learnerId", "INTEGER", Serial(5000), ("learner number",), primary_key=True),
        Column("firstName", "TEXT", Fake("first_name", locales=("en_GB", "pl_PL")), ("first name",)),
        Column("lastName", "TEXT", Fake("last_name", locales=("en_GB", "en_IE")), ("last name", "surname")),
        Column("dateOfBirth", "TEXT", Date("1975-01-01", "2008-01-31", skew=0.4), ("date of birth", "birth date")),
        Column("enrolledOn", "TEXT", Date("2022-02-01", "2024-10-31"), ("enrolment date", "date enrolled")),
        Column("theoryPassed", "TEXT", Choice(("yes", "no"), (3, 2)), ("theory test pass mark",)),
        Column("referralSource", "TEXT", Choice(("friend", "Google", "Facebook", "leaflet", "school fair"), (5, 4, 2, 1, 1)),
            ("referral source", "way they heard of us"), null_share=0.15),
    ), said=("learner", "learners", "pupils")),
    Table("lessons", 300, (
        Column("lessonId", "INTEGER", Serial(), ("lesson number",), primary_key=True),
        Column("learnerId", "INTEGER", Parent(skew=1.8, unused=0.15), ("learner",), references="learners.learnerId"),
        Column("instructorId", "INTEGER", Parent(skew=1.4), ("instructor",), references="instructors.instructorId"),
        Column("carUsed", "TEXT", Parent(unused=0.15), ("car used",), references="vehicles.registration", null_share=0.05),
        Column("lessonDate", "TEXT", Since("learnerId.enrolledOn", "2025-01-31"), ("lesson date", "date of the lesson")),
        Column("hours", "REAL", Choice((1.0, 1.5, 2.0, 3.0), (4, 3, 4, 1)), ("length in hours", "number of hours")),
        Column("price", "REAL", Product("hours", "instructorId.hourlyRate"), ("price", "lesson price")),
        Column("lessonStatus", "TEXT", Choice(("completed", "cancelled", "noShow"), (12, 2, 1)), ("status", "lesson status")),
    ), said=("lesson", "lessons", "driving lessons")),
    Table("drivingTests", 110, (
        Column("testId", "INTEGER", Serial(), ("test number",), primary_key=True),
        Column("candidateId", "INTEGER", Parent(skew=1.3, unused=0.35), ("candidate",), references="learners.learnerId"),
        Column("testCentre", "TEXT", Choice(("Callander", "Grangemouth", "Stirling", "Perth")), ("test centre",)),
        Column("testDate", "TEXT", After("candidateId.enrolledOn", (60, 400)), ("test date",)),
        Column("minorFaults", "INTEGER", Integer(0, 19, skew=1.3), ("number of minor faults", "minor fault count")),
        Column("majorFaults", "INTEGER", Integer(0, 3, skew=2.5), ("number of major faults", "serious fault count")),
        Column("result", "TEXT", Derive(lambda row: "pass" if row["majorFaults"] == 0
            and int(row["minorFaults"] or 0) < 16 else "fail"), ("result", "test result")),
    ), said=("driving test", "driving tests", "tests")),
    Table("payments", 200, (
        Column("paymentId", "INTEGER", Serial(70001), ("payment number",), primary_key=True),
        Column("payerId", "INTEGER", Parent(skew=1.4, unused=0.2), ("payer",), references="learners.learnerId"),
        Column("paidOn", "TEXT", Since("payerId.enrolledOn", "2025-01-31"), ("payment date", "date paid")),
        Column("amount", "REAL", Money(30, 480, skew=2, step=5), ("amount", "amount paid")),
        Column("method", "TEXT", Choice(("bankTransfer", "card", "cash"), (4, 5, 2)), ("payment method",)),
    ), said=("payment", "payments")),
))

BUSINESSES: tuple[Business, ...] = (GYM, LIBRARY, GARAGE, FARM_SHOP, DRIVING_SCHOOL)
