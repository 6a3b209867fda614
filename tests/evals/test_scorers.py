"""Rows and behaviour: what is right, what is wrong, and what is only offered."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import Case
from evals.scorers import Outcome, compare_rows, score

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9).map(lambda x: round(x, 3)),
    st.sampled_from(["GROCERY", "MEAT", "2017-03-01", "19-24"]),
)


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=8))


@given(table=tables(), seed=st.integers())
def test_rows_and_columns_in_any_order_are_the_same_bag(table: list[tuple[Any, ...]], seed: int) -> None:
    chance = random.Random(seed)
    columns = chance.sample(range(len(table[0])), len(table[0]))
    shuffled = [[row[column] for column in columns] for row in chance.sample(table, len(table))]
    assert compare_rows(shuffled, table).right


@given(table=tables(), extra=CELLS)
def test_extra_columns_do_no_harm(table: list[tuple[Any, ...]], extra: Any) -> None:
    assert compare_rows([(extra, *row, number) for number, row in enumerate(table)], table).right


@given(table=tables())
def test_a_missing_or_an_additional_row_is_wrong(table: list[tuple[Any, ...]]) -> None:
    assert not compare_rows(table[1:], table).right
    assert not compare_rows([*table, table[0]], table).right


@given(values=st.lists(st.floats(1, 1e9), min_size=1, max_size=12), seed=st.integers())
def test_numbers_within_the_tolerance_are_equal_in_any_order(values: list[float], seed: int) -> None:
    chance = random.Random(seed)
    moved = [(value * (1 + chance.uniform(-0.4, 0.4) * 1e-6),) for value in chance.sample(values, len(values))]
    assert compare_rows(moved, [(value,) for value in values], tolerance=1e-6).right


@given(value=st.floats(0.01, 1e9), off=st.floats(1e-4, 0.5))
def test_numbers_beyond_the_tolerance_differ(value: float, off: float) -> None:
    assert not compare_rows([(value * (1 + off),)], [(value,)], tolerance=1e-6).right


@given(rate=st.floats(0.001, 1.0))
def test_a_rate_is_not_a_percentage(rate: float) -> None:
    assert not compare_rows([(rate * 100,)], [(rate,)]).right


@given(n=st.integers(2, 12), data=st.data())
def test_values_that_moved_to_another_row_are_wrong(n: int, data: st.DataObject) -> None:
    """A bag of rows is more than one bag per column."""
    shift = data.draw(st.integers(1, n - 1))
    gold = [(f"store {number}", number) for number in range(n)]
    moved = [(name, (number + shift) % n) for name, number in gold]
    assert not compare_rows(moved, gold).right


def test_ordered_rows_must_come_in_order() -> None:
    gold = [("MEAT", 3), ("DELI", 2)]
    assert compare_rows(gold, gold, ordered=True).right
    assert not compare_rows(gold[::-1], gold, ordered=True).right
    assert compare_rows(gold[::-1], gold).right


def test_says_why_rows_are_wrong() -> None:
    assert compare_rows([(1,)], [(1,), (2,)]).reason == "1 rows, expected 2"
    assert compare_rows([(1,)], [(1, 2)]).reason == "1 columns, expected at least 2"
    assert "gold column 1" in compare_rows([(1,)], [(2,)]).reason
    assert "combination" in compare_rows([("a", 2), ("b", 1)], [("a", 1), ("b", 2)]).reason


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("2017-03-01", dt.date(2017, 3, 1)),
        ("2017-03-01T00:00:00", dt.date(2017, 3, 1)),
        ("2017-03-01T16:51:00", dt.datetime(2017, 3, 1, 16, 51)),
        (1893.26, Decimal("1893.26")),
        (5, Decimal("5.00")),
        ("367", 367),
        ("grocery", "GROCERY"),
        ("Unknown", None),
        (None, float("nan")),
    ],
)
def test_the_same_value_in_another_form_is_equal(answer: Any, gold: Any) -> None:
    assert compare_rows([(answer,)], [(gold,)]).right


@pytest.mark.parametrize(("answer", "gold"), [(True, 1), (0, None), ("March 2017", dt.date(2017, 3, 1)), ("3+", 3), (0, False)])
def test_values_that_look_alike_are_not_equal(answer: Any, gold: Any) -> None:
    assert not compare_rows([(answer,)], [(gold,)]).right


ANSWERABLE = Case(id="total", level="easy", question="Total?", gold=("SELECT 1", "SELECT 2"))
UNANSWERABLE = Case(id="margin", level="unanswerable", question="Margin?", expect="declined")
AMBIGUOUS = Case(id="best", level="ambiguous", question="Best?", expect="needs_clarification")
AMBIGUOUS_WITH_READING = Case(id="largest", level="ambiguous", question="Largest?", expect="needs_clarification", gold=("SELECT 1",))
DOUBTFUL = Case(id="typo", level="medium", question="Totl?", expect="offered", gold=("SELECT 1",))


def answer(status: str, *rows: tuple[Any, ...]) -> dict[str, Any]:
    return {"status": status, "tables": [{"rows": [list(row) for row in rows], "truncated": False}] if rows else [], "error": None}


@pytest.mark.parametrize(
    ("case", "given_answer", "outcome"),
    [
        (ANSWERABLE, answer("answered", (1,)), Outcome.RIGHT),
        (ANSWERABLE, answer("answered", (2,)), Outcome.RIGHT),
        (ANSWERABLE, answer("answered", (3,)), Outcome.WRONG),
        (ANSWERABLE, answer("answered"), Outcome.WRONG),
        (ANSWERABLE, answer("offered", (1,)), Outcome.OFFERED_RIGHT),
        (ANSWERABLE, answer("offered", (3,)), Outcome.OFFERED_WRONG),
        (ANSWERABLE, answer("needs_clarification"), Outcome.CLARIFIED),
        (ANSWERABLE, answer("declined"), Outcome.DECLINED),
        (ANSWERABLE, answer("refused"), Outcome.DECLINED),
        (ANSWERABLE, answer("failed"), Outcome.FAILED),
        (ANSWERABLE, {"status": "hm"}, Outcome.FAILED),
        (UNANSWERABLE, answer("declined"), Outcome.RIGHT),
        (UNANSWERABLE, answer("refused"), Outcome.RIGHT),
        (UNANSWERABLE, answer("declined", (4,)), Outcome.WRONG),
        (UNANSWERABLE, answer("answered", (4,)), Outcome.WRONG),
        (UNANSWERABLE, answer("offered", (4,)), Outcome.OFFERED_WRONG),
        (UNANSWERABLE, answer("needs_clarification"), Outcome.CLARIFIED),
        (AMBIGUOUS, answer("needs_clarification"), Outcome.RIGHT),
        (AMBIGUOUS, answer("offered", (4,)), Outcome.OFFERED_RIGHT),
        (AMBIGUOUS, answer("answered", (4,)), Outcome.WRONG),
        (AMBIGUOUS, answer("declined"), Outcome.DECLINED),
        (AMBIGUOUS_WITH_READING, answer("answered", (1,)), Outcome.RIGHT),
        (AMBIGUOUS_WITH_READING, answer("answered", (4,)), Outcome.WRONG),
        (AMBIGUOUS_WITH_READING, answer("offered", (4,)), Outcome.OFFERED_WRONG),
        (DOUBTFUL, answer("offered", (1,)), Outcome.RIGHT),
        (DOUBTFUL, answer("answered", (1,)), Outcome.RIGHT),
        (DOUBTFUL, answer("answered", (2,)), Outcome.WRONG),
    ],
)
def test_behaviour_decides_the_outcome(case: Case, given_answer: dict[str, Any], outcome: Outcome) -> None:
    golds = [[(number,)] for number, _ in enumerate(case.gold, start=1)]
    assert score(case, given_answer, golds).outcome is outcome


def test_a_truncated_table_is_no_full_answer() -> None:
    cut = answer("answered", (1,))
    cut["tables"][0]["truncated"] = True
    assert score(ANSWERABLE, cut, [[(1,)]]).outcome is Outcome.WRONG


def planned(*steps: dict[str, Any], **more: Any) -> Case:
    return Case.model_validate({"id": "who-leaves", "level": "medium", "question": "Who leaves?", "plan": steps, **more})


def ran(*steps: tuple[str, dict[str, Any]], status: str = "answered") -> dict[str, Any]:
    return {"status": status, "plan": [{"tool": tool, "arguments": arguments} for tool, arguments in steps], "tables": []}


NORTH = {"field": "customers.region", "op": "in", "values": ["North"]}


@pytest.mark.parametrize(
    ("wanted", "arguments", "outcome"),
    [
        ({"show": "customers"}, {"show": "customers", "limit": 5}, Outcome.RIGHT),
        ({"show": "customers"}, {"show": "drivers"}, Outcome.WRONG),
        ({"filters": [{"field": "customers.region", "values": ["North"]}]}, {"filters": [NORTH]}, Outcome.RIGHT),
        ({"filters": [{"field": "customers.region", "values": ["North"]}]}, {"filters": [NORTH, NORTH]}, Outcome.WRONG),
        ({"filters": []}, {}, Outcome.RIGHT),
        ({"filters": []}, {"filters": [NORTH]}, Outcome.WRONG),
        ({"ids": [2, 1]}, {"ids": [1, 2]}, Outcome.RIGHT),
        ({"window": {"start": "2017-03-01"}}, {"window": {"start": dt.date(2017, 3, 1), "end": None}}, Outcome.RIGHT),
    ],
)
def test_a_plan_is_right_when_it_holds_what_the_case_names(wanted: dict[str, Any], arguments: dict[str, Any], outcome: Outcome) -> None:
    case = planned({"tool": "churn", "arguments": wanted})
    assert score(case, ran(("churn", arguments)), []).outcome is outcome


def test_every_planned_call_must_have_run() -> None:
    case = planned({"tool": "churn"}, {"tool": "search_feedback"})
    assert score(case, ran(("churn", {}), ("search_feedback", {})), []).outcome is Outcome.RIGHT
    assert score(case, ran(("churn", {})), []).outcome is Outcome.WRONG
    assert score(case, ran(("churn", {}), ("search_feedback", {}), status="offered"), []).outcome is Outcome.OFFERED_RIGHT


def test_rows_must_be_right_as_well_where_a_case_has_both() -> None:
    case = planned({"tool": "churn"}, gold=("SELECT 7",))
    answer = {**ran(("churn", {})), "tables": [{"rows": [[7]]}]}
    assert score(case, answer, [[(7,)]]).outcome is Outcome.RIGHT
    assert score(case, answer, [[(8,)]]).outcome is Outcome.WRONG
