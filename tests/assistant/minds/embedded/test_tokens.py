"""Tokens, inflection, numbers and spelling: the atoms of reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.minds.embedded.bands import bands_of, within
from assistant.minds.embedded.inflection import degrees, noun_forms, plural, singular, verb_forms
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.spelling import edit_distance
from assistant.minds.embedded.tokens import atoms, tokenize


def words(text: str) -> list[str]:
    return [t.text for t in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the members' income?", ["what", "is", "the", "members", "income"]),
        ("didn’t book", ["did", "not", "book"]),
        ("over $10,000", ["over", "$10000"]),
        ("ages 25-34", ["ages", "25", "34"]),
        ("avg spend", ["average", "spend"]),
        ("after 6 pm", ["after", "6pm"]),
        ("Food & Drink", ["food", "and", "drink"]),
    ],
)
def test_cuts_text_into_lower_case_atoms(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_value_and_what_people_type_for_it_are_cut_alike() -> None:
    assert atoms("MEAT-PCKGD") == atoms("meat pckgd") == ("meat", "pckgd")
    assert atoms("60+") == ("60", "+")


def test_a_hyphen_joins_the_atoms_around_it_and_a_dash_does_not() -> None:
    assert [t.joined for t in tokenize("25-34")] == [False, True]
    assert [t.joined for t in tokenize("March - June")] == [False, False]


@given(st.text(max_size=200))
def test_any_text_can_be_cut(text: str) -> None:
    for token in tokenize(text):
        assert token.text == token.text.lower()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("buy", {"buy", "buys", "buying", "bought"}),
        ("shop", {"shop", "shops", "shopping", "shopped"}),
        ("redeem", {"redeem", "redeems", "redeeming", "redeemed"}),
        ("sign up", {"sign up", "signs up", "signing up", "signed up"}),
        ("visit", {"visit", "visits", "visiting", "visited"}),
        ("pay", {"pay", "pays", "paying", "paid"}),
        ("try", {"try", "tries", "trying", "tried"}),
    ],
)
def test_inflects_verbs(base: str, expected: set[str]) -> None:
    assert set(verb_forms(base)) == expected


def test_inflects_nouns_and_adjectives() -> None:
    assert noun_forms("product category") == ("product category", "product categories")
    assert noun_forms("people") == ("people", "person")
    assert degrees("big") == ("bigger", "biggest")
    assert degrees("busy") == ("busier", "busiest")


@given(st.sampled_from(["store", "visit", "category", "box", "class", "brush", "member", "kid", "child", "day", "hobby", "match"]))
def test_a_plural_folds_back_to_its_singular(word: str) -> None:
    assert singular(plural(word)) == word


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("10k", 10_000, None),
        ("$1.5k", 1_500, "money"),
        ("1,000,000", 1_000_000, None),
        ("2 million dollars", 2_000_000, "money"),
        ("twenty five", 25, None),
        ("a hundred", 100, None),
        ("one hundred and fifty", 150, None),
        ("three thousand two hundred", 3_200, None),
        ("a dozen", 12, None),
        ("twice", 2, "times"),
        ("3 times", 3, "times"),
        ("20 %", 0.2, "percent"),
        ("20%", 0.2, "percent"),
        ("3rd", 3, "ordinal"),
    ],
)
def test_reads_numbers(text: str, value: float, unit: str | None) -> None:
    tokens = tokenize(text)
    number = read_number(tokens, 0)
    assert number is not None
    assert (number.value, number.unit, number.end) == (pytest.approx(value), unit, len(tokens))


@given(st.integers(min_value=0, max_value=10**9))
def test_a_whole_number_reads_back_however_it_is_grouped(value: int) -> None:
    for text in (str(value), f"{value:,}"):
        number = read_number(tokenize(text), 0)
        assert number is not None
        assert number.whole == value


@given(st.text("abcd", max_size=8), st.text("abcd", max_size=8))
def test_edit_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert edit_distance(one, other, 9) == edit_distance(other, one, 9) <= max(len(one), len(other))


def test_repairs_a_word_that_only_one_word_of_the_model_is_near_to(reader: QuestionReader) -> None:
    tokens, notes = reader.tokens("incme by tarif")
    assert [t.text for t in tokens] == ["income", "by", "tariff"]
    assert notes == ("read 'incme' as income", "read 'tarif' as tariff")


def test_leaves_words_alone_that_are_english(reader: QuestionReader) -> None:
    tokens, notes = reader.tokens("contain happens outcome")
    assert [t.text for t in tokens] == ["contain", "happens", "outcome"]
    assert notes == ()


def test_bands_know_the_numbers_that_they_cover() -> None:
    ages = bands_of(["18-29", "30-44", "45-59", "60+"])
    assert within(ages, "lt", 45, None) == (("18-29", "30-44"), ())
    assert within(ages, "gt", 44, None) == (("45-59", "60+"), ())
    assert within(ages, "ge", 50, None) == (("60+",), ("45-59",))
    incomes = bands_of(["Under 15K", "15-24K", "250K+"])
    assert within(incomes, "lt", 25_000, None) == (("Under 15K", "15-24K"), ())


def test_values_that_are_no_numbers_have_no_bands() -> None:
    assert bands_of(["low", "high"]) == ()


WORDS = st.sampled_from(
    [
        "total",
        "cannot",
        "cant",
        "didnt",
        "whats",
        "hows",
        "twenty",
        "one",
        "avg",
        "cats",
        "sales",
        "o",
        "clock",
        "no",
        "of",
        "the",
        "per",
        "customer",
        "thru",
        "isnt",
        "who",
        "whos",
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join))
def test_plain_phrases_have_the_atoms_that_tokens_would_give(phrase: str) -> None:
    """Most phrases of a model take a short way, which must lead to the same place."""
    assert atoms(phrase) == tuple(t.text for t in tokenize(phrase))
