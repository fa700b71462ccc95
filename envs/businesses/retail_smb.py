"""The test business: Paws & Whiskers, six pet shops and a web shop, with the untidiness of a real till's database.

Statuses and species typed in two ways, a code table for why things come back, three columns called some kind of price,
NULLs where somebody did not fill in the form, apostrophes and accents in names. Nothing is trained or tuned on it.
"""

from __future__ import annotations

from envs.businesses.spec import (
    After,
    Business,
    Choice,
    Code,
    Column,
    Copy,
    Date,
    Derive,
    Fake,
    Flag,
    Integer,
    Listed,
    Money,
    Parent,
    Row,
    Serial,
    Since,
    Table,
    Value,
)

TODAY = "2025-06-30"  # the last day in the books

_CATEGORIES = (
    "Dog food", "Cat food", "Small animals", "Birds", "Aquatics", "Toys", "Beds & crates", "Grooming", "Health", "Reptiles",
)  # fmt: skip

_PRODUCTS: tuple[tuple[str, str, float], ...] = (  # name, category, list price
    ("Chicken & rice kibble 2kg", "Dog food", 11.99), ("Chicken & rice kibble 12kg", "Dog food", 44.5),
    ("Grain-free salmon kibble 2kg", "Dog food", 17.25), ("Puppy starter kibble 3kg", "Dog food", 15.95),
    ("Senior dog light 6kg", "Dog food", 29.99), ("Beef pâté tray", "Dog food", 1.45), ("Dental chew sticks", "Dog food", 4.2),
    ("Tuna flakes pouch", "Cat food", 0.95), ("Kitten milk powder", "Cat food", 9.8),
    ("Indoor cat biscuits 1.5kg", "Cat food", 8.75),
    ("Hairball control biscuits", "Cat food", 10.4), ("Gourmet rabbit terrine", "Cat food", 1.85),
    ("Freeze-dried chicken treats", "Cat food", 5.6), ("Timothy hay bale", "Small animals", 6.5),
    ("Hamster muesli 1kg", "Small animals", 3.75), ("Guinea pig nuggets", "Small animals", 5.15),
    ("Wood shavings 20l", "Small animals", 7.3), ("Rabbit hutch, two storey", "Small animals", 129.0),
    ("Hamster wheel, silent", "Small animals", 12.5), ("Parrot seed mix 3kg", "Birds", 13.4),
    ("Budgie millet spray", "Birds", 2.1),
    ("Cuttlefish bone", "Birds", 1.6), ("Flight cage, large", "Birds", 94.0), ("Canary song mix", "Birds", 4.85),
    ("Goldfish flakes", "Aquatics", 3.3), ("Tropical flakes", "Aquatics", 4.1), ("Aquarium heater 100W", "Aquatics", 24.9),
    ("Nano tank 20l", "Aquatics", 59.0), ("Algae scraper", "Aquatics", 5.75), ("Water conditioner", "Aquatics", 6.6),
    ("Rope tug", "Toys", 5.5), ("Squeaky hedgehog", "Toys", 6.25), ("Feather wand", "Toys", 3.95),
    ("Laser pointer", "Toys", 7.45),
    ("Tennis balls, pack of 3", "Toys", 4.99), ("Kong Classic, red", "Toys", 11.5), ("Catnip mouse", "Toys", 2.75),
    ("Orthopaedic dog bed", "Beds & crates", 64.0), ("Cat igloo", "Beds & crates", 27.5),
    ("Folding crate, medium", "Beds & crates", 49.95), ("Traveller's carrier", "Beds & crates", 34.2),
    ("Fleece blanket", "Beds & crates", 9.9), ("Slicker brush", "Grooming", 8.1), ("Oatmeal shampoo", "Grooming", 7.85),
    ("Nail clippers", "Grooming", 6.95), ("De-shedding rake", "Grooming", 15.6), ("Flea collar, cat", "Health", 9.25),
    ("Flea collar, dog", "Health", 9.75), ("Worming tablets", "Health", 12.3), ("Joint care capsules", "Health", 21.0),
    ("Calming diffuser", "Health", 26.4), ("Eye wipes", "Health", 4.45), ("Heat lamp 75W", "Reptiles", 18.9),
    ("Vivarium, 60cm", "Reptiles", 112.0), ("Calcium dust", "Reptiles", 5.35), ("Live mealworms", "Reptiles", 2.95),
)  # fmt: skip

