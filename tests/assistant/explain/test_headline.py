"""One sentence with the number, for every shape of result."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pytest

from assistant.explain.headline import headline
from tools.core.contract import Cell, Column, DateSpan, Finding, Grade, Reading, Table

REVENUE = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money", metric="revenue")
VISITS = Column(name="visits", type="integer", unit="visits", role="metric", label="visits", metric="visits")
DEPARTMENT = Column(name="products.department", type="string", label="department")
MONTH = Column(name="visit_date", type="date", grain="month", label="month")
IN_2017 = DateSpan(start=dt.date(2017, 1, 1), end=dt.date(2017, 12, 31))


def finding(
    columns: list[Column],
    rows: list[tuple[Cell, ...]],
    *,
    filters: tuple[str, ...] = (),
    window: DateSpan | None = None,
    first: Literal["", "highest", "lowest"] = "",
    limit: int | None = None,
) -> Finding:
    return Finding(
        tool="query_metrics",
        tables=(Table(title="", columns=tuple(columns), rows=tuple(rows)),),
        reading=Reading(
            sentence="Revenue by department", filters=filters, window=window, first=first, limit=limit, selects=limit is not None
        ),
        grade=Grade.GOVERNED,
        grade_reason="compiled",
    )


def derived(role: str, base: Column, **changes: object) -> Column:
    return Column(**{**base.__dict__, "name": f"{base.name}_{role}", "role": role, **changes})


def test_a_total_names_the_number_and_its_window():
    assert headline(finding([REVENUE], [(4596039.58,)], window=IN_2017)) == "Revenue was $4,596,039.58 in 2017."


def test_a_count_is_said_as_there_were():
    assert headline(finding([VISITS], [(155848,)], window=IN_2017)) == "There were 155,848 visits in 2017."


@pytest.mark.parametrize(
    ("label", "one"),
    [
        ("visits", "visit"),
        ("late deliveries", "late delivery"),
        ("searches", "search"),
        ("units sold", "unit sold"),
        ("e-mails sent", "e-mail sent"),
    ],
)
def test_one_of_a_count_is_said_in_the_singular(label: str, one: str):
    column = Column(name="n", type="integer", role="metric", label=label, metric="n")
    assert headline(finding([column], [(1,)])) == f"There was 1 {one}."


def test_filters_end_the_sentence():
    said = headline(finding([REVENUE], [(148344.06,)], filters=("department is DELI",), window=IN_2017))
    assert said == "Revenue was $148,344.06 in 2017, where department is DELI."


def test_a_condition_on_the_counted_entity_says_its_noun_once():
    households = Column(name="households", type="integer", unit="households", role="metric", label="households", metric="households")
    kept = ("households with at least 3 visits",)
    reading = Reading(sentence="Households", filters=kept, conditions=kept)
    result = Finding(
        tool="t", tables=(Table(title="", columns=(households,), rows=((800,),)),), reading=reading, grade=Grade.GOVERNED, grade_reason=""
    )
    assert headline(result) == "There were 800 households with at least 3 visits."


def test_a_condition_on_the_counted_entity_stands_next_to_its_noun():
    households = Column(name="households", type="integer", unit="households", role="metric", label="households", metric="households")
    kept = ("households with at least 3 visits", "households without any return")
    reading = Reading(sentence="Households", filters=("income is high", *kept), conditions=kept, window=IN_2017)
    table = Table(title="", columns=(households,), rows=((800,),))
    said = headline(Finding(tool="t", tables=(table,), reading=reading, grade=Grade.GOVERNED, grade_reason=""))
    assert said == "There were 800 households with at least 3 visits and without any return, in 2017, where income is high."


def test_several_metrics_share_one_sentence():
    assert headline(finding([REVENUE, VISITS], [(10.0, 2)])) == "Revenue was $10.00 and there were 2 visits."


def test_a_comparison_says_direction_and_size():
    change = derived("change", REVENUE)
    rate = derived("change_rate", REVENUE, format="rate", unit="share")
    previous = derived("previous", REVENUE)
    table = Table(title="", columns=(REVENUE, previous, change, rate), rows=((90.0, 100.0, -10.0, -0.1),))
    in_2016 = DateSpan(start=dt.date(2016, 1, 1), end=dt.date(2016, 12, 31))
    reading = Reading(sentence="Revenue", window=IN_2017, comparison=in_2016)
    said = headline(Finding(tool="t", tables=(table,), reading=reading, grade=Grade.GOVERNED, grade_reason=""))
    assert said == "Revenue was $90.00 in 2017, down 10.0% from $100.00 in 2016."


def test_a_series_names_first_last_highest_and_lowest():
    rows = [(dt.date(2017, 1, 1), 10.0), (dt.date(2017, 2, 1), 30.0), (dt.date(2017, 3, 1), 5.0), (dt.date(2017, 4, 1), 20.0)]
    said = headline(finding([MONTH, REVENUE], rows))
    assert said == "Revenue went from $10.00 in Jan 2017 to $20.00 in Apr 2017; highest $30.00 (Feb 2017), lowest $5.00 (Mar 2017)."


def test_a_series_with_changes_tells_where_it_rose_and_fell_most():
    rate = derived("change_rate", REVENUE, format="rate", unit="share")
    rows = [(dt.date(2017, 1, 1), 10.0, None), (dt.date(2017, 2, 1), 30.0, 2.0), (dt.date(2017, 3, 1), 15.0, -0.5)]
    said = headline(finding([MONTH, REVENUE, rate], rows))
    assert said == (
        "Revenue went from $10.00 in Jan 2017 to $15.00 in Mar 2017; it rose most in Feb 2017 (+200.0%) and fell most in Mar 2017 (-50.0%)."
    )


def test_a_running_total_and_a_moving_average_are_told_as_such():
    rows = [(dt.date(2017, 1, 1), 10.0, 10.0), (dt.date(2017, 2, 1), 30.0, 40.0)]
    running = headline(finding([MONTH, REVENUE, derived("running", REVENUE)], rows))
    assert running == "The running total of revenue reached $40.00 by Feb 2017."
    average = headline(finding([MONTH, REVENUE, derived("average", REVENUE)], rows))
    assert average.startswith("The moving average of revenue went from $10.00 in Jan 2017 to $40.00 in Feb 2017;")


def test_a_series_that_never_moves_is_said_once():
    rows = [(dt.date(2017, 1, 1), 4), (dt.date(2017, 2, 1), 4)]
    assert headline(finding([MONTH, VISITS], rows)) == "Visits were 4 throughout, from Jan 2017 to Feb 2017."


def test_groups_that_all_have_the_same_are_not_ranked():
    rows = [(name, 1) for name in ("DELI", "FUEL", "MEAT", "TOYS")]
    assert headline(finding([DEPARTMENT, VISITS], rows)) == "Visits are the same for all 4 groups: 1."


def test_a_code_keeps_its_small_letters():
    rows = [("b2b", 30.0), ("b2c", 20.0)]
    assert headline(finding([DEPARTMENT, REVENUE], rows)) == "b2b has the highest revenue: $30.00, then b2c ($20.00)."


def test_a_ranking_names_the_top_three():
    rows = [("GROCERY", 30.0), ("DELI", 20.0), ("MEAT", 10.0), ("FUEL", 5.0)]
    said = headline(finding([DEPARTMENT, REVENUE], rows))
    assert said == "GROCERY has the highest revenue: $30.00, then DELI ($20.00) and MEAT ($10.00)."


def test_an_ascending_ranking_names_the_lowest():
    rows = [("FUEL", 5.0), ("MEAT", 10.0)]
    assert headline(finding([DEPARTMENT, REVENUE], rows, first="lowest")) == "FUEL has the lowest revenue: $5.00, then MEAT ($10.00)."


def test_groups_that_rise_along_their_own_order_are_named_from_the_highest():
    age = Column(name="age_band", type="string", label="age band")
    assert headline(finding([age, REVENUE], [("19-24", 5.0), ("65+", 10.0)])) == (
        "Age band 65+ has the highest revenue: $10.00, then age band 19-24 ($5.00)."
    )


def test_a_single_period_is_said_as_a_total_on_its_day():
    day = Column(name="visit_date", type="date", grain="day", label="day")
    week = Column(name="visit_date", type="date", grain="week", label="week")
    assert headline(finding([day, VISITS], [(dt.date(2017, 12, 24), 645)])) == "There were 645 visits on 24 Dec 2017."
    assert headline(finding([week, VISITS], [(dt.date(2017, 12, 18), 1)])) == "There was 1 visit in the week of 18 Dec 2017."


def test_the_best_period_is_said_to_be_the_best():
    day = Column(name="visit_date", type="date", grain="day", label="day")
    rows: list[tuple[Cell, ...]] = [(dt.date(2017, 12, 24), 645)]
    best = finding([day, VISITS], rows, first="highest", limit=1, filters=("store is 367",), window=IN_2017)
    assert headline(best) == "Visits were highest on 24 Dec 2017: 645 where store is 367."


def test_a_window_without_a_figure_to_compare_with_is_said():
    table = Table(title="", columns=(REVENUE, derived("previous", REVENUE), derived("change", REVENUE)), rows=((90.0, None, None),))
    in_2016 = DateSpan(start=dt.date(2016, 1, 1), end=dt.date(2016, 12, 31))
    reading = Reading(sentence="Revenue", window=IN_2017, comparison=in_2016)
    said = headline(Finding(tool="t", tables=(table,), reading=reading, grade=Grade.GOVERNED, grade_reason=""))
    assert said == "Revenue was $90.00 in 2017 (no figure in 2016 to compare with)."


def test_a_window_that_begins_before_the_data_says_so():
    change, rate = derived("change", REVENUE), derived("change_rate", REVENUE, format="rate", unit="share")
    table = Table(title="", columns=(REVENUE, derived("previous", REVENUE), change, rate), rows=((90.0, 60.0, 30.0, 0.5),))
    in_2016 = DateSpan(start=dt.date(2016, 1, 1), end=dt.date(2016, 12, 31))
    reading = Reading(sentence="Revenue", window=IN_2017, comparison=in_2016, data_start=dt.date(2016, 7, 1))
    said = headline(Finding(tool="t", tables=(table,), reading=reading, grade=Grade.GOVERNED, grade_reason=""))
    assert said == "Revenue was $90.00 in 2017, up 50.0% from $60.00 in 2016 (known from 1 July 2016 on)."


def test_a_group_of_a_yes_and_no_is_named_by_what_is_so():
    weekend = Column(name="is_weekend", type="boolean", label="weekend")
    said = headline(finding([weekend, REVENUE], [(False, 30.0), (True, 20.0)], filters=("weekend is no or yes",)))
    assert said == "Not weekend has the highest revenue: $30.00, then weekend ($20.00)."


def test_a_shop_and_a_day_are_joined_by_on():
    day = Column(name="sold_on", type="date", grain="day", label="day")
    rows = [("DELI", dt.date(2017, 1, 13), 30.0), ("MEAT", dt.date(2017, 1, 5), 20.0)]
    assert headline(finding([DEPARTMENT, day, REVENUE], rows)) == (
        "DELI on 13 Jan 2017 has the highest revenue: $30.00, then MEAT on 5 Jan 2017 ($20.00)."
    )


def test_conditions_that_the_rows_show_are_not_said_again():
    rows = [("DELI", 30.0), ("MEAT", 20.0)]
    said = headline(finding([DEPARTMENT, REVENUE], rows, filters=("department is DELI or MEAT", "department is known", "brand is Private")))
    assert said == "DELI has the highest revenue: $30.00, then MEAT ($20.00) where brand is Private."


def test_a_group_asked_for_by_name_that_has_no_row_is_said_to_have_none():
    asked = ("department is DELI, FUEL or MEAT",)
    assert headline(finding([DEPARTMENT, REVENUE], [("DELI", 30.0)], filters=asked)) == "DELI: revenue $30.00; nothing for FUEL and MEAT."
    cut = finding([DEPARTMENT, REVENUE], [("DELI", 30.0)], filters=asked, first="highest", limit=1)
    assert headline(cut) == "DELI has the highest revenue: $30.00."


def test_the_first_alone_is_said_to_be_the_first_unless_it_is_nobody():
    assert headline(finding([DEPARTMENT, VISITS], [("DELI", 30)], first="highest", limit=1)) == "DELI has the most visits: 30."
    nobody = headline(finding([DEPARTMENT, VISITS], [(None, 30)], first="highest", limit=1))
    assert nobody == "The most visits, 30, have no known department."
    assert headline(finding([DEPARTMENT, VISITS], [("DELI", 3)], first="lowest", limit=1)) == "DELI has the fewest visits: 3."


def test_groups_that_are_all_there_are_named_from_the_highest_and_a_part_of_many_makes_no_claim_about_the_others():
    rows = [("DELI", 5.0), ("MEAT", 10.0), ("FUEL", 1.0)]
    assert headline(finding([DEPARTMENT, REVENUE], rows)) == "MEAT has the highest revenue: $10.00, then DELI ($5.00) and FUEL ($1.00)."
    assert headline(finding([DEPARTMENT, REVENUE], rows, limit=3)) == "Of those shown, MEAT has the highest revenue: $10.00."


def test_shares_of_some_groups_are_of_these_together():
    share = derived("share", REVENUE, format="rate", unit="share")
    rows = [("DELI", 30.0, 0.6), ("MEAT", 20.0, 0.4)]
    said = headline(finding([DEPARTMENT, REVENUE, share], rows, filters=("department is DELI or MEAT",)))
    assert said == "DELI has the highest revenue: $30.00, 60.0% of these together, then MEAT ($20.00)."


def test_a_share_names_the_part_that_it_is_of():
    share = Column(name="revenue_share", type="number", label="share of revenue", role="metric", format="rate", unit="share")
    reading = Reading(sentence="Share of revenue (channel is app)", metrics=("share of revenue (channel is app)",))
    table = Table(title="", columns=(share,), rows=((0.077,),))
    said = headline(Finding(tool="t", tables=(table,), reading=reading, grade=Grade.GOVERNED, grade_reason=""))
    assert said == "Share of revenue (channel is app) was 7.7%."


def test_the_one_row_asked_for_is_the_answer():
    assert headline(finding([DEPARTMENT, REVENUE], [("GROCERY", 30.0)])) == "GROCERY: revenue $30.00."


def test_numbers_that_identify_get_their_label_and_counts_are_most_or_fewest():
    store = Column(name="store_id", type="integer", label="store")
    assert headline(finding([store, VISITS], [(569, 30), (12, 20)])) == "Store 569 has the most visits: 30, then store 12 (20)."


def test_a_concentration_says_who_makes_how_much_and_what_the_supposed_part_makes():
    counted = [Column(name=n, type="integer", unit="customers", role="count", label=n) for n in ("entities_needed", "entities_in_all")]
    shares = [
        Column(name=n, type="number", unit="share", role="share", label=label, format="rate")
        for n, label in (("entity_share", "share of customers"), ("reached_share", "share of revenue"), ("best_share", "of the best 20 %"))
    ]
    row: tuple[Cell, ...] = (837, 1924, 0.435, 0.8, 0.5523)
    assert (
        headline(finding([*counted, *shares[:2]], [row[:4]], window=IN_2017))
        == "837 of 1,924 customers (43.5%) make 80.0% of revenue in 2017."
    )
    said = headline(finding([*counted, *shares], [row]))
    assert said == "837 of 1,924 customers (43.5%) make 80.0% of revenue; the best 20 % make 55.2%."
    assert headline(finding([*counted, *shares[:2]], [(1, 3, 1 / 3, 0.9)])) == "1 of 3 customers (33.3%) makes 90.0% of revenue."


def test_no_rows_is_said_and_not_shown_as_zero():
    assert headline(finding([DEPARTMENT, REVENUE], [])) == "Nothing matches: Revenue by department has no rows."


def test_a_metric_without_a_value_is_not_a_zero():
    assert headline(finding([REVENUE], [(None,)])) == "Revenue cannot be computed: no data."


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ((2017, 3, 1), (2017, 3, 31), "in March 2017"),
        ((2017, 4, 1), (2017, 6, 30), "in Q2 2017"),
        ((2017, 7, 4), (2017, 7, 4), "on 4 July 2017"),
        ((2017, 3, 1), (2017, 6, 30), "from March to June 2017"),
        ((2016, 12, 1), (2017, 1, 31), "from December 2016 to January 2017"),
        ((2017, 3, 3), (2017, 6, 6), "from 3 March to 6 June 2017"),
    ],
)
def test_a_window_is_said_with_its_preposition(start: tuple[int, int, int], end: tuple[int, int, int], said: str):
    span = DateSpan(start=dt.date(*start), end=dt.date(*end))
    assert headline(finding([REVENUE], [(1.0,)], window=span)) == f"Revenue was $1.00 {said}."
