"""Training businesses, fourth part: a boutique, an optician's, a garden centre, a tutoring agency and a recycling depot.

Here: singular camelCase, clinic shorthand, the dim_ and fact_ tables of a reporting database, foreign keys named for the
part they play (taught_by, billed_to), and ALLCAPS without a single underscore.
"""

from __future__ import annotations

# A column a line, as the table it declares:
# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Date, Derive, Fake, Flag, Integer, Listed, Money, Parent, Phrase,
    Product, Serial, Since, Table)
# isort: on

BOUTIQUE = Business("boutique", "Women's and men's clothing in three small shops, with a loyalty card.", (
    Table("shop", 6, (
        Column("shopCode", "TEXT", Listed(("MAD", "VLC", "SEV", "BIL", "GRX", "WEB")), ("shop code",), primary_key=True),
        Column("cityName", "TEXT", Listed(("Madrid", "Valencia", "Sevilla", "Bilbao", "Granada", "online")),
            ("city", "city name")),
        Column("openedOn", "TEXT", Date("2012-01-01", "2021-12-31"), ("opening date",)),
        Column("monthlyLease", "REAL", Money(900, 4200, step=50), ("monthly lease", "lease"), null_share=0.15),
    ), said=("shop", "shops")),
    Table("brand", 32, (
        Column("brandId", "INTEGER", Serial(), ("brand number",), primary_key=True),
        Column("brandName", "TEXT", Phrase(("Casa", "Atelier", "Maison", "Nord", "Lola", "O'Shea &"), ("Verano", "Lumière",
            "Linden", "Rivas", "Marlow", "Eklund", "Peña")), ("brand name", "name of the brand"), unique=True),
        Column("originCountry", "TEXT", Choice(("Spain", "France", "Italy", "Sweden", "Portugal"), (5, 3, 3, 1, 2)),
            ("country of origin", "home country")),
        Column("isEthical", "INTEGER", Flag(0.35), ("ethical certificate mark",)),
    ), said=("brand", "brands")),
    Table("garment", 90, (
        Column("styleNo", "TEXT", Code("??-####"), ("style number",), primary_key=True),
        Column("styleName", "TEXT", Phrase(("Ribbed", "Pleated", "Cropped", "Oversized", "Quilted", "Wrap"), ("linen shirt",
            "wool jumper", "denim skirt", "cotton dress", "silk blouse", "tweed blazer", "cord trousers", "parka")),
            ("style name", "name of the style")),
        Column("brandId", "INTEGER", Parent(skew=1.5, unused=0.12), ("brand",), references="brand.brandId"),
        Column("department", "TEXT", Choice(("women", "men", "unisex"), (6, 3, 1)), ("department",)),
        Column("collection", "TEXT", Choice(("SS23", "AW23", "SS24", "AW24")), ("collection", "season")),
        Column("buyPrice", "REAL", Money(9, 95, skew=1.7, step=0.5), ("buying price", "cost price")),
        Column("retailPrice", "REAL", Derive(lambda row: round(float(row["buyPrice"] or 0) * 2.4) + 0.95),
            ("retail price", "selling price")),
    ), said=("garment", "garments", "styles")),
    Table("variant", 220, (
        Column("sku", "TEXT", Code("SK#####"), ("stock code", "SKU"), primary_key=True),
        Column("styleNo", "TEXT", Parent(skew=1.2, unused=0.06), ("garment", "style"), references="garment.styleNo"),
        Column("sizeLabel", "TEXT", Choice(("XS", "S", "M", "L", "XL"), (2, 4, 5, 4, 2)), ("size",)),
        Column("colourName", "TEXT", Choice(("black", "ecru", "navy", "olive", "rust", "sky", "rosé")),
            ("colour", "colour name")),
        Column("onShelf", "INTEGER", Integer(0, 24, skew=1.7), ("stock level", "number on the shelf")),
    ), said=("variant", "variants", "size and colour variants")),
    Table("shopper", 120, (
        Column("cardNo", "INTEGER", Serial(600100, 7), ("card number", "loyalty card number"), primary_key=True),
        Column("givenName", "TEXT", Fake("first_name", locales=("es_ES", "en_GB")), ("given name", "first name")),
        Column("familyName", "TEXT", Fake("last_name", locales=("es_ES", "en_IE")), ("family name", "surname")),
        Column("birthDate", "TEXT", Date("1945-01-01", "2006-12-31"), ("birth date", "birthday"), null_share=0.2),
        Column("loyaltyTier", "TEXT", Choice(("Basic", "Plus", "Gold"), (7, 3, 1)), ("loyalty tier", "loyalty level")),
        Column("memberSince", "TEXT", Date("2018-03-01", "2024-08-31"), ("membership date", "date they joined")),
        Column("wantsNewsletter", "TEXT", Choice(("yes", "no"), (3, 2)), ("newsletter choice",)),
    ), said=("shopper", "shoppers", "loyalty customers")),
    Table("purchase", 230, (
        Column("receiptNo", "INTEGER", Serial(1), ("receipt number",), primary_key=True),
        Column("cardNo", "INTEGER", Parent(skew=1.8, unused=0.2), ("shopper",), references="shopper.cardNo", null_share=0.15),
        Column("shopCode", "TEXT", Parent(skew=1.4, unused=0.0), ("shop",), references="shop.shopCode"),
        Column("boughtOn", "TEXT", Date("2024-01-02", "2025-01-31"), ("purchase date", "date of purchase")),
        Column("paidWith", "TEXT", Choice(("card", "cash", "Bizum", "gift card"), (7, 3, 3, 1)), ("payment method",)),
        Column("discountPct", "INTEGER", Choice((0, 10, 20, 30, 50), (8, 3, 2, 1, 1)), ("discount", "discount percentage")),
    ), said=("purchase", "purchases")),
    Table("purchaseLine", 300, (
        Column("receiptNo", "INTEGER", Parent(unused=0.04), ("purchase",), primary_key=True, references="purchase.receiptNo"),
        Column("sku", "TEXT", Parent(skew=1.4, unused=0.15), ("variant",), primary_key=True, references="variant.sku"),
        Column("units", "INTEGER", Integer(1, 4, skew=3), ("number of units", "quantity")),
        Column("pricePaid", "REAL", Money(12, 210, skew=1.8, step=0.05), ("price paid",)),
    ), said=("purchase line", "purchase lines")),
    Table("refund", 70, (
        Column("refundNo", "INTEGER", Serial(), ("refund number",), primary_key=True),
        Column("receiptNo", "INTEGER", Parent(unused=0.5), ("purchase",), references="purchase.receiptNo"),
        Column("refundedOn", "TEXT", After("receiptNo.boughtOn", (1, 30)), ("refund date",)),
        Column("reason", "TEXT", Choice(("wrong size", "faulty", "changed mind", "unwanted gift"), (5, 2, 4, 2)),
            ("reason", "reason for the refund")),
        Column("amount", "REAL", Money(12, 180, skew=1.7, step=0.05), ("amount", "amount refunded")),
    ), said=("refund", "refunds")),
))