_BREEDS: dict[str, tuple[str, float]] = {  # breed: species, usual weight in kg
    "Labrador": ("Dog", 30.0), "Cockapoo": ("Dog", 10.0), "Border collie": ("Dog", 18.0), "Dachshund": ("Dog", 8.5),
    "Whippet": ("Dog", 13.0), "Jack Russell": ("Dog", 7.0), "Domestic shorthair": ("Cat", 4.5), "Siamese": ("Cat", 4.0),
    "Maine Coon": ("Cat", 7.5), "Ragdoll": ("Cat", 6.5), "Netherland dwarf": ("Rabbit", 1.1), "Mini lop": ("Rabbit", 2.0),
    "Syrian": ("Hamster", 0.15), "Budgerigar": ("Bird", 0.04), "African grey": ("Bird", 0.45),
    "Bearded dragon": ("Reptile", 0.4),
}  # fmt: skip

_PET_NAMES = (
    "Alfie", "Bella", "Coco", "D'Artagnan", "Ellie", "Fígaro", "Gizmo", "Hugo", "Inès", "Jasper", "Kiki", "Luna", "Milo",
    "Nacho", "O'Malley", "Poppy", "Queenie", "Rosie", "Señor Whiskers", "Teddy", "Una", "Violet", "Wallace", "Zoë",
    "Bramble", "Daisy",
)  # fmt: skip


def _species(row: Row) -> Value:
    """As typed at the till: every seventh pet in lower case."""
    species, _ = _BREEDS[str(row["breed"])]
    return species.lower() if int(row["pet_id"] or 0) % 7 == 0 else species


def _weight(row: Row) -> Value:
    """The breed's usual weight, 20 % less to 19 % more."""
    _, usual_kg = _BREEDS[str(row["breed"])]
    return round(usual_kg * (0.8 + int(row["pet_id"] or 0) * 37 % 40 / 100), 2)


def _cost(row: Row) -> Value:
    """45 to 70 % of the list price."""
    return round(float(row["list_price"] or 0) * (0.45 + int(row["product_id"] or 0) % 5 / 16), 2)


def _channel(row: Row) -> Value:
    """Nobody serves a customer of the web shop."""
    return "online" if row["staff_id"] is None else "in store"


def _line_total(row: Row) -> Value:
    quantity, price, percent = (float(row[name] or 0) for name in ("quantity", "unit_price", "discount_pct"))
    return round(quantity * price * (1 - percent / 100), 2)


