"""Free SQL of someone who sees groups only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tools.core.errors import NotAllowed
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import Rights, check_sql, open_rights

ALLOWED = (Path(__file__).parent / "large_groups.sql").read_text(encoding="utf-8").splitlines()[1:]


@pytest.mark.parametrize("statement", ALLOWED)
def test_figures_over_large_groups_keep_their_values(
    statement: str, catalog: Catalog, rights: Callable[[str], Rights], people_file: Path
) -> None:
    checked = check_sql(statement, catalog=catalog, rights=rights("business_user"))
    raw = check_sql(statement, catalog=catalog, rights=open_rights(catalog))
    with duckdb.connect(str(people_file), read_only=True, config={"threads": 1}) as connection:
        assert connection.execute(checked.text).fetchall() == connection.execute(raw.text).fetchall()


def test_a_group_one_person_short_is_left_out(catalog: Catalog, rights: Callable[[str], Rights]) -> None:
    """Orders count people, not rows: a group of many orders by four people is too small."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE orders AS SELECT * FROM (VALUES (1), (2), (3), (4), (4)) v(customer_id), range(9) r(i), (VALUES ('a')) s(status)"
    )
    connection.execute("INSERT INTO orders SELECT customer_id, 1, 'b' FROM (VALUES (1), (2), (3), (4), (5)) v(customer_id)")
    for column in ("order_id", "ordered_on", "amount", "channel"):
        connection.execute(f"ALTER TABLE orders ADD COLUMN {column} INTEGER")
    checked = check_sql("SELECT status, count(*) FROM orders GROUP BY 1", catalog=catalog, rights=rights("business_user"))
    assert connection.execute(checked.text).fetchall() == [("b", 5)]
    assert checked.narrowed == ("groups of fewer than 5 people are left out",)


def test_each_role_has_its_own_minimum(catalog: Catalog, rights: Callable[[str], Rights]) -> None:
    assert ">= 10" in check_sql("SELECT count(*) FROM orders", catalog=catalog, rights=rights("marketer")).text


def test_people_are_counted_per_table_read(catalog: Catalog, rights: Callable[[str], Rights]) -> None:
    statement = "SELECT count(*) FROM customers a JOIN customers b ON a.region = b.region"
    assert check_sql(statement, catalog=catalog, rights=rights("business_user")).text.count("COUNT(DISTINCT") == 2


def test_outer_conditions_cannot_reach_below_the_minimum(catalog: Catalog, rights: Callable[[str], Rights]) -> None:
    statement = "SELECT * FROM (SELECT city AS c, count(*) AS n FROM customers GROUP BY 1) t WHERE c = 'Ghent'"
    inner = check_sql(statement, catalog=catalog, rights=rights("business_user")).text
    assert "LIMIT 9223372036854775807" in inner


def test_refusal_says_why_and_points_to_governed_questions(catalog: Catalog, rights: Callable[[str], Rights]) -> None:
    with pytest.raises(NotAllowed, match="max can show a single person's value") as refusal:
        check_sql("SELECT max(amount) FROM orders", catalog=catalog, rights=rights("business_user"))
    assert "in words" in refusal.value.try_instead
    assert refusal.value.public_code == "small_groups"