OPTICIANS = Business("opticians", "Eye tests, prescriptions, frames and glasses made to order.", (
    Table("pt", 150, (
        Column("pt_no", "INTEGER", Serial(40001), ("patient number",), primary_key=True),
        Column("snm", "TEXT", Fake("last_name", locales=("en_GB", "en_IE", "da_DK")), ("surname", "last name")),
        Column("fnm", "TEXT", Fake("first_name", locales=("en_GB", "da_DK")), ("first name",)),
        Column("dob", "TEXT", Date("1932-01-01", "2017-12-31"), ("date of birth", "birthday")),
        Column("tel", "TEXT", Fake("phone"), ("telephone number", "phone number"), null_share=0.1),
        Column("nhs_elig", "TEXT", Choice(("Y", "N"), (2, 3)), ("NHS eligibility",)),
        Column("reg_dt", "TEXT", Date("2014-01-01", "2024-09-30"), ("registration date", "date registered")),
        Column("recall_m", "INTEGER", Choice((6, 12, 24), (1, 3, 6)), ("recall interval", "number of months to recall"),
            null_share=0.06),
    ), said=("patient", "patients")),
    Table("optom", 30, (
        Column("goc_no", "TEXT", Code("01-#####"), ("registration number",), primary_key=True),
        Column("nm", "TEXT", Fake("name", locales=("en_GB", "en_IN")), ("name", "optometrist's name")),
        Column("day_rt", "REAL", Money(210, 390, step=5), ("day rate", "daily rate")),
        Column("empl_tp", "TEXT", Choice(("employed", "locum", "pre-reg"), (4, 4, 1)),
            ("employment type", "type of employment")),
        Column("qual_yr", "INTEGER", Integer(1985, 2023), ("year of qualification", "qualifying year")),
    ), said=("optometrist", "optometrists")),
    Table("exam", 240, (
        Column("exam_no", "INTEGER", Serial(), ("eye test number",), primary_key=True),
        Column("pt_no", "INTEGER", Parent(skew=1.5, unused=0.15), ("patient",), references="pt.pt_no"),
        Column("seen_by", "TEXT", Parent(skew=1.3, unused=0.12), ("optometrist",), references="optom.goc_no"),
        Column("exam_dt", "TEXT", Since("pt_no.reg_dt", "2025-04-30"), ("eye test date", "date of the eye test")),
        Column("exam_tp", "TEXT", Choice(("full", "contact lens", "follow-up", "child", "glaucoma"), (7, 3, 2, 2, 1)),
            ("type of eye test",)),
        Column("iop", "REAL", Money(9, 28, skew=1.3, step=0.5), ("eye pressure",), null_share=0.15),
        Column("fee", "REAL", Choice((0.0, 20.0, 25.0, 35.0, 48.0), (4, 1, 5, 3, 2)), ("fee", "eye test fee")),
    ), said=("eye test", "eye tests", "eye examinations")),
    Table("rx", 170, (
        Column("rx_no", "INTEGER", Serial(), ("prescription number",), primary_key=True),
        Column("exam_no", "INTEGER", Parent(unused=0.3), ("eye test",), references="exam.exam_no"),
        Column("sph_r", "REAL", Money(-6, 4, step=0.25), ("right sphere", "right eye power")),
        Column("sph_l", "REAL", Money(-6, 4, step=0.25), ("left sphere", "left eye power")),
        Column("rx_use", "TEXT", Choice(("distance", "reading", "varifocal", "VDU"), (5, 4, 3, 1)), ("use", "intended use")),
        Column("pd_mm", "REAL", Money(54, 72, step=0.5), ("pupil distance",), null_share=0.1),
    ), said=("prescription", "prescriptions")),
    Table("frm", 70, (
        Column("frm_cd", "TEXT", Code("FR?##-##"), ("frame code",), primary_key=True),
        Column("brnd", "TEXT", Choice(("Oakwell", "Lindqvist", "Marché", "Vista", "Porter & Co"), (4, 3, 2, 5, 2)),
            ("brand", "frame brand")),
        Column("mtrl", "TEXT", Choice(("acetate", "titanium", "steel", "nylon"), (6, 2, 3, 1)), ("material",)),
        Column("rrp", "REAL", Money(39, 285, skew=1.5, step=1), ("retail price", "recommended price")),
        Column("stk_qty", "INTEGER", Integer(0, 18, skew=1.5), ("stock quantity", "number in stock")),
    ), said=("frame", "frames", "spectacle frames")),
    Table("disp", 150, (
        Column("disp_no", "TEXT", Code("D@"), ("dispensing number",), primary_key=True),
        Column("rx_no", "INTEGER", Parent(unused=0.25), ("prescription",), references="rx.rx_no"),
        Column("frm_cd", "TEXT", Parent(skew=1.6, unused=0.15), ("frame",), references="frm.frm_cd", null_share=0.06),
        Column("ord_dt", "TEXT", Date("2024-01-05", "2025-04-30"), ("order date", "date ordered")),
        Column("coll_dt", "TEXT", After("ord_dt", (4, 28), latest="2025-05-10"), ("collection date", "date collected"),
            null_share=0.07),
        Column("lens_tp", "TEXT", Choice(("single vision", "bifocal", "progressive", "tinted"), (7, 2, 4, 1)),
            ("lens type", "type of lens")),
        Column("ttl_amt", "REAL", Money(59, 640, skew=1.6, step=0.5), ("total amount", "total price")),
        Column("st", "TEXT", Derive(lambda row: "WITH LAB" if row["coll_dt"] is None else "COLLECTED"),
            ("status", "order status")),
    ), said=("glasses order", "glasses orders", "dispensings")),
))

