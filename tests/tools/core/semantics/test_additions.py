"""What computed tables add to a document, and why answers that rest on them are modelled."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from tools.core.errors import ModelInvalid
from tools.core.semantics import Catalog, JoinGraph, ModelAddition, modelled_reason, read_model
from tools.core.semantics.model import Modelled
from tools.core.semantics.templates import model_addition
from tools.core.semantics.validate import require_valid_with

DOCUMENT = """
version: "0.2.0.dev0"
semantic_model:
  - name: shop
    ai_context:
      absent_concepts:
        - {name: predictions, phrases: [churn, forecast], message: Not computed yet.}
        - {name: lifetime value, phrases: [clv], message: Not computed yet.}
    custom_extensions:
      - {vendor_name: CUSTOMER_INTELLIGENCE, data: '{"customer": "people", "roles": {"order": "orders.order_id"}}'}
    datasets:
      - name: people
        source: people
        primary_key: [id]
        fields:
          - {name: id, datatype: Integer, expression: {dialects: [{dialect: ANSI_SQL, expression: id}]}}
      - name: orders
        source: orders
        primary_key: [order_id]
        fields:
          - {name: order_id, datatype: Integer, expression: {dialects: [{dialect: ANSI_SQL, expression: order_id}]}}
    relationships:
      - {name: order_to_person, from: orders, to: people, from_columns: [person], to_columns: [id]}
    metrics:
      - {name: orders_placed, expression: {dialects: [{dialect: ANSI_SQL, expression: COUNT(orders.order_id)}]}}
"""

TEMPLATE = """
datasets:
  - name: scores
    source: intelligence.scores
    primary_key: [{{key}}]
    fields:
      - {name: risk, datatype: Float, expression: {dialects: [{dialect: ANSI_SQL, expression: risk}]}}
    custom_extensions:
      - vendor_name: CUSTOMER_INTELLIGENCE
        data: |
          {"modelled": {"what": "risks", "model": "a rule", "trained_from": "2024-01-01", "trained_to": "2024-06-30",
                        "scored_on": "{{day}}", "good_for_days": 30}}
relationships:
  - {name: people_scores, from: {{customers}}, to: scores, from_columns: [{{key}}], to_columns: [{{key}}]}
metrics:
  - name: mean_risk
    expression: {dialects: [{dialect: ANSI_SQL, expression: AVG(CASE WHEN {{customers}}.{{key_field}} IS NOT NULL THEN scores.risk END)}]}
