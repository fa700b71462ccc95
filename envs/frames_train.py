"""The sentences and clauses of training questions, as an owner would say them. frames_validation.py shares none of the sentences.

Slots: np the noun with its conditions ("orders placed in 2024"), np1 the same in the singular, p and s the bare noun; c a column, cp its
plural, a it with its article, cols and colsp several; agg "average", sup "highest"; g and gp what is grouped by; x a comparison ("more
than 5"); v, w values; n a number; d, e dates or the name of a row; pred what the noun does ("cost over 5"); ps and pp a parent, cs
and cnp the rows that point to it; past, part, plain what it does with them.
"""

from __future__ import annotations

# Verbs that may follow "please" or "can you".
IMPERATIVES = frozenset({
    "Add", "Break", "Bring", "Calculate", "Compute", "Count", "Determine", "Display", "Fetch", "Find", "Get", "Give", "Identify", "List",
    "Look", "Name", "Print", "Produce", "Provide", "Pull", "Rank", "Report", "Return", "Show", "Tell", "Work", "Write",
})  # fmt: skip
POLITE = ("Please {}.", "Can you {}?", "Could you {}?", "Could you please {}?", "I need you to {}.")
OPENINGS = ("Quick question: {}", "For my report, {}", "Hi, {}", "For the accounts: {}", "I was wondering, {}", "One more thing: {}")
CLOSINGS = (" in our records", " according to the database", ", for the meeting", " please")
FRAMES: dict[str, tuple[str, ...]] = {
    "count": (
        "How many {np} are there?", "How many {np} do we have?", "Count the {np}.", "What is the number of {np}?",
        "Give me the total number of {np}.", "How many {np} have we got?", "I want to know how many {np} there are.",
        "Find the number of {np}.", "Tell me how many {np} we have.", "Number of {np}?", "Show the count of {np}.",
    ),
    "list": (
        "List the {cols} of all {np}.", "Show me the {cols} of every {np1}.", "What are the {colsp} of {np}?",
        "Give me the {cols} of all {np}.", "Find the {cols} of each {np1}.", "I need the {colsp} of all {np}.",
        "Show the {colsp} for {np}.", "List {colsp} of {np}.", "What is the {cols} of each {np1}?", "Give the {cols} for {np}.",
        "Can I see the {cols} of all {np}?", "For all {np}, show the {cols}.", "Return the {cols} of the {np}.",
        "{colsp} of all {np}, please.",
    ),
    "list_label": (
        "Which {np} do we have?", "Give me the names of all {np}.", "List the names of {np}.", "Show me all {np} by name.",
        "What are the names of the {np}?", "Name all {np}.", "I need a list of the names of our {np}.",
    ),
    "list_who": (
        "Who are the {np}?", "Who are all our {np}?", "Give me the names of all {np}.", "Which {np} are there? Give their names.",
    ),
    "lookup": (
        "What is the {cols} of {e}?", "Tell me the {cols} of {e}.", "Look up the {cols} for {e}.", "Show me the {cols} of {e}.",
        "What {cols} do we have for {e}?", "I need the {cols} of {e}.", "Find the {cols} of {e}.", "Give me the {cols} for {e}.",
    ),
    "agg": (
        "What is the {agg} {c} of {np}?", "What's the {agg} {c} for {np}?", "Find the {agg} {c} of all {np}.",
        "Give me the {agg} {c} across all {np}.", "Calculate the {agg} {c} of {np}.", "Show the {agg} {c} of {np}.",
        "How much is the {agg} {c} of {np}?", "I want the {agg} {c} for all {np}.", "Return the {agg} {c} of the {np}.",
    ),
    "agg_avg": ("On average, what is the {c} of {np}?", "How high is the {c} of {np} on average?", "What {c} do {np} have on average?"),
    "agg_sum": (
        "What do the {cp} of all {np} add up to?", "Add up the {c} of all {np}.", "What is the {c} of {np} in total?",
        "What's the sum of the {c} over all {np}?", "How much {c} do {np} have altogether?",
    ),
    "agg_several": (
        "What are the {agg} {c} of {np}?", "Give me the {agg} {c} of all {np}.", "Show the {agg} {c} for {np}.",
        "Find the {agg} {c} across {np}.",
    ),
    "agg_value": ("What is the average {s} value?", "What's our average {s} value?", "How much is the average {s} worth?"),
    "sold": (
        "How many units of {e} did we sell?", "How many {e} have we sold?", "What quantity of {e} have we sold?",
        "How many units of {e} were sold?",
    ),
    "takings": ("How much did we take {d}?", "How much money did we take {d}?", "What were our takings {d}?", "How much came in {d}?"),
    "takings_np": ("How much money did we take from {np}?", "How much did {np} bring in?", "How much have we taken from {np}?"),
    "count_distinct": (
        "How many different {cp} do {np} have?", "How many distinct {cp} are there among {np}?", "Count the different {cp} of {np}.",
        "Find the number of different {cp} for {np}.", "How many different {cp} are there for {np}?",
    ),
    "count_parents": (
        "How many different {pp} {past} {cnp}?", "How many {pp} have {part} {cnp}?", "Count the {pp} that {past} {cnp}.",
        "What is the number of {pp} with {cnp}?", "How many {pp} have at least one of the {cnp}?",
    ),
    "count_parents_thing": (
        "How many {pp} have {cnp}?", "How many different {pp} have {cnp}?", "Count the {pp} that have {cnp}.",
        "What is the number of {pp} with {cnp}?",
    ),
    "distinct": (
        "What are the different {cp} of {np}?", "List the distinct {cp} of all {np}.", "Which different {cp} do {np} have?",
        "Show each {c} found among {np} once.", "Give me all the different {cp} for {np}.", "Find every distinct {c} of {np}.",
    ),
    "group_count": (
        "How many {np} are there for each {g}?", "Count the {np} per {g}.", "For each {g}, how many {np} are there?",
        "Show each {g} and the number of {np}.", "Give me the number of {np} by {g}.", "How many {np} do we have per {g}?",
        "List each {g} with how many {np} it has.", "Find the number of {np} for each {g}.", "What's the number of {np} in each {g}?",
    ),
    "group_count_deed": (
        "How many {np} has each {g} {part}?", "For each {g}, count the {np}.", "Show how many {np} each {g} {past}.",
        "How many {np} did each {g} {plain}?", "List every {g} and the number of {np} they {past}.",
    ),
    "group_agg": (
        "What is the {agg} {c} of {np} for each {g}?", "For each {g}, what is the {agg} {c} of {np}?",
        "Show the {agg} {c} of {np} per {g}.", "Give me each {g} with the {agg} {c} of its {np}.", "Find the {agg} {c} of {np} by {g}.",
        "What's the {agg} {c} of {np} per {g}?", "{agg} {c} of {np} by {g}?", "List each {g} and the {agg} {c} of {np}.",
    ),
    "group_top": (
        "Which {g} has the {most} {np}?", "What {g} has the {most} {np}?", "Which {g} do we have the {most} {np} for?",
        "Find the {g} with the {most} {np}.", "Tell me which {g} has the {most} {np}.", "Which is the {g} with the {most} {np}?",
    ),
    "group_top_deed": (
        "Which {g} {past} the most {np}?", "Which {g} has {part} the most {np}?", "Find the {g} who {past} the most {np}.",
    ),
    "group_top_who": ("Who {past} the most {np}?", "Who has {part} the most {np}?", "Which {g} {past} the most {np}?"),
    "group_common": ("What is the most common {g} among {np}?", "Which {g} is the most common for {np}?", "What {g} do most {np} have?"),
    "group_top_counted": (
        "Which {g} has the {most} {np}, and how many?", "Which {g} has the {most} {np} and what is the number?",
        "Show the {g} with the {most} {np} and their number.", "Give the {g} with the {most} {np} and the count.",
    ),
    "group_topn": (
        "What are the {n} {gp} with the {most} {np}?", "List the {n} {gp} with the {most} {np}.", "Which {n} {gp} have the {most} {np}?",
        "Show me the {n} {gp} that have the {most} {np}.",
    ),
    "group_top_agg": (
        "Which {g} has the {sup} {agg} {c} of {np}?", "Find the {g} with the {sup} {agg} {c} of {np}.",
        "For which {g} is the {agg} {c} of {np} {sup}?", "Tell me the {g} whose {np} have the {sup} {agg} {c}.",
    ),
    "group_top_agg_value": (
        "Which {g} has the {sup} {agg} {c} of {np}, and how much is it?",
        "Show the {g} with the {sup} {agg} {c} of {np}, and the figure.",
        "Find the {g} with the {sup} {agg} {c} of {np} and give that {agg}.",
    ),
    "group_topn_agg": (
        "What are the {n} {gp} with the {sup} {agg} {c} of {np}?", "Show the top {n} {gp} by {agg} {c} of {np}.",
        "List the {n} {gp} with the {sup} {agg} {c} of {np}.", "Top {n} {gp} by {agg} {c} of {np}?",
    ),
    "spent_most": (
        "Who spent the most on {np}?", "Which {g} spent the most on {np}?", "Which {g} has spent the most on {np}?",
        "Who has spent the most with us on {np}?",
    ),
    "having": (
        "Which {gp} have {x} {np}?", "List the {gp} that have {x} {np}.", "Show the {gp} with {x} {np}.",
        "Find all {gp} which have {x} {np}.", "Give me every {g} with {x} {np}.", "What are the {gp} that have {x} {np}?",
    ),
    "having_deed": ("Which {gp} {past} {x} {np}?", "Which {gp} have {part} {x} {np}?", "List the {gp} who {past} {x} {np}."),
    "having_counted": (
        "Which {gp} have {x} {np}? Show the number too.", "List the {gp} that have {x} {np}, with how many each has.",
        "Show each {g} with {x} {np} and the number of {np}.",
    ),
    "having_agg": (
        "Which {gp} have {agg_a} {c} of {np} of {x}?", "For which {gp} is the {agg} {c} of {np} {x}?",
        "List the {gp} where the {agg} {c} of {np} is {x}.", "Find the {gp} whose {np} have {agg_a} {c} of {x}.",
    ),
    "top_row": (
        "Which {np1} has the {sup} {c}?", "What {np1} has the {sup} {c}?", "Find the {np1} with the {sup} {c}.",
        "Tell me which {np1} has the {sup} {c}.", "Which of the {np} has the {sup} {c}?",
    ),
    "top_row_who": ("Who has the {sup} {c} among {np}?", "Who is the {np1} with the {sup} {c}?", "Which {np1} has the {sup} {c}?"),
    "top_row_cols": (
        "What is the {cols} of the {np1} with the {sup} {c}?", "Give me the {cols} of the {np1} with the {sup} {c}.",
        "Show the {cols} of the {np1} that has the {sup} {c}.", "Find the {cols} of the {np1} with the {sup} {c}.",
    ),
    "top_row_value": (
        "Which {np1} has the {sup} {c}, and what is the {c}?", "Which {np1} has the {sup} {c}? Show the {c} as well.",
        "Find the {np1} with the {sup} {c} and give the {c}.",
    ),
    "top_row_adj": (
        "What is the {adj} {np1}?", "What's our {adj} {np1}?", "Which is the {adj} {np1}?", "Which {np1} is the {adj}?",
        "Find the {adj} {np1}.", "Tell me our {adj} {np1}.",
    ),
    "top_row_adj_who": ("Who is the {adj} {np1}?", "Who is our {adj} {np1}?", "Which {np1} is the {adj}?", "Find the {adj} {np1}."),
    "top_row_adj_cols": (
        "What is the {cols} of the {adj} {np1}?", "Give me the {cols} of the {adj} {np1}.", "Show the {cols} of our {adj} {np1}.",
        "Tell me the {cols} of the {adj} {np1}.",
    ),
    "top_rows": (
        "What are the {colsp} of the {n} {np} with the {sup} {cp}?", "List the {cols} of the {n} {np} with the {sup} {c}.",
        "Show me the {cols} of the {n} {np} that have the {sup} {c}.", "Give me the {colsp} of the {n} {np} with the {sup} {c}.",
    ),
    "top_rows_best": (
        "Show the {cols} of the top {n} {np} by {c}.", "What are the {colsp} of our top {n} {np} by {c}?",
        "Give me the top {n} {np} by {c}, with their {cols}.",
    ),
    "top_rows_adj": (
        "List the {cols} of the {n} {adj} {np}.", "What are the {colsp} of our {n} {adj} {np}?",
        "Show the {cols} of the {n} {adj} {np}.",
    ),
    "above_average": (
        "List the {cols} of {p} with {a} {over} the average.", "Which {p} have {a} {over} average? Show the {cols}.",
        "Find the {cols} of all {p} whose {c} is {over} the average {c}.", "Give me the {colsp} of {p} with {a} {over} the average {c}.",
    ),
    "above_average_count": (
        "How many {p} have {a} {over} the average?", "Count the {p} with {a} {over} the average {c}.",
        "How many {p} are there whose {c} is {over} the average {c}?",
    ),
    "never": (
        "Which {pp} have no {cnp}?", "List the {cols} of {pp} without any {cnp}.", "Which {pp} do not have any {cnp}?",
        "Find the {colsp} of all {pp} that have no {cnp}.", "Give me the {cols} of the {pp} with no {cnp}.",
        "Show the {cols} of every {ps} that has no {cnp}.",
    ),
    "never_deed": (
        "Which {pp} have never {part} any {cnp}?", "Which {pp} never {past} any {cnp}?",
        "Show the {cols} of {pp} who have not {part} any {cnp}.", "List the {cols} of {pp} who never {past} any {cnp}.",
    ),
    "never_who": (
        "Who hasn't {part} any {cnp}? Show the {cols} of these {pp}.", "Which {pp} haven't {part} any {cnp}?",
        "Which of our {pp} never {past} any {cnp}?",
    ),
    "never_count": (
        "How many {pp} have no {cnp}?", "How many {pp} do not have any {cnp}?", "Count the {pp} without {cnp}.",
        "What is the number of {pp} that have no {cnp}?",
    ),
    "bought": ("Who bought {e}?", "Which {pp} bought {e}?", "Which {pp} have bought {e}?", "List the {pp} who bought {e}."),
    "with_child": (
        "Which {pp} have {cnp}?", "List the different {colsp} of {pp} with {cnp}.", "Find the {cols} of all {pp} that have {cnp}.",
        "Show each {ps} that has {cnp}, by {cols}.", "Give me the {colsp} of {pp} that have any {cnp}.",
    ),
    "with_child_deed": (
        "Which {pp} {past} {cnp}?", "Give me the {colsp} of {pp} who {past} {cnp}.", "Which of our {pp} have {part} {cnp}?",
        "Find the {cols} of all {pp} who {past} {cnp}.",
    ),
    "child_of": (
        "Which {ps} is {e} for?", "Show me the {cols} of the {ps} of {e}.", "What is the {cols} of the {ps} for {e}?",
        "Give me the {cols} of the {ps} that goes with {e}.",
    ),
    "share": (
        "What percentage of {p} are {those}?", "What percent of all {p} are {those}?", "Out of all {p}, what percentage are {those}?",
        "What share of {p} are {those}, in percent?",
    ),
    "share_pred": ("What percentage of {p} {pred}?", "What percent of our {p} {pred}?", "Out of all {p}, what percentage {pred}?"),
    "count_pred": (
        "How many {np} {pred}?", "How many of our {np} {pred}?", "Tell me how many {np} {pred}.", "Find out how many {np} {pred}.",
        "How many of the {np} {pred}?", "I want to know how many {np} {pred}.",
    ),
    "count_when": (
        "How many {np} were there {d}?", "How many {np} did we have {d}?", "How many {np} did we get {d}?",
        "What was the number of {np} {d}?",
    ),
    "which": (
        "Which {np} {pred}?", "Which of our {np} {pred}?", "Tell me which {np} {pred}.", "Show me which {np} {pred}.",
        "What {np} {pred}?",
    ),
    "which_cols": (
        "Which {np} {pred}? Show the {cols}.", "Which {np} {pred}? List their {colsp}.", "Which of our {np} {pred}? Give the {cols}.",
    ),
    "when": ("When was {e} {event}?", "On what date was {e} {event}?", "Tell me when {e} was {event}."),
    "cost": ("How much is {e}?", "What does {e} cost?", "How much does {e} cost?"),
    "never_anything": (
        "Who hasn't {act} anything?", "Which {pp} have never {act} anything?", "Which {pp} haven't {act} anything yet?",
        "Who has never {act} anything? I mean our {pp}.",
    ),
    "best_selling": (
        "What is our best-selling {g} by total {c}?", "Which {g} sells best, going by total {c}?",
        "Which {g} sold the most by total {c}?",
    ),
    "popular": ("What is our most popular {g} by number of {np}?", "Which {g} is the most popular, counting {np}?"),
    "busiest": ("What was our busiest {g} for {np}?", "Which {g} was the busiest for {np}?", "In which {g} did we have the most {np}?"),
    "difference": (
        "What is the difference between the highest and the lowest {c} of {np}?",
        "How far apart are the highest and the lowest {c} of {np}?", "Find the gap between the largest and smallest {c} of {np}.",
    ),
    "both": (
        "Which {pp} have both {cnp} and {other}?", "Find the {pp} with {cnp} and also with {other}.",
        "List the {pp} that have {cnp} as well as {other}.",
    ),
    "product_sum": (
        "What is the total of {q} times {c} for {np}?", "What is the total value of {np}, taking {q} times {c}?",
        "Calculate the total {q} times {c} of {np}.", "How much are {np} worth in total, counting {q} times {c}?",
    ),
    "revenue": ("What is the total revenue from {np}?", "How much revenue did {np} bring in?", "What were our total sales from {np}?"),
    "date_gap": (
        "What is the average number of days between the {c} and the {q} of {np}?",
        "On average, how many days are there from the {c} to the {q} of {np}?",
        "How many days lie between the {c} and the {q} of {np} on average?",
    ),
    "with_zero": (
        "How many {cnp} does each {ps} have? Include {pp} with none.",
        "List every {ps}, even those without any, and the number of {cnp}.",
        "For every {ps}, including those with none, count the {cnp}.",
    ),
    "boss": ("Who is the {c} of {e}?", "Give the name of the {c} of {e}.", "Tell me who the {c} of {e} is."),
    "bosses": (
        "List each {s} together with their {c}.", "Show the name of every {s} and the name of their {c}.",
        "Who is the {c} of each {s}? Show both names.",
    ),
    "average_children": (
        "How many {np} are there per {g} on average?", "What is the average number of {np} per {g} with any?",
        "On average, how many {np} does a {g} with any have?",
    ),
}  # fmt: skip
ORDERS: dict[str, tuple[str, ...]] = {
    "number_down": (
        ", sorted by {c} from highest to lowest", ", highest {c} first", " in descending order of {c}", ", ordered by {c} descending",
    ),
    "number_up": (", sorted by {c} from lowest to highest", ", lowest {c} first", " in ascending order of {c}", ", ordered by {c}"),
    "value_down": (", largest first", ", from largest to smallest", ", starting with the largest"),
    "value_up": (", smallest first", ", from smallest to largest"),
    "date_down": (", most recent {c} first", ", sorted by {c} from newest to oldest", ", latest {c} first"),
    "date_up": (", earliest {c} first", ", sorted by {c} from oldest to newest", ", oldest {c} first"),
    "text_up": (", in alphabetical order of {c}", ", sorted by {c}", ", sorted alphabetically by {c}", ", ordered by {c} from A to Z"),
    "text_down": (", in reverse alphabetical order of {c}", ", sorted by {c} from Z to A"),
    "count_down": (
        ", most first", ", from most to fewest", ", starting with the largest number", ", sorted by the number from high to low",
    ),
    "count_up": (", fewest first", ", from fewest to most"),
}  # fmt: skip
CLAUSES: dict[str, tuple[str, ...]] = {
    "full_name": ("first name and last name", "full name", "first and last name"),
    "full_names": ("first and last names", "full names"),
    "other_column": ("{s}'s {c}", "{s} {c}", "{c} of the {s}"),
    "more": ("more than {v}", "over {v}", "greater than {v}", "above {v}"),
    "at_least": ("at least {v}", "{v} or more", "no less than {v}"),
    "less": ("less than {v}", "under {v}", "below {v}"),
    "at_most": ("at most {v}", "{v} or less", "no more than {v}", "up to {v}"),
    "exactly": ("exactly {v}",),
    "fewer": ("fewer than {v}", "less than {v}"),
    "missing": ("with no {c}", "without {a}", "whose {c} is missing", "with no {c} recorded"),
    "present": ("with {a}", "with {a} on record", "whose {c} is known"),
    "equal": ("with {c} {v}", "whose {c} is {v}", "where the {c} is {v}", "with the {c} {v}", "that have the {c} {v}"),
    "either": ("with {c} {v} or {w}", "whose {c} is {v} or {w}", "whose {c} is either {v} or {w}"),
    "not_equal": ("whose {c} is not {v}", "with any {c} other than {v}", "where the {c} is not {v}"),
    "place": ("in {v}", "from {v}"),
    "between": ("with {a} between {v} and {w}", "whose {c} is between {v} and {w}", "with {a} from {v} to {w}"),
    "number": ("with {a} of {x}", "whose {c} is {x}", "where the {c} is {x}", "that have {a} of {x}"),
    "number_price": ("that cost {x}", "costing {x}", "priced at {x}"),
    "number_stock": ("with {x} in stock", "that have {x} in stock"),
    "number_age_more": ("older than {v}", "over {v} years old"),
    "number_age_less": ("younger than {v}", "under {v} years old"),
    "in_month": ("in {d}", "in {d}", "during {d}"),
    "on_day": ("on {d}",),
    "before": ("before {d}",),
    "after": ("after {d}",),
    "since": ("since {d}", "on or after {d}"),
    "between_days": ("between {d} and {e}", "from {d} to {e}"),
    "date": ("with {a} {d}", "whose {c} is {d}", "with the {c} {d}"),
    "flag_are_yes": ("that are {c}",),
    "flag_are_no": ("that are not {c}", "that are not {c} yet"),
    "flag_with_yes": ("with {c}", "that have {c}"),
    "flag_with_no": ("without {c}", "with no {c}"),
    "flag_yes": ("with {c} marked yes", "where {c} is yes", "marked yes for {c}"),
    "flag_no": ("with {c} marked no", "where {c} is no", "marked no for {c}"),
    "starts": ("whose {c} starts with {v}", "whose {c} begins with the letter {v}", "with {c} starting with {v}"),
    "contains": ("with '{v}' in the {c}", "whose {c} contains '{v}'", "that have the word {v} in the {c}"),
    "for_person": ("for {e}", "of {e}", "belonging to {e}"),
    "for_thing": ("for {e}", "of {e}"),
    "role_is": ("where the {c} is {v}", "whose {c} is {v}"),
    "link_person": ("for", "of", "belonging to"),
    "link_thing": ("for", "of", "that belong to"),
    "called": ("the {s} {v}", "the {s} '{v}'", "the {s} called {v}"),
    "by_number": ("{s} {v}", "{s} number {v}", "the {s} with {c} {v}"),
}  # fmt: skip
AGGREGATES: dict[str, tuple[str, ...]] = {
    "AVG": ("average", "average", "mean"),
    "SUM": ("total",),
    "MIN": ("lowest", "smallest", "minimum"),
    "MAX": ("highest", "largest", "maximum"),
}  # fmt: skip
