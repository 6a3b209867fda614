"""The model says of the data what hand-written SQL says."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tools.core.errors import AnswerError
from tools.core.query import MetricQuery, compile_query
from tools.core.semantics import Catalog, MetricFormat, SemanticModel, read_model, validate_model
from tools.core.sql_guard import validate_policy
from tools.core.warehouse.definition import find_definition

DEFINITION = find_definition("completejourney")
GOLD: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("gold.yaml").read_text(encoding="utf-8"))


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Numbers to nine digits, moments as days: what is compared is the figure, not its type."""

    def plain(cell: Any) -> Any:
        if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
            return float(f"{float(cell):.9g}")
        return cell.date() if isinstance(cell, dt.datetime) else cell

    return [tuple(plain(cell) for cell in row) for row in rows]


def run(query: MetricQuery, model: SemanticModel, data: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return data.execute(compile_query(query, model, rights=None).sql).fetchall()


def test_it_is_valid_and_fits_the_database(catalog: Catalog) -> None:
    assert validate_model(DEFINITION.model_path, catalog) == []


def test_its_policy_fits_model_and_database(model: SemanticModel, catalog: Catalog) -> None:
    assert DEFINITION.policy_path is not None
    assert validate_policy(DEFINITION.policy_path, model, catalog) == []


def test_it_is_read_in_well_under_60_ms() -> None:
    def once() -> float:
        started = time.process_time()
        read_model(DEFINITION.model_path, validated=True)
        return time.process_time() - started

    assert min(once() for _ in range(5)) < 0.06


def test_every_metric_is_said_and_shown(model: SemanticModel) -> None:
    assert len(model.metrics) >= 30
    for metric in model.metrics.values():
        assert metric.description.endswith("."), metric.name
        assert metric.unit, metric.name
        assert metric.language.synonyms, metric.name
        assert (metric.format is MetricFormat.RATE) == (metric.unit == "share"), metric.name
        assert (metric.format is MetricFormat.MONEY) == (metric.unit == "USD"), metric.name


def test_every_dimension_is_described(model: SemanticModel) -> None:
    dimensions = [field for field in model.fields() if field.is_dimension]
    assert len(dimensions) >= 25
    assert [field.id for field in dimensions if not field.description] == []


def test_no_synonym_means_two_metrics(model: SemanticModel) -> None:
    owner: dict[str, str] = {}
    for metric in model.metrics.values():
        for phrase in {metric.label, *metric.language.synonyms}:
            assert owner.setdefault(phrase, metric.name) == metric.name, phrase


@pytest.mark.parametrize("name", GOLD["metrics"])
def test_metric_equals_hand_written_sql(name: str, model: SemanticModel, data: duckdb.DuckDBPyConnection) -> None:
    assert comparable(run(MetricQuery(metrics=(name,)), model, data)) == comparable(data.execute(GOLD["metrics"][name]).fetchall())


def test_every_metric_has_a_gold_figure(model: SemanticModel) -> None:
    assert set(GOLD["metrics"]) == set(model.metrics)


@pytest.mark.parametrize("identifier", GOLD["verified"])
def test_verified_question_equals_hand_written_sql(identifier: str, model: SemanticModel, data: duckdb.DuckDBPyConnection) -> None:
    (verified,) = [each for each in model.verified_questions if each.id == identifier]
    query = MetricQuery.model_validate(verified.query)
    found, gold = comparable(run(query, model, data)), comparable(data.execute(GOLD["verified"][identifier]).fetchall())
    if query.order:
        assert found == gold
    else:
        assert sorted(found, key=repr) == sorted(gold, key=repr)


def test_every_verified_question_has_a_gold_figure(model: SemanticModel) -> None:
    assert set(GOLD["verified"]) == {each.id for each in model.verified_questions}
    assert len(GOLD["verified"]) >= 15


def test_every_dimension_splits_some_metric(model: SemanticModel, data: duckdb.DuckDBPyConnection) -> None:
    for field in model.fields():
        if field.is_dimension and not field.is_time:
            assert any(_splits(metric, field.id, model) for metric in ("revenue", "campaigns", "redemptions")), field.id


def _splits(metric: str, field_id: str, model: SemanticModel) -> bool:
    try:
        compile_query(MetricQuery.model_validate({"metrics": [metric], "dimensions": [{"field": field_id}]}), model, rights=None)
    except AnswerError:
        return False
    return True


def test_every_named_filter_keeps_some_revenue_but_not_all(model: SemanticModel, data: duckdb.DuckDBPyConnection) -> None:
    ((total,),) = run(MetricQuery(metrics=("revenue",)), model, data)
    for named in model.named_filters:
        query = MetricQuery.model_validate({"metrics": ["revenue"], "filters": list(named.filters)})
        ((part,),) = run(query, model, data)
        assert 0 < part < total, named.name


def test_demographics_never_lose_revenue(model: SemanticModel, data: duckdb.DuckDBPyConnection) -> None:
    ((total,),) = run(MetricQuery(metrics=("revenue",)), model, data)
    for field in model.datasets["demographics"].fields.values():
        if field.is_dimension:
            rows = run(MetricQuery.model_validate({"metrics": ["revenue"], "dimensions": [{"field": field.id}]}), model, data)
            assert sum(row[-1] for row in rows) == total, field.id