BUSINESS = Business("retail_smb", "Paws & Whiskers: six pet shops and a web shop, their customers and their customers' pets.", (
    Table("stores", 6, (
        Column("store_id", "INTEGER", Serial(), primary_key=True, said=("store number",)),
        Column("store_name", "TEXT", Listed((
            "Harbour Road", "Market Street", "St John's Arcade", "Châtelet Place", "Mill Lane", "Station Parade",
        )), said=("store name",)),
        Column("city", "TEXT", Listed(("Bristol", "Bath", "Cardiff", "Bristol", "Exeter", "Bath")), said=("city", "town")),
        Column("opened_on", "TEXT", Listed((
            "2011-04-02", "2014-09-13", "2016-03-19", "2018-11-03", "2019-06-15", "2021-11-27",
        )), said=("opening date",)),
        Column("floor_area_sqm", "INTEGER", Listed((240, 180, 150, 95, 210, None)), said=("floor area",)),
    ), said=("store", "stores", "shops", "branches")),
    Table("staff", 28, (
        Column("staff_id", "INTEGER", Serial(), primary_key=True, said=("staff number",)),
        Column("full_name", "TEXT", Fake("name", locales=("en_GB", "en_GB", "fr_FR", "es_ES")), said=("name",), unique=True),
        Column("store_id", "INTEGER", Parent(unused=0), references="stores.store_id", said=("store",)),
        Column("job_title", "TEXT", Choice(("Sales assistant", "Groomer", "Store manager", "Stock controller"), (6, 3, 2, 2)),
               said=("job", "job title")),
        Column("hourly_wage", "REAL", Money(11.5, 21, skew=1.6, step=0.05), said=("hourly wage", "pay per hour")),
        Column("hired_on", "TEXT", Date("2013-01-07", "2022-12-12"), said=("hiring date",)),
        Column("left_on", "TEXT", After("hired_on", (900, 4200), latest=TODAY), said=("leaving date",), null_share=0.55),
    ), said=("employee", "staff", "employees")),
    Table("customers", 140, (
        Column("customer_id", "INTEGER", Serial(1001), primary_key=True, said=("customer number",)),
        Column("full_name", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_GB", "fr_FR", "es_ES", "de_DE")),
               said=("name",), unique=True),
        Column("email", "TEXT", Fake("email"), said=("email address",), null_share=0.12),
        Column("phone", "TEXT", Fake("phone"), said=("phone number",), null_share=0.3),
        Column("city", "TEXT", Choice((
            "Bristol", "Bath", "Cardiff", "Exeter", "Newport", "Wells", "Clevedon",
        ), (9, 6, 5, 4, 2, 2, 1)), said=("city", "home town")),
        Column("joined_on", "TEXT", Date("2022-01-03", "2025-03-31"), said=("joining date",)),
        Column("loyalty_tier", "TEXT", Choice(("Bronze", "Silver", "Gold"), (6, 3, 2)), said=("loyalty level",),
               null_share=0.25),
        Column("email_opt_in", "INTEGER", Flag(0.6), said=("permission to email",)),
    ), said=("customer", "customers", "shoppers")),
    Table("pets", 165, (
        Column("pet_id", "INTEGER", Serial(), primary_key=True, said=("pet number",)),
        Column("customer_id", "INTEGER", Parent(skew=1.4, unused=0.2), references="customers.customer_id", said=("owner",)),
        Column("pet_name", "TEXT", Choice(_PET_NAMES), said=("name",)),
        Column("breed", "TEXT", Choice(tuple(_BREEDS)), said=("breed",)),
        Column("species", "TEXT", Derive(_species), said=("species", "kind of animal")),
        Column("birth_date", "TEXT", Date("2010-05-01", "2025-02-28", skew=0.6), said=("date of birth",), null_share=0.15),
        Column("weight_kg", "REAL", Derive(_weight), said=("weight",), null_share=0.1),
    ), said=("pet", "pets", "animals")),
    Table("categories", 10, (
        Column("category_id", "INTEGER", Serial(10, 10), primary_key=True, said=("category number",)),
        Column("category_name", "TEXT", Listed(_CATEGORIES), said=("category name", "name")),
    ), said=("category", "categories", "departments")),
    Table("suppliers", 14, (
        Column("supplier_id", "INTEGER", Serial(), primary_key=True, said=("supplier number",)),
        Column("supplier_name", "TEXT", Listed((
            "Whitby Pet Foods", "L'Animalerie du Nord", "Kessler Aquaristik", "Greenfield Hay Co.", "O'Brien & Daughters",
            "Pawsome Wholesale", "Tierwelt Süd", "Avon Bird Supplies", "Cosy Critters Ltd", "Señal Reptiles", "Northern Kibble",
            "Happy Tails Toys", "Vetline Direct", "Bruno & Fils",
        )), said=("supplier name", "name")),
        Column("country", "TEXT", Listed((
            "United Kingdom", "France", "Germany", "United Kingdom", "Ireland", "United Kingdom", "Germany", "United Kingdom",
            "United Kingdom", "Spain", "United Kingdom", "Netherlands", "United Kingdom", "France",
        )), said=("country",)),
        Column("lead_time_days", "INTEGER", Integer(2, 28, skew=1.5), said=("delivery time in days",)),
        Column("contact_email", "TEXT", Fake("email"), said=("contact email",), null_share=0.2),
    ), said=("supplier", "suppliers", "vendors")),
    Table("products", len(_PRODUCTS), (
        Column("product_id", "INTEGER", Serial(), primary_key=True, said=("product number",)),
        Column("sku", "TEXT", Code("PW-??-####"), said=("stock code",), unique=True),
        Column("product_name", "TEXT", Listed(tuple(name for name, _, _ in _PRODUCTS)), said=("product name", "name")),
        Column("category_id", "INTEGER", Listed(tuple(10 * _CATEGORIES.index(c) + 10 for _, c, _ in _PRODUCTS)),
               references="categories.category_id", said=("category",)),
        Column("supplier_id", "INTEGER", Parent(unused=0.15), references="suppliers.supplier_id", said=("supplier",)),
        Column("list_price", "REAL", Listed(tuple(price for _, _, price in _PRODUCTS)), said=("list price", "shelf price")),
        Column("cost_price", "REAL", Derive(_cost), said=("cost price", "what we pay")),
        Column("stock_qty", "INTEGER", Integer(0, 120, skew=1.8), said=("stock level",)),
        Column("reorder_level", "INTEGER", Choice((5, 10, 15, 20, 30)), said=("reorder level",)),
        Column("discontinued", "INTEGER", Flag(0.12), said=("discontinued mark",)),
    ), said=("product", "products", "items we sell")),
    Table("orders", 260, (
        Column("order_id", "INTEGER", Serial(50001), primary_key=True, said=("order number",)),
        Column("customer_id", "INTEGER", Parent(skew=1.5, unused=0.12), references="customers.customer_id", said=("customer",)),
        Column("staff_id", "INTEGER", Parent(skew=1.3, unused=0.15), references="staff.staff_id", said=("employee",),
               null_share=0.25),
        Column("store_id", "INTEGER", Copy("staff_id.store_id"), references="stores.store_id", said=("store",)),
        Column("channel", "TEXT", Derive(_channel), said=("sales channel",)),
        Column("order_date", "TEXT", Since("customer_id.joined_on", TODAY), said=("order date",)),
        Column("status", "TEXT", Choice(("completed", "Completed", "cancelled", "CANCELLED", "pending"), (14, 3, 2, 1, 2)),
               said=("status",)),
        Column("payment_method", "TEXT", Choice(("card", "cash", "gift voucher", "PayPal"), (9, 4, 1, 3)),
               said=("way of paying",)),
        Column("delivery_fee", "REAL", Derive(lambda row: 4.95 if row["channel"] == "online" else 0.0), said=("delivery fee",)),
    ), said=("order", "orders", "sales")),
    Table("order_items", 560, (
        Column("order_item_id", "INTEGER", Serial(), primary_key=True, said=("line number",)),
        Column("order_id", "INTEGER", Parent(unused=0.04), references="orders.order_id", said=("order",)),
        Column("product_id", "INTEGER", Parent(skew=1.7, unused=0.1), references="products.product_id", said=("product",)),
        Column("quantity", "INTEGER", Integer(1, 8, skew=2), said=("quantity", "number sold")),
        Column("unit_price", "REAL", Copy("product_id.list_price", spread=0.05), said=("price charged",)),
        Column("discount_pct", "INTEGER", Choice((0, 5, 10, 20), (10, 3, 2, 1)), said=("discount",), null_share=0.08),
        Column("line_total", "REAL", Derive(_line_total), said=("line total", "amount")),
    ), said=("order line", "order lines", "lines")),
    Table("return_reasons", 7, (
        Column("reason_code", "TEXT", Listed(("DMG", "WRG", "SIZ", "ALG", "CHG", "EXP", "OTH")), primary_key=True,
               said=("reason code",)),
        Column("description", "TEXT", Listed((
            "Arrived damaged", "Wrong item", "Wrong size", "Pet's allergic", "Changed mind", "Past its date", "Other",
        )), said=("reason",)),
    ), said=("return reason", "return reasons")),
    Table("returns", 48, (
        Column("return_id", "INTEGER", Serial(), primary_key=True, said=("return number",)),
        Column("order_item_id", "INTEGER", Parent(unused=0.5), references="order_items.order_item_id", unique=True,
               said=("order line",)),
        Column("order_id", "INTEGER", Copy("order_item_id.order_id"), references="orders.order_id", said=("order",)),
        Column("returned_on", "TEXT", After("order_id.order_date", (1, 35), latest=TODAY), said=("return date",)),
        Column("reason_code", "TEXT", Parent(skew=1.6, unused=0.1), references="return_reasons.reason_code",
               said=("reason code",), null_share=0.1),
        Column("refund_amount", "REAL", Copy("order_item_id.line_total"), said=("refund",), null_share=0.08),
    ), said=("return", "returns", "returned goods")),
))  # fmt: skip
