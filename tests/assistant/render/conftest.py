"""Hand-made answers: one of each status, over a small result."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from assistant.turn import Answer, Chart, Fault, FollowUp, Option, RanStep, Status, Step, Trust
from tools.core.contract import Check, Column, DateSpan, ExecutedSql, Quote, Reading, Table

PLAN = (Step(tool="query_metrics", arguments={"metrics": ["revenue"]}),)


@pytest.fixture
def departments() -> Table:
    return Table(
        title="Revenue by department",
        columns=(
            Column(name="products.department", type="string", label="department"),
            Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money", metric="revenue"),
            Column(name="share", type="number", unit="share", role="share", label="share of total", format="rate", metric="revenue"),
        ),
        rows=(("GROCERY", 2316393.9, 0.5042), ("DRUG GM", 596826.45, 0.13), (None, 12.5, 0.0000027)),
    )


@pytest.fixture
def answered(departments) -> Answer:
    return Answer(
        id="q1",
        question="revenue by department in March 2017",
        status=Status.ANSWERED,
        headline="GROCERY has the highest revenue: $2,316,393.90, 50.4% of the total in March 2017.",
        text="GROCERY has the highest revenue: $2,316,393.90, 50.4% of the total in March 2017.",
        reading=Reading(
            sentence="Revenue by department, March 2017, highest first",
            metrics=("revenue",),
            dimensions=("department",),
            window=DateSpan(start=dt.date(2017, 3, 1), end=dt.date(2017, 3, 31), label="March 2017"),
            as_of=dt.date(2017, 12, 31),
        ),
        plan=PLAN,
        trust=Trust(grade="governed", reason="Compiled from the semantic model."),
        steps=(
            RanStep(
                tool="query_metrics",
                arguments={"metrics": ["revenue"]},
                sql=(ExecutedSql(sql="SELECT department, SUM(sales_value) AS revenue\nFROM lines", row_count=3, elapsed_ms=12.3),),
                row_count=3,
                elapsed_ms=14.0,
            ),
        ),
        tables=(departments,),
        charts=(Chart(kind="bar", title="Revenue by department", table=0, x="products.department", y=("revenue",)),),
        checks=(Check(name="Parts sum to the total", passed=True, detail="3 groups add up to $2,913,232.85."),),
        definitions=(("revenue", "What customers paid, after discounts, all lines."),),
        caveats=("The data ends on 31 December 2017.",),
        follow_ups=(FollowUp(label="By month", question="revenue by month in 2017"),),
        mind="embedded",
        data_version="000001",
        elapsed_ms=42.0,
    )


@pytest.fixture
def offered(answered) -> Answer:
    return replace(
        answered,
        status=Status.OFFERED,
        headline="Did you mean: Revenue by department, March 2017?",
        text="I could not place “splendid”. If so: the table below.",
        options=(Option(label="Yes, that is what I meant", plan=PLAN),),
        follow_ups=(),
        unplaced=("splendid",),
    )


@pytest.fixture
def unclear() -> Answer:
    return Answer(
        id="q2",
        question="best customers",
        status=Status.NEEDS_CLARIFICATION,
        headline="What should “best” mean?",
        text="So far I understood: customers.",
        options=(Option(label="By revenue", plan=PLAN), Option(label="By visits", plan=PLAN)),
    )


@pytest.fixture
def declined() -> Answer:
    return Answer(
        id="q3",
        question="what is our margin",
        status=Status.DECLINED,
        headline="The data holds no costs, so margin cannot be computed.",
        text="The data holds no costs, so margin cannot be computed. I could not place “margin”.",
        follow_ups=(FollowUp(label="Revenue by month", question="revenue by month in 2017"),),
        error=Fault(code="absent_concept", message="no costs", try_instead="For instance: revenue by month in 2017"),
        unplaced=("margin",),
    )


@pytest.fixture
def failed() -> Answer:
    return Answer(
        id="q4",
        question="revenue",
        status=Status.FAILED,
        headline="That took longer than 5 seconds and was stopped.",
        text="That took longer than 5 seconds and was stopped. Ask for a shorter time, or for fewer groups.",
        error=Fault(code="query_too_heavy", message="too long", try_instead="Ask for a shorter time, or for fewer groups."),
    )


@pytest.fixture
def quoted(answered) -> Answer:
    quote = Quote(text="The <b>queue</b> was [long](http://x.example)", source="review", record_id="r-7", date=dt.date(2017, 3, 4))
    return replace(answered, quotes=(quote,))
