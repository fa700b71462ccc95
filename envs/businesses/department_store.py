"""A test business: Harcourt & Sœurs, a department store of five floors with a website, as its office keeps it.

Title_Case names in the singular, Ref_ tables for promotions and for why things come back, Y and N for yes and no; statuses
and card levels typed in two ways, five columns that are all some kind of price or amount, sales to people nobody asked for
their name, NULLs, apostrophes and accents. Nothing is trained or tuned on it.
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
    Parent,
    Row,
    Serial,
    Table,
    Value,
)

TODAY = "2025-06-30"  # the last day in the books
_TODAY = dt.date.fromisoformat(TODAY)
_FIRST_DAY = dt.date(2023, 1, 2)

_DEPARTMENTS: tuple[tuple[str, str, str, int | None, int], ...] = (  # code, name, floor, square metres, tills
    ("BTY", "Beauty & Perfume", "Ground floor", 310, 6), ("JWL", "Jewellery & Watches", "Ground floor", 120, 3),
    ("BAG", "Handbags & Accessories", "Ground floor", 205, 4), ("LAD", "Ladieswear", "First floor", 540, 7),
    ("LIN", "Lingerie", "First floor", 130, 2), ("SHO", "Shoes", "First floor", 260, 4),
    ("MEN", "Menswear", "Second floor", 430, 5), ("CHI", "Children's World", "Second floor", 240, 3),
    ("TOY", "Toys & Games", "Second floor", 220, 3), ("COO", "Cookshop", "Basement", 275, 3),
    ("FOO", "Food Hall", "Basement", 350, 5), ("CHN", "China & Glass", "Third floor", 190, 2),
    ("BED", "Bed & Bath", "Third floor", 300, 3), ("ELE", "Electricals", "Third floor", 280, 3),
    ("CAF", "Café Soleil", "Third floor", None, 2), ("GFT", "Gift Wrapping", "Ground floor", None, 1),
)  # fmt: skip

_PRODUCTS: tuple[tuple[str, str | None, str, str | None, float], ...] = (  # name, brand, department, colour, list price
    ("Rose eau de parfum 50ml", "Maison Clairval", "BTY", None, 78.0), ("Fig candle", "Maison Clairval", "BTY", None, 34.0),
    ("Velvet lipstick", "Orla Bright", "BTY", "Red", 19.5), ("Overnight cream", "Orla Bright", "BTY", None, 42.0),
    ("Bath oil, neroli", "L'Atelier Vert", "BTY", None, 26.5), ("Shaving set", "Pemberton", "BTY", "Black", 64.0),
    ("Hand cream trio", "L'Atelier Vert", "BTY", None, 18.0), ("Nail lacquer", "Orla Bright", "BTY", "Coral", 11.0),
    ("Pearl stud earrings", "Lindqvist", "JWL", "White", 95.0), ("Silver bangle", "Lindqvist", "JWL", "Silver", 120.0),
    ("Gold-plated locket", None, "JWL", "Gold", 145.0), ("Chronograph watch", "Tessaro", "JWL", "Black", 329.0),
    ("Ladies' dress watch", "Tessaro", "JWL", "Silver", 285.0), ("Cufflinks, knot", "Pemberton", "JWL", "Silver", 58.0),
    ("Leather tote", "Bellamy & Roe", "BAG", "Tan", 189.0), ("Crossbody bag", "Bellamy & Roe", "BAG", "Navy", 129.0),
    ("Evening clutch", None, "BAG", "Black", 75.0), ("Silk scarf", "Maison Clairval", "BAG", "Blue", 88.0),
    ("Cashmere gloves", "Glenorchy", "BAG", "Grey", 65.0), ("Folding umbrella", "Pemberton", "BAG", "Black", 32.0),
    ("Card holder", "Bellamy & Roe", "BAG", "Red", 45.0), ("Wool beret", None, "BAG", "Green", 29.0),
    ("Linen shirt dress", "Côte Ouest", "LAD", "White", 98.0), ("Cashmere cardigan", "Glenorchy", "LAD", "Grey", 165.0),
    ("Wrap dress", "Elsie Moran", "LAD", "Green", 89.0), ("Trench coat", "Elsie Moran", "LAD", "Beige", 219.0),
    ("Pleated skirt", "Elsie Moran", "LAD", "Navy", 72.0), ("Breton top", "Côte Ouest", "LAD", "Blue", 48.0),
    ("Quilted gilet", None, "LAD", "Black", 85.0), ("High-waisted jeans", "Côte Ouest", "LAD", "Blue", 79.0),
    ("Silk blouse", "Maison Clairval", "LAD", "Cream", 135.0), ("Merino roll neck", "Glenorchy", "LAD", "Red", 69.0),
    ("Lace bralette", "Fleur d'Été", "LIN", "Black", 38.0), ("Cotton pyjamas", "Fleur d'Été", "LIN", "Blue", 54.0),
    ("Satin robe", "Fleur d'Été", "LIN", "Pink", 82.0), ("Everyday briefs, 5 pack", None, "LIN", "White", 24.0),
    ("Suede loafers", "Castellani", "SHO", "Brown", 149.0), ("Court shoes", "Castellani", "SHO", "Black", 139.0),
    ("Chelsea boots", "Castellani", "SHO", "Black", 179.0), ("Canvas trainers", "Côte Ouest", "SHO", "White", 59.0),
    ("Wellington boots", "Glenorchy", "SHO", "Green", 95.0), ("Sheepskin slippers", None, "SHO", "Tan", 48.0),
    ("Espadrilles", "Côte Ouest", "SHO", "Blue", 44.0), ("Oxford brogues", "Pemberton", "SHO", "Brown", 195.0),
    ("Oxford shirt", "Pemberton", "MEN", "White", 62.0), ("Two-piece suit", "Pemberton", "MEN", "Navy", 399.0),
    ("Lambswool jumper", "Glenorchy", "MEN", "Green", 85.0), ("Chinos", "Côte Ouest", "MEN", "Beige", 68.0),
    ("Waxed jacket", "Glenorchy", "MEN", "Green", 229.0), ("Silk tie", "Pemberton", "MEN", "Red", 39.0),
    ("Polo shirt", "Côte Ouest", "MEN", "Navy", 45.0), ("Dinner jacket", "Pemberton", "MEN", "Black", 285.0),
    ("Wool overcoat", "Elsie Moran", "MEN", "Grey", 310.0), ("Sock set, 3 pairs", None, "MEN", None, 18.5),
    ("Duffle coat, age 6", "Petit Matelot", "CHI", "Navy", 75.0), ("Striped rompers", "Petit Matelot", "CHI", "Blue", 28.0),
    ("Party dress, age 5", "Petit Matelot", "CHI", "Pink", 46.0), ("School shirt, 2 pack", None, "CHI", "White", 16.0),
    ("Rain boots, child's", "Petit Matelot", "CHI", "Yellow", 26.0), ("Knitted bobble hat", "Glenorchy", "CHI", "Red", 19.0),
    ("Wooden train set", "Holzmann", "TOY", None, 69.0), ("Teddy bear, large", "Holzmann", "TOY", "Brown", 55.0),
    ("Chess set", "Holzmann", "TOY", None, 48.0), ("Jigsaw, 1000 pieces", "Merrydown", "TOY", None, 17.5),
    ("Doll's house", "Holzmann", "TOY", "White", 159.0), ("Card game, family", "Merrydown", "TOY", None, 9.95),
    ("Remote control car", "Merrydown", "TOY", "Red", 49.0), ("Watercolour set", "Merrydown", "TOY", None, 22.0),
    ("Cast iron casserole", "Marmite & Fils", "COO", "Red", 185.0), ("Copper sauté pan", "Marmite & Fils", "COO", None, 142.0),
    ("Chef's knife", "Sakura", "COO", "Black", 89.0), ("Paring knife", "Sakura", "COO", "Black", 35.0),
    ("Pepper mill", "Marmite & Fils", "COO", "Brown", 38.0), ("Bread bin", None, "COO", "Cream", 44.0),
    ("Mixing bowl", "Marmite & Fils", "COO", "White", 21.0), ("Cafetière, 8 cup", "Tessaro", "COO", None, 36.0),
    ("Champagne truffles", "Harcourt's Own", "FOO", None, 14.5), ("Earl Grey tea", "Harcourt's Own", "FOO", None, 7.25),
    ("Shortbread tin", "Harcourt's Own", "FOO", None, 9.5), ("Acacia honey", "L'Abeille", "FOO", None, 8.75),
    ("Olive oil, 500ml", "Serrano", "FOO", None, 13.0), ("Manchego, 400g", "Serrano", "FOO", None, 11.5),
    ("Christmas hamper", "Harcourt's Own", "FOO", None, 125.0), ("Ground coffee, 250g", "Harcourt's Own", "FOO", None, 6.95),
    ("Crème de marrons", "L'Abeille", "FOO", None, 5.4), ("Bone china tea set", "Ashdown", "CHN", "White", 210.0),
    ("Dinner plate, coupe", "Ashdown", "CHN", "Blue", 18.0), ("Crystal decanter", "Dubois", "CHN", None, 155.0),
    ("Wine glasses, set of 6", "Dubois", "CHN", None, 72.0), ("Cake stand", "Ashdown", "CHN", "Pink", 49.0),
    ("Champagne flutes, pair", "Dubois", "CHN", None, 58.0), ("Egyptian cotton sheets", "Lys Blanc", "BED", "White", 120.0),
    ("Goose down duvet", "Lys Blanc", "BED", "White", 259.0), ("Bath towel", "Lys Blanc", "BED", "Grey", 24.0),
    ("Waffle dressing gown", "Lys Blanc", "BED", "White", 68.0), ("Patchwork quilt", None, "BED", "Blue", 145.0),
    ("Feather pillow", "Lys Blanc", "BED", "White", 42.0), ("Espresso machine", "Tessaro", "ELE", "Silver", 449.0),
    ("Stand mixer", "Brandt", "ELE", "Red", 399.0), ("Kettle, 1.7l", "Brandt", "ELE", "Cream", 79.0),
    ("Two-slice toaster", "Brandt", "ELE", "Cream", 69.0), ("Bluetooth speaker", "Nordlyd", "ELE", "Black", 129.0),
    ("Hair dryer", None, "ELE", "Pink", 89.0), ("Steam iron", "Brandt", "ELE", "Blue", 74.0),
)  # fmt: skip

_PROMOTIONS: tuple[tuple[str, str, int, str, str], ...] = (  # code, name, percent off, first day, last day
    ("SUM23", "Summer Sale 2023", 20, "2023-07-01", "2023-07-31"), ("XMS23", "Christmas Cheer 2023", 10, "2023-11-24", "2023-12-24"),
    ("WIN24", "Winter Clearance 2024", 40, "2024-01-02", "2024-01-31"), ("MUM24", "Mother's Day 2024", 15, "2024-03-01", "2024-03-10"),
    ("SUM24", "Summer Sale 2024", 25, "2024-07-01", "2024-07-31"), ("XMS24", "Christmas Cheer 2024", 10, "2024-11-22", "2024-12-24"),
    ("WIN25", "Winter Clearance 2025", 50, "2025-01-02", "2025-01-31"), ("MUM25", "Mother's Day 2025", 15, "2025-03-21", "2025-03-30"),
    ("STU25", "Student Night 2025", 20, "2025-09-18", "2025-09-18"), ("SUM25", "Summer Sale 2025", 30, "2025-07-01", "2025-07-31"),
)  # fmt: skip

_ALL = "BTY JWL BAG LAD LIN SHO MEN CHI TOY COO FOO CHN BED ELE"
_SUPPLIERS: tuple[tuple[str, str, str], ...] = (  # name, country, departments it has something for
    ("Atlantic Textiles", "Portugal", "LAD LIN MEN CHI BED"), ("Clairval Distribution", "France", "BTY BAG LAD"),
    ("Glenorchy Mills", "United Kingdom", "BAG LAD MEN CHI SHO"), ("O'Hara Leather", "Ireland", "BAG SHO MEN"),
    ("Holzmann Spielwaren", "Germany", "TOY CHI"), ("Brandt Hausgeräte", "Germany", "ELE COO"),
    ("Manufacture Dubois", "France", "CHN COO"), ("Sakura Cutlery", "Japan", "COO ELE"), ("Castellani & Figli", "Italy", "SHO BAG"),
    ("Pemberton Outfitters", "United Kingdom", "MEN SHO BTY JWL BAG"), ("Nordic Trade", "Denmark", "JWL ELE TOY CHN"),
    ("La Huerta Española", "Spain", "FOO"), ("Ashdown Pottery", "United Kingdom", "CHN COO"), ("Lys Blanc SARL", "France", "BED LIN BTY"),
    ("Meridian Wholesale", "United Kingdom", _ALL), ("Silverline Imports", "United Kingdom", "JWL COO CHN ELE TOY"),
    ("Porto Shoes", "Portugal", "SHO CHI"), ("St. Gallen Lace", "Switzerland", ""), ("Merrydown Publishing", "United Kingdom", "TOY"),
    ("Bottega Tessaro", "Italy", "JWL ELE COO"), ("Ravensworth Estates", "United Kingdom", ""), ("Garnier & Cie", "France", "FOO BTY CHN"),
)  # fmt: skip

_FIRST_PRODUCT = 3001
_FLOOR_MANAGERS = range(102, 107)
_TOWNS = ("Guildford", "Woking", "Godalming", "Farnham", "Dorking", "Haslemere", "Leatherhead", "Cranleigh")


def _job(row: Row) -> Value:
    """One director, a manager a floor, then people at the tills and behind them."""
    number = int(row["Employee_Id"] or 0)
    if number <= 106:
        return "Store director" if number == 101 else "Floor manager"
    return ("Sales adviser", "Cashier", "Sales adviser", "Stockroom assistant", "Sales adviser", "Visual merchandiser")[number * 7 % 6]


def _salary(row: Row) -> Value:
    """By job; advisers and the rest differ from one another by tens."""
    usual = {"Store director": 98000, "Floor manager": 46000, "Sales adviser": 25200, "Cashier": 23400}.get(str(row["Job_Title"]), 24300)
    return usual + int(row["Employee_Id"] or 0) * 7919 % 431 * 10


def _commission(row: Row) -> Value:
    """Only sales advisers earn one."""
    return (1.5, 2.0, 2.5, 3.0)[int(row["Employee_Id"] or 0) % 4] if row["Job_Title"] == "Sales adviser" else None


@dataclass(frozen=True)
class _Boss:
    """The director over the floor managers, a floor manager over anybody else, nobody over the director."""

    def draw(self, cell: Cell) -> Value:
        if cell.index == 0:
            return None
        return 101 if cell.index <= len(_FLOOR_MANAGERS) else cell.rng.choice(_FLOOR_MANAGERS)


@dataclass(frozen=True)
class _LeftOn:
    """The director and the floor managers are all still there."""

    def draw(self, cell: Cell) -> Value:
        return None if cell.index <= len(_FLOOR_MANAGERS) else After("Hired_On", (400, 3600), latest=TODAY).draw(cell)


@dataclass(frozen=True)
class _DayBetween:
    """A day from the date at one path to the date at another; when that one is NULL: NULL for `open_share`, else up to TODAY."""

    first: str
    last: str
    open_share: float = 0.0

    def draw(self, cell: Cell) -> Value:
        start, end = cell.day(self.first), cell.day(self.last)
        if start is None or (end is None and cell.rng.random() < self.open_share):
            return None
        return (start + dt.timedelta(days=cell.rng.randint(0, max(0, ((end or _TODAY) - start).days)))).isoformat()


@dataclass(frozen=True)
class _OrderDate:
    """Since the books begin, and never before the customer registered."""

    def draw(self, cell: Cell) -> Value:
        start = max(_FIRST_DAY, cell.day("Customer_Id.Registered_On") or _FIRST_DAY)
        return (start + dt.timedelta(days=cell.rng.randint(0, (_TODAY - start).days))).isoformat()


@dataclass(frozen=True)
class _AmountPaid:
    """Quantity times unit price, less the order's promotion."""

    def draw(self, cell: Cell) -> Value:
        percent = next((p[2] for p in _PROMOTIONS if p[0] == cell.value("Order_Id.Promotion_Code")), 0)
        return round((cell.number("Quantity") or 0) * (cell.number("Unit_Price") or 0) * (1 - percent / 100), 2)


