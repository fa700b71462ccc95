"""A test business: St Brigid's School, its courses, marks, registers and public exams, as a school's own program keeps them.

CamelCase tables whose columns carry the table's prefix, so that a foreign key keeps its parent's name; look-up tables for grades and
register marks, statuses typed in two ways, work not handed in, exams not yet graded. Nothing is trained or tuned on it.
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
    Flag,
    Integer,
    Listed,
    Money,
    Parent,
    Phrase,
    Row,
    Serial,
    Since,
    Suited,
    Table,
    Value,
)

TODAY = "2025-07-18"  # the last day of the school year in the books

_DEPARTMENTS: tuple[tuple[str, str, str | None, int | None], ...] = (  # code, name, office, yearly budget
    ("ENG", "English", "N12", 8400), ("MAT", "Mathematics", "N20", 7900), ("SCI", "Science", "S03", 15600),
    ("LAN", "Languages", "N15", 6200), ("HUM", "Humanities", None, 5700), ("ART", "Arts & Drama", "W01", 9100),
    ("TEC", "Technology", "S11", 11250), ("PED", "Physical Education", "Gym", None), ("CAR", "Careers", None, 1300),
)  # fmt: skip

_COURSES: tuple[tuple[str, str, str, str, int | None], ...] = (  # code, title, department, level, places
    ("ENG-07", "English for Beginners' Year", "ENG", "Lower", 32), ("ENG-10", "English Language", "ENG", "GCSE", 30),
    ("ENG-11", "English Literature", "ENG", "GCSE", 30), ("ENG-13", "Poetry and Prose", "ENG", "A level", 18),
    ("MAT-08", "Foundation Maths", "MAT", "Lower", 32), ("MAT-10", "Mathematics", "MAT", "GCSE", 30),
    ("MAT-12", "Statistics", "MAT", "A level", 20), ("MAT-13", "Further Mathematics", "MAT", "A level", 14),
    ("SCI-07", "General Science", "SCI", "Lower", 32), ("SCI-10", "Biology", "SCI", "GCSE", 28),
    ("SCI-11", "Chemistry", "SCI", "GCSE", 28), ("SCI-12", "Physics", "SCI", "A level", 20),
    ("LAN-08", "Français for All", "LAN", "Lower", 28), ("LAN-10", "Spanish", "LAN", "GCSE", 24),
    ("LAN-12", "German", "LAN", "A level", 16), ("HUM-09", "Geography", "HUM", "Lower", 30),
    ("HUM-10", "History", "HUM", "GCSE", 28), ("HUM-12", "Philosophy", "HUM", "A level", None),
    ("ART-09", "Drama Workshop", "ART", "Lower", 22), ("ART-10", "Fine Art", "ART", "GCSE", 20),
    ("ART-12", "Music Technology", "ART", "A level", 12), ("TEC-09", "Food and Textiles", "TEC", "Lower", 18),
    ("TEC-10", "Computer Science", "TEC", "GCSE", 26), ("TEC-12", "Product Design", "TEC", "A level", None),
    ("PED-10", "Sports Studies", "PED", "GCSE", 30), ("PED-12", "Dance", "PED", "A level", 16),
)  # fmt: skip

_NEVER_ASSESSED = ("TEC-12", "PED-12")

_GRADES: tuple[tuple[str, str, int, int], ...] = (  # code, words, lowest percentage, points
    ("A*", "Outstanding", 90, 8), ("A", "Excellent", 80, 7), ("B", "Very good", 70, 6), ("C", "Sound", 60, 5),
    ("D", "Passable", 50, 4), ("E", "Weak", 40, 2), ("U", "Ungraded", 0, 0),
)  # fmt: skip

_MARKS: tuple[tuple[str, str, int], ...] = (  # in the register, what it means, whether it counts as present
    ("/", "Present", 1), ("L", "Late", 1), ("O", "Absent without reason", 0), ("I", "Ill", 0), ("M", "Doctor's appointment", 0),
    ("V", "School trip", 1), ("X", "School closed", 0),
)  # fmt: skip


def _birth_date(row: Row) -> Value:
    """Who is in year 7 was eleven on the first of September; the day follows from the number, so that birthdays are spread."""
    number = int(row["StuNo"] or 0) * 53 % 365
    month = number // 31 + 1
    return f"{2019 - int(row['StuYear'] or 0) + (month < 9):04d}-{month:02d}-{number % 28 + 1:02d}"


def _grade(row: Row) -> Value:
    if row["ResMarks"] is None:
        return None
    percent = 100 * float(row["ResMarks"]) / float(row["ResOutOf"] or 1)
    return next(code for code, _, lowest, _ in _GRADES if percent >= lowest)


@dataclass(frozen=True)
class _Marks:
    """Out of the assessment's marks, most of them between half and nine tenths; none for what was not handed in."""

    def draw(self, cell: Cell) -> Value:
        if cell.row["ResHandedIn"] is None:
            return None
        share = min(1.0, max(0.12, cell.rng.gauss(0.68, 0.17)))
        return round(share * float(cell.row["ResOutOf"] or 0))