_PLANT_GROUP = {
    "lavender": "shrub", "hydrangea": "shrub", "camellia": "shrub", "fuchsia": "shrub", "box": "shrub", "maple": "tree",
    "magnolia": "tree", "crab apple": "tree", "clematis": "climber", "jasmine": "climber", "honeysuckle": "climber",
    "geranium": "perennial", "fern": "perennial", "salvia": "perennial", "hosta": "perennial", "primrose": "bedding",
    "pansy": "bedding", "petunia": "bedding", "thyme": "herb", "rosemary": "herb",
}

GARDEN_CENTRE = Business("garden_centre", "Plants, pots and tools, as the reporting database of a garden centre.", (
    Table("dim_supplier", 30, (
        Column("supplier_key", "INTEGER", Serial(), ("supplier number",), primary_key=True),
        Column("supplier_name", "TEXT", Fake("company", locales=("en_GB", "nl_NL")), ("supplier name", "name")),
        Column("supplier_region", "TEXT", Choice(("Kent", "Norfolk", "Lincolnshire", "Holland", "Cornwall")),
            ("region", "supplier region")),
        Column("lead_time_days", "INTEGER", Integer(1, 28, skew=1.5), ("lead time", "lead time in days"), null_share=0.08),
    ), said=("supplier", "suppliers", "nurseries")),
    Table("dim_plant", 100, (
        Column("plant_key", "INTEGER", Serial(), ("plant number",), primary_key=True),
        Column("plant_name", "TEXT", Phrase(("Dwarf", "Climbing", "Trailing", "Scented", "Hardy", "Japanese"),
            tuple(_PLANT_GROUP)), ("plant name", "name of the plant"), unique=True),
        Column("plant_group", "TEXT", Derive(lambda row: _PLANT_GROUP[str(row["plant_name"]).split(" ", 1)[1]]),
            ("plant group", "group")),
        Column("pot_litres", "REAL", Choice((0.5, 1.0, 2.0, 3.5, 7.5, 12.0), (3, 4, 5, 3, 2, 1)),
            ("pot size", "pot size in litres")),
        Column("light_needs", "TEXT", Choice(("full sun", "part shade", "shade"), (5, 4, 2)), ("light needs",)),
        Column("shelf_price", "REAL", Money(1.99, 89, skew=2.2, step=0.5), ("shelf price", "price")),
        Column("supplier_key", "INTEGER", Parent(skew=1.4, unused=0.12), ("supplier",), references="dim_supplier.supplier_key"),
        Column("bee_friendly", "TEXT", Choice(("Y", "N"), (1, 1)), ("bee-friendly mark",)),
    ), said=("plant", "plants")),
    Table("dim_customer", 110, (
        Column("customer_key", "INTEGER", Serial(), ("customer number",), primary_key=True),
        Column("customer_name", "TEXT", Fake("name", locales=("en_GB", "en_IE", "de_DE")), ("customer name", "name")),
        Column("postcode", "TEXT", Fake("postcode"), ("postcode",), null_share=0.1),
        Column("garden_size", "TEXT", Choice(("balcony", "small", "medium", "large", "allotment"), (2, 5, 4, 2, 1)),
            ("garden size", "size of the garden"), null_share=0.2),
        Column("club_joined", "TEXT", Date("2017-03-01", "2024-10-31"), ("date they joined the club", "club joining date")),
    ), said=("customer", "customers", "club customers")),
    Table("dim_employee", 32, (
        Column("employee_key", "INTEGER", Serial(), ("employee number",), primary_key=True),
        Column("employee_name", "TEXT", Fake("name", locales=("en_GB", "pl_PL")), ("employee name", "name")),
        Column("work_area", "TEXT", Choice(("greenhouse", "tills", "café", "yard", "houseplants"), (3, 5, 2, 3, 2)),
            ("work area", "area they work in")),
        Column("weekly_hours", "INTEGER", Choice((8, 16, 24, 37), (2, 3, 2, 5)), ("weekly hours", "number of hours a week")),
        Column("hire_date", "TEXT", Date("2008-02-01", "2024-05-31"), ("hire date",)),
    ), said=("employee", "employees")),
    Table("fact_sale", 300, (
        Column("sale_key", "INTEGER", Serial(), ("sale number",), primary_key=True),
        Column("plant_key", "INTEGER", Parent(skew=1.6, unused=0.15), ("plant",), references="dim_plant.plant_key"),
        Column("customer_key", "INTEGER", Parent(skew=1.7, unused=0.18), ("customer",), references="dim_customer.customer_key",
            null_share=0.1),
        Column("employee_key", "INTEGER", Parent(skew=1.3, unused=0.1), ("employee",), references="dim_employee.employee_key"),
        Column("sale_date", "TEXT", Date("2024-02-01", "2025-05-31"), ("sale date", "date of the sale")),
        Column("qty_sold", "INTEGER", Integer(1, 18, skew=2.8), ("quantity sold", "number sold")),
        Column("net_amount", "REAL", Product("qty_sold", "plant_key.shelf_price"), ("net amount", "sale amount")),
    ), said=("sale", "sales")),
    Table("fact_delivery", 160, (
        Column("delivery_key", "INTEGER", Serial(), ("delivery number",), primary_key=True),
        Column("plant_key", "INTEGER", Parent(skew=1.3, unused=0.2), ("plant",), references="dim_plant.plant_key"),
        Column("arrival_date", "TEXT", Date("2024-01-10", "2025-05-31"), ("arrival date", "date it arrived")),
        Column("qty_received", "INTEGER", Integer(6, 180, skew=1.8), ("quantity received", "number received")),
        Column("unit_cost", "REAL", Money(0.8, 42, skew=2.2, step=0.1), ("unit cost", "cost per plant")),
    ), said=("delivery", "deliveries")),
    Table("fact_loss", 120, (
        Column("loss_key", "INTEGER", Serial(), ("loss number",), primary_key=True),
        Column("plant_key", "INTEGER", Parent(skew=1.5, unused=0.3), ("plant",), references="dim_plant.plant_key"),
        Column("loss_date", "TEXT", Date("2024-02-01", "2025-05-31"), ("loss date",)),
        Column("loss_cause", "TEXT", Choice(("frost", "drought", "pests", "broken pot", "theft"), (4, 3, 4, 2, 1)),
            ("cause", "cause of the loss")),
        Column("qty_lost", "INTEGER", Integer(1, 40, skew=2.5), ("quantity lost", "number of plants lost")),
    ), said=("loss", "losses")),
))