@dataclass(frozen=True)
class _Refund:
    """What was paid for the pieces that came back."""

    def draw(self, cell: Cell) -> Value:
        paid, bought = cell.number("Order_Line_Id.Amount_Paid") or 0, cell.number("Order_Line_Id.Quantity") or 1
        return round(paid * (cell.number("Quantity_Returned") or 0) / bought, 2)


@dataclass(frozen=True)
class _PiecesBack:
    """At least one piece of the line, at most all."""

    def draw(self, cell: Cell) -> Value:
        return cell.rng.randint(1, int(cell.number("Order_Line_Id.Quantity") or 1))


@dataclass(frozen=True)
class _SupplierFor:
    """Anybody who has something for the product's department."""

    def draw(self, cell: Cell) -> Value:
        department = str(cell.value("Product_Id.Dept_Code"))
        return cell.rng.choice([number for number, supplier in enumerate(_SUPPLIERS, start=1) if department in supplier[2]])


@dataclass(frozen=True)
class _Reason:
    """Only what is worn can fail to fit; nobody is ever sent the wrong thing."""

    def draw(self, cell: Cell) -> Value:
        worn = _PRODUCTS[int(cell.number("Order_Line_Id.Product_Id") or 0) - _FIRST_PRODUCT][2] in ("LAD", "LIN", "SHO", "MEN", "CHI")
        return cell.rng.choices(("FLT", "COL", "GFT", "LAT", "MND", "OTH", "SIZ"), (5, 2, 4, 2, 5, 1, 9 * worn))[0]