@dataclass(frozen=True)
class _MinutesLate:
    """Only who came late came some minutes late, and not always did somebody look at the clock."""

    def draw(self, cell: Cell) -> Value:
        return cell.rng.randrange(2, 31) if cell.row["AttCode"] == "L" and cell.rng.random() < 0.9 else None


@dataclass(frozen=True)
class _SchoolDay:
    """A date, moved on to Monday when it falls on a weekend; TODAY is a Friday, so never past it."""

    date: Since

    def draw(self, cell: Cell) -> Value:
        day = dt.date.fromisoformat(str(self.date.draw(cell)))
        return (day + dt.timedelta(days=7 - day.weekday() if day.weekday() >= 5 else 0)).isoformat()


def _assessed(row: Row, _cell: Cell) -> bool:
    return row["CrsCode"] not in _NEVER_ASSESSED


def _set_for_it(assessment: Row, cell: Cell) -> bool:
    """For the enrolment's course, and not due before the student was on it."""
    return assessment["CrsCode"] == cell.value("EnrNo.CrsCode") and str(assessment["AsmDue"]) >= str(cell.value("EnrNo.EnrDate"))


def _still_here(teacher: Row, _cell: Cell) -> bool:
    return teacher["TchLeft"] is None


def _for_their_year(course: Row, cell: Cell) -> bool:
    year = cell.number("StuNo.StuYear") or 0
    return course["CrsLevel"] == ("Lower" if year < 10 else "GCSE" if year < 12 else "A level")


def _old_enough(student: Row, _cell: Cell) -> bool:
    return int(student["StuYear"] or 0) >= 11


