"""Statements that must not get through, by category, under the roles that see least."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tools.core.errors import NotAllowed, SqlRefused
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import CheckedSql, Policy, Rights, check_sql, read_policy

HERE = Path(__file__).parent
ROLES = {"row_rules": ("regional_manager",), "small_groups": ("business_user",), "completejourney": ("business_user",)}
EVERY_ROLE = ("business_user", "marketer", "regional_manager")
ROLE_CATEGORIES = (*ROLES,)
CATEGORIES = sorted(path.stem for path in (HERE / "hostile").glob("*.sql"))
GROCER = HERE.parents[3] / "tools" / "warehouses" / "completejourney" / "schema.sql"


def statements(category: str) -> Iterator[tuple[str, bool]]:
    """Each statement, and whether it may run."""
    for line in (HERE / "hostile" / f"{category}.sql").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield spelled_out(line.removeprefix("~ ")), line.startswith("~ ")


def spelled_out(line: str) -> str:
    r"""`\uXXXX` becomes the character, `\xN(text)` becomes N repetitions."""
    line = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), line)
    return re.sub(r"\\x(\d+)\((.*?)\)(?=[^)]|$)", lambda m: m[2] * int(m[1]), line)


def refused(statement: str, catalog: Catalog, rights: Rights) -> CheckedSql | None:
    """None when refused by one of the two errors that the guard may raise; any other exception fails the test."""
    try:
        return check_sql(statement, catalog=catalog, rights=rights)
    except (SqlRefused, NotAllowed) as error:
        said = error
    assert said.try_instead, "a refusal says what to do"
    assert "canary" not in said.message + said.try_instead
    return None


@pytest.mark.parametrize("category", [c for c in CATEGORIES if c not in ROLE_CATEGORIES])
@pytest.mark.parametrize("role", EVERY_ROLE)
def test_refuses_every_hostile_statement(
    category: str, role: str, catalog: Catalog, rights: Callable[[str], Rights], people_file: Path
) -> None:
    with duckdb.connect(str(people_file), read_only=True) as connection:
        for statement, may_run in statements(category):
            checked = refused(statement, catalog, rights(role))
            if checked is None:
                continue
            assert may_run, f"let through: {statement[:200]}"
            try:
                shown = repr(connection.execute(checked.text).fetchall())
            except duckdb.Error:
                continue
            assert "canary" not in shown, statement


@pytest.mark.slow
def test_hostile_suite_holds_for_the_grocer_too(tmp_path: Path) -> None:
    catalog, policy = grocer(tmp_path)
    held = policy.rights_for("a reader", "business_user")
    names = [("customers", "demographics"), ("orders", "baskets"), ("email", "income_band"), ("phone", "age_band"), ("full_name", "kids")]
    for category in CATEGORIES:
        for statement, may_run in statements(category):
            for old, new in names if category != "completejourney" else []:
                statement = re.sub(rf"\b{old}\b", new, statement, flags=re.IGNORECASE)
            if category not in ("row_rules", "small_groups", "shadowing") and not may_run:
                assert refused(statement, catalog, held) is None, f"let through: {statement[:200]}"


def test_refuses_hostile_statements_on_the_grocers_schema(tmp_path: Path) -> None:
    catalog, policy = grocer(tmp_path)
    for statement, _ in statements("completejourney"):
        assert refused(statement, catalog, policy.rights_for("a reader", "business_user")) is None, statement


def test_small_groups_are_refused_or_left_out(catalog: Catalog, rights: Callable[[str], Rights], people_file: Path) -> None:
    with duckdb.connect(str(people_file), read_only=True) as connection:
        for statement, may_run in statements("small_groups"):
            checked = refused(statement, catalog, rights("business_user"))
            assert (checked is not None) == may_run, statement
            if checked is not None:
                assert connection.execute(checked.text).fetchall() == [], statement


def test_the_suite_has_at_least_five_hundred_statements_in_every_category_of_attack() -> None:
    counts = {category: sum(1 for _ in statements(category)) for category in CATEGORIES}
    assert sum(counts.values()) >= 900
    assert min(counts.values()) >= 30


def grocer(folder: Path) -> tuple[Catalog, Policy]:
    """The schema of the grocer's warehouse under a policy that closes its demographics."""
    connection = duckdb.connect(str(folder / "grocer.duckdb"))
    connection.execute(GROCER.read_text(encoding="utf-8"))
    catalog = Catalog.from_duckdb(connection)
    connection.close()
    return catalog, read_policy(HERE / "grocer_policy.yaml", catalog=catalog)
