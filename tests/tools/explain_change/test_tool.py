"""explain_change over the real Complete Journey: exact sums for any metric, refusals with a reason, and the rights of the asker."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assistant.explain.tools import explain_change as sentences
from tools.core.contract import DateSpan, Finding, ToolContext
from tools.core.customers.scored import with_metrics
from tools.core.errors import NeedsPerson, NotAllowed, QueryUnsupported, UnknownName
from tools.core.query.resolve import Scope
from tools.core.semantics.model import Metric
from tools.core.warehouse import Warehouse, open_warehouse
from tools.explain_change.changes import what_changed
from tools.explain_change.parts import take_apart
from tools.explain_change.tool import ExplainChange, ExplainChangeInput

OCTOBER = {"start": "2017-10-01", "end": "2017-10-31"}


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Warehouse]:
    with open_warehouse("completejourney", home=home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened


def context_of(warehouse: Warehouse, role: str = "local") -> ToolContext:
    assert warehouse.policy is not None
    return ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    return ExplainChange().run(ExplainChangeInput.model_validate({"window": OCTOBER, **arguments}), context_of(warehouse, role))


@pytest.mark.parametrize("metric", ["revenue", "visits", "active_households", "average_price", "average_basket_value"])
def test_the_contributions_sum_to_the_change_of_any_metric(warehouse: Warehouse, metric: str) -> None:
    found = run(warehouse, metric=metric, dimensions=["demographics.age_band", "products.department"][: 1 if metric == "visits" else 2])
    assert all(check.passed for check in found.checks), found.checks
    added = math.fsum(row[1] for row in found.tables[0].rows)  # type: ignore[misc]
    assert added == pytest.approx(found.facts["change"], rel=1e-9)
    assert len(found.tables[0].rows) <= 13


def test_what_moved_by_itself_is_told_with_what_it_would_have_been(warehouse: Warehouse) -> None:
    """Pumpkins and sweets in October."""
    found = run(warehouse, metric="revenue", dimensions=["products.category"])
    labels = [f["label"] for f in found.facts["findings"]]
    assert any("PUMPKIN" in label or "CANDY" in label or "SEASONAL" in label for label in labels), labels
    said = " ".join(sentences.tell(found))
    assert "had it moved like everything else" in said
    assert "false discovery rate of 2%" in " ".join(found.caveats)


def test_what_goes_the_way_of_the_whole_is_told_before_what_goes_against_it(warehouse: Warehouse) -> None:
    """Revenue fell in February 2017, sweets for Valentine's Day rose."""
    february = {"start": "2017-02-01", "end": "2017-02-28"}
    found = run(warehouse, metric="revenue", dimensions=["products.category", "basket_lines.is_discounted"], window=february)
    first, *others = sentences.tell(found)
    assert "; what stands out is " in first
    assert sum(sentence.startswith("Against that: ") for sentence in others) == 1
    assert not others[0].startswith("Against that: ")


def test_a_question_that_assumes_the_wrong_direction_is_put_right(warehouse: Warehouse) -> None:
    found = run(warehouse, metric="revenue", dimensions=["products.department"], assumed="fall")
    assert found.facts["change"] > 0
    assert sentences.tell(found)[0].startswith("Revenue did not fall: it rose from $")


def test_figures_that_cannot_be_taken_apart_are_refused_by_name(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownName, match="there is no metric named weather"):
        run(warehouse, metric="weather")
    with pytest.raises(NeedsPerson, match="nothing to explain"):
        run(warehouse, metric="revenue", window={"start": "2015-03-01", "end": "2015-03-31"})
    with pytest.raises(ValidationError, match="the window needs a first day"):
        run(warehouse, metric="revenue", window={"end": "2017-03-31"})


@pytest.mark.parametrize(
    "expression",
    [
        "MEDIAN(basket_lines.sales_value)",
        "SUM(basket_lines.sales_value) / COUNT(baskets.basket_id) - SUM(basket_lines.quantity) / COUNT(products.product_id)",
        "SUM(basket_lines.sales_value) * SUM(basket_lines.quantity)",
    ],
)
def test_a_figure_that_does_not_add_up_is_refused_and_not_guessed_at(warehouse: Warehouse, expression: str) -> None:
    metric = Metric(name="odd", expression=expression, label="the odd figure")
    scope = Scope(with_metrics(warehouse.model, [metric]), rights=None, as_of=warehouse.as_of)
    with pytest.raises(QueryUnsupported, match="the odd figure cannot be taken apart exactly"):
        take_apart(scope, metric)


def test_groups_too_small_to_be_shown_are_part_of_the_totals_only(warehouse: Warehouse) -> None:
    mine = run(warehouse, metric="revenue", dimensions=["demographics.income_band"])
    theirs = run(warehouse, role="business_user", metric="revenue", dimensions=["demographics.income_band"])
    assert theirs.facts["change"] == pytest.approx(mine.facts["change"])
    assert all(check.passed for check in theirs.checks)
    assert {row[0] for row in theirs.tables[0].rows} <= {row[0] for row in mine.tables[0].rows} | {"All others"}
    few = {"filters": [{"field": "households.household_id", "op": "in", "values": [1, 2]}]}
    with pytest.raises((NeedsPerson, NotAllowed)):
        run(warehouse, role="business_user", metric="revenue", **few)


def test_this_month_of_data_that_ends_with_a_month_is_compared_with_the_month_before(warehouse: Warehouse) -> None:
    same = {"kind": "window", "baseline": {"period": "last", "unit": "month"}}
    found = run(warehouse, metric="visits", window={"period": "this", "unit": "month"}, comparison=same, dimensions=["stores.store_id"])
    assert (found.facts["window"].label, found.facts["baseline"].label) == ("December 2017", "November 2017")


def test_what_changed_ranks_unusual_steps_first(warehouse: Warehouse) -> None:
    december = DateSpan(start=warehouse.as_of.replace(day=1), end=warehouse.as_of)
    changes = what_changed(context_of(warehouse), ["revenue", "visits", "no_such_metric"], december, explained=0)
    assert {c.metric.name for c in changes} == {"revenue", "visits"}
    assert [c.unusual for c in changes] == sorted((c.unusual for c in changes), reverse=True)
    assert all(c.baseline.start.month == 11 for c in changes)
    assert changes[0].question.startswith("Why did ")
