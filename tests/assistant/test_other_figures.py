"""Counting the same question in other ways, and what changed: figures of their own plans, under the asker's rights."""

from __future__ import annotations

import datetime as dt

from assistant import Assistant, Question, Step
from assistant.other_figures import as_table, side_by_side

PLAN = (
    Step(
        tool="query_metrics",
        arguments={
            "metrics": ["revenue"],
            "dimensions": [{"field": "metric.time", "grain": "week"}],
            "window": {"period": "last", "unit": "month"},
            "filters": [{"field": "products.department", "op": "in", "values": ["DELI"]}],
        },
    ),
)


def test_the_first_line_is_the_answer_and_the_others_change_one_thing(assistant: Assistant):
    lines = side_by_side(PLAN, assistant.warehouse.model, assistant.ask)
    total = assistant.ask(Question(text="Revenue of the deli department last month")).tables[0].rows[0][0]
    assert (lines[0].what, lines[0].filters, lines[0].window, lines[0].value) == ("revenue", "department is DELI", "December 2017", total)
    assert len(lines) > 3
    assert len({(line.what, line.filters, line.window) for line in lines}) == len(lines)
    unfiltered = next(line for line in lines if line.filters == "none" and line.what == "revenue")
    assert unfiltered.value == assistant.ask(Question(text="Revenue last month")).tables[0].rows[0][0]


def test_the_table_says_how_far_each_is_from_the_answer(assistant: Assistant):
    lines = side_by_side(PLAN, assistant.warehouse.model, assistant.ask)
    table = as_table(lines)
    assert [column.label for column in table.columns] == ["what is counted", "filters", "window", "value", "against this answer"]
    assert table.rows[0][4] == 0
    assert table.rows[1][4] == lines[1].value - lines[0].value  # type: ignore[operator]


def test_an_answer_without_one_figure_has_no_other_ways(assistant: Assistant):
    assert side_by_side((Step(tool="free_sql", arguments={"sql": "SELECT 1 AS one"}),), assistant.warehouse.model, assistant.ask) == ()


def test_news_tell_the_last_month_or_the_days_since_the_last_visit(assistant: Assistant):
    news = assistant.news()
    assert news.title == "December 2017 against the month before"
    assert 1 <= len(news.items) <= 4
    assert all(("rose" in item.text) == item.rose for item in news.items if "did not move" not in item.text)
    later = assistant.news(since=dt.date(2017, 12, 17))
    assert later.title == "New since your last visit: 18 Dec 2017 to 31 Dec 2017, against the 14 days before"
    assert assistant.news(since=dt.date(2017, 12, 31)).title == news.title
