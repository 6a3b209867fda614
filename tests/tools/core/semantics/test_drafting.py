"""A first model from a database: what is found, what is guessed, and that it holds up."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tools.core.errors import ModelInvalid
from tools.core.query import MetricQuery, compile_query
from tools.core.semantics import Catalog, Datatype, SemanticModel, read_model, validate_model
from tools.core.semantics.defaults import singular
from tools.core.semantics.drafting import draft_model


@pytest.fixture(scope="module")
def text(school: duckdb.DuckDBPyConnection) -> str:
    return draft_model(school, "riding_school")


@pytest.fixture(scope="module")
def model(school: duckdb.DuckDBPyConnection, text: str, tmp_path_factory: pytest.TempPathFactory) -> SemanticModel:
    path = tmp_path_factory.mktemp("draft") / "semantic_model.yaml"
    path.write_text(text, encoding="utf-8")
    assert validate_model(path, Catalog.from_duckdb(school)) == []
    return read_model(path)


def drafted(statements: str, tmp_path: Path) -> SemanticModel:
    path = tmp_path / "semantic_model.yaml"
    with duckdb.connect() as connection:
        connection.execute(statements)
        path.write_text(draft_model(connection, "small"), encoding="utf-8")
        assert [p for p in validate_model(path, Catalog.from_duckdb(connection)) if p.severity == "error"] == []
    return read_model(path)


def test_the_same_database_gives_the_same_text(school, text):
    assert draft_model(school, "riding_school") == text


def test_keys_and_joins_that_nobody_declared_are_found_by_names_and_values(model, text):
    assert model.datasets["lessons"].primary_key == ("lesson_no",)
    assert {(r.from_dataset, r.to_dataset) for r in model.relationships} == {
        ("horses", "stables"),
        ("lessons", "riders"),
        ("lessons", "horses"),
    }
    assert "# CHECK lessons_to_riders: guessed from names and values" in text
    assert "horses_to_stables: guessed" not in text


def test_texts_that_are_numbers_or_days_everywhere_are_read_as_such(model):
    assert model.field("horses.age").datatype is Datatype.INTEGER
    assert model.field("riders.joined").datatype is Datatype.DATE
    assert model.field("riders.level").datatype is Datatype.STRING


def test_labels_that_two_things_share_take_their_noun(model):
    assert [model.field(f"{d}.town").label for d in ("stables", "riders")] == ["stable town", "rider town"]
    assert model.field("horses.breed").label == "breed"


def test_what_rows_are_called_one_by_one_is_taken_from_names(model):
    assert model.datasets["riders"].named_by == ("first_name", "last_name")
    assert model.datasets["horses"].named_by == ("name",)


def test_names_of_people_stay_out_of_the_value_index_and_names_of_things_do_not(model, text):
    assert not model.field("riders.last_name").index_values
    assert model.field("horses.name").index_values
    assert "# CHECK riders.last_name: personal data?" in text


def test_numbers_that_name_something_are_grouped_by_and_others_are_measured(model):
    assert model.field("stables.opened_year").is_dimension
    assert not model.field("lessons.minutes").is_dimension
    assert {"total_minutes", "average_minutes", "highest_minutes", "lowest_minutes"} <= set(model.metrics)
    assert "total_age" not in model.metrics  # ages added up say nothing
    assert {"highest_opened_year", "lowest_opened_year"} <= set(model.metrics)
    assert "average_opened_year" not in model.metrics


def test_figures_of_a_draft_are_right_without_further_work(model, school):
    def rows(query: dict[str, object]) -> list[tuple[object, ...]]:
        return school.execute(compile_query(MetricQuery.model_validate(query), model, rights=None).sql).fetchall()

    assert rows({"metrics": ["lessons"]}) == [(7,)]
    assert rows({"metrics": ["average_age"], "dimensions": [{"field": "horses.breed"}], "order": [{"by": "average_age"}]}) == [
        ("Arab", 9.5),
        ("Fjord", 9.5),
        ("Hanoverian", 9.0),
    ]
    assert rows({"metrics": ["total_minutes"], "filters": [{"field": "stables.town", "op": "in", "values": ["Alton"]}]}) == [(90,)]


def test_the_day_of_the_data_and_the_people_are_proposed(model, text):
    assert model.settings.as_of_field == "lessons.held_on"
    assert "# CHECK as_of_field" in text


def test_a_column_of_codes_with_leading_zeros_stays_text(tmp_path):
    model = drafted(
        "CREATE TABLE depots (depot_id INTEGER PRIMARY KEY, site VARCHAR); INSERT INTO depots VALUES (1, '007'), (2, '012')", tmp_path
    )
    assert model.field("depots.site").datatype is Datatype.STRING


def test_texts_are_numbers_or_times_where_they_are_anything(tmp_path):
    model = drafted(
        "CREATE TABLE readings (reading_id INTEGER PRIMARY KEY, taken VARCHAR, max_wind_mph VARCHAR, pressure VARCHAR, map VARCHAR);"
        "INSERT INTO readings VALUES (1, '8/21/2015 17:03', '', '30.07', 'a'), (2, 'NULL', '12', '29', 'b')",
        tmp_path,
    )
    kinds = [model.field(f"readings.{name}").datatype for name in ("taken", "max_wind_mph", "pressure", "map")]
    assert kinds == [Datatype.DATETIME, Datatype.INTEGER, Datatype.FLOAT, Datatype.STRING]
    assert set(model.field("readings.max_wind_mph").language.synonyms) == {"max wind", "maximum wind", "highest wind"}


def test_the_day_of_the_data_is_the_latest_one(tmp_path):
    """Rows after it would be left out of every answer."""
    model = drafted(
        "CREATE TABLE checks (check_id INTEGER PRIMARY KEY, checked DATE); INSERT INTO checks VALUES (1, '2015-06-02');"
        "CREATE TABLE rides (ride_id INTEGER PRIMARY KEY, started DATE); INSERT INTO rides VALUES (1, '2015-08-21')",
        tmp_path,
    )
    assert model.settings.as_of_field == "rides.started"


def test_a_text_of_numbers_joins_a_number(tmp_path):
    model = drafted(
        "CREATE TABLE boats (boat_id INTEGER PRIMARY KEY); INSERT INTO boats VALUES (1), (2);"
        "CREATE TABLE races (race_id INTEGER PRIMARY KEY, boat_id VARCHAR); INSERT INTO races VALUES (1, '2'), (2, '2')",
        tmp_path,
    )
    assert [r.name for r in model.relationships] == ["races_to_boats"]


def test_rows_without_a_date_follow_the_event_that_they_belong_to(tmp_path):
    model = drafted(
        "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, order_date DATE); INSERT INTO orders VALUES (1, '2023-01-02');"
        "CREATE TABLE products (product_id INTEGER PRIMARY KEY, launch_date DATE); INSERT INTO products VALUES (7, '2020-01-02');"
        "CREATE TABLE lines (order_id INTEGER REFERENCES orders (order_id), product_id INTEGER REFERENCES products (product_id),"
        "pieces INTEGER); INSERT INTO lines VALUES (1, 7, 3)",
        tmp_path,
    )
    assert {model.metrics[name].time_field for name in ("lines", "total_pieces")} == {"orders.order_date"}


def test_second_ways_between_two_tables_are_left_to_a_person(tmp_path):
    model = drafted(
        "CREATE TABLE clubs (club_id INTEGER PRIMARY KEY, name VARCHAR); INSERT INTO clubs VALUES (1, 'a'), (2, 'b');"
        "CREATE TABLE games (game_id INTEGER PRIMARY KEY, home_id INTEGER REFERENCES clubs (club_id),"
        "away_id INTEGER REFERENCES clubs (club_id));"
        "CREATE TABLE staff (staff_id INTEGER PRIMARY KEY, boss_id INTEGER REFERENCES staff (staff_id))",
        tmp_path,
    )
    assert [r.name for r in model.relationships] == ["games_to_clubs"]


def test_of_several_routes_the_shortest_is_written_down(tmp_path):
    model = drafted(
        "CREATE TABLE towns (town_id INTEGER PRIMARY KEY);"
        "CREATE TABLE shops (shop_id INTEGER PRIMARY KEY, town_id INTEGER REFERENCES towns (town_id));"
        "CREATE TABLE buyers (buyer_id INTEGER PRIMARY KEY, town_id INTEGER REFERENCES towns (town_id));"
        "CREATE TABLE bills (bill_id INTEGER PRIMARY KEY, shop_id INTEGER REFERENCES shops (shop_id),"
        "buyer_id INTEGER REFERENCES buyers (buyer_id))",
        tmp_path,
    )
    assert [(r.from_dataset, r.to_dataset, len(r.via)) for r in model.routes] == [("bills", "towns", 2)]


def test_names_that_sql_or_yaml_would_misread_survive(tmp_path):
    model = drafted(
        'CREATE TABLE "Order Lines" ("Line No" INTEGER PRIMARY KEY, "order" VARCHAR, "on" VARCHAR, "Größe" DOUBLE);'
        "INSERT INTO \"Order Lines\" VALUES (1, 'x', 'y', 2.5), (2, 'x', 'z', 3.5)",
        tmp_path,
    )
    assert set(model.datasets) == {"order_lines"}
    assert model.field("order_lines.order").label == "order"


def test_a_database_without_tables_is_refused():
    with duckdb.connect() as connection, pytest.raises(ModelInvalid):
        draft_model(connection, "empty")


def test_what_rows_are_named_by_must_be_fields(school, text, tmp_path):
    path = tmp_path / "semantic_model.yaml"
    path.write_text(text.replace('"named_by": ["first_name", "last_name"]', '"named_by": ["nickname"]'), encoding="utf-8")
    assert any("named_by of dataset 'riders': no field 'nickname'" in str(p) for p in validate_model(path, Catalog.from_duckdb(school)))


@pytest.mark.parametrize(
    ("many", "one"),
    [("campuses", "campus"), ("courses", "course"), ("houses", "house"), ("classes", "class"), ("prizes", "prize"), ("boxes", "box")],
)
def test_table_names_have_a_singular(many: str, one: str):
    assert singular(many) == one
