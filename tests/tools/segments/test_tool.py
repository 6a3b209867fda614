"""The segments tool over the refreshed Complete Journey, and segments that people save."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import QueryUnsupported, SetupProblem, UnknownName
from tools.core.query import Filter
from tools.core.warehouse import Warehouse, open_warehouse
from tools.core.warehouse.intelligence import SAVED_SEGMENTS
from tools.segments.tool import Segments, SegmentsInput, drop_segment, keep_segment

AT_RISK = [{"field": "churn.churn_risk", "op": "in", "values": ["high", "medium"]}]


@pytest.fixture
def warehouse(refreshed_home: Path) -> Iterator[Warehouse]:
    saved = refreshed_home / "warehouses" / "completejourney" / SAVED_SEGMENTS
    saved.unlink(missing_ok=True)
    with open_warehouse("completejourney", home=refreshed_home, engine_options={"deadline_s": 60.0}) as opened:
        yield opened
    saved.unlink(missing_ok=True)


def context_of(warehouse: Warehouse, role: str = "local") -> ToolContext:
    assert warehouse.policy is not None
    return ToolContext(warehouse=warehouse, rights=warehouse.policy.rights_for("someone", role), deadline_s=60.0)


def run(warehouse: Warehouse, role: str = "local", **arguments: Any) -> Finding:
    return Segments().run(SegmentsInput.model_validate(arguments), context_of(warehouse, role))


def save(warehouse: Warehouse, name: str, filters: list[dict[str, Any]]) -> Finding:
    return keep_segment(name, tuple(Filter.model_validate(f) for f in filters), context_of(warehouse))


@pytest.mark.parametrize("show", ["save", "delete"])
def test_no_argument_of_the_tool_changes_anything(show: str) -> None:
    """A mind, and whoever speaks through one, can only read segments."""
    with pytest.raises(ValidationError):
        SegmentsInput.model_validate({"show": show, "name": "regulars"})


def test_segments_are_shown_with_size_share_and_meaning(warehouse: Warehouse) -> None:
    found = run(warehouse)
    assert sum(row[1] for row in found.tables[0].rows) == 2469  # type: ignore[misc]
    assert found.tables[0].rows[0][0] == "Champions"
    assert found.grade is Grade.GOVERNED
    assert dict(found.tables[1].rows)["Champions"] == "came lately, come often, spend much"  # type: ignore[arg-type]


def test_clusters_carry_a_check_of_their_stability(warehouse: Warehouse) -> None:
    found = run(warehouse, show="clusters")
    assert found.checks[0].name == "clusters are stable"
    assert "adjusted Rand index" in found.checks[0].detail
    assert found.checks[0].passed == (found.facts["clusters"]["chosen"]["stability"] >= 0.8)


def test_moves_count_every_customer_once(warehouse: Warehouse) -> None:
    found = run(warehouse, show="migration")
    assert found.reading.sentence == "Moves between RFM segments from 2017-10-01 to 2017-12-31"
    assert found.facts["counted"] == 2469
    assert 0 < found.facts["stayed"] < 2469


def test_small_moves_are_left_out_for_those_who_may_not_see_individuals(warehouse: Warehouse) -> None:
    counts = [row[2] for row in run(warehouse, role="business_user", show="migration").tables[0].rows]
    assert min(counts) >= 5  # type: ignore[type-var]


def test_a_saved_segment_is_used_by_name_in_later_questions(warehouse: Warehouse, refreshed_home: Path) -> None:
    saved = save(warehouse, "Lapsing  Regulars", AT_RISK)
    assert saved.facts["segment"] == "lapsing regulars"
    assert saved.grade is Grade.MODELLED
    size = saved.tables[0].rows[0][0]
    assert run(warehouse, show="saved", name="lapsing regulars").tables[0].rows == ((size,),)
    with open_warehouse("completejourney", home=refreshed_home) as later:
        found = next(f for f in later.model.named_filters if f.name == "lapsing regulars")
        assert found.phrases == ("lapsing regulars", "lapsing regulars segment")
        assert found.filters[0]["field"] == "churn.churn_risk"


def test_a_segment_that_cannot_be_computed_is_not_saved(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownName, match=r"churn\.churn_rsk"):
        save(warehouse, "wrong", [{"field": "churn.churn_rsk", "op": "in", "values": ["high"]}])
    with pytest.raises(QueryUnsupported, match="at least one condition"):
        save(warehouse, "everybody", [])
    with pytest.raises(QueryUnsupported, match="3 to 60 letters"):
        save(warehouse, "<b>", AT_RISK)
    assert run(warehouse, show="saved").tables[0].rows == ()


def test_a_misspelt_segment_gets_a_hint_and_a_deleted_one_is_gone(warehouse: Warehouse) -> None:
    save(warehouse, "regulars", AT_RISK)
    with pytest.raises(UnknownName) as caught:
        drop_segment("regulrs", context_of(warehouse))
    assert caught.value.try_instead == "did you mean 'regulars'?"
    assert drop_segment("regulars", context_of(warehouse)).facts == {"saved": 0}


def test_a_damaged_file_keeps_nothing_but_the_saved_segments_from_working(warehouse: Warehouse, refreshed_home: Path) -> None:
    (refreshed_home / "warehouses" / "completejourney" / SAVED_SEGMENTS).write_text("{", encoding="utf-8")
    with open_warehouse("completejourney", home=refreshed_home) as later:
        assert run(later).tables[0].rows
        with pytest.raises(SetupProblem) as caught:
            run(later, show="saved")
    assert caught.value.public_code == "segments_damaged"