answers: [Churn, clv]
"""

CATALOG = Catalog(
    tables={
        "people": {"id": "INTEGER"},
        "orders": {"order_id": "INTEGER", "person": "INTEGER"},
        "intelligence.scores": {"id": "INTEGER", "risk": "DOUBLE"},
    }
)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "semantic_model.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


@pytest.fixture
def addition(tmp_path: Path, document: Path) -> ModelAddition:
    template = tmp_path / "addition.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")
    return model_addition(template, read_model(document, catalog=CATALOG), {"day": "2024-06-30"})


def test_an_addition_brings_datasets_relationships_and_metrics(document: Path, addition: ModelAddition) -> None:
    model = read_model(document, catalog=CATALOG, additions=[addition])
    assert model.datasets["scores"].source == "intelligence.scores"
    assert model.relationships[-1].from_dataset == "people"
    assert model.metrics["mean_risk"].expression == "AVG(CASE WHEN people.id IS NOT NULL THEN scores.risk END)"
    assert "scores" not in read_model(document, catalog=CATALOG).datasets


def test_what_is_answered_is_absent_no_longer(document: Path, addition: ModelAddition) -> None:
    concepts = read_model(document, catalog=CATALOG, additions=[addition]).absent_concepts
    assert [(c.name, c.phrases) for c in concepts] == [("predictions", ("forecast",))]


def test_an_addition_that_clashes_is_refused_by_name(document: Path, addition: ModelAddition) -> None:
    twice = addition.model_copy(update={"metrics": ({**addition.metrics[0], "name": "orders_placed"},)})
    with pytest.raises(ModelInvalid, match="metric 'orders_placed' is defined twice"):
        require_valid_with(document, CATALOG, [twice])
    require_valid_with(document, CATALOG, [addition])


def test_a_template_names_the_variable_that_it_lacks(tmp_path: Path, document: Path) -> None:
    template = tmp_path / "addition.yaml"
    template.write_text("answers: ['{{horizon}}']", encoding="utf-8")
    model = read_model(document, catalog=CATALOG)
    with pytest.raises(KeyError, match="horizon"):
        model_addition(template, model, {})
    with pytest.raises(ValueError, match="does not use colour"):
        model_addition(template, model, {"horizon": 91, "colour": "red"})


def test_an_answer_over_predictions_says_what_it_rests_on_and_how_old_that_is(document: Path, addition: ModelAddition) -> None:
    model = read_model(document, catalog=CATALOG, additions=[addition])
    found = modelled_reason(model, ["intelligence.scores", "people"], dt.date(2024, 7, 1))
    assert found is not None
    assert found.reason == ("rests on risks: a rule, trained on 1 January 2024 to 30 June 2024, scores as of 30 June 2024 (1 day old)")
    assert found.caveats == ()
    assert modelled_reason(model, ["people"], dt.date(2024, 7, 1)) is None


def test_stale_predictions_are_not_to_be_acted_on(document: Path, addition: ModelAddition) -> None:
    model = read_model(document, catalog=CATALOG, additions=[addition])
    found = modelled_reason(model, ["intelligence.scores"], dt.date(2024, 8, 30))
    assert found is not None
    assert found.caveats == ("Do not act on these risks: they are 61 days old, and good for 30. Run `assistant warehouse refresh`.",)


def test_a_role_that_names_no_field_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "semantic_model.yaml"
    path.write_text(DOCUMENT.replace('"orders.order_id"', '"orders.order_idd"'), encoding="utf-8")
    with pytest.raises(ModelInvalid, match=r"role 'order' names no field: orders.order_idd \(did you mean 'orders.order_id'\?\)"):
        read_model(path, catalog=CATALOG)


def test_only_predictions_are_marked() -> None:
    from tools.core.semantics.model import Dataset

    plain = Dataset(name="a", source="a", fields={}, label="a", plural="as")
    day = dt.date(2024, 1, 1)
    marked = replace(plain, modelled=Modelled(what="x", model="y", trained_from=day, trained_to=day, scored_on=day))
    assert plain.modelled is None
    assert marked.modelled is not None


def test_what_hangs_on_the_customers_is_reached_by_the_path_that_was_chosen_to_them(tmp_path: Path, addition: ModelAddition) -> None:
    lines = """
      - name: lines
        source: lines
        fields:
          - {name: value, datatype: Float, expression: {dialects: [{dialect: ANSI_SQL, expression: value}]}}
    relationships:
      - {name: line_to_order, from: lines, to: orders, from_columns: [order_id], to_columns: [order_id]}
      - {name: line_to_person, from: lines, to: people, from_columns: [person], to_columns: [id]}
"""
    path = tmp_path / "diamond.yaml"
    path.write_text(DOCUMENT.replace("\n    relationships:\n", lines, 1), encoding="utf-8")
    catalog = Catalog(tables={**CATALOG.tables, "lines": {"order_id": "INTEGER", "person": "INTEGER", "value": "DOUBLE"}})
    template = tmp_path / "addition.yaml"
    ours = model_addition(template, read_model(path, catalog=catalog), {"day": "2024-06-30"})
    assert ours.routes == ({"from": "lines", "to": "scores", "via": ["line_to_person", "people_scores"]},)
    route = JoinGraph(read_model(path, catalog=catalog, additions=[ours])).path("lines", "scores")
    assert [step.name for step in route or ()] == ["line_to_person", "people_scores"]
    assert addition.routes == ()
