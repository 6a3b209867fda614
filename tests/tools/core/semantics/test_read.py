from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.core.errors import ModelInvalid
from tools.core.semantics import Catalog, Datatype, MetricFormat, SemanticModel, read_model, validate_model
from tools.core.semantics.read import model_version

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def bare() -> SemanticModel:
    return read_model(HERE / "bare.yaml")


@pytest.fixture(scope="module")
def shop() -> SemanticModel:
    return read_model(HERE / "bookshop.yaml")


class TestOurKeys:
    def test_settings_come_from_the_models_extension(self, shop: SemanticModel) -> None:
        assert shop.settings.as_of == dt.date(2024, 6, 30)
        assert shop.settings.customer == "customers"
        assert shop.settings.currency == "USD"

    def test_a_dataset_knows_its_label_and_its_date(self, shop: SemanticModel) -> None:
        lines = shop.datasets["order_lines"]
        assert (lines.label, lines.plural, lines.default_time) == ("order line", "order lines", "order_date")
        assert lines.primary_key == ("order_id", "book_id")

    def test_words_are_read_from_ai_context(self, shop: SemanticModel) -> None:
        assert shop.metrics["revenue"].language.synonyms == ("sales",)
        assert shop.field("books.genre").value_synonyms == {"SF": ("science fiction",)}
        assert shop.named_filters[0].filters == ({"field": "books.genre", "op": "in", "values": ["SF"]},)
        assert [c.means for c in shop.choices[:2]] == ["revenue", {"window": {"last_n": 3, "unit": "month"}}]
        assert shop.absent_concepts[0].message == "Costs are not in this data."
        assert shop.verified_questions[0].query["metrics"] == ["revenue"]

    def test_a_derived_metric_has_inputs_with_offsets(self, shop: SemanticModel) -> None:
        growth = shop.metrics["revenue_growth"]
        assert growth.is_derived
        assert growth.format is MetricFormat.RATE
        assert [(i.alias, i.offset_count, i.offset_grain) for i in growth.inputs] == [("now", None, None), ("before", 1, "month")]

    def test_the_version_is_the_hash_of_the_text(self, shop: SemanticModel) -> None:
        assert shop.version == model_version(HERE / "bookshop.yaml")
        assert len(shop.version) == 16


class TestDefaultsOfABareDocument:
    def test_it_is_valid(self) -> None:
        assert validate_model(HERE / "bare.yaml") == []

    def test_labels_come_from_names_without_warehouse_prefixes(self, bare: SemanticModel) -> None:
        assert (bare.datasets["fct_checkins"].label, bare.datasets["fct_checkins"].plural) == ("checkin", "checkins")
        assert (bare.field("members.homeCity").label, bare.field("members.homeCity").plural) == ("home city", "home cities")
        assert bare.metrics["total_minutes"].label == "total minutes"

    def test_a_dataset_that_others_point_to_is_an_entity_but_a_calendar_is_not(self, bare: SemanticModel) -> None:
        assert {name: dataset.is_entity for name, dataset in bare.datasets.items()} == {
            "fct_checkins": False,
            "members": True,
            "dim_date": False,
        }
        assert bare.settings.customer == "members"

    def test_the_only_date_of_a_dataset_dates_its_rows(self, bare: SemanticModel) -> None:
        assert bare.datasets["fct_checkins"].default_time == "checkin_date"
        assert bare.settings.as_of is None
        assert bare.settings.as_of_field == "fct_checkins.checkin_date"

    def test_keys_and_numbers_are_no_dimensions_unless_the_document_says_so(self, bare: SemanticModel) -> None:
        dimensions = {field.id for field in bare.fields() if field.is_dimension}
        assert dimensions == {
            "fct_checkins.checkin_date",
            "fct_checkins.entry_channel",
            "fct_checkins.locker_number",
            "members.homeCity",
            "members.email",
            "dim_date.date_key",
        }

    def test_a_field_that_is_summed_is_a_number(self, bare: SemanticModel) -> None:
        assert bare.field("fct_checkins.minutes").datatype is Datatype.FLOAT

    def test_likely_personal_values_stay_out_of_the_index(self, bare: SemanticModel) -> None:
        assert not bare.field("members.email").index_values
        assert bare.field("members.homeCity").index_values

    def test_formats_follow_names_and_types(self, bare: SemanticModel) -> None:
        assert bare.metrics["checkin_count"].format is MetricFormat.NUMBER
        assert bare.metrics["no_show_rate"].format is MetricFormat.RATE

    def test_other_dialects_are_translated(self, bare: SemanticModel) -> None:
        assert bare.field("fct_checkins.entry_channel").expression == "CASE WHEN by_app THEN 'app' ELSE 'desk' END"
        assert "SAFE_DIVIDE" not in bare.metrics["no_show_rate"].expression

    def test_a_string_as_ai_context_is_an_instruction(self, bare: SemanticModel) -> None:
        assert bare.instructions == "Use it for questions about attendance."

    def test_the_database_settles_types_and_where_a_source_lies(self) -> None:
        columns = {
            "checkin_id": "BIGINT",
            "member_id": "INTEGER",
            "checkin_date": "TIMESTAMP",
            "by_app": "BOOLEAN",
            "minutes": "INTEGER",
            "locker_number": "INTEGER",
        }
        members = {"member_id": "INTEGER", "home_city": "VARCHAR", "email": "VARCHAR"}
        catalog = Catalog(tables={"checkins": columns, "members": members, "dim_date": {"date_key": "DATE"}})
        model = read_model(HERE / "bare.yaml", catalog=catalog)
        assert model.datasets["fct_checkins"].source == "checkins"
        assert model.field("fct_checkins.checkin_date").datatype is Datatype.DATETIME
        assert model.field("fct_checkins.minutes").datatype is Datatype.INTEGER


def test_a_dialect_that_cannot_be_read_is_an_error(bookshop: str, document: Callable[[str], Path]) -> None:
    text = bookshop.replace("{dialect: ANSI_SQL, expression: SUM(order_lines.amount)}", '{dialect: MDX, expression: "[Measures].[Amount]"}')
    with pytest.raises(ModelInvalid, match="dialect MDX cannot be read"):
        read_model(document(text))


def test_ansi_is_preferred_when_several_dialects_are_given(bookshop: str, document: Callable[[str], Path]) -> None:
    ours = "{dialect: ANSI_SQL, expression: SUM(order_lines.amount)}"
    text = bookshop.replace(ours, "{dialect: SNOWFLAKE, expression: SUM(order_lines.amount) * 1}, " + ours)
    assert read_model(document(text)).metrics["revenue"].expression == "SUM(order_lines.amount)"


def test_extensions_of_other_vendors_are_left_alone(bookshop: str, document: Callable[[str], Path]) -> None:
    text = bookshop.replace(
        "    custom_extensions:\n      - vendor_name",
        "    custom_extensions:\n      - {vendor_name: DBT, data: not json}\n      - vendor_name",
    )
    assert read_model(document(text)).settings.customer == "customers"
