"""The sentences and clauses of held-out questions: the same meanings as frames_train.py in other, equally plain words."""

from __future__ import annotations

POLITE = ("Would you {}?", "Would you kindly {}?", "It would help if you could {}.", "I'd be glad if you could {}.")
OPENINGS = ("I have a question: {}", "For the board: {}", "Just checking: {}", "Help me out: {}")
CLOSINGS = (" as of now", ", going by the data", " if you can", ", for my notes")
FRAMES: dict[str, tuple[str, ...]] = {
    "count": (
        "What's the total count of {np}?", "I'd like a count of all {np}.", "Could I get the number of {np}?", "How many {np} exist?",
        "How many {np} are on file?", "Work out how many {np} there are.", "Do you know how many {np} there are?",
    ),
    "list": (
        "Pull up the {cols} of all {np}.", "I'd like to see the {colsp} of all the {np}.", "Could I have the {cols} for every {np1}?",
        "Report the {cols} for all {np}.", "Tell me the {colsp} of our {np}.", "Which {colsp} belong to {np}?",
        "Print the {cols} of each {np1}.",
    ),
    "list_label": (
        "I'd like the names of the {np}.", "Tell me the names of our {np}.", "What are all the {np} called?",
        "Display every {np1} by name.",
    ),
    "list_who": ("Tell me who the {np} are.", "I'd like to know who our {np} are.", "What are the names of our {np}?"),
    "lookup": (
        "Do we know the {cols} of {e}?", "Can I have the {cols} of {e}?", "Fetch the {cols} for {e}.", "Pull up the {cols} of {e}.",
        "What's on file as the {cols} of {e}?",
    ),
    "agg": (
        "Work out the {agg} {c} over all {np}.", "Tell me the {agg} {c} for {np}.", "I'd like to know the {agg} {c} of {np}.",
        "For {np}, what is the {agg} {c}?", "Looking at {np}, what's the {agg} {c}?",
    ),
    "agg_avg": ("What {c} can we expect of {np} on average?", "Taking all {np}, what is the {c} on average?"),
    "agg_sum": ("What is the combined {c} of all {np}?", "Sum up the {c} for {np}.", "Taken together, what {c} do all {np} come to?"),
    "agg_several": ("Tell me the {agg} {c} over all {np}.", "For {np}, what are the {agg} {c}?", "I'd like the {agg} {c} of {np}."),
    "agg_value": ("What is the value of an average {s}?", "How much does one {s} come to on average?"),
    "sold": ("What number of {e} did we sell in all?", "Tell me how many {e} we sold.", "What's the quantity sold of {e}?"),
    "takings": ("What did we earn {d}?", "How much money came in {d}?", "What was our income {d}?"),
    "takings_np": ("What did we earn from {np}?", "How much money came in from {np}?"),
    "count_distinct": (
        "How many unique {cp} occur among {np}?", "What's the number of different {cp} across {np}?",
        "Tell me how many separate {cp} {np} have.",
    ),
    "count_parents": (
        "What's the number of different {pp} that {past} {cnp}?", "Tell me how many {pp} {past} {cnp}.",
        "Of our {pp}, how many have {part} {cnp}?",
    ),
    "count_parents_thing": (
        "Tell me how many {pp} have {cnp}.", "What's the number of different {pp} having {cnp}?", "Of our {pp}, how many have {cnp}?",
    ),
    "distinct": (
        "Give me the unique {cp} of {np}.", "What {cp} occur among {np}? List each only once.",
        "Tell me every different {c} that {np} have.",
    ),
    "group_count": (
        "Break down the number of {np} by {g}.", "What's the count of {np} within every {g}?",
        "Report every {g} with its number of {np}.", "Per {g}, how many {np} are there?",
        "Taking each {g} in turn, how many {np} do we have?",
    ),
    "group_count_deed": (
        "What's the number of {np} that each {g} has {part}?", "Tell me for every {g} how many {np} they {past}.",
        "Per {g}, count the {np}.",
    ),
    "group_agg": (
        "Break down the {agg} {c} of {np} by {g}.", "Per {g}, what is the {agg} {c} of {np}?",
        "Tell me the {agg} {c} of {np} within each {g}.", "Report every {g} along with the {agg} {c} of {np}.",
    ),
    "group_top": (
        "What's the {g} with the {most} {np}?", "Looking at {np}, which {g} has the {most}?", "Name the {g} that has the {most} {np}.",
        "I'd like to know which {g} has the {most} {np}.",
    ),
    "group_top_deed": ("Name the {g} that {past} the most {np}.", "What {g} has {part} more {np} than any other?"),
    "group_top_who": (
        "Name the {g} who {past} the most {np}.", "Who has {part} more {np} than anyone else?",
        "I'd like to know who {past} the most {np}.",
    ),
    "group_common": (
        "Among {np}, what is the commonest {g}?", "Which {g} do we see most often for {np}?", "What {g} comes up most among {np}?",
    ),
    "group_top_counted": (
        "Name the {g} with the {most} {np}, together with that number.", "What {g} has the {most} {np}, and how many is that?",
    ),
    "group_topn": (
        "Name the {n} {gp} that have the {most} {np}.", "I'd like the {n} {gp} with the {most} {np}.",
        "Looking at {np}, which {n} {gp} have the {most}?",
    ),
    "group_top_agg": (
        "What {g} comes out with the {sup} {agg} {c} of {np}?", "Name the {g} where the {agg} {c} of {np} is {sup}.",
        "Looking at {np}, which {g} has the {sup} {agg} {c}?",
    ),
    "group_top_agg_value": (
        "Name the {g} with the {sup} {agg} {c} of {np}, together with that {agg}.",
        "What {g} has the {sup} {agg} {c} of {np}, and what is it?",
    ),
    "group_topn_agg": (
        "Name the {n} {gp} with the {sup} {agg} {c} of {np}.", "Rank the {gp} by {agg} {c} of {np} and give me the first {n}.",
        "I'd like the leading {n} {gp} by {agg} {c} of {np}.",
    ),
    "spent_most": (
        "Which {g} paid us the most for {np}?", "Name the {g} who has spent the most on {np}.", "Who is our biggest spender on {np}?",
    ),
    "having": (
        "Name the {gp} that have {x} {np}.", "I'd like to know which {gp} have {x} {np}.", "For which {gp} do we have {x} {np}?",
        "Tell me each {g} that has {x} {np}.",
    ),
    "having_deed": ("Name the {gp} who {past} {x} {np}.", "I'd like to know which {gp} {past} {x} {np}."),
    "having_counted": (
        "Name the {gp} that have {x} {np}, together with the number.", "For which {gp} do we have {x} {np}, and how many is it?",
    ),
    "having_agg": ("Name the {gp} where the {agg} {c} of {np} comes to {x}.", "I'd like the {gp} with {agg_a} {c} of {np} of {x}."),
    "top_row": (
        "What {np1} comes out with the {sup} {c}?", "Name the {np1} that has the {sup} {c}.",
        "Looking at {np}, which one has the {sup} {c}?", "I'd like to know which {np1} has the {sup} {c}.",
    ),
    "top_row_who": (
        "Name the {np1} who has the {sup} {c}.", "Of the {np}, who has the {sup} {c}?",
        "I'd like to know who has the {sup} {c} among {np}.",
    ),
    "top_row_cols": (
        "I'd like the {cols} of the {np1} with the {sup} {c}.", "Tell me the {cols} of the {np1} that has the {sup} {c}.",
        "For the {np1} with the {sup} {c}, what is the {cols}?",
    ),
    "top_row_value": ("Name the {np1} with the {sup} {c}, and tell me the {c}.", "What {np1} has the {sup} {c}, and how much is it?"),
    "top_row_adj": ("Name our {adj} {np1}.", "I'd like to know the {adj} {np1}.", "Of the {np}, which is the {adj}?"),
    "top_row_adj_who": ("Name our {adj} {np1}.", "Of the {np}, who is the {adj}?", "I'd like to know who our {adj} {np1} is."),
    "top_row_adj_cols": (
        "For the {adj} {np1}, what is the {cols}?", "I'd like the {cols} of the {adj} {np1}.",
        "Do we know the {cols} of our {adj} {np1}?",
    ),
    "top_rows": (
        "For the {n} {np} with the {sup} {c}, report the {cols}.", "I'd like the {cols} of the {n} {np} with the {sup} {c}.",
        "Tell me the {colsp} of the {n} {np} that have the {sup} {cp}.",
    ),
    "top_rows_best": (
        "Rank the {np} by {c} and give me the {cols} of the first {n}, largest first.",
        "I'd like the {cols} of the {n} leading {np} by {c}.",
    ),
    "top_rows_adj": ("I'd like the {cols} of the {n} {adj} {np}.", "For the {n} {adj} {np}, report the {cols}."),
    "above_average": (
        "Tell me the {cols} of {p} whose {c} is {over} average.", "For {p} with {a} {over} the average, report the {cols}.",
        "I'd like the {colsp} of the {p} having {a} {over} the average.",
    ),
    "above_average_count": ("Tell me how many {p} have {a} {over} average.", "What's the number of {p} with {a} {over} the average?"),
    "never": (
        "Name the {pp} that lack any {cnp}.", "For {pp} with no {cnp} at all, report the {cols}.",
        "I'd like the {cols} of {pp} that don't have any {cnp}.", "Tell me the {colsp} of {pp} with zero {cnp}.",
    ),
    "never_deed": (
        "Tell me the {cols} of the {pp} that have yet to {plain} any {cnp}.",
        "I'd like the {cols} of {pp} who didn't {plain} any {cnp}.",
    ),
    "never_who": ("Which of the {pp} didn't {plain} any {cnp}?", "Who among our {pp} has not {part} any {cnp}?"),
    "never_count": (
        "Tell me how many {pp} have no {cnp}.", "What's the number of {pp} lacking any {cnp}?",
        "Of all {pp}, how many don't have any {cnp}?",
    ),
    "bought": ("Name the {pp} who purchased {e}.", "Which of our {pp} purchased {e}?", "I'd like to know who purchased {e}."),
    "with_child": (
        "Name the {pp} that have {cnp}.", "I'd like the {colsp} of those {pp} with {cnp}.",
        "Tell me the {colsp} of the {pp} that have {cnp}, each once.",
    ),
    "with_child_deed": (
        "Name the {pp} who {past} {cnp}.", "I'd like to know which {pp} {past} {cnp}.",
        "Tell me the {colsp} of the {pp} who have {part} {cnp}.",
    ),
    "child_of": ("I'd like the {cols} of the {ps} for {e}.", "Tell me the {cols} of the {ps} linked to {e}."),
    "share": (
        "How many percent of all {p} are {those}?", "As a percentage of all {p}, how many are {those}?",
        "Tell me what percentage of {p} are {those}.",
    ),
    "share_pred": (
        "How many percent of the {p} {pred}?", "As a percentage, how many {p} {pred}?", "Tell me what percentage of {p} {pred}.",
    ),
    "count_pred": ("Of our {np}, how many {pred}?", "Could you tell me how many {np} {pred}?", "What number of {np} {pred}?"),
    "count_when": ("What number of {np} did we see {d}?", "Could you tell me how many {np} there were {d}?"),
    "which": ("Of our {np}, which {pred}?", "I'd like to know which {np} {pred}.", "Name the {np} that {pred}."),
    "which_cols": (
        "Of our {np}, which {pred}? Report the {cols}.", "For {np} that {pred}, report the {cols}.",
        "I'd like the {colsp} of {np} that {pred}.",
    ),
    "when": ("Do we know when {e} was {event}?", "What day was {e} {event}?"),
    "cost": ("What do we charge for {e}?", "What's the price of {e}?"),
    "never_anything": ("Which of our {pp} have not {act} a single thing?", "Among our {pp}, who has not {act} anything at all?"),
    "best_selling": ("Going by total {c}, which {g} is our bestseller?", "Name our bestselling {g} in terms of total {c}."),
    "popular": ("Counting {np}, what is our most popular {g}?", "Name the most popular {g} in terms of {np}."),
    "busiest": ("Name the {g} that was busiest for {np}.", "Looking at {np}, what was the busiest {g}?"),
    "difference": (
        "Work out the difference between the largest and the smallest {c} of {np}.",
        "By how much does the highest {c} of {np} exceed the lowest?",
    ),
    "both": ("Name the {pp} that have {cnp} and have {other} too.", "I'd like the {pp} having both {cnp} and {other}."),
    "product_sum": ("Multiply {q} by {c} for {np} and give me the total.", "What do {np} come to in total, as {q} times {c}?"),
    "revenue": ("Work out the total revenue of {np}.", "What did {np} earn us in total?"),
    "date_gap": (
        "Work out the average days from the {c} to the {q} of {np}.", "From {c} to {q}, how many days pass on average for {np}?",
    ),
    "with_zero": (
        "Report every {ps} with the number of {cnp}, also where there are none.",
        "Per {ps}, how many {cnp} are there? Keep the {pp} that have none.",
    ),
    "boss": ("What is the name of the {c} of {e}?", "Do we know who the {c} of {e} is?"),
    "bosses": ("Report every {s} along with the name of their {c}.", "For each {s} that has one, name the {s} and their {c}."),
    "average_children": (
        "What's the typical (average) number of {np} per {g} that has any?", "Averaged over {gp} with any, how many {np} is that each?",
    ),
}  # fmt: skip
ORDERS: dict[str, tuple[str, ...]] = {
    "number_down": (
        ", with the highest {c} at the top", ", ranked by {c} from the top down", ", going from the largest {c} to the smallest",
    ),
    "number_up": (", with the lowest {c} at the top", ", going from the smallest {c} to the largest"),
    "value_down": (", with the largest at the top", ", from the largest down"),
    "value_up": (", with the smallest at the top", ", from the smallest up"),
    "date_down": (", with the most recent {c} at the top", ", going back in time by {c}"),
    "date_up": (", with the earliest {c} at the top", ", in order of {c}, oldest at the top"),
    "text_up": (", arranged alphabetically by {c}", ", by {c} from A to Z"),
    "text_down": (", arranged by {c} from Z to A",),
    "count_down": (", with the largest number at the top", ", ranked from the largest number down"),
    "count_up": (", with the smallest number at the top",),
}  # fmt: skip
CLAUSES: dict[str, tuple[str, ...]] = {
    "full_name": ("full name", "first and last name"),
    "full_names": ("full names", "first and last names"),
    "other_column": ("{c} of the {s}", "{s}'s {c}"),
    "more": ("above {v}", "higher than {v}", "more than {v}", "over {v}"),
    "at_least": ("{v} or above", "at least {v}", "{v} or higher"),
    "less": ("below {v}", "lower than {v}", "less than {v}"),
    "at_most": ("{v} or below", "at most {v}", "not more than {v}"),
    "exactly": ("exactly {v}", "precisely {v}"),
    "fewer": ("fewer than {v}",),
    "missing": ("lacking {a}", "where the {c} is blank", "with the {c} left empty"),
    "present": ("having {a}", "where the {c} is filled in"),
    "equal": ("having {c} {v}", "with {v} as the {c}", "whose {c} equals {v}", "where {c} is {v}", "that have {v} as their {c}"),
    "either": ("having {c} {v} or {w}", "with either {v} or {w} as the {c}"),
    "not_equal": ("where the {c} is anything but {v}", "having {a} other than {v}"),
    "place": ("based in {v}", "located in {v}"),
    "between": ("having {a} between {v} and {w}", "whose {c} lies between {v} and {w}"),
    "number": ("having {a} of {x}", "whose {c} comes to {x}", "where {c} is {x}", "with {x} as the {c}"),
    "number_stock": ("with {x} left in stock", "of which we have {x} in stock"),
    "number_price": ("selling for {x}", "with a price tag of {x}"),
    "number_age_more": ("aged over {v}",),
    "number_age_less": ("aged under {v}",),
    "in_month": ("in {d}", "within {d}"),
    "on_day": ("on {d}",),
    "before": ("before {d}", "earlier than {d}"),
    "after": ("after {d}", "later than {d}"),
    "since": ("from {d} onwards", "since {d}"),
    "between_days": ("from {d} up to and including {e}", "between {d} and {e}"),
    "date": ("having {a} {d}", "whose {c} falls {d}", "with the {c} falling {d}"),
    "flag_are_yes": ("that are {c}",),
    "flag_are_no": ("that are not {c}",),
    "flag_with_yes": ("having {c}",),
    "flag_with_no": ("having no {c}", "lacking {c}"),
    "flag_yes": ("where {c} says yes", "with {c} set to yes"),
    "flag_no": ("where {c} says no", "with {c} set to no"),
    "starts": ("whose {c} opens with {v}", "having {a} that begins with {v}"),
    "contains": ("whose {c} includes '{v}'", "having '{v}' in the {c}"),
    "for_person": ("for {e}", "linked to {e}"),
    "for_thing": ("for {e}", "linked to {e}"),
    "role_is": ("with {v} as the {c}", "having {v} as {c}"),
    "link_person": ("for", "of", "linked to"),
    "link_thing": ("for", "tied to", "linked to"),
    "called": ("the {s} {v}", "the {s} named {v}"),
    "by_number": ("the {s} numbered {v}", "{s} {v}", "{s} no. {v}"),
}  # fmt: skip
AGGREGATES: dict[str, tuple[str, ...]] = {
    "AVG": ("average", "mean"),
    "SUM": ("total", "overall"),
    "MIN": ("lowest", "minimum"),
    "MAX": ("highest", "maximum"),
}  # fmt: skip
