"""Which drafted sentences a person would say so."""

from __future__ import annotations

import pytest

from envs.readability import reads_well


@pytest.mark.parametrize(
    "text",
    [
        "How many orders were placed in May 2024?",
        "What is the total price of order items in orders delivered in March 2024?",
        "Which customers have more orders than anyone else?",
        "How many products do we have?",
    ],
)
def test_plain_questions_stand(text: str) -> None:
    assert reads_well(text, ["order", "order item", "customer", "product"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Which dining tables have had bookings booked in May?", "the noun comes again as a verb"),
        ("What is the average quantity sold of sales?", "so does this one, irregularly"),
        ("Tell me which extra extra charge 7 is for.", "a word twice running"),
        ("By area, how many orders by drivers hired in July 2022 in the North of town are there?", "the verb comes at the end"),
        ("Tell me how many showings in screens with more than 95 seats each film had.", "the subject comes at the end"),
        ("What is the booking with a price over 90 with the highest deposit?", "with, with"),
        ("Quick question: bookings: which rooms?", "two colons"),
        ("Customers whose town is Leeds or York or with a card?", "two ors"),
        ("Tickets where the status is open and where the team is red?", "a form, not a sentence"),
        ("Show " + "the very long list of all that there is " * 4 + "now.", "too long"),
    ],
)
def test_what_nobody_says_is_turned_down(text: str, why: str) -> None:
    assert not reads_well(text, ["booking", "sale", "showing", "film", "extra", "extra charge", "order", "driver"]), why