@dataclass(frozen=True)
class _PurchasePrice:
    """38 to 62 % of the product's list price."""

    def draw(self, cell: Cell) -> Value:
        return round((cell.number("Product_Id.List_Price") or 0) * cell.rng.uniform(0.38, 0.62), 2)


def _promotion(row: Row) -> Value:
    """Two orders in three of a promotion's days used it."""
    day = str(row["Order_Date"])
    running = (code for code, _, _, first, last in _PROMOTIONS if first <= day <= last)
    return next(running, None) if int(row["Order_Id"] or 0) % 3 else None


def _channel(row: Row) -> Value:
    """Nobody serves a customer of the website."""
    return "Website" if row["Employee_Id"] is None else ("Till", "Till", "Telephone", "Till")[int(row["Order_Id"] or 0) % 4]


def _delivery_charge(row: Row) -> Value:
    """Nothing is delivered from the till."""
    return None if row["Sales_Channel"] == "Till" else (4.95, 4.95, 0.0, 9.5)[int(row["Order_Id"] or 0) % 4]


BUSINESS = Business("department_store", "Harcourt & Sœurs: a department store of five floors, its staff, suppliers and customers.", (
    Table("Department", len(_DEPARTMENTS), (
        Column("Dept_Code", "TEXT", Listed(tuple(d[0] for d in _DEPARTMENTS)), primary_key=True, said=("department code",)),
        Column("Department_Name", "TEXT", Listed(tuple(d[1] for d in _DEPARTMENTS)), said=("department name", "name")),
        Column("Floor_Level", "TEXT", Listed(tuple(d[2] for d in _DEPARTMENTS)), said=("floor",)),
        Column("Area_Sqm", "INTEGER", Listed(tuple(d[3] for d in _DEPARTMENTS)), said=("floor area", "size in square metres")),
        Column("Till_Count", "INTEGER", Listed(tuple(d[4] for d in _DEPARTMENTS)), said=("number of tills",)),
    ), said=("department", "departments")),
    Table("Employee", 52, (
        Column("Employee_Id", "INTEGER", Serial(101), primary_key=True, said=("employee number",)),
        Column("Employee_Name", "TEXT", Fake("name", locales=("en_GB", "en_GB", "fr_FR", "es_ES")), said=("name",), unique=True),
        Column("Job_Title", "TEXT", Derive(_job), said=("job", "job title")),
        Column("Manager_Id", "INTEGER", _Boss(), references="Employee.Employee_Id", said=("manager", "boss")),
        Column("Annual_Salary", "INTEGER", Derive(_salary), said=("salary", "yearly pay")),
        Column("Commission_Percent", "REAL", Derive(_commission), said=("commission",)),
        Column("Hired_On", "TEXT", Date("2009-02-02", "2024-10-21", skew=0.7), said=("hiring date",)),
        Column("Left_On", "TEXT", _LeftOn(), said=("leaving date",), null_share=0.5),
    ), said=("employee", "employees", "staff")),
    Table("Staff_Assignment", 96, (
        Column("Assignment_Id", "INTEGER", Serial(), primary_key=True, said=("assignment number",)),
        Column("Employee_Id", "INTEGER", Parent(skew=1.2, unused=0.08), references="Employee.Employee_Id", said=("employee",)),
        Column("Dept_Code", "TEXT", Parent(skew=1.3, unused=0.06), references="Department.Dept_Code", said=("department",)),
        Column("Assigned_From", "TEXT", _DayBetween("Employee_Id.Hired_On", "Employee_Id.Left_On"), said=("first day",)),
        Column("Assigned_To", "TEXT", _DayBetween("Assigned_From", "Employee_Id.Left_On", open_share=0.6), said=("last day",)),
        Column("Hours_Per_Week", "INTEGER", Choice((8, 16, 20, 24, 32, 37)), said=("weekly hours",), null_share=0.06),
    ), said=("assignment", "assignments", "postings")),
    Table("Supplier", len(_SUPPLIERS), (
        Column("Supplier_Id", "INTEGER", Serial(), primary_key=True, said=("supplier number",)),
        Column("Supplier_Name", "TEXT", Listed(tuple(s[0] for s in _SUPPLIERS)), said=("supplier name", "name")),
        Column("Country", "TEXT", Listed(tuple(s[1] for s in _SUPPLIERS)), said=("country",)),
        Column("Contact_Name", "TEXT", Fake("name", locales=("en_GB", "fr_FR", "de_DE")), said=("contact", "contact person"),
               null_share=0.2),
        Column("Payment_Terms_Days", "INTEGER", Choice((14, 30, 30, 45, 60)), said=("payment terms", "days to pay")),
        Column("Supplying_Since", "TEXT", Date("1998-01-05", "2024-03-29"), said=("first delivery date",)),
    ), said=("supplier", "suppliers", "vendors")),
    Table("Product", len(_PRODUCTS), (
        Column("Product_Id", "INTEGER", Serial(_FIRST_PRODUCT), primary_key=True, said=("product number",)),
        Column("Style_Code", "TEXT", Code("H##-??###"), said=("style code",), unique=True),
        Column("Product_Name", "TEXT", Listed(tuple(p[0] for p in _PRODUCTS)), said=("product name", "name")),
        Column("Brand_Name", "TEXT", Listed(tuple(p[1] for p in _PRODUCTS)), said=("brand", "make")),
        Column("Dept_Code", "TEXT", Listed(tuple(p[2] for p in _PRODUCTS)), references="Department.Dept_Code", said=("department",)),
        Column("Colour", "TEXT", Listed(tuple(p[3] for p in _PRODUCTS)), said=("colour",)),
        Column("List_Price", "REAL", Listed(tuple(p[4] for p in _PRODUCTS)), said=("list price", "ticket price")),
        Column("Stock_On_Hand", "INTEGER", Integer(0, 90, skew=1.7), said=("stock", "number in stock")),
        Column("Minimum_Stock", "INTEGER", Choice((4, 6, 8, 12, 20)), said=("minimum stock",)),
        Column("Launched_On", "TEXT", Date("2017-03-01", "2025-04-30"), said=("launch date",), null_share=0.08),
        Column("Is_Discontinued", "TEXT", Choice(("N", "Y"), (8, 1)), said=("discontinued mark",)),
    ), said=("product", "products", "items", "lines")),
    Table("Product_Supplier", 190, (
        Column("Product_Id", "INTEGER", Parent(unused=0.05), references="Product.Product_Id", primary_key=True, said=("product",)),
        Column("Supplier_Id", "INTEGER", _SupplierFor(), references="Supplier.Supplier_Id", primary_key=True,
               said=("supplier",)),
        Column("Purchase_Price", "REAL", _PurchasePrice(), said=("purchase price", "what we pay")),
        Column("Lead_Time_Days", "INTEGER", Integer(3, 60, skew=1.5), said=("lead time", "delivery time in days"), null_share=0.07),
        Column("Last_Bought_On", "TEXT", Date("2023-05-01", TODAY, skew=0.7), said=("last purchase date",), null_share=0.1),
    ), said=("supply", "supplies", "purchase conditions")),
    Table("Customer", 260, (
        Column("Customer_Id", "INTEGER", Serial(), primary_key=True, said=("customer number",)),
        Column("Customer_Name", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_GB", "fr_FR", "es_ES", "de_DE")),
               said=("name",), unique=True),
        Column("Email", "TEXT", Fake("email"), said=("email address",), null_share=0.18),
        Column("Street_Address", "TEXT", Fake("street"), said=("street",)),
        Column("Home_Town", "TEXT", Choice(_TOWNS, (12, 9, 6, 6, 4, 3, 3, 1)), said=("home town", "town")),
        Column("Delivery_Town", "TEXT", Choice(_TOWNS), said=("delivery town",), null_share=0.8),
        Column("Birth_Date", "TEXT", Date("1938-06-01", "2006-11-30"), said=("date of birth",), null_share=0.35),
        Column("Registered_On", "TEXT", Date("2021-02-01", "2025-04-30"), said=("registration date",)),
        Column("Card_Level", "TEXT", Choice(("Gold", "gold", "Silver", "SILVER", "Platinum"), (7, 2, 9, 2, 3)),
               said=("store card", "card level"), null_share=0.4),
        Column("Newsletter", "TEXT", Choice(("Y", "N"), (5, 4)), said=("newsletter permission",)),
    ), said=("customer", "customers", "shoppers")),
    Table("Ref_Promotion", len(_PROMOTIONS), (
        Column("Promotion_Code", "TEXT", Listed(tuple(p[0] for p in _PROMOTIONS)), primary_key=True, said=("promotion code",)),
        Column("Promotion_Name", "TEXT", Listed(tuple(p[1] for p in _PROMOTIONS)), said=("promotion name", "name")),
        Column("Discount_Percent", "INTEGER", Listed(tuple(p[2] for p in _PROMOTIONS)), said=("discount", "percentage off")),
        Column("Starts_On", "TEXT", Listed(tuple(p[3] for p in _PROMOTIONS)), said=("first day",)),
        Column("Ends_On", "TEXT", Listed(tuple(p[4] for p in _PROMOTIONS)), said=("last day",)),
    ), said=("promotion", "promotions", "offers")),
    Table("Customer_Order", 640, (
        Column("Order_Id", "INTEGER", Serial(70001), primary_key=True, said=("order number",)),
        Column("Customer_Id", "INTEGER", Parent(skew=1.4, unused=0.12), references="Customer.Customer_Id", said=("customer",),
               null_share=0.14),
        Column("Employee_Id", "INTEGER", Parent(skew=1.3, unused=0.3), references="Employee.Employee_Id", said=("employee",),
               null_share=0.32),
        Column("Sales_Channel", "TEXT", Derive(_channel), said=("sales channel",)),
        Column("Order_Date", "TEXT", _OrderDate(), said=("order date",)),
        Column("Order_Status", "TEXT", Choice(("Completed", "completed", "Cancelled", "CANCELLED", "On hold"), (24, 5, 3, 1, 2)),
               said=("status",)),
        Column("Payment_Method", "TEXT", Choice(("Card", "Cash", "Gift card", "Store account"), (10, 3, 2, 2)),
               said=("way of paying",), null_share=0.05),
        Column("Promotion_Code", "TEXT", Derive(_promotion), references="Ref_Promotion.Promotion_Code", said=("promotion",)),
        Column("Delivery_Charge", "REAL", Derive(_delivery_charge), said=("delivery charge",)),
    ), said=("order", "orders", "sales")),
    Table("Order_Line", 1500, (
        Column("Order_Line_Id", "INTEGER", Serial(), primary_key=True, said=("line number",)),
        Column("Order_Id", "INTEGER", Parent(unused=0.02), references="Customer_Order.Order_Id", said=("order",)),
        Column("Product_Id", "INTEGER", Parent(skew=1.5, unused=0.07), references="Product.Product_Id", said=("product",)),
        Column("Quantity", "INTEGER", Integer(1, 6, skew=2.4), said=("quantity", "number sold")),
        Column("Unit_Price", "REAL", Copy("Product_Id.List_Price", spread=0.04), said=("unit price",)),
        Column("Amount_Paid", "REAL", _AmountPaid(), said=("amount paid",)),
    ), said=("order line", "order lines")),
    Table("Ref_Return_Reason", 8, (
        Column("Reason_Code", "TEXT", Listed(("FLT", "SIZ", "COL", "GFT", "LAT", "MND", "WRG", "OTH")), primary_key=True,
               said=("reason code",)),
        Column("Reason_Description", "TEXT", Listed((
            "Faulty", "Doesn't fit", "Colour not as shown", "Unwanted gift", "Arrived too late", "Changed mind", "Wrong item sent", "Other",
        )), said=("reason",)),
    ), said=("return reason", "return reasons")),
    Table("Product_Return", 120, (
        Column("Return_Id", "INTEGER", Serial(9001), primary_key=True, said=("return number",)),
        Column("Order_Line_Id", "INTEGER", Parent(unused=0.4), references="Order_Line.Order_Line_Id", unique=True, said=("order line",)),
        Column("Order_Id", "INTEGER", Copy("Order_Line_Id.Order_Id"), references="Customer_Order.Order_Id", said=("order",)),
        Column("Returned_On", "TEXT", After("Order_Id.Order_Date", (1, 40), latest=TODAY), said=("return date",)),
        Column("Quantity_Returned", "INTEGER", _PiecesBack(), said=("number returned",)),
        Column("Reason_Code", "TEXT", _Reason(), references="Ref_Return_Reason.Reason_Code", said=("reason",),
               null_share=0.12),
        Column("Amount_Refunded", "REAL", _Refund(), said=("refund",), null_share=0.1),
    ), said=("return", "returns", "returned goods")),
))  # fmt: skip