BUSINESS = Business("student_assessment", "St Brigid's School: courses, assessments and marks, registers and public exams.", (
    Table("Department", len(_DEPARTMENTS), (
        Column("DepCode", "TEXT", Listed(tuple(code for code, *_ in _DEPARTMENTS)), ("department code",), primary_key=True),
        Column("DepName", "TEXT", Listed(tuple(name for _, name, *_ in _DEPARTMENTS)), ("department", "department name")),
        Column("DepOffice", "TEXT", Listed(tuple(office for _, _, office, _ in _DEPARTMENTS)), ("office",)),
        Column("DepBudget", "INTEGER", Listed(tuple(budget for *_, budget in _DEPARTMENTS)), ("yearly budget",)),
    ), said=("department", "departments")),
    Table("Teacher", 30, (
        Column("TchNo", "INTEGER", Serial(11), ("teacher number",), primary_key=True),
        Column("TchTitle", "TEXT", Choice(("Mr", "Ms", "Mrs", "Dr"), (5, 5, 3, 2)), ("title",), null_share=0.08),
        Column("TchName", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_IE", "fr_FR", "es_ES", "de_DE")), ("name",), unique=True),
        Column("DepCode", "TEXT", Parent(skew=1.2, unused=0.1), ("department",), references="Department.DepCode"),
        Column("TchHours", "INTEGER", Choice((10, 14, 18, 20, 22), (1, 2, 2, 4, 6)), ("lesson hours a week",)),
        Column("TchStarted", "TEXT", Date("2006-09-01", "2023-09-04"), ("starting date",)),
        Column("TchLeft", "TEXT", After("TchStarted", (700, 5200), latest=TODAY), ("leaving date",), null_share=0.55),
    ), said=("teacher", "teachers")),
    Table("Student", 190, (
        Column("StuNo", "INTEGER", Serial(4001), ("student number",), primary_key=True),
        Column("StuName", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_GB", "en_IE", "en_IN", "fr_FR", "es_ES", "pl_PL")),
            ("name",), unique=True),
        Column("StuKnownAs", "TEXT", Fake("first_name", locales=("en_GB", "en_IE")), ("nickname",), null_share=0.86),
        Column("StuYear", "INTEGER", Integer(7, 13), ("year", "school year")),
        Column("StuHouse", "TEXT", Choice(("Kestrel", "Heron", "Wren", "Merlin"), (5, 4, 4, 5)), ("house",), null_share=0.04),
        Column("StuBorn", "TEXT", Derive(_birth_date), ("date of birth",)),
        Column("StuTown", "TEXT", Choice((
            "Ludlow", "Craven Arms", "Church Stretton", "Bishop's Castle", "Clun", "Tenbury",
        ), (9, 4, 3, 3, 1, 2)), ("town", "home town")),
        Column("StuFreeMeals", "INTEGER", Flag(0.19), ("free school meals mark",)),
        Column("StuJoined", "TEXT", Date("2019-09-02", "2024-10-31"), ("joining date",)),
        Column("StuLeft", "TEXT", Date("2025-03-31", TODAY), ("leaving date",), null_share=0.88),
    ), said=("student", "students", "pupils")),
    Table("Guardian", 340, (
        Column("GuaNo", "INTEGER", Serial(), ("guardian number",), primary_key=True),
        Column("StuNo", "INTEGER", Parent(unused=0.07), ("student",), references="Student.StuNo"),
        Column("GuaName", "TEXT", Fake("name", locales=("en_GB", "en_GB", "en_IE", "fr_FR", "pl_PL")), ("name",), unique=True),
        Column("GuaRelation", "TEXT", Choice(("mother", "Mother", "father", "Father", "grandparent", "aunt", "foster carer"),
            (9, 3, 7, 2, 2, 1, 1)), ("relation",)),
        Column("GuaPhone", "TEXT", Fake("phone"), ("telephone number",), null_share=0.15),
        Column("GuaEmail", "TEXT", Fake("email"), ("email address",), null_share=0.28),
        Column("GuaLivesWith", "INTEGER", Flag(0.78), ("mark that the student lives there",)),
    ), said=("guardian", "guardians", "parents")),
    Table("Course", len(_COURSES), (
        Column("CrsCode", "TEXT", Listed(tuple(code for code, *_ in _COURSES)), ("course code",), primary_key=True),
        Column("CrsTitle", "TEXT", Listed(tuple(title for _, title, *_ in _COURSES)), ("course", "course title")),
        Column("DepCode", "TEXT", Listed(tuple(dep for _, _, dep, *_ in _COURSES)), ("department",), references="Department.DepCode"),
        Column("TchNo", "INTEGER", Suited(skew=1.2, unused=0.2, fits=_still_here), ("teacher",), references="Teacher.TchNo"),
        Column("CrsLevel", "TEXT", Listed(tuple(level for *_, level, _ in _COURSES)), ("level",)),
        Column("CrsPlaces", "INTEGER", Listed(tuple(places for *_, places in _COURSES)), ("number of places",)),
        Column("CrsFee", "REAL", Money(0, 60, skew=2.5, step=2.5), ("materials fee",), null_share=0.2),
    ), said=("course", "courses")),
    Table("Enrolment", 520, (
        Column("EnrNo", "INTEGER", Serial(80001), ("enrolment number",), unique=True),
        Column("StuNo", "INTEGER", Parent(skew=1.2, unused=0.09), ("student",), references="Student.StuNo", primary_key=True),
        Column("CrsCode", "TEXT", Suited(skew=1.2, unused=0.08, fits=_for_their_year), ("course",), references="Course.CrsCode",
            primary_key=True),
        Column("EnrDate", "TEXT", Since("StuNo.StuJoined", "2024-10-31"), ("enrolment date",)),
        Column("EnrStatus", "TEXT", Choice(("active", "Active", "completed", "Completed", "dropped", "DROPPED"), (12, 3, 7, 2, 3, 1)),
            ("status",)),
        Column("EnrTarget", "TEXT", Suited(skew=1.3, unused=0, fits=lambda row, _: row["GrdCode"] != "U"), ("target grade",),
            references="GradeScale.GrdCode", null_share=0.18),
    ), said=("enrolment", "enrolments")),
    Table("GradeScale", len(_GRADES), (
        Column("GrdCode", "TEXT", Listed(tuple(code for code, *_ in _GRADES)), ("grade",), primary_key=True),
        Column("GrdMeaning", "TEXT", Listed(tuple(words for _, words, *_ in _GRADES)), ("meaning", "grade in words")),
        Column("GrdFrom", "INTEGER", Listed(tuple(lowest for _, _, lowest, _ in _GRADES)), ("lowest percentage",)),
        Column("GrdPoints", "INTEGER", Listed(tuple(points for *_, points in _GRADES)), ("points",)),
    ), said=("grade", "grades")),
    Table("Assessment", 140, (
        Column("AsmNo", "INTEGER", Serial(601), ("assessment number",), primary_key=True),
        Column("CrsCode", "TEXT", Suited(unused=0, fits=_assessed), ("course",), references="Course.CrsCode"),
        Column("AsmTitle", "TEXT", Phrase(
            ("Autumn", "Spring", "Summer", "Mid-year", "Mock"), ("paper", "essay", "folder", "talk", "practical"), ("1", "2", "3"),
        ), ("title",)),
        Column("AsmKind", "TEXT", Derive(lambda row: {
            "paper": "written test", "essay": "essay", "folder": "coursework", "talk": "oral", "practical": "practical",
        }[str(row["AsmTitle"]).split()[-2]]), ("kind of assessment",)),
        Column("AsmSet", "TEXT", Date("2024-09-16", "2025-06-20"), ("date it was set",)),
        Column("AsmDue", "TEXT", After("AsmSet", (2, 28)), ("date it is due",)),
        Column("AsmMaxMarks", "INTEGER", Choice((20, 25, 40, 50, 80, 100), (2, 2, 3, 4, 2, 3)), ("maximum marks",)),
        Column("AsmWeight", "INTEGER", Choice((5, 10, 15, 25, 40), (2, 5, 4, 3, 1)), ("weight in per cent",), null_share=0.1),
    ), said=("assessment", "assessments", "pieces of assessed work")),
    Table("Result", 980, (
        Column("EnrNo", "INTEGER", Suited(unused=0.05, fits=_assessed), ("enrolment",),
            references="Enrolment.EnrNo", primary_key=True),
        Column("AsmNo", "INTEGER", Suited(unused=0, fits=_set_for_it), ("assessment",), references="Assessment.AsmNo", primary_key=True),
        Column("StuNo", "INTEGER", Copy("EnrNo.StuNo"), ("student",), references="Student.StuNo"),
        Column("ResOutOf", "INTEGER", Copy("AsmNo.AsmMaxMarks"), ("marks there were to get",)),
        Column("ResHandedIn", "TEXT", After("AsmNo.AsmDue", (-9, 4)), ("date it was handed in",), null_share=0.06),
        Column("ResMarks", "INTEGER", _Marks(), ("marks",), null_share=0.02),
        Column("GrdCode", "TEXT", Derive(_grade), ("grade",), references="GradeScale.GrdCode"),
        Column("ResMarkedBy", "INTEGER", Suited(skew=1.1, unused=0.2, fits=_still_here), ("teacher who marked it",),
            references="Teacher.TchNo", null_share=0.06),
    ), said=("result", "results")),
    Table("AttendanceCode", len(_MARKS), (
        Column("AttCode", "TEXT", Listed(tuple(code for code, *_ in _MARKS)), ("register mark",), primary_key=True),
        Column("AttMeaning", "TEXT", Listed(tuple(words for _, words, _ in _MARKS)), ("meaning",)),
        Column("AttCountsPresent", "INTEGER", Listed(tuple(counts for *_, counts in _MARKS)), ("mark that it counts as present",)),
    ), said=("register mark", "register marks")),
    Table("Attendance", 1400, (
        Column("AtdNo", "INTEGER", Serial(), ("register entry number",), primary_key=True),
        Column("EnrNo", "INTEGER", Parent(skew=1.2, unused=0.12), ("enrolment",), references="Enrolment.EnrNo"),
        Column("AtdDate", "TEXT", _SchoolDay(Since("EnrNo.EnrDate", TODAY)), ("lesson date",)),
        Column("AttCode", "TEXT", Choice(("/", "L", "O", "I", "M", "V"), (30, 5, 3, 3, 1, 1)), ("register mark",),
            references="AttendanceCode.AttCode"),
        Column("AtdMinsLate", "INTEGER", _MinutesLate(), ("minutes late",)),
    ), said=("register entry", "register entries")),
    Table("Candidate", 170, (
        Column("CanNo", "TEXT", Code("C/@"), ("candidate number",), primary_key=True),
        Column("StuNo", "INTEGER", Suited(unused=0.15, fits=_old_enough), ("student",), references="Student.StuNo"),
        Column("CrsCode", "TEXT", Suited(unused=0.1, fits=_for_their_year), ("course",),
            references="Course.CrsCode"),
        Column("CanBoard", "TEXT", Choice(("AQA", "aqa", "OCR", "Edexcel", "WJEC"), (7, 1, 4, 5, 2)), ("exam board",)),
        Column("CanSits", "TEXT", Date("2024-05-07", "2025-06-24"), ("exam date",)),
        Column("CanFee", "REAL", Money(32, 68, step=0.5), ("entry fee",)),
        Column("CanFeePaid", "TEXT", After("CanSits", (-120, 10), latest=TODAY), ("date the fee was paid",), null_share=0.14),
        Column("CanExtraTime", "INTEGER", Choice((10, 25, 50), (2, 6, 1)), ("extra time in per cent",), null_share=0.8),
        Column("GrdCode", "TEXT", Parent(skew=1.3, unused=0), ("grade",), references="GradeScale.GrdCode", null_share=0.22),
    ), said=("exam entry", "exam entries", "candidates")),
))  # fmt: skip
