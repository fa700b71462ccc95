"""The validation businesses: five trades no training business is in, each naming its tables in its own way.

They choose the checkpoint and the settings. A hotel (tbl_ prefixes), a bicycle rental (snake_case, singular), a dental
practice (CamelCase, ID suffixes), a wholesale bakery (abbreviations) and a cinema (columns repeat the table's name).
"""

from __future__ import annotations

# fmt: off
# isort: off
from envs.businesses.spec import (After, Business, Choice, Code, Column, Copy, Date, DateTime, Derive, Fake, Flag, Integer, Listed, Money,
    Parent, Phrase, Product, Serial, Since, Table)
# isort: on
# fmt: on

_HOTEL = Business("harbour_hotel", "A hotel of forty rooms by the harbour: bookings, extras, housekeeping.", (
    Table("tbl_room_type", 5, (
        Column("type_id", "INTEGER", Serial(), primary_key=True, said=("room type number",)),
        Column("type_name", "TEXT", Listed(("Single", "Double", "Twin", "Family", "Suite")), said=("room type", "name")),
        Column("base_rate", "REAL", Listed((68.0, 95.0, 92.0, 135.0, 210.0)), said=("base rate", "usual price per night")),
        Column("max_guests", "INTEGER", Listed((1, 2, 2, 4, 3)), said=("maximum number of guests",)),
    ), said=("room type", "room types")),
    Table("tbl_room", 40, (
        Column("room_no", "INTEGER", Serial(101), primary_key=True, said=("room number",)),
        Column("type_id", "INTEGER", Parent(unused=0), references="tbl_room_type.type_id", said=("room type",)),
        Column("floor", "INTEGER", Derive(lambda row: 1 + (int(row["room_no"] or 0) - 101) // 10), said=("floor",)),
        Column("sea_view", "INTEGER", Flag(0.4), said=("sea view",)),
        Column("last_painted", "TEXT", Date("2016-01-10", "2024-11-30"), said=("date it was last painted",), null_share=0.1),
    ), said=("room", "rooms")),
    Table("tbl_guest", 120, (
        Column("guest_id", "INTEGER", Serial(), primary_key=True, said=("guest number",)),
        Column("guest_name", "TEXT", Fake("name", locales=("en_GB", "de_DE", "fr_FR")), said=("name", "guest's name")),
        Column("country", "TEXT", Choice((
            "United Kingdom", "Germany", "France", "Ireland", "Netherlands", "Norway",
        ), (8, 4, 3, 2, 2, 1)), said=("country",)),
        Column("email", "TEXT", Fake("email"), said=("email address",), null_share=0.15),
        Column("vip", "INTEGER", Flag(0.1), said=("VIP mark",)),
    ), said=("guest", "guests", "visitors")),
    Table("tbl_booking", 260, (
        Column("booking_id", "INTEGER", Serial(3001), primary_key=True, said=("booking number",)),
        Column("guest_id", "INTEGER", Parent(skew=1.6, unused=0.12), references="tbl_guest.guest_id", said=("guest",)),
        Column("room_no", "INTEGER", Parent(unused=0.08), references="tbl_room.room_no", said=("room",)),
        Column("check_in", "TEXT", Date("2023-01-05", "2025-05-31"), said=("arrival date", "check-in date")),
        Column("nights", "INTEGER", Integer(1, 10, skew=2), said=("number of nights",)),
        Column("rate_per_night", "REAL", Money(60, 230, skew=1.5, step=0.5), said=("rate per night",)),
        Column("total_price", "REAL", Product("nights", "rate_per_night"), said=("total price",)),
        Column("source", "TEXT", Choice(("website", "phone", "agency", "walk-in"), (5, 3, 3, 1)), said=("booking source",)),
        Column("status", "TEXT", Choice(("confirmed", "checked out", "cancelled", "no show"), (3, 9, 2, 1)), said=("status",)),
    ), said=("booking", "bookings", "reservations")),
    Table("tbl_extra", 9, (
        Column("extra_id", "INTEGER", Serial(), primary_key=True, said=("extra number",)),
        Column("extra_name", "TEXT", Listed((
            "Breakfast", "Parking", "Late check-out", "Cot", "Bottle of wine", "Dog basket", "Spa day", "Lunch box", "Bike",
        )), said=("name", "extra")),
        Column("price", "REAL", Listed((12.5, 9.0, 20.0, 5.0, 24.0, 8.0, 65.0, 11.0, 15.0)), said=("price",)),
    ), said=("extra", "extras")),
    Table("tbl_booking_extra", 220, (
        Column("line_id", "INTEGER", Serial(), primary_key=True, said=("line number",)),
        Column("booking_id", "INTEGER", Parent(unused=0.35), references="tbl_booking.booking_id", said=("booking",)),
        Column("extra_id", "INTEGER", Parent(skew=1.6, unused=0.1), references="tbl_extra.extra_id", said=("extra",)),
        Column("qty", "INTEGER", Integer(1, 6, skew=2), said=("quantity",)),
        Column("charge", "REAL", Product("qty", "extra_id.price"), said=("charge",)),
    ), said=("extra charge", "extra charges")),
    Table("tbl_housekeeping", 180, (
        Column("task_id", "INTEGER", Serial(), primary_key=True, said=("task number",)),
        Column("room_no", "INTEGER", Parent(skew=1.2, unused=0.1), references="tbl_room.room_no", said=("room",)),
        Column("task_date", "TEXT", Date("2024-06-01", "2025-05-31"), said=("date",)),
        Column("cleaner", "TEXT", Fake("first_name", pool=6), said=("cleaner",)),
        Column("minutes", "INTEGER", Integer(15, 75), said=("minutes it took",), null_share=0.06),
        Column("passed", "INTEGER", Flag(0.9), said=("passed inspection mark",)),
    ), said=("housekeeping task", "housekeeping tasks")),
))  # fmt: skip

_BICYCLES = Business("canal_bikes", "Hires out bicycles by the hour from four stations along a canal.", (
    Table("station", 4, (
        Column("station_code", "TEXT", Listed(("LCK", "MIL", "BRG", "WHF")), primary_key=True, said=("station code",)),
        Column("station_name", "TEXT", Listed(("Lock House", "Old Mill", "Iron Bridge", "Wharf")), said=("name",)),
        Column("rack_count", "INTEGER", Listed((24, 16, 30, 12)), said=("number of racks",)),
    ), said=("station", "stations")),
    Table("bicycle", 60, (
        Column("bicycle_id", "INTEGER", Serial(1), primary_key=True, said=("bicycle number",)),
        Column("frame_no", "TEXT", Code("FR##??###"), said=("frame number",), unique=True),
        Column("home_station", "TEXT", Parent(skew=1.3, unused=0), references="station.station_code", said=("home station",)),
        Column("model", "TEXT", Choice(("Tourer", "Tandem", "Child 20", "E-City", "Cargo"), (6, 1, 2, 4, 1)), said=("model",)),
        Column("hourly_fee", "REAL", Money(3, 11, skew=1.5, step=0.5), said=("hourly fee", "price per hour")),
        Column("bought_on", "TEXT", Date("2018-03-01", "2024-05-31"), said=("purchase date",)),
        Column("retired_on", "TEXT", After("bought_on", (600, 2600), latest="2025-06-30"), said=("date it was retired",),
               null_share=0.6),
    ), said=("bicycle", "bicycles", "bikes")),
    Table("rider", 130, (
        Column("rider_id", "INTEGER", Serial(), primary_key=True, said=("rider number",)),
        Column("first_name", "TEXT", Fake("first_name"), said=("first name",)),
        Column("last_name", "TEXT", Fake("last_name"), said=("last name", "surname")),
        Column("town", "TEXT", Fake("city", pool=8), said=("town",)),
        Column("birth_year", "INTEGER", Integer(1946, 2008), said=("year of birth",), null_share=0.08),
        Column("registered_on", "TEXT", Date("2022-04-01", "2025-04-30"), said=("registration date",)),
    ), said=("rider", "riders", "customers")),
    Table("rental", 330, (
        Column("rental_id", "INTEGER", Serial(9001), primary_key=True, said=("rental number",)),
        Column("rider_id", "INTEGER", Parent(skew=1.6, unused=0.15), references="rider.rider_id", said=("rider",)),
        Column("bicycle_id", "INTEGER", Parent(skew=1.2, unused=0.1), references="bicycle.bicycle_id", said=("bicycle",)),
        Column("from_station", "TEXT", Parent(unused=0), references="station.station_code", said=("starting station",)),
        Column("rented_on", "TEXT", Since("rider_id.registered_on", "2025-06-30"), said=("rental date",)),
        Column("hours", "INTEGER", Integer(1, 9, skew=1.8), said=("number of hours",)),
        Column("hourly_fee", "REAL", Copy("bicycle_id.hourly_fee"), said=("hourly fee",)),
        Column("amount_due", "REAL", Product("hours", "hourly_fee"), said=("amount due", "amount")),
        Column("deposit_kept", "INTEGER", Flag(0.07), said=("deposit kept mark",)),
    ), said=("rental", "rentals", "hires")),
    Table("repair", 90, (
        Column("repair_id", "INTEGER", Serial(), primary_key=True, said=("repair number",)),
        Column("bicycle_id", "INTEGER", Parent(skew=1.8, unused=0.3), references="bicycle.bicycle_id", said=("bicycle",)),
        Column("reported_on", "TEXT", Date("2023-01-02", "2025-06-20"), said=("date it was reported",)),
        Column("finished_on", "TEXT", After("reported_on", (0, 21), latest="2025-06-30"), said=("date it was finished",),
               null_share=0.06),
        Column("fault", "TEXT", Choice(("puncture", "brakes", "chain", "lights", "bent wheel", "battery")), said=("fault",)),
        Column("cost", "REAL", Money(4, 160, skew=2.2, step=0.5), said=("cost",), null_share=0.07),
    ), said=("repair", "repairs")),
))  # fmt: skip

_DENTAL = Business("bright_dental", "A dental practice with five dentists.", (
    Table("Dentist", 6, (
        Column("DentistID", "INTEGER", Serial(), primary_key=True, said=("dentist number",)),
        Column("DentistName", "TEXT", Fake("name", locales=("en_GB", "es_ES")), said=("name", "dentist's name")),
        Column("Speciality", "TEXT", Listed((
            "General", "Orthodontics", "General", "Oral surgery", "Children", "General",
        )), said=("speciality",)),
        Column("StartYear", "INTEGER", Integer(2004, 2023), said=("starting year",)),
    ), said=("dentist", "dentists")),
    Table("Patient", 150, (
        Column("PatientID", "INTEGER", Serial(201), primary_key=True, said=("patient number",)),
        Column("PatientName", "TEXT", Fake("name"), said=("name", "patient's name")),
        Column("Gender", "TEXT", Choice(("F", "M", "X"), (10, 9, 1)), said=("gender",), null_share=0.04),
        Column("BirthDate", "TEXT", Date("1938-01-01", "2019-12-31"), said=("date of birth",)),
        Column("Phone", "TEXT", Fake("phone"), said=("phone number",), null_share=0.1),
        Column("InsurancePlan", "TEXT", Choice(("None", "Basic", "Plus", "Family"), (5, 4, 2, 2)), said=("insurance plan",)),
        Column("RegisteredOn", "TEXT", Date("2019-02-01", "2025-03-31"), said=("registration date",)),
    ), said=("patient", "patients")),
    Table("Treatment", 14, (
        Column("TreatmentCode", "TEXT", Code("T@"), primary_key=True, said=("treatment code",)),
        Column("TreatmentName", "TEXT", Listed((
            "Check-up", "Scale and polish", "White filling", "Amalgam filling", "Root canal", "Crown", "Bridge", "Extraction",
            "Whitening", "Brace fitting", "Brace adjustment", "X-ray", "Fluoride varnish", "Mouth guard",
        )), said=("treatment", "name")),
        Column("StandardFee", "REAL", Listed((
            32.0, 58.0, 110.0, 85.0, 420.0, 560.0, 780.0, 140.0, 295.0, 1850.0, 75.0, 28.0, 24.0, 130.0,
        )), said=("standard fee",)),
        Column("ChairMinutes", "INTEGER", Listed((15, 30, 40, 35, 90, 75, 90, 30, 60, 80, 20, 10, 10, 30)), said=("minutes",)),
    ), said=("treatment", "treatments")),
    Table("Appointment", 300, (
        Column("AppointmentID", "INTEGER", Serial(), primary_key=True, said=("appointment number",)),
        Column("PatientID", "INTEGER", Parent(skew=1.4, unused=0.15), references="Patient.PatientID", said=("patient",)),
        Column("DentistID", "INTEGER", Parent(skew=1.3, unused=0.15), references="Dentist.DentistID", said=("dentist",)),
        Column("StartsAt", "TEXT", DateTime("2024-01-03", "2025-06-27"), said=("starting time",)),
        Column("Outcome", "TEXT", Choice(("attended", "missed", "cancelled"), (16, 2, 3)), said=("outcome",)),
        Column("IsEmergency", "INTEGER", Flag(0.1), said=("emergency mark",)),
    ), said=("appointment", "appointments", "visits")),
    Table("AppointmentTreatment", 340, (
        Column("LineID", "INTEGER", Serial(), primary_key=True, said=("line number",)),
        Column("AppointmentID", "INTEGER", Parent(unused=0.2), references="Appointment.AppointmentID", said=("appointment",)),
        Column("TreatmentCode", "TEXT", Parent(skew=1.8), references="Treatment.TreatmentCode", said=("treatment",)),
        Column("Tooth", "INTEGER", Integer(1, 32), said=("tooth",), null_share=0.4),
        Column("FeeCharged", "REAL", Copy("TreatmentCode.StandardFee", spread=0.1), said=("fee charged",)),
    ), said=("treatment given", "treatments given")),
    Table("Payment", 200, (
        Column("PaymentID", "INTEGER", Serial(7001), primary_key=True, said=("payment number",)),
        Column("PatientID", "INTEGER", Parent(skew=1.5, unused=0.25), references="Patient.PatientID", said=("patient",)),
        Column("PaidOn", "TEXT", Date("2024-01-05", "2025-06-30"), said=("payment date",)),
        Column("Amount", "REAL", Money(20, 900, skew=3, step=0.5), said=("amount", "amount paid")),
        Column("Method", "TEXT", Choice(("card", "cash", "insurer", "bank transfer"), (6, 1, 4, 2)), said=("payment method",)),
    ), said=("payment", "payments")),
))  # fmt: skip

_BAKERY = Business("crumb_wholesale", "A bakery that delivers bread and cakes to cafés, shops and schools every morning.", (
    Table("cust", 70, (
        Column("cust_no", "INTEGER", Serial(100, 5), primary_key=True, said=("customer number",)),
        Column("cust_nm", "TEXT", Fake("company", locales=("en_GB", "fr_FR")), said=("name", "customer name"), unique=True),
        Column("cust_typ", "TEXT", Choice(("cafe", "shop", "school", "hotel"), (6, 4, 2, 2)), said=("customer type",)),
        Column("area", "TEXT", Choice(("North", "South", "East", "West", "Centre")), said=("area",)),
        Column("cr_lim", "INTEGER", Choice((200, 500, 1000, 2500), (3, 5, 4, 1)), said=("credit limit",), null_share=0.1),
    ), said=("customer", "customers", "accounts")),
    Table("prod", 24, (
        Column("prod_no", "INTEGER", Serial(1), primary_key=True, said=("product number",)),
        Column("prod_nm", "TEXT", Listed((
            "White tin loaf", "Wholemeal loaf", "Rye sourdough", "White sourdough", "Baguette", "Ciabatta", "Focaccia", "Bagel",
            "Burger bun", "Brioche bun", "Croissant", "Pain au chocolat", "Cinnamon swirl", "Scone", "Blueberry muffin",
            "Bran muffin", "Carrot cake", "Lemon drizzle", "Victoria sponge", "Brownie tray", "Flapjack", "Mince pie",
            "Sausage roll", "Cheese straw",
        )), said=("name", "product name")),
        Column("prod_grp", "TEXT", Listed((
            *("bread",) * 10, *("pastry",) * 4, *("cake",) * 8, *("savoury",) * 2,
        )), said=("product group",)),
        Column("unit_prc", "REAL", Money(0.6, 22, skew=2.2, step=0.05), said=("unit price", "price")),
        Column("bake_min", "INTEGER", Integer(12, 60), said=("baking time in minutes",)),
        Column("allergen", "TEXT", Choice(("gluten", "gluten, milk", "gluten, nuts", "gluten, egg")), said=("allergens",),
               null_share=0.1),
    ), said=("product", "products")),
    Table("drv", 7, (
        Column("drv_id", "INTEGER", Serial(), primary_key=True, said=("driver number",)),
        Column("drv_nm", "TEXT", Fake("name"), said=("name", "driver's name")),
        Column("van_reg", "TEXT", Code("??## ???"), said=("van registration",), unique=True),
        Column("hired_dt", "TEXT", Date("2012-01-01", "2024-12-31"), said=("hiring date",)),
    ), said=("driver", "drivers")),
    Table("ord_hdr", 240, (
        Column("ord_no", "INTEGER", Serial(20001), primary_key=True, said=("order number",)),
        Column("cust_no", "INTEGER", Parent(skew=1.5, unused=0.12), references="cust.cust_no", said=("customer",)),
        Column("drv_id", "INTEGER", Parent(skew=1.2, unused=0.15), references="drv.drv_id", said=("driver",), null_share=0.05),
        Column("ord_dt", "TEXT", Date("2024-07-01", "2025-06-28"), said=("order date",)),
        Column("dlv_dt", "TEXT", After("ord_dt", (1, 3)), said=("delivery date",)),
        Column("ord_sts", "TEXT", Choice(("delivered", "short", "refused", "open"), (15, 3, 1, 1)), said=("order status",)),
    ), said=("order", "orders")),
    Table("ord_ln", 400, (
        Column("ord_no", "INTEGER", Parent(unused=0.03), references="ord_hdr.ord_no", primary_key=True, said=("order",)),
        Column("prod_no", "INTEGER", Parent(skew=1.5), references="prod.prod_no", primary_key=True, said=("product",)),
        Column("qty", "INTEGER", Integer(2, 60, skew=2), said=("quantity",)),
        Column("ln_amt", "REAL", Product("qty", "prod_no.unit_prc"), said=("line amount", "amount")),
    ), said=("order line", "order lines")),
    Table("cmplt", 35, (
        Column("cmplt_id", "INTEGER", Serial(), primary_key=True, said=("complaint number",)),
        Column("ord_no", "INTEGER", Parent(unused=0.6), references="ord_hdr.ord_no", said=("order",)),
        Column("cmplt_txt", "TEXT", Phrase(("Late", "Two trays", "Wrong bread"), ("burnt", "missing", "again", "stale")),
               said=("wording",)),
        Column("refund", "REAL", Money(5, 90, skew=1.6, step=0.5), said=("refund",), null_share=0.3),
    ), said=("complaint", "complaints")),
))  # fmt: skip

_CINEMA = Business("plaza_cinema", "An independent cinema with three screens, a membership scheme and a snack counter.", (
    Table("Films", 40, (
        Column("FilmNumber", "INTEGER", Serial(), primary_key=True, said=("film number",)),
        Column("FilmTitle", "TEXT", Phrase(
            ("The Last", "A Quiet", "My Father's", "Midnight", "The Blue", "Beyond the", "Café"),
            ("Orchard", "Harbour", "Train", "Letter", "Garden", "Winter", "Lighthouse", "Señorita"),
        ), said=("title",), unique=True),
        Column("FilmGenre", "TEXT", Choice(("drama", "comedy", "thriller", "documentary", "family"), (5, 4, 3, 2, 2)),
               said=("genre",)),
        Column("FilmMinutes", "INTEGER", Integer(78, 171), said=("running time", "length in minutes")),
        Column("FilmCertificate", "TEXT", Choice(("U", "PG", "12A", "15", "18"), (2, 3, 4, 4, 1)), said=("certificate",)),
        Column("FilmReleased", "TEXT", Date("2019-01-11", "2025-05-30"), said=("release date",)),
    ), said=("film", "films", "movies")),
    Table("Screens", 3, (
        Column("ScreenNumber", "INTEGER", Serial(), primary_key=True, said=("screen number",)),
        Column("ScreenName", "TEXT", Listed(("Grand", "Studio", "Loft")), said=("name", "screen name")),
        Column("ScreenSeats", "INTEGER", Listed((240, 96, 48)), said=("number of seats",)),
    ), said=("screen", "screens")),
    Table("Showings", 220, (
        Column("ShowingNumber", "INTEGER", Serial(), primary_key=True, said=("showing number",)),
        Column("FilmNumber", "INTEGER", Parent(skew=1.5, unused=0.12), references="Films.FilmNumber", said=("film",)),
        Column("ScreenNumber", "INTEGER", Parent(unused=0), references="Screens.ScreenNumber", said=("screen",)),
        Column("ShowingStart", "TEXT", DateTime("2024-09-01", "2025-06-29", hours=(11, 22)), said=("starting time",)),
        Column("ShowingSubtitled", "INTEGER", Flag(0.15), said=("subtitled mark",)),
        Column("ShowingPrice", "REAL", Choice((6.5, 8.0, 9.5, 11.0), (2, 3, 4, 2)), said=("ticket price", "price")),
    ), said=("showing", "showings", "screenings")),
    Table("Members", 110, (
        Column("MemberNumber", "INTEGER", Serial(501), primary_key=True, said=("member number",)),
        Column("MemberName", "TEXT", Fake("name", locales=("en_GB", "fr_FR")), said=("name", "member's name")),
        Column("MemberTown", "TEXT", Fake("city", pool=6), said=("town",)),
        Column("MemberLevel", "TEXT", Choice(("standard", "student", "patron"), (6, 3, 1)), said=("membership level",)),
        Column("MemberJoined", "TEXT", Date("2020-01-01", "2024-12-31"), said=("joining date",)),
        Column("MemberLapsed", "TEXT", After("MemberJoined", (365, 1500), latest="2025-06-30"), said=("date it lapsed",),
               null_share=0.5),
    ), said=("member", "members")),
    Table("Tickets", 380, (
        Column("TicketNumber", "INTEGER", Serial(), primary_key=True, said=("ticket number",)),
        Column("ShowingNumber", "INTEGER", Parent(unused=0.1), references="Showings.ShowingNumber", said=("showing",)),
        Column("MemberNumber", "INTEGER", Parent(skew=1.6, unused=0.2), references="Members.MemberNumber", said=("member",),
               null_share=0.35),
        Column("TicketSeat", "TEXT", Code("?##"), said=("seat",)),
        Column("TicketPrice", "REAL", Copy("ShowingNumber.ShowingPrice", spread=0.2), said=("price paid",)),
        Column("TicketChannel", "TEXT", Choice(("box office", "web", "app"), (3, 5, 2)), said=("sales channel",)),
    ), said=("ticket", "tickets")),
    Table("SnackSales", 260, (
        Column("SnackSaleNumber", "INTEGER", Serial(), primary_key=True, said=("sale number",)),
        Column("ShowingNumber", "INTEGER", Parent(unused=0.3), references="Showings.ShowingNumber", said=("showing",)),
        Column("SnackName", "TEXT", Choice(("Popcorn", "Nachos", "Ice cream", "Cola", "Tea", "Wine"), (6, 2, 3, 5, 2, 2)),
               said=("snack",)),
        Column("SnackQuantity", "INTEGER", Integer(1, 6, skew=2.2), said=("quantity",)),
        Column("SnackTakings", "REAL", Money(2.2, 38, skew=2, step=0.1), said=("takings", "amount taken")),
    ), said=("snack sale", "snack sales")),
))  # fmt: skip

BUSINESSES: tuple[Business, ...] = (_HOTEL, _BICYCLES, _DENTAL, _BAKERY, _CINEMA)
