"""What people wrap around a question, and what of it must stay."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.patterns import pattern_words, patterns
from assistant.minds.embedded.tokens import tokenize


def asked(reader: QuestionReader, text: str) -> str:
    return " ".join(t.text for t in reader.prepared(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "Could you pull together the income by city for me?",
        "Hi team, sorry to bother you, but could you dig out the income by city?",
        "I was wondering whether you could show me the income by city.",
        "My boss wants to see the income by city.",
        "The auditors have asked for the income by city.",
        "We'd be keen to see the income by city. The board meets on Thursday.",
        "Fill me in on the income by city. Thanks in advance, Anna",
        "Verify the income by city, no rush.",
        "For tomorrow's presentation: the income by city",
        "Any chance of getting the income by city? I need it by noon.",
        "It would help me a lot to see the income by city",
        "send me the income by city, please",
        "share with us the income by city across the whole company",
    ],
)
def test_a_wish_and_its_occasion_are_no_part_of_the_question(reader: QuestionReader, text: str) -> None:
    words = [w for w in asked(reader, text).split() if w not in ("you", "could", "show", "me", "please", "for", ",", "the")]
    assert words == ["income", "by", "city"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'd like to find out how many bookings we had", "how many bookings we had"),
        ("Does anyone know how many bookings we had?", "how many bookings we had"),
        ("check bookings in Lyon", "check bookings in lyon"),
        ("tell me about bookings", "tell me about bookings"),
        ("give me a list of members", "give me a list of members"),
        ("bookings, that is from 1 to 12 May 2024", "bookings , that is from 1 to 12 may 2024"),
        ("we require members in Lyon", "show me members in lyon"),
        ("the income by city thanks in advance", "the income by city"),
        ("which courses sell best", "which courses sell best"),
        ("income by city, best month", "income by city , best month"),
    ],
)
def test_what_may_be_meant_stays(reader: QuestionReader, text: str, expected: str) -> None:
    assert asked(reader, text) == expected


def test_a_clause_that_was_taken_away_is_said(reader: QuestionReader) -> None:
    _, notes, _ = reader.prepared("How many bookings did we have in May? The board meets on Thursday.")
    assert notes == ("read as background: 'The board meets on Thursday'",)


def test_an_order_to_send_something_to_others_is_no_wish_to_see_it(reader: QuestionReader) -> None:
    assert asked(reader, "send our members a voucher").startswith("send")


@pytest.mark.parametrize("name", ["frames", "asides"])
def test_the_pattern_files_can_be_read(name: str) -> None:
    assert patterns(name)
    assert {"wondering", "company"} & pattern_words(name)


def test_a_label_ends_with_its_colon() -> None:
    assert [t.labelled for t in tokenize("For the record: income")] == [False, False, False, True]