_SUBJECTS = (
    ("MA-P", "Maths", "Primary"), ("MA-G", "Maths", "GCSE"), ("MA-A", "Maths", "A-level"), ("EN-P", "English", "Primary"),
    ("EN-G", "English", "GCSE"), ("EN-A", "English", "A-level"), ("PH-G", "Physics", "GCSE"), ("PH-A", "Physics", "A-level"),
    ("CH-G", "Chemistry", "GCSE"), ("CH-A", "Chemistry", "A-level"), ("FR-G", "French", "GCSE"), ("FR-A", "French", "A-level"),
    ("HI-G", "History", "GCSE"), ("CS-G", "Computing", "GCSE"),
)

TUTORING = Business("tutoring_agency", "Matches tutors with families and bills for the sessions.", (
    Table("families", 80, (
        Column("family_code", "TEXT", Code("FAM@"), ("family code",), primary_key=True),
        Column("family_name", "TEXT", Fake("last_name", locales=("en_GB", "en_IE", "en_IN", "fr_FR")), ("family name",)),
        Column("contact_email", "TEXT", Fake("email"), ("contact email", "email address"), null_share=0.08),
        Column("borough", "TEXT", Choice(("Hackney", "Camden", "Islington", "Haringey", "Barnet"), (4, 4, 3, 2, 3)),
            ("borough",)),
        Column("signed_up_on", "TEXT", Date("2020-09-01", "2024-09-30"), ("sign-up date", "date they signed up")),
    ), said=("family", "families")),
    Table("children", 125, (
        Column("child_no", "INTEGER", Serial(), ("child number",), primary_key=True),
        Column("belongs_to", "TEXT", Parent(skew=1.2, unused=0.08), ("family",), references="families.family_code"),
        Column("first_name", "TEXT", Fake("first_name", locales=("en_GB", "en_IN", "fr_FR")), ("first name", "name")),
        Column("born_on", "TEXT", Date("2007-01-01", "2018-08-31"), ("birth date", "date of birth")),
        Column("school_year", "INTEGER", Derive(lambda row: 2019 - int(str(row["born_on"])[:4])),
            ("school year", "year group")),
        Column("extra_support", "TEXT", Choice(("none", "dyslexia", "ADHD", "EAL"), (12, 2, 1, 2)),
            ("extra support need", "support need")),
    ), said=("child", "children")),
    Table("tutors", 48, (
        Column("tutor_no", "INTEGER", Serial(700), ("tutor number",), primary_key=True),
        Column("full_name", "TEXT", Fake("name", locales=("en_GB", "en_IN", "fr_FR", "en_IE")), ("full name", "tutor's name")),
        Column("university", "TEXT", Choice(("UCL", "King's", "Imperial", "Queen Mary", "Sorbonne", "Leeds"),
            (4, 4, 3, 2, 1, 2)), ("university",), null_share=0.1),
        Column("fee_hourly", "REAL", Money(24, 75, skew=1.4, step=1), ("hourly fee", "fee per hour")),
        Column("checked_on", "TEXT", Date("2022-01-01", "2025-01-31"), ("background check date",)),
        Column("available", "TEXT", Choice(("yes", "no"), (4, 1)), ("availability",)),
        Column("recruited_by", "INTEGER", Parent(unused=0.0), ("recruiter", "tutor who recruited them"),
            references="tutors.tutor_no", null_share=0.4),
    ), said=("tutor", "tutors")),
    Table("subjects", len(_SUBJECTS), (
        Column("subject_code", "TEXT", Listed(tuple(subject[0] for subject in _SUBJECTS)), ("subject code",), primary_key=True),
        Column("subject_title", "TEXT", Listed(tuple(subject[1] for subject in _SUBJECTS)), ("subject title", "subject name")),
        Column("level", "TEXT", Listed(tuple(subject[2] for subject in _SUBJECTS)), ("level",)),
    ), said=("subject", "subjects")),
    Table("teaches", 110, (
        Column("tutor_no", "INTEGER", Parent(unused=0.06), ("tutor",), primary_key=True, references="tutors.tutor_no"),
        Column("subject_code", "TEXT", Parent(skew=1.3, unused=0.07), ("subject",), primary_key=True,
            references="subjects.subject_code"),
        Column("years_experience", "INTEGER", Integer(0, 22, skew=1.8),
            ("number of years of experience", "experience in years")),
    ), said=("teaching skill", "teaching skills")),
    Table("sessions", 300, (
        Column("session_no", "INTEGER", Serial(1), ("session number",), primary_key=True),
        Column("attended_by", "INTEGER", Parent(skew=1.6, unused=0.15), ("child",), references="children.child_no"),
        Column("taught_by", "INTEGER", Parent(skew=1.4, unused=0.12), ("tutor",), references="tutors.tutor_no"),
        Column("about", "TEXT", Parent(skew=1.4, unused=0.07), ("subject",), references="subjects.subject_code"),
        Column("held_on", "TEXT", Date("2024-09-02", "2025-06-27"), ("session date", "date of the session")),
        Column("hours", "REAL", Choice((1.0, 1.5, 2.0), (6, 3, 2)), ("length in hours", "number of hours")),
        Column("cost", "REAL", Product("hours", "taught_by.fee_hourly"), ("cost", "session cost")),
        Column("place", "TEXT", Choice(("online", "at home", "library", "centre"), (6, 5, 1, 2)),
            ("place", "place it was held")),
        Column("progress_score", "INTEGER", Integer(1, 10, skew=0.7), ("progress score",), null_share=0.25),
    ), said=("session", "sessions", "tutoring sessions")),
    Table("bills", 170, (
        Column("bill_no", "TEXT", Code("B-@"), ("bill number",), primary_key=True),
        Column("billed_to", "TEXT", Parent(skew=1.4, unused=0.12), ("family",), references="families.family_code"),
        Column("issued_on", "TEXT", Date("2024-09-30", "2025-06-30"), ("issue date", "bill date")),
        Column("amount_due", "REAL", Money(24, 720, skew=1.7, step=0.5), ("amount due", "bill amount")),
        Column("settled_on", "TEXT", After("issued_on", (0, 40), latest="2025-06-30"), ("settlement date", "date settled"),
            null_share=0.08),
        Column("bill_state", "TEXT", Derive(lambda row: "Outstanding" if row["settled_on"] is None else "Settled"),
            ("bill status", "status")),
    ), said=("bill", "bills")),
))

