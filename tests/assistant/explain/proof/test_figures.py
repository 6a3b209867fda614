from __future__ import annotations

import datetime as dt

import pytest

from assistant.explain.proof.figures import read_figures
from assistant.explain.proof.periods import read_periods


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("$1,234.50", "money", 1234.5),
        ("€3 million", "money", 3e6),
        ("4.59M", "plain", 4.59e6),
        ("12.3%", "percent", 0.123),
        ("12.3 percent", "percent", 0.123),
        ("1.2 percentage points", "points", 0.012),
        ("2.5 times", "times", 2.5),
        ("-5%", "percent", -0.05),
        ("two thirds of", "percent", 2 / 3),
        ("twelve departments", "plain", 12.0),
        ("1,200 dollars", "money", 1200.0),
    ],
)
def test_reads_figures_with_their_unit(text: str, kind: str, value: float) -> None:
    (figure,) = read_figures(text)
    assert figure.kind == kind
    assert figure.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "actual", "fits"),
    [
        ("$4.59M", 4_591_234, True),
        ("$5M", 4_591_234, False),
        ("1,234", 1_234.4, True),
        ("1,234", 1_235, False),
        ("about 1,200", 1_234, True),
        ("1,200", 1_234, False),
        ("over 4 million", 4_591_234, True),
        ("over 5 million", 4_591_234, False),
        ("nearly 1,240", 1_236, True),
        ("nearly 1,230", 1_234, False),
        ("12%", 0.1234, True),
        ("13%", 0.1234, False),
        ("3%", 0.026, False),
        ("0.3%", 0.00345, True),
        ("half of", 0.49, True),
        ("half of", 0.45, False),
    ],
)
def test_a_figure_may_be_rounded_as_far_as_it_is_written(text: str, actual: float, fits: bool) -> None:
    assert read_figures(text)[0].matches(actual) is fits


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in March 2017", "2017-03-01", "2017-03-31"),
        ("Mar 2017", "2017-03-01", "2017-03-31"),
        ("on 4 July 2017", "2017-07-04", "2017-07-04"),
        ("July 4, 2017", "2017-07-04", "2017-07-04"),
        ("Q2 2017", "2017-04-01", "2017-06-30"),
        ("the second quarter of 2017", "2017-04-01", "2017-06-30"),
        ("in 2017", "2017-01-01", "2017-12-31"),
        ("2017-03-05", "2017-03-05", "2017-03-05"),
        ("week of 3 Jul 2017", "2017-07-03", "2017-07-09"),
        ("from March to May 2017", "2017-03-01", "2017-05-31"),
        ("1 to 15 March 2017", "2017-03-01", "2017-03-15"),
        ("between 3 March and 6 June 2017", "2017-03-03", "2017-06-06"),
        ("in March", "2016-03-01", "2016-03-31"),
        ("over the last 6 months", "2017-07-01", "2017-12-31"),
        ("last month", "2017-12-01", "2017-12-31"),
    ],
)
def test_reads_periods_as_days(text: str, start: str, end: str) -> None:
    (period,) = read_periods(text, years=[2016], as_of=dt.date(2017, 12, 31))
    assert (period.spans[0].start.isoformat(), period.spans[0].end.isoformat()) == (start, end)


def test_the_verb_may_is_no_month() -> None:
    assert read_periods("This may be so", years=[2017], as_of=None) == []
    assert read_periods("May I ask", years=[2017], as_of=None) == []
