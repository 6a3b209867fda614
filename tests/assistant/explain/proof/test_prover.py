from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from prose_voices import BASKET, REVENUE, VISITS, dimension, finding, month_column, month_span

from assistant.explain.proof import Prover, prove
from assistant.turn import Proof
from tools.core.contract import Column, DateSpan, Finding

MARCH = month_span(dt.date(2017, 3, 1))
DEPARTMENTS = finding(
    (dimension("products.department", "department"), REVENUE),
    [("GROCERY", 1_200_345.5), ("DRUG GM", 500_200.25), ("PRODUCE", 250_000.0), ("MEAT", 120_500.75)],
    "Revenue by department, March 2017, highest first",
    MARCH,
)
MONTHS = finding(
    (month_column(), REVENUE),
    list(zip((dt.date(2017, m, 1) for m in range(1, 7)), (100_000.0, 120_000.0, 90_000.0, 95_000.0, 130_000.0, 150_000.0), strict=True)),
    "Revenue by month, January to June 2017",
    DateSpan(start=dt.date(2017, 1, 1), end=dt.date(2017, 6, 30)),
)
FALLBACK = "GROCERY has the highest revenue: $1,200,345.50."


def keeps(sentence: str, *findings: Finding, synonyms: dict[str, tuple[str, ...]] | None = None) -> bool:
    return prove(sentence, findings or [DEPARTMENTS], FALLBACK, synonyms).proof.replaced == 0


@pytest.mark.parametrize(
    "sentence",
    [
        "GROCERY dominates with revenue of $1.20 million, more than twice that of DRUG GM ($500,200.25).",
        "Across all four departments, revenue totalled $2.07 million in March 2017.",
        "Together, GROCERY and DRUG GM account for 82.1% of total revenue.",
        "DRUG GM is in second place, $250,200.25 ahead of PRODUCE.",
        "GROCERY earned $700,145.25 more than DRUG GM, a gap of 140%.",
        "Revenue ranged from $120,500.75 (MEAT) to $1,200,345.50 (GROCERY).",
        "GROCERY made up over half of all revenue.",
        "The average across the four departments was $517,761.63.",
    ],
)
def test_keeps_what_follows_from_the_cells_by_a_declared_formula(sentence: str) -> None:
    assert keeps(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "GROCERY made $1.2 million in April 2017.",
        "Profit at GROCERY was $1,200,345.50.",
        "GROCERY fell to $1,200,345.50.",
        "GROCERY generated the most revenue, followed by PRODUCE.",
        "There are five departments in this ranking.",
        "Texas made $1,200,345.50.",
        "GROCERY will make $1,200,345.50.",
        "GROCERY made $1,200,345.50 because of promotions.",
        "The total was $1,200,345.50.",
        "GROCERY made $1,200,345.50 last month.",
        "Every department made more than $130,000.",
        "See [details](http://example.invalid/?q=1) for GROCERY.",
    ],
)
def test_replaces_what_the_cells_do_not_say(sentence: str) -> None:
    assert not keeps(sentence)


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Revenue in June was $150,000, up 15.4% from May.", True),
        ("Revenue in June was $150,000, up 15.4% from April.", False),
        ("After falling 25% in March, revenue climbed steadily to $150,000 by June.", True),
        ("In the first half of 2017, revenue totalled $685,000.", True),
        ("In Q1 2017, revenue totalled $685,000.", False),
        ("March was the third-highest month.", False),
        ("Revenue doubled from January to June.", False),
    ],
)
def test_movements_are_taken_between_the_periods_that_are_named(sentence: str, kept: bool) -> None:
    assert keeps(sentence, MONTHS) is kept


def test_a_sum_needs_a_metric_that_adds_up() -> None:
    baskets = finding(
        (dimension("stores.region", "region"), BASKET), [("North", 20.0), ("South", 30.0)], "Average basket value by region", MARCH
    )
    assert not keeps("The total average basket value was $50.00.", baskets)


def test_people_counted_in_two_groups_do_not_add_up() -> None:
    households = Column(name="households", type="integer", unit="households", role="metric", label="households", metric="households")
    groups = finding((dimension("stores.region", "region"), households), [("North", 20), ("South", 30)], "Households by region", MARCH)
    assert not keeps("In total there were 50 households.", groups)