RECYCLING = Business("recycling_depot", "Weighs in scrap and paper by the lorry load, bales it and sells it on.", (
    Table("SITES", 5, (
        Column("SITECD", "TEXT", Listed(("AVN", "TEI", "BRK", "PLY", "EXE")), ("site code",), primary_key=True),
        Column("SITENAME", "TEXT", Listed(("Avonmouth", "Teignbridge", "Barkers Quay", "Plympton", "Exe Basin")),
            ("site name",)),
        Column("MAXTONNES", "INTEGER", Integer(400, 2600), ("maximum tonnage", "capacity in tonnes")),
        Column("PERMITEND", "TEXT", Date("2025-06-01", "2029-12-31"), ("permit end date", "permit expiry date")),
    ), said=("site", "sites", "yards")),
    Table("MATERIALS", 14, (
        Column("MATCODE", "TEXT", Listed(("CU1", "CU2", "AL1", "ALC", "FEH", "FEL", "OCC", "MXP", "NWS", "PET", "HDP", "GLC",
            "GLM", "WEE")), ("material code",), primary_key=True),
        Column("MATNAME", "TEXT", Listed(("Bright copper", "Mixed copper", "Clean aluminium", "Aluminium cans", "Heavy steel",
            "Light iron", "Cardboard", "Mixed paper", "Newsprint", "PET bottles", "HDPE plastic", "Clear glass", "Mixed glass",
            "Electricals")), ("material name", "name of the material")),
        Column("STREAM", "TEXT", Listed(("METAL", "METAL", "METAL", "METAL", "METAL", "METAL", "PAPER", "PAPER", "PAPER",
            "PLASTIC", "PLASTIC", "GLASS", "GLASS", "WEEE")), ("stream", "waste stream")),
        Column("RATEKG", "REAL", Listed((6.1, 4.9, 1.35, 0.85, 0.21, 0.14, 0.08, 0.03, 0.05, 0.24, 0.31, 0.02, 0.01, 0.4)),
            ("rate per kilo", "price per kilo")),
    ), said=("material", "materials")),
    Table("HAULIERS", 48, (
        Column("HAULNO", "INTEGER", Serial(11), ("haulier number",), primary_key=True),
        Column("HNAME", "TEXT", Fake("company", locales=("en_GB", "en_IE")), ("haulier name", "company name")),
        Column("LICENCE", "TEXT", Code("CBDU######"), ("licence number",), null_share=0.06),
        Column("LICENCEEND", "TEXT", Date("2024-12-01", "2028-06-30"), ("licence expiry date",)),
        Column("HTYPE", "TEXT", Choice(("COUNCIL", "SKIP HIRE", "BUILDER", "DEALER"), (2, 4, 4, 3)),
            ("haulier type", "type of haulier")),
    ), said=("haulier", "hauliers")),
    Table("LORRIES", 85, (
        Column("PLATE", "TEXT", Code("??##???"), ("number plate", "registration"), primary_key=True),
        Column("HAULNO", "INTEGER", Parent(skew=1.5, unused=0.12), ("haulier",), references="HAULIERS.HAULNO"),
        Column("TAREKG", "INTEGER", Integer(2100, 14500), ("empty weight", "tare weight")),
        Column("AXLES", "INTEGER", Choice((2, 3, 4, 5), (6, 3, 2, 1)), ("number of axles", "axle count")),
        Column("EUROCLASS", "TEXT", Choice(("EURO4", "EURO5", "EURO6"), (1, 3, 6)), ("emission class",), null_share=0.1),
    ), said=("lorry", "lorries", "trucks")),
    Table("WEIGHTICKETS", 300, (
        Column("TICKETNO", "INTEGER", Serial(330001), ("ticket number",), primary_key=True),
        Column("PLATE", "TEXT", Parent(skew=1.6, unused=0.15), ("lorry",), references="LORRIES.PLATE"),
        Column("MATCODE", "TEXT", Parent(skew=1.4, unused=0.07), ("material",), references="MATERIALS.MATCODE"),
        Column("SITECD", "TEXT", Parent(skew=1.3, unused=0.0), ("site",), references="SITES.SITECD"),
        Column("TIPDATE", "TEXT", Date("2024-04-01", "2025-03-31"), ("tipping date", "date tipped")),
        Column("NETKG", "INTEGER", Integer(60, 9800, skew=2), ("net weight", "net weight in kilos")),
        Column("PAYOUT", "REAL", Product("NETKG", "MATCODE.RATEKG"), ("payout", "amount paid out")),
        Column("CONTAMPCT", "REAL", Money(0, 18, skew=3, step=0.5), ("contamination", "contamination percentage"),
            null_share=0.15),
    ), said=("weigh ticket", "weigh tickets", "loads")),
    Table("BALES", 180, (
        Column("BALENO", "TEXT", Code("BL-@"), ("bale number",), primary_key=True),
        Column("MATCODE", "TEXT", Parent(skew=1.3, unused=0.25), ("material",), references="MATERIALS.MATCODE"),
        Column("SITECD", "TEXT", Parent(unused=0.2), ("site",), references="SITES.SITECD"),
        Column("MADEON", "TEXT", Date("2024-04-02", "2025-03-15"), ("date made", "baling date")),
        Column("BALEKG", "INTEGER", Integer(180, 940), ("bale weight", "weight in kilos")),
        Column("GRADE", "TEXT", Choice(("A", "B", "C", "REJECT"), (6, 5, 2, 1)), ("grade", "bale grade")),
    ), said=("bale", "bales")),
    Table("MILLS", 30, (
        Column("MILLNO", "INTEGER", Serial(), ("mill number",), primary_key=True),
        Column("MILLNAME", "TEXT", Fake("company", locales=("de_DE", "sv_SE", "nl_NL", "en_GB")),
            ("mill name", "name of the mill")),
        Column("COUNTRY", "TEXT", Choice(("GERMANY", "SWEDEN", "NETHERLANDS", "UK", "TURKEY"), (3, 2, 3, 4, 1)), ("country",)),
        Column("CREDITDAYS", "INTEGER", Choice((14, 30, 60), (2, 5, 2)), ("credit period", "number of credit days")),
    ), said=("mill", "mills", "buyers")),
    Table("BALESALES", 130, (
        Column("SALENO", "INTEGER", Serial(1), ("sale number",), primary_key=True),
        Column("BALENO", "TEXT", Parent(unused=0.0), ("bale",), references="BALES.BALENO", unique=True),
        Column("SOLDTO", "INTEGER", Parent(skew=1.5, unused=0.15), ("mill",), references="MILLS.MILLNO"),
        Column("SOLDON", "TEXT", After("BALENO.MADEON", (1, 60)), ("sale date", "date sold")),
        Column("PRICE", "REAL", Money(18, 940, skew=2, step=0.5), ("sale price", "price")),
        Column("PAIDYN", "TEXT", Choice(("Y", "N"), (5, 2)), ("paid mark",)),
    ), said=("bale sale", "bale sales", "sales")),
))

BUSINESSES: tuple[Business, ...] = (BOUTIQUE, OPTICIANS, GARDEN_CENTRE, TUTORING, RECYCLING)
