"""The semantic model and the policy of the demo, against a built warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.core.errors import AnswerError
from tools.core.query import MetricQuery, compile_query
from tools.core.semantics import Catalog, SemanticModel, read_model, validate_model
from tools.core.sql_guard import check_sql, open_rights, read_policy
from tools.warehouses.demo.schema import CONSENT_CURRENT_COLUMNS, read_schema

FOLDER = Path(__file__).parents[4] / "tools" / "warehouses" / "demo"
AS_OF = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def catalog(demo: Any) -> Catalog:
    return Catalog.from_duckdb(demo().data)


@pytest.fixture(scope="module")
def model(catalog: Catalog) -> SemanticModel:
    return read_model(FOLDER / "semantic_model.yaml", catalog=catalog)


def test_the_model_has_no_problem(catalog: Catalog) -> None:
    assert [str(p) for p in validate_model(FOLDER / "semantic_model.yaml", catalog)] == []


def test_the_model_covers_every_subject_area(model: SemanticModel) -> None:
    assert len(model.metrics) >= 80
    assert len(model.verified_questions) >= 40
    used = {dataset.source.split(".")[0] for dataset in model.datasets.values()}
    assert used == {"core", "sales", "behaviour", "service", "voice", "marketing", "privacy"}


def test_every_metric_and_every_verified_question_runs(demo: Any, model: SemanticModel, catalog: Catalog) -> None:
    rights = open_rights(catalog)
    asked = [{"metrics": [name]} for name in model.metrics] + [dict(v.query) for v in model.verified_questions]
    for query in asked:
        compiled = compile_query(MetricQuery.model_validate(query), model, rights=rights, as_of=AS_OF)
        assert demo().data.execute(compiled.sql).fetchall(), query


GOLD = {
    "revenue": "SELECT sum(net_amount) FROM sales.orders",
    "orders": "SELECT count(*) FROM sales.orders",
    "customers": "SELECT count(*) FROM core.customer WHERE NOT is_test_account",
    "web_conversion_rate": "SELECT avg((furthest_step = 'purchase')::INT) FROM behaviour.web_session WHERE NOT suspected_bot",
    "open_rate": """SELECT count(DISTINCT send_id) FILTER (event_type = 'open' AND NOT machine_open)
                        / count(DISTINCT send_id) FILTER (event_type = 'delivered') FROM behaviour.email_event""",
    "unresolved_rate": "SELECT count(*) FILTER (status = 'unresolved') / count(*) FROM service.ticket",
    "nps": "SELECT 100.0 * avg((score >= 9)::INT - (score <= 6)::INT) FROM service.survey_response WHERE survey_type = 'NPS'",
    "average_rating": "SELECT avg(rating) FROM voice.review",
    "price_index": "SELECT sum(our_price) / sum(price) FROM voice.competitor_price",
    "mystery_score": "SELECT avg(score) FROM voice.mystery_score",
    "contactable_customers": "SELECT count(DISTINCT customer_id) FROM privacy.consent_current WHERE is_granted",
    "walk_out_rate": "SELECT 1 - sum(transactions) / sum(visitors) FROM core.store_traffic",
    "cost_per_click": "SELECT sum(spend) / sum(clicks) FROM marketing.ad_spend",
}


@pytest.mark.parametrize("metric", GOLD)
def test_metrics_give_what_plain_sql_gives(metric: str, demo: Any, model: SemanticModel, catalog: Catalog) -> None:
    compiled = compile_query(MetricQuery.model_validate({"metrics": [metric]}), model, rights=open_rights(catalog), as_of=AS_OF)
    data = demo().data
    assert float(data.execute(compiled.sql).fetchall()[0][0]) == pytest.approx(float(data.execute(GOLD[metric]).fetchall()[0][0]), rel=1e-9)


def test_every_model_field_reads_columns_that_the_schema_declares(model: SemanticModel) -> None:
    schema = read_schema()
    for dataset in model.datasets.values():
        columns = CONSENT_CURRENT_COLUMNS if dataset.source == "privacy.consent_current" else schema[dataset.source].columns
        for field in dataset.fields.values():
            assert any(column in field.expression for column in columns), field.id


def test_personal_columns_are_in_no_field_of_the_model(model: SemanticModel) -> None:
    closed = {
        (t, c.name)
        for t, table in read_schema().items()
        for c in table.columns.values()
        if c.privacy in ("direct_identifier", "free_text", "secret")
    }
    allowed = {("behaviour.web_event", "search_term")}
    used = {(d.source, f.expression) for d in model.datasets.values() for f in d.fields.values()}
    assert closed & used <= allowed


def test_the_policy_puts_every_column_in_the_class_that_the_schema_states() -> None:
    policy = yaml.safe_load((FOLDER / "policy.yaml").read_text(encoding="utf-8"))
    stated = {name: {c.name: c.privacy for c in table.columns.values()} for name, table in read_schema().items()}
    stated["privacy.consent_current"] = {name: privacy for name, (_, privacy, _) in CONSENT_CURRENT_COLUMNS.items()}
    written = {
        name: {column: privacy for privacy, columns in body.items() for column in columns} for name, body in policy["tables"].items()
    }
    assert written == stated


def test_business_users_cannot_reference_any_personal_column(catalog: Catalog, model: SemanticModel) -> None:
    policy = read_policy(FOLDER / "policy.yaml", model, catalog)
    rights = policy.rights_for("eva", "business_user")
    for name, table in read_schema().items():
        for column in table.columns.values():
            open_class = column.privacy in ("plain", "key", "quasi")
            assert rights.may_read(name, column.name) == open_class, (name, column.name)


@pytest.mark.parametrize("role", ["business_user", "marketer", "regional_manager"])
def test_names_and_words_are_refused_to_those_who_see_groups_only(role: str, catalog: Catalog, model: SemanticModel) -> None:
    rights = read_policy(FOLDER / "policy.yaml", model, catalog).rights_for(
        "eva", role, {"region": "North"} if role == "regional_manager" else {}
    )
    for statement in (
        "SELECT last_name FROM core.customer_contact",
        "SELECT text FROM voice.review",
        "SELECT count(*) FROM source.person_record WHERE email LIKE 'a%'",
    ):
        with pytest.raises(AnswerError):
            check_sql(statement, catalog=catalog, rights=rights)


def test_a_regional_manager_sees_the_own_region_only(demo: Any, catalog: Catalog, model: SemanticModel) -> None:
    rights = read_policy(FOLDER / "policy.yaml", model, catalog).rights_for("eva", "regional_manager", {"region": "North"})
    compiled = compile_query(
        MetricQuery.model_validate({"metrics": ["revenue"], "dimensions": [{"field": "customers.region"}]}),
        model,
        rights=rights,
        as_of=AS_OF,
    )
    checked = check_sql(compiled.tree, catalog=catalog, rights=rights, governed=True)
    rows = demo().data.execute(checked.text).fetchall()
    assert {row[0] for row in rows} == {"North"}