def test_a_result_cut_to_its_top_knows_no_lowest_and_no_total() -> None:
    top = finding(
        (dimension("products.department", "department"), REVENUE),
        [("GROCERY", 900.0), ("MEAT", 400.0)],
        "Revenue by department, top 2",
        MARCH,
    )
    assert keeps("GROCERY has the highest revenue, $900.00.", top)
    assert not keeps("MEAT has the lowest revenue, $400.00.", top)
    assert not keeps("GROCERY made 69.2% of total revenue.", top)


def test_synonyms_of_the_semantic_model_are_understood() -> None:
    total = finding((VISITS,), [(1_234,)], "Visits, March 2017", MARCH)
    assert not keeps("There were 1,234 shopping trips in March 2017.", total)
    assert keeps("There were 1,234 shopping trips in March 2017.", total, synonyms={"visits": ("shopping trips",)})


def test_a_figure_is_looked_for_in_every_finding_of_the_answer() -> None:
    total = finding((VISITS,), [(1_234,)], "Visits, March 2017", MARCH)
    assert keeps("GROCERY made $1,200,345.50, and there were 1,234 visits in March 2017.", DEPARTMENTS, total)


def test_it_refers_to_the_subject_of_the_sentence_before() -> None:
    kept = prove("DRUG GM comes second. It made $500,200.25.", [DEPARTMENTS], FALLBACK)
    wrong = prove("DRUG GM comes second. It made $250,000.00.", [DEPARTMENTS], FALLBACK)
    assert kept.proof.replaced == 0
    assert wrong.text == f"DRUG GM comes second. {FALLBACK}"


def test_the_deterministic_sentence_stands_in_once_for_all_that_fail() -> None:
    result = prove("GROCERY made $5. MEAT made $6. PRODUCE made $250,000.00.", [DEPARTMENTS], FALLBACK)
    assert result.text == f"{FALLBACK} PRODUCE made $250,000.00."
    assert result.proof == Proof(proven=1, replaced=2)
    assert result.reasons == ("$5", "$6")


def test_sentences_without_a_claim_pass_as_they_are() -> None:
    assert prove("Here is what I found.", [DEPARTMENTS], FALLBACK).text == "Here is what I found."


def test_streams_each_sentence_when_it_is_complete_and_not_before() -> None:
    prover = Prover(findings=[DEPARTMENTS], fallback=FALLBACK)
    pieces = ["GROCERY made $1,200,", "345.50. MEAT", " made $120,500.75", ". "]
    assert [prover.feed(piece) for piece in pieces] == [[], ["GROCERY made $1,200,345.50. "], [], []]
    assert prover.finish() == ["MEAT made $120,500.75. "]
    assert prover.proof == Proof(proven=2, replaced=0)


def test_any_way_of_cutting_the_stream_gives_the_same_text() -> None:
    prose = "GROCERY leads vs. DRUG GM. It made $1.20 million.\n- MEAT: $120,500.75\n- PRODUCE: $1.00\n"
    whole = prove(prose, [DEPARTMENTS], FALLBACK)
    for size in (1, 3, 7):
        prover = Prover(findings=[DEPARTMENTS], fallback=FALLBACK)
        shown = [s for i in range(0, len(prose), size) for s in prover.feed(prose[i : i + size])]
        assert "".join([*shown, *prover.finish()]).strip() == whole.text


def test_never_fails_on_odd_text_and_empty_findings() -> None:
    empty = dataclasses.replace(DEPARTMENTS, tables=(dataclasses.replace(DEPARTMENTS.tables[0], rows=()),))
    for prose in (
        "",
        "   ",
        "$",
        "1" * 400 + ".",
        "In 0000-99-99 it rose 5%.",
        "((((",
        "\x00 5%.",
        "Q9 2017 fell.",
        "31 February 2017 saw 5 visits.",
    ):
        prove(prose, [DEPARTMENTS, empty], FALLBACK)
        prove(prose, [], FALLBACK)
