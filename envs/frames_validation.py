"""The sentences and clauses of held-out questions: the same meanings as frames_train.py in other, equally plain words."""

from __future__ import annotations

POLITE = ("Would you {}?", "I'd like you to {}.", "If you can, {}.")
OPENINGS = ("I have a question: {}", "Just checking: {}", "Help me out: {}", "Morning! {}")
CLOSINGS = (", by the way", ", any idea")
FRAMES: dict[str, tuple[str, ...]] = {
    "count": (
        "How many {np} have we got?", "What's our number of {np}?", "Do you know how many {np} there are?", "Count of {np}?",
        "Work out the number of {np}.",
    ),
    "count_long": ("What's our number of {np}?", "Count of {np}?", "Work out the number of {np}."),
    "count_note": ("And how many {np}?",),
    "list": (
        "Can I see the {colsp} of {np}?", "Pull up the {colsp} for {np}.", "Let me see the {cols} of all the {np}.",
        "For {np}, what are the {colsp}?", "I want the {cols} for each {np1}.", "The {colsp} of our {np}?",
    ),
    "list_label": (
        "What are our {np} called?", "What {np} are there?", "Names of our {np}?", "I want a list of {np}.", "Name all the {np}.",
    ),
    "list_who": ("Tell me who the {np} are.", "Who do we have as {np}?", "Name our {np}.", "A list of our {np}?"),
    "lookup": (
        "Can I have the {cols} of {e}?", "What's the {cols} for {e}?", "Pull up the {cols} of {e}.", "Do we know the {cols} of {e}?",
    ),
    "lookup_name": ("Do we know {e}'s {cols}?", "Can I have {e}'s {cols}?", "Get me {e}'s {cols}."),
    "agg": (
        "Work out the {agg} {c} for {np}.", "For {np}, what's the {agg} {c}?", "The {agg} {c} across {np}?",
        "Tell me the {agg} {c} of our {np}.",
    ),
    "agg_avg": (
        "What's a typical (average) {c} for {np}?", "On average, what's the {c} across {np}?", "What {c} do we see on average for {np}?",
    ),
    "agg_sum": ("What's the combined {c} of {np}?", "What does the {c} of {np} come to in total?", "Sum up the {c} for {np}."),
    "agg_many": ("How many {c} in all for {np}?", "How many {c} do {np} come to?", "Sum of {c} for all {np}?"),
    "agg_several": ("Tell me the {agg} {c} for {np}.", "For {np}, what are the {agg} {c}?", "Across {np}, what are the {agg} {c}?"),
    "agg_value": ("What is an average {s} worth?", "How much does one {s} come to on average?"),
    "sold": ("How many of {e} did we sell in all?", "Tell me how many {e} we sold.", "What's the quantity sold of {e}?"),
    "takings": ("What did we earn {d}?", "How much money came in {d}?", "What was our income {d}?"),
    "takings_np": ("What did we earn from {np}?", "How much money came in from {np}?", "What have {np} made us?"),
    "count_distinct": (
        "How many unique {cp} do we see among {np}?", "What's the number of different {cp} across {np}?",
        "Across {np}, how many different {cp} are there?",
    ),
    "count_parents": (
        "Tell me how many {pp} {past} {cnp}.", "Of our {pp}, how many have {part} {cnp}?", "What number of {pp} {past} {cnp}?",
    ),
    "count_parents_thing": ("Tell me how many {pp} have {cnp}.", "Of our {pp}, how many have {cnp}?", "How many {pp} come with {cnp}?"),
    "distinct": (
        "What {cp} do we have among {np}?", "Give me the unique {cp} of {np}.", "Which unique {cp} are there among {np}?",
        "Which {cp} come up for {np}?",
    ),
    "group_count": (
        "Break down {np} by {g}.", "By {g}, how many {np} are there?", "What's the count of {np} per {g}?", "{np} per {g}?",
        "How do {np} split up by {g}?",
    ),
    "group_count_deed": ("Tell me how many {np} each {g} {past}.", "{np} per {g}?", "Break down the number of {np} by {g}."),
    "group_agg": (
        "Break down the {agg} {c} of {np} by {g}.", "By {g}, what is the {agg} {c} of {np}?",
        "Tell me the {agg} {c} of {np} for every {g}.", "{agg} {c} per {g} for {np}?",
    ),
    "group_top": ("What's the {g} with the {most} {np}?", "Tell me the {g} with the {most} {np}.", "And the {g} with the {most} {np}?"),
    "group_top_deed": ("Tell me the {g} who {past} the most {np}.", "What {g} {past} the most {np}?"),
    "group_top_who": (
        "Tell me who {past} the most {np}.", "Who has {part} more {np} than anyone else?", "Which of our {gp} {past} the most {np}?",
    ),
    "group_top_time": (
        "When did we have the {most} {np}, by {g}?", "What was the {g} with the {most} {np}?", "Tell me the {g} with the {most} {np}.",
    ),
    "group_common": (
        "Among {np}, what's the commonest {g}?", "Which {g} do we see most often for {np}?", "What {g} comes up most for {np}?",
    ),
    "group_top_counted": ("Tell me the {g} with the {most} {np}, and the number.", "What {g} has the {most} {np}, and how many is that?"),
    "group_topn": (
        "Tell me the {n} {gp} with the {most} {np}.", "What {n} {gp} have the {most} {np}?", "Our {n} {gp} with the {most} {np}?",
    ),
    "group_top_agg": (
        "What {g} has the {sup} {agg} {c} of {np}?", "Tell me the {g} with the {sup} {agg} {c} of {np}.",
        "By {agg} {c} of {np}, which {g} is {sup}?",
    ),
    "group_top_agg_value": (
        "Tell me the {g} with the {sup} {agg} {c} of {np}, and that {agg}.",
        "What {g} has the {sup} {agg} {c} of {np}, and how much is that?",
    ),
    "group_topn_agg": (
        "Tell me the {n} {gp} with the {sup} {agg} {c} of {np}.", "What are the best {n} {gp} by {agg} {c} of {np}?",
        "Our first {n} {gp} by {agg} {c} of {np}?",
    ),
    "spent_most": (
        "Which {g} paid us the most for {np}?", "Tell me which {g} has spent the most on {np}.", "Who is our biggest spender on {np}?",
    ),
    "having": ("Tell me which {gp} have {x} {np}.", "For which {gp} do we have {x} {np}?", "What {gp} have {x} {np}?"),
    "having_deed": ("Tell me which {gp} {past} {x} {np}.", "What {gp} {past} {x} {np}?"),
    "having_counted": ("Tell me which {gp} have {x} {np}, with the number.", "For which {gp} do we have {x} {np}, and how many is it?"),
    "having_agg": ("What {gp} have {agg_a} {c} {x} on {np}?", "Tell me for which {gp} the {agg} {c} of {np} is {x}."),
    "top_row": (
        "Tell me which {np1} has the {sup} {c}.", "What's the {np1} with the {sup} {c}?", "Among our {np}, which has the {sup} {c}?",
    ),
    "top_row_who": (
        "Of the {np}, who has the {sup} {c}?", "Tell me which {np1} has the {sup} {c}.", "Who among our {np} has the {sup} {c}?",
    ),
    "top_row_event": ("Tell me which {np1} {did} {last}.", "Do you know which {np1} {did} {last}?"),
    "top_row_cols": (
        "What's the {cols} of the {np1} with the {sup} {c}?", "Tell me the {cols} of the {np1} with the {sup} {c}.",
        "For the {np1} with the {sup} {c}, what is the {cols}?",
    ),
    "top_row_value": ("Tell me which {np1} has the {sup} {c}, and {hm}.", "What's the {np1} with the {sup} {c}, and {hm}?"),
    "top_row_adj": ("Tell me our {adj} {np1}.", "Of the {np}, which is the {adj}?", "Our {adj} {np1}?", "Do you know our {adj} {np1}?"),
    "top_row_adj_who": ("Tell me who our {adj} {np1} is.", "Of the {np}, who is the {adj}?", "Our {adj} {np1}?"),
    "top_row_adj_cols": (
        "What's the {cols} of our {adj} {np1}?", "For the {adj} {np1}, what is the {cols}?", "The {cols} of our {adj} {np1}?",
    ),
    "top_rows": (
        "For the {n} {np} with the {sup} {c}, give me the {cols}.", "Tell me the {colsp} of the {n} {np} with the {sup} {c}.",
        "Can I see the {cols} of the {n} {np} with the {sup} {c}?",
    ),
    "top_rows_best": ("Which {n} {np} come top by {c}?", "Our best {n} {np} by {c}?", "Tell me the top {n} {np} by {c}."),
    "top_rows_adj": ("Which are the {n} {adj} {np}?", "Tell me our {n} {adj} {np}.", "Our {n} {adj} {np}?"),
    "above_average": (
        "Tell me which {p} have {a} {over} average.", "What {p} have {a} {over} the average?",
        "Any {p} with {a} {over} average? Which ones?",
    ),
    "above_average_count": ("Tell me how many {p} have {a} {over} average.", "Of our {p}, how many have {a} {over} the average?"),
    "never": (
        "Which {pp} are without any {cnp}?", "What {pp} have no {cnp} at all?", "Tell me which {pp} have no {cnp}.",
        "Are there {pp} with no {cnp}? Which ones?", "Can I see the {cols} of {pp} with no {cnp}?",
    ),
    "never_deed": ("Tell me which {pp} have never {part} any {cnp}.", "Who among our {pp} has never {part} any {cnp}?"),
    "never_who": ("Which {pp} didn't {plain} any {cnp}?", "Which of our {pp} have not {part} any {cnp}?"),
    "never_count": ("Tell me how many {pp} have no {cnp}.", "Of our {pp}, how many have no {cnp}?", "What number of {pp} have no {cnp}?"),
    "bought": ("Tell me who bought {e}.", "Which of our {pp} purchased {e}?", "Who has ever bought {e}?"),
    "with_child": (
        "Tell me which {pp} have {cnp}.", "What {pp} have {cnp}?", "Which of our {pp} have {cnp}?", "Any {pp} with {cnp}? Which ones?",
    ),
    "with_child_deed": ("Tell me which {pp} {past} {cnp}.", "What {pp} have {part} {cnp}?"),
    "child_of": ("What's the {cols} of the {ps} for {e}?", "For {e}, what's the {ps}'s {cols}?", "Tell me which {ps} {e} is {link}."),
    "share": (
        "As a percentage, how many {p} are {those}?", "Tell me what percentage of {p} are {those}.",
        "Percentage of {p} that are {those}?",
    ),
    "share_pred": ("As a percentage, how many {p} {pred}?", "Tell me what percentage of {p} {pred}.", "Percentage of {p} that {pred}?"),
    "count_pred": ("Of our {np}, how many {pred}?", "Do you know how many {np} {pred}?", "What number of {np} {pred}?"),
    "count_when": (
        "How many {np} did we get {d}?", "Number of {np} {d}?", "What was our number of {np} {d}?",
    ),
    "which": ("Of our {np}, which {pred}?", "Tell me which {np} {pred}.", "Do you know which {np} {pred}?", "Name the {np} that {pred}."),
    "which_cols": (
        "Can I see the {colsp} of {np} that {pred}?", "For {np} that {pred}, what are the {colsp}?",
        "Of our {np}, which {pred}? I need the {colsp}.",
    ),
    "when": ("Do we know when {e} was {event}?", "What day was {e} {event}?"),
    "cost": ("What do we charge for {e}?", "What's the price of {e}?"),
    "never_anything": ("Which of our {pp} have not {act} a single thing?", "What {pp} have never {act} anything at all?"),
    "best_selling": ("Going by total {c}, which {g} is our bestseller?", "Our bestselling {g} by total {c}?"),
    "popular": ("Counting {np}, what's our most popular {g}?", "Our most popular {g} in terms of {np}?"),
    "busiest": ("Tell me our busiest {g} for {np}.", "By number of {np}, what was the busiest {g}?"),
    "difference": ("What's the gap between the largest and smallest {c} of {np}?", "For {np}, how far is the highest {c} from the lowest?"),
    "both": ("What {pp} have {cnp} and also {other}?", "Tell me which {pp} have both {cnp} and {other}."),
    "product_sum": ("For {np}, what's {q} times {c} in total?", "What do {np} come to in total, as {q} times {c}?"),
    "revenue": ("What's the revenue of {np} in total?", "What did {np} earn us in total?"),
    "date_gap": (
        "How long from the {c} to the {q} of {np}, in days on average?", "From {c} to {q}, how many days is it on average for {np}?",
    ),
    "with_zero": (
        "For every {ps}, how many {cnp} are there? Keep the ones with none.", "Count the {cnp} of all {pp}, even those that have none.",
    ),
    "boss": ("What's the name of {e}'s {c}?", "Do we know who the {c} of {e} is?"),
    "bosses": ("Can I see every {s} along with the name of their {c}?", "For each {s} that has one, who is the {c}? Both names."),
    "average_children": ("What's the average number of {np} for {ga} that has any?", "How many {np} does {ga} with any have on average?"),
    "some_without": (
        "Tell me which {pp} have {cnp} but not {other}.", "What {pp} have got {cnp} and no {other}?",
    ),
    "either_of": (
        "Tell me which {pp} have {cnp}, or {other}, or both.", "What {pp} have got either {cnp} or {other}?",
    ),
    "union_values": (
        "Put together the {cp} of {pp} and {other}, with none twice.", "Across {pp} and {other}, which different {cp} come up?",
    ),
    "than_row": (
        "Tell me which {p} have a {than} {c} than {e}.", "What {p} have a {c} {than} than that of {e}?",
    ),
    "than_row_count": (
        "Tell me how many {p} have a {than} {c} than {e}.", "Of our {p}, how many have a {than} {c} than {e}?",
    ),
    "than_row_cost": (
        "Tell me which {p} cost {more} than {e}.", "What do we have in {p} that costs {more} than {e}?",
    ),
    "than_row_cost_count": (
        "Tell me how many {p} cost {more} than {e}.", "Of our {p}, how many cost {more} than {e}?",
    ),
    "same_as": (
        "Besides {e}, what {p} have the same {c}?", "Tell me which {p} share the {c} of {e}, leaving that one out.",
    ),
    "having_count": (
        "Tell me how many {gp} have {x} {np}.", "Of our {gp}, how many have {x} {np}?",
    ),
    "having_count_deed": (
        "Tell me how many {gp} {past} {x} {np}.", "Of our {gp}, how many have {part} {x} {np}?",
    ),
    "above_boss": (
        "Tell me which {p} have a {than} {c} than their own {b}.", "What {p} have a {than} {c} than their {b}?",
    ),
    "share_is": ("For which percentage of {p} {be} the {c} {v}?", "Tell me for what percentage of {p} the {c} {be} {v}."),
    "share_by": (
        "Tell me, per {g}, what percentage of {p} {pred}.", "Break down by {g} the percentage of {p} that {pred}.",
    ),
    "part_of_total": (
        "As a percentage of the overall {c} of {p}, how much is from {np}?", "Of the overall {c} of {p}, what percentage is down to {np}?",
    ),
    "sides": (
        "Tell me how many {p} have {v} and how many have {w} as their {c}.", "How many {p} have {v} as their {c}, and how many have {w}?",
    ),
    "sides_by": (
        "Tell me for every {g} how many {p} have {v} and how many have {w} as their {c}.",
        "By {g}, how many {p} have {v} as their {c}, and how many have {w}?",
    ),
    "more_in": (
        "By how many did {np} go up from {e} to {d}?", "Compared with {e}, how many more {np} did {d} bring?",
    ),
    "having_two": (
        "Tell me which {gp} have {x} {np} and also {agg_a} {c} {y}.", "What {gp} have both {x} {np} and {agg_a} {c} {y}?",
    ),
    "weekday": (
        "Break down {np} by day of the week, where 0 is Sunday.", "Per weekday (0 is Sunday), how many {np} are there?",
    ),
    "weekday_top": (
        "Tell me the weekday with the most {np}, where 0 is Sunday.", "Where 0 is Sunday, what weekday sees the most {np}?",
    ),
    "calendar": (
        "Break down {np} by month of the year, whatever the year.", "Taking all years together, how many {np} per calendar month?",
    ),
    "calendar_top": (
        "Taking all years together, what calendar month has the most {np}?",
        "Tell me the month of the year with the most {np}, whatever the year.",
    ),
}  # fmt: skip
ORDERS: dict[str, tuple[str, ...]] = {
    "number_down": (", with the highest {c} on top", ", ranked by {c}, biggest first"),
    "number_up": (", with the lowest {c} on top", ", from the smallest {c} up"),
    "number_down_only": (", biggest on top",),
    "number_up_only": (", smallest on top",),
    "date_down_only": (", latest on top",),
    "date_up_only": (", earliest on top",),
    "text_up_only": (", from A to Z",),
    "text_down_only": (", Z to A",),
    "value_down": (", with the largest on top", ", from the largest down"),
    "value_up": (", with the smallest on top", ", from the smallest up"),
    "date_down": (", with the latest {c} on top", ", most recent {c} first"),
    "date_up": (", with the earliest {c} on top", ", starting with the earliest {c}"),
    "text_up": (", by {c} from A to Z", ", alphabetically by {c}"),
    "text_down": (", by {c} from Z to A",),
    "count_down": (", with the most on top", ", biggest number first"),
    "count_up": (", with the fewest on top",),
}  # fmt: skip
CLAUSES: dict[str, tuple[str, ...]] = {
    "full_name": ("first name and surname",),
    "full_names": ("first names and surnames",),
    "other_column": ("{s}'s {c}", "{c} of the {s}"),
    "more": ("above {v}",),
    "at_least": ("from {v} up", "no less than {v}"),
    "less": ("below {v}",),
    "at_most": ("up to {v}", "no more than {v}"),
    "between": ("from {v} to {w}",),
    "noun_more": ("higher than {v}", "greater than {v}", "bigger than {v}"),
    "noun_at_least": ("no lower than {v}", "of {v} and up"),
    "noun_less": ("lower than {v}", "smaller than {v}"),
    "noun_at_most": ("no higher than {v}", "of up to {v}"),
    "noun_between": ("from {v} to {w}",),
    "count_more": ("more than {v}", "upwards of {v}"),
    "count_at_least": ("no fewer than {v}", "a minimum of {v}"),
    "count_less": ("under {v}",),
    "count_at_most": ("no more than {v}", "not more than {v}"),
    "count_between": ("from {v} to {w}",),
    "count_exactly": ("just {v}", "precisely {v}"),
    "number": ("with {a} {x}",),
    "costing": ("priced {x}", "selling for {x}"),
    "worth": ("worth {x}", "{n}"),
    "earning": ("on a wage of {x}", "making {x}"),
    "lasting": ("that last {x}",),
    "with_stock": ("with {x} left in stock", "of which we have {x} in stock"),
    "older": ("aged over {v}",),
    "younger": ("aged under {v}",),
    "missing": ("that have no {c}", "missing {a}"),
    "present": ("that have {a}",),
    "equal": ("whose {c} is {v}", "with the {c} {v}"),
    "equal_long": ("whose {c} is {v}",),
    "either": ("whose {c} is {v} or {w}", "with either {v} or {w} as the {c}"),
    "not_equal": ("with {a} other than {v}", "whose {c} is not {v}"),
    "place": ("based in {v}", "located in {v}"),
    "place_from": ("that come from {v}", "coming from {v}"),
    "place_either": ("based in {v} or {w}", "located in either {v} or {w}"),
    "place_not": ("that are not in {v}", "not based in {v}"),
    "in_month": ("in {d}",),
    "in_year": ("in {d}", "in the year {d}"),
    "on_day": ("on {d}",),
    "before": ("earlier than {d}", "before {d}"),
    "after": ("later than {d}", "after {d}"),
    "since": ("from {d} on", "from {d} onwards"),
    "between_days": ("from {d} to {e}",),
    "date": ("with the {c} {d}", "whose {c} falls {d}"),
    "flag_are_yes": ("which are {c}",),
    "flag_are_no": ("that are not {c}",),
    "flag_did_yes": ("which {c}",),
    "flag_did_no": ("that have not {c}",),
    "flag_with_yes": ("that come with {c}", "that have {c}"),
    "flag_with_no": ("that come without {c}", "lacking {c}"),
    "starts": ("whose {c} begins with {v}",),
    "contains": ("whose {c} includes '{v}'", "that have '{v}' in the {c}"),
    "called": ("the {s} named {v}", "our {s} {v}"),
    "by_number": ("{s} no. {v}", "the {s} numbered {v}"),
}  # fmt: skip
AGGREGATES: dict[str, tuple[str, ...]] = {
    "AVG": ("average", "mean"),
    "SUM": ("total", "overall"),
    "MIN": ("lowest", "minimum"),
    "MAX": ("highest", "maximum"),
}  # fmt: skip
