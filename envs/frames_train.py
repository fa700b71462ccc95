"""The sentences and clauses of training questions, as an owner would say them. frames_validation.py shares none of the sentences.

Slots: np the noun with its conditions ("orders placed in 2024"), np1 the same in the singular, p and s the bare noun; c a column, cp its
plural, a it with its article, cols and colsp several; agg "average", sup "highest"; g and gp what is grouped by; x a comparison ("more
than 5"); v, w values; n a number; d, e dates or the name of a row; hm "how many" or "how much"; did what a row did ("was
hired"), last "most recently"; link a preposition; pred what the noun does ("cost over 5"); ps and pp a parent, cs
and cnp the rows that point to it; past, part, plain what it does with them.
"""

from __future__ import annotations

# Verbs that may follow "please" or "can you".
IMPERATIVES = frozenset({
    "Add", "Break", "Bring", "Calculate", "Compute", "Count", "Determine", "Display", "Fetch", "Find", "Get", "Give", "Identify", "List",
    "Look", "Name", "Print", "Produce", "Provide", "Pull", "Rank", "Report", "Return", "Show", "Tell", "Work", "Write",
})  # fmt: skip
POLITE = ("Please {}.", "Can you {}?", "Could you {}?", "Could you please {}?")
OPENINGS = ("Quick question: {}", "Hi, {}", "Right, {}", "One more thing: {}", "Before I forget: {}")
CLOSINGS = (", please", ", for the meeting", ", do you know")
FRAMES: dict[str, tuple[str, ...]] = {
    "count": (
        "How many {np} are there?", "How many {np} do we have?", "Count the {np}.", "Number of {np}?", "Total number of {np}?",
        "Tell me how many {np} we have.",
    ),
    "count_long": ("Count the {np}.", "Number of {np}?", "What is the number of {np}?", "Give me the number of {np}."),
    "count_note": ("How many {np}?",),
    "list": (
        "Show me the {cols} of all {np}.", "What are the {colsp} of {np}?", "Give me the {colsp} of {np}.",
        "I need the {colsp} of all {np}.", "List the {colsp} of {np}.", "{colsp} of all {np}?", "List the {cols} of every {np1}.",
        "Show the {colsp} for {np}.",
    ),
    "list_label": (
        "Which {np} do we have?", "List all {np}.", "Show me all {np} by name.", "Give me a list of {np}.", "Names of all {np}?",
    ),
    "list_who": ("Who are the {np}?", "Who are our {np}?", "List all {np}.", "Give me the names of the {np}."),
    "lookup": ("What is the {cols} of {e}?", "Tell me the {cols} of {e}.", "{cols} of {e}?", "Look up the {cols} for {e}."),
    "lookup_name": ("What's {e}'s {cols}?", "What is {e}'s {cols}?", "{e}'s {cols}?", "Find {e}'s {cols}."),
    "agg": (
        "What is the {agg} {c} of {np}?", "What's the {agg} {c} for {np}?", "{agg} {c} of {np}?", "Give me the {agg} {c} of {np}.",
        "Show the {agg} {c} for all {np}.",
    ),
    "agg_avg": ("On average, what is the {c} of {np}?", "What {c} do {np} have on average?", "What's the {c} of {np} on average?"),
    "agg_sum": (
        "What is the {c} of {np} in total?", "Add up the {c} of all {np}.", "Total {c} for {np}?",
        "What's the sum of the {c} over all {np}?",
    ),
    "agg_many": ("How many {c} in total for {np}?", "How many {c} do {np} make altogether?", "Total {c} across {np}?"),
    "agg_several": ("What are the {agg} {c} of {np}?", "Give me the {agg} {c} of {np}.", "{agg} {c} for {np}?"),
    "agg_value": ("What is the average {s} value?", "What's our average {s} value?", "How much is the average {s} worth?"),
    "sold": (
        "How many units of {e} did we sell?", "How many {e} have we sold?", "What quantity of {e} have we sold?",
        "How many {e} did we sell?",
    ),
    "takings": ("How much did we take {d}?", "How much money did we take {d}?", "What were our takings {d}?", "How much came in {d}?"),
    "takings_np": ("How much did {np} bring in?", "How much have we taken from {np}?", "Total takings from {np}?"),
    "count_distinct": (
        "How many different {cp} do {np} have?", "How many different {cp} are there among {np}?", "Count the different {cp} of {np}.",
        "Number of different {cp} for {np}?",
    ),
    "count_parents": ("How many {pp} {past} {cnp}?", "How many {pp} have {part} {cnp}?", "Count the {pp} who {past} {cnp}."),
    "count_parents_thing": ("How many {pp} have {cnp}?", "Count the {pp} that have {cnp}.", "Number of {pp} with {cnp}?"),
    "distinct": (
        "What are the different {cp} of {np}?", "Which different {cp} do {np} have?", "List the different {cp} of our {np}.",
        "What different {cp} are there for {np}?", "All the different {cp} of {np}?",
    ),
    "group_count": (
        "How many {np} are there for each {g}?", "Count the {np} per {g}.", "Number of {np} by {g}?", "How many {np} do we have per {g}?",
        "Show me the number of {np} by {g}.", "How many {np} for each {g}?",
    ),
    "group_count_deed": (
        "How many {np} has each {g} {part}?", "How many {np} did each {g} {plain}?", "Number of {np} for each {g}?",
        "For each {g}, count the {np}.",
    ),
    "group_agg": (
        "What is the {agg} {c} of {np} for each {g}?", "Show the {agg} {c} of {np} per {g}.", "What's the {agg} {c} of {np} by {g}?",
        "{agg} {c} of {np} by {g}?", "For each {g}, what's the {agg} {c} of {np}?",
    ),
    "group_top": (
        "Which {g} has the {most} {np}?", "What {g} has the {most} {np}?", "{g} with the {most} {np}?",
        "Find the {g} with the {most} {np}.",
    ),
    "group_top_deed": ("Which {g} {past} the most {np}?", "Which {g} has {part} the most {np}?", "Find the {g} who {past} the most {np}."),
    "group_top_who": ("Who {past} the most {np}?", "Who has {part} the most {np}?", "Which {g} {past} the most {np}?"),
    "group_top_time": ("Which {g} had the {most} {np}?", "In which {g} were there the {most} {np}?", "What {g} had the {most} {np}?"),
    "group_common": ("What is the most common {g} among {np}?", "Which {g} is the most common for {np}?", "What {g} do most {np} have?"),
    "group_top_counted": ("Which {g} has the {most} {np}, and how many?", "Show the {g} with the {most} {np} and how many there are."),
    "group_topn": (
        "Which {n} {gp} have the {most} {np}?", "The {n} {gp} with the {most} {np}?", "Show me the {n} {gp} with the {most} {np}.",
    ),
    "group_top_agg": (
        "Which {g} has the {sup} {agg} {c} of {np}?", "{g} with the {sup} {agg} {c} of {np}?",
        "Find the {g} with the {sup} {agg} {c} of {np}.",
    ),
    "group_top_agg_value": (
        "Which {g} has the {sup} {agg} {c} of {np}, and how much is it?", "{g} with the {sup} {agg} {c} of {np}, and how much?",
    ),
    "group_topn_agg": (
        "Top {n} {gp} by {agg} {c} of {np}?", "Show the top {n} {gp} by {agg} {c} of {np}.",
        "Which {n} {gp} have the {sup} {agg} {c} of {np}?",
    ),
    "spent_most": ("Who spent the most on {np}?", "Which {g} spent the most on {np}?", "Which {g} has spent the most on {np}?"),
    "having": ("Which {gp} have {x} {np}?", "List the {gp} with {x} {np}.", "Find all {gp} with {x} {np}.", "{gp} with {x} {np}?"),
    "having_deed": ("Which {gp} {past} {x} {np}?", "Which {gp} have {part} {x} {np}?"),
    "having_counted": ("Which {gp} have {x} {np}, and how many each?", "List the {gp} with {x} {np}, with the number for each."),
    "having_agg": (
        "Which {gp} have {agg_a} {c} {x} for {np}?", "For which {gp} is the {agg} {c} of {np} {x}?",
        "{gp} with {agg_a} {c} {x} for {np}?",
    ),
    "top_row": (
        "Which {np1} has the {sup} {c}?", "What {np1} has the {sup} {c}?", "Find the {np1} with the {sup} {c}.",
        "{np1} with the {sup} {c}?",
    ),
    "top_row_who": ("Who is the {np1} with the {sup} {c}?", "Which {np1} has the {sup} {c}?", "{np1} with the {sup} {c}?"),
    "top_row_event": ("Which {np1} {did} {last}?", "What {np1} {did} {last}?", "Find the {np1} that {did} {last}."),
    "top_row_cols": (
        "What is the {cols} of the {np1} with the {sup} {c}?", "{cols} of the {np1} with the {sup} {c}?",
        "Show the {cols} of the {np1} with the {sup} {c}.",
    ),
    "top_row_value": ("Which {np1} has the {sup} {c}, and {hm}?", "Find the {np1} with the {sup} {c}, and tell me {hm}."),
    "top_row_adj": (
        "What is the {adj} {np1}?", "What's our {adj} {np1}?", "Which is the {adj} {np1}?", "Which {np1} is the {adj}?", "{adj} {np1}?",
    ),
    "top_row_adj_who": ("Who is the {adj} {np1}?", "Who is our {adj} {np1}?", "Which {np1} is the {adj}?"),
    "top_row_adj_cols": ("What is the {cols} of the {adj} {np1}?", "Give me the {cols} of the {adj} {np1}.", "{cols} of our {adj} {np1}?"),
    "top_rows": (
        "Show me the {cols} of the {n} {np} with the {sup} {c}.", "Which {n} {np} have the {sup} {c}? Give the {cols}.",
        "{colsp} of the {n} {np} with the {sup} {c}?", "What are the {colsp} of the {n} {np} with the {sup} {c}?",
    ),
    "top_rows_best": ("Top {n} {np} by {c}?", "Show the top {n} {np} by {c}.", "What are our top {n} {np} by {c}?"),
    "top_rows_adj": ("What are the {n} {adj} {np}?", "Show our {n} {adj} {np}.", "The {n} {adj} {np}?", "Which {n} {np} are the {adj}?"),
    "above_average": ("Which {p} have {a} {over} average?", "List the {p} with {a} {over} average.", "{p} with {a} {over} the average?"),
    "above_average_count": ("How many {p} have {a} {over} average?", "Count the {p} with {a} {over} the average."),
    "never": (
        "Which {pp} have no {cnp}?", "Which {pp} don't have any {cnp}?", "{pp} without any {cnp}?",
        "Show the {cols} of {pp} with no {cnp}.", "List {pp} that have never had any {cnp}.",
    ),
    "never_deed": (
        "Which {pp} have never {part} any {cnp}?", "Which {pp} never {past} any {cnp}?", "List the {pp} who never {past} any {cnp}.",
    ),
    "never_who": (
        "Which {pp} haven't {part} any {cnp}?", "Which of our {pp} never {past} any {cnp}?", "Which {pp} have yet to {plain} any {cnp}?",
    ),
    "never_count": ("How many {pp} have no {cnp}?", "How many {pp} don't have any {cnp}?", "Count the {pp} without any {cnp}."),
    "bought": ("Who bought {e}?", "Which {pp} bought {e}?", "Which {pp} have bought {e}?", "List the {pp} who bought {e}."),
    "with_child": ("Which {pp} have {cnp}?", "List the {pp} that have {cnp}.", "Which {pp} have had {cnp}?", "{pp} with {cnp}?"),
    "with_child_deed": ("Which {pp} {past} {cnp}?", "List the {pp} who {past} {cnp}.", "Which of our {pp} have {part} {cnp}?"),
    "child_of": ("Which {ps} is {e} {link}?", "{cols} of the {ps} for {e}?", "Give me the {cols} of the {ps} for {e}."),
    "share": (
        "What percentage of {p} are {those}?", "What percent of all {p} are {those}?", "Out of all {p}, what percentage are {those}?",
    ),
    "share_pred": ("What percentage of {p} {pred}?", "What percent of our {p} {pred}?", "Out of all {p}, what percentage {pred}?"),
    "count_pred": (
        "How many {np} {pred}?", "How many of our {np} {pred}?", "Tell me how many {np} {pred}.", "How many of the {np} {pred}?",
    ),
    "count_when": ("How many {np} were there {d}?", "How many {np} did we have {d}?", "How many {np} {d}?"),
    "which": ("Which {np} {pred}?", "Which of our {np} {pred}?", "Show me which {np} {pred}.", "What {np} {pred}?"),
    "which_cols": ("Which {np} {pred}? Show the {cols}.", "Which {np} {pred}? Give their {colsp}.", "Show the {cols} of {np} that {pred}."),
    "when": ("When was {e} {event}?", "When exactly was {e} {event}?", "Tell me when {e} was {event}."),
    "cost": ("How much is {e}?", "What does {e} cost?", "How much does {e} cost?"),
    "never_anything": (
        "Have any {pp} never {act} anything? Which ones?", "Which {pp} have never {act} anything?",
        "Which {pp} haven't {act} anything yet?",
    ),
    "best_selling": (
        "What is our best-selling {g} by total {c}?", "Which {g} sells best, going by total {c}?",
        "Which {g} sold the most by total {c}?",
    ),
    "popular": ("What is our most popular {g} by number of {np}?", "Which {g} is the most popular, counting {np}?"),
    "busiest": ("What was our busiest {g} for {np}?", "Which {g} was the busiest for {np}?", "In which {g} did we have the most {np}?"),
    "difference": (
        "What's the difference between the highest and lowest {c} of {np}?", "How far apart are the highest and lowest {c} of {np}?",
    ),
    "both": ("Which {pp} have both {cnp} and {other}?", "List the {pp} that have {cnp} as well as {other}."),
    "product_sum": (
        "What's the total {q} times {c} for {np}?", "What are {np} worth in total, {q} times {c}?", "Total {q} times {c} for {np}?",
    ),
    "revenue": ("What is the total revenue from {np}?", "How much revenue did {np} bring in?", "Total revenue from {np}?"),
    "date_gap": ("How many days pass between the {c} and the {q} of {np} on average?", "Average days from {c} to {q} for {np}?"),
    "with_zero": (
        "How many {cnp} does each {ps} have? Include {pp} with none.", "Number of {cnp} for every {ps}, including those with none?",
    ),
    "boss": ("Who is the {c} of {e}?", "Tell me who the {c} of {e} is.", "Who is {e}'s {c}?"),
    "bosses": (
        "List each {s} with their {c}.", "Who is the {c} of each {s}? Show both names.", "Show every {s} and the name of their {c}.",
    ),
    "average_children": (
        "How many {np} are there per {g} on average?", "On average, how many {np} does {ga} with any have?",
        "Average number of {np} per {g}?",
    ),
    "some_without": (
        "Which {pp} have {cnp} but no {other}?", "List the {pp} with {cnp} but no {other}.",
        "Which of our {pp} have had {cnp} but no {other}?",
    ),
    "either_of": (
        "Which {pp} have {cnp} or {other}?", "List the {pp} with {cnp}, {other} or both.",
    ),
    "union_values": (
        "Which {cp} do our {pp} and {other} come from, each listed once?",
        "List all the {cp} of our {pp} and {other} together, each one once.",
    ),
    "than_row": (
        "Which {p} have a {than} {c} than {e}?", "List the {p} whose {c} is {than} than that of {e}.",
    ),
    "than_row_count": (
        "How many {p} have a {than} {c} than {e}?", "Count the {p} with a {than} {c} than {e}.",
    ),
    "than_row_cost": (
        "Which {p} cost {more} than {e}?", "What {p} are {more} expensive than {e}?", "List the {p} that cost {more} than {e}.",
    ),
    "than_row_cost_count": (
        "How many {p} cost {more} than {e}?", "Count the {p} that cost {more} than {e}.",
    ),
    "same_as": (
        "Which other {p} have the same {c} as {e}?", "Find all other {p} with the same {c} as {e}.",
    ),
    "having_count": (
        "How many {gp} have {x} {np}?", "Count the {gp} with {x} {np}.",
    ),
    "having_count_deed": (
        "How many {gp} {past} {x} {np}?", "How many {gp} have {part} {x} {np}?",
    ),
    "above_boss": (
        "Which {p} have a {than} {c} than their {b}?", "List the {p} with a {than} {c} than their {b}.",
    ),
    "share_is": ("For what percentage of {p} {be} the {c} {v}?", "Out of all {p}, for what percentage {be} the {c} {v}?"),
    "share_by": (
        "For each {g}, what percentage of {p} {pred}?", "What percentage of {p} {pred}, by {g}?",
        "Show the percentage of {p} that {pred} for each {g}.",
    ),
    "part_of_total": (
        "What percentage of the total {c} of {p} comes from {np}?", "How much of the total {c} of {p}, in percent, comes from {np}?",
    ),
    "sides": (
        "How many {p} have the {c} {v}, and how many {w}?", "Count the {p} with {c} {v} and the ones with {w}.",
    ),
    "sides_by": (
        "For each {g}, how many {p} have the {c} {v}, and how many {w}?", "Per {g}, count the {p} with {c} {v} and the ones with {w}.",
    ),
    "more_in": (
        "How many more {np} were there in {d} than in {e}?", "How many more {np} did we have in {d} than in {e}?",
    ),
    "having_two": (
        "Which {gp} have {x} {np} and {agg_a} {c} {y}?", "List the {gp} with {x} {np} and {agg_a} {c} {y}.",
    ),
    "weekday": (
        "How many {np} fall on each day of the week, counting Sunday as 0?", "Count the {np} by weekday, with 0 for Sunday.",
    ),
    "weekday_top": (
        "Which day of the week has the most {np}, with Sunday as 0?", "Number of the weekday with the most {np}, 0 being Sunday?",
    ),
    "calendar": (
        "How many {np} fall in each month of the year, all years together?", "Count the {np} by calendar month over all years.",
    ),
    "calendar_top": (
        "Which month of the year has the most {np}, all years together?", "In which calendar month do we get the most {np} over all years?",
    ),
}  # fmt: skip
ORDERS: dict[str, tuple[str, ...]] = {
    "number_down": (", highest {c} first", ", sorted by {c}, highest first"),
    "number_up": (", lowest {c} first", ", sorted by {c}", ", ordered by {c}"),
    "number_down_only": (", highest first",),
    "number_up_only": (", lowest first",),
    "date_down_only": (", newest first",),
    "date_up_only": (", oldest first",),
    "text_up_only": (", in alphabetical order", ", sorted alphabetically"),
    "text_down_only": (", in reverse alphabetical order",),
    "value_down": (", largest first", ", highest first"),
    "value_up": (", smallest first", ", lowest first"),
    "date_down": (", latest {c} first", ", newest {c} first"),
    "date_up": (", earliest {c} first", ", oldest {c} first"),
    "text_up": (", sorted by {c}", ", in alphabetical order of {c}", ", ordered by {c}"),
    "text_down": (", sorted by {c} from Z to A",),
    "count_down": (", most first", ", from most to fewest"),
    "count_up": (", fewest first", ", from fewest to most"),
}  # fmt: skip
CLAUSES: dict[str, tuple[str, ...]] = {
    "full_name": ("full name", "first and last name"),
    "full_names": ("full names", "first and last names"),
    "other_column": ("{s} {c}",),
    "more": ("over {v}", "more than {v}"),
    "at_least": ("at least {v}", "{v} or more"),
    "less": ("under {v}", "less than {v}"),
    "at_most": ("at most {v}", "{v} or less"),
    "between": ("between {v} and {w}",),
    "noun_more": ("over {v}", "above {v}"),
    "noun_at_least": ("of at least {v}", "of {v} or more"),
    "noun_less": ("under {v}", "below {v}"),
    "noun_at_most": ("of at most {v}", "of {v} or less"),
    "noun_between": ("between {v} and {w}",),
    "count_more": ("over {v}",),
    "count_at_least": ("at least {v}", "{v} or more"),
    "count_less": ("fewer than {v}",),
    "count_at_most": ("at most {v}", "up to {v}"),
    "count_between": ("between {v} and {w}",),
    "count_exactly": ("exactly {v}",),
    "number": ("with {a} {x}",),
    "costing": ("costing {x}", "that cost {x}"),
    "worth": ("{n}",),
    "earning": ("earning {x}", "paid {x}"),
    "lasting": ("lasting {x}", "of {x}"),
    "with_stock": ("with {x} in stock", "that have {x} in stock"),
    "older": ("older than {v}", "over {v} years old"),
    "younger": ("younger than {v}", "under {v} years old"),
    "missing": ("without {a}", "with no {c}"),
    "present": ("with {a}",),
    "equal": ("with {c} {v}", "where the {c} is {v}"),
    "equal_long": ("where the {c} is {v}",),
    "either": ("with {c} {v} or {w}",),
    "not_equal": ("where the {c} isn't {v}", "whose {c} isn't {v}"),
    "place": ("in {v}",),
    "place_from": ("from {v}",),
    "place_either": ("in {v} or {w}",),
    "place_not": ("outside {v}", "not in {v}"),
    "in_month": ("in {d}",),
    "in_year": ("in {d}",),
    "on_day": ("on {d}",),
    "before": ("before {d}",),
    "after": ("after {d}",),
    "since": ("since {d}",),
    "between_days": ("between {d} and {e}",),
    "date": ("with {a} {d}", "whose {c} is {d}"),
    "flag_are_yes": ("that are {c}",),
    "flag_are_no": ("that aren't {c}",),
    "flag_did_yes": ("that {c}",),
    "flag_did_no": ("that haven't {c}",),
    "flag_with_yes": ("with {c}",),
    "flag_with_no": ("without {c}",),
    "starts": ("whose {c} starts with {v}", "with {a} starting with {v}"),
    "contains": ("with '{v}' in the {c}", "whose {c} contains '{v}'"),
    "called": ("the {s} {v}", "the {s} called {v}"),
    "by_number": ("{s} {v}", "{s} number {v}"),
}  # fmt: skip
AGGREGATES: dict[str, tuple[str, ...]] = {
    "AVG": ("average",),
    "SUM": ("total",),
    "MIN": ("lowest", "smallest"),
    "MAX": ("highest", "largest"),
}  # fmt: skip
