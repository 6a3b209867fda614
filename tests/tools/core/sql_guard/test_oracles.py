"""Three oracles over random SQL and over the hostile suite; `scripts/fuzz_guard.py` is the long run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from guard_oracles import SCOPED_ROLE, Oracles, Tally
from guard_random_sql import RandomSql
from test_hostile import CATEGORIES, statements

from tools.core.sql_guard import check_sql, open_rights

SEED = 20_261_121


@pytest.fixture(scope="module")
def oracles(tmp_path_factory: pytest.TempPathFactory) -> Oracles:
    return Oracles(tmp_path_factory.mktemp("oracles"))


def test_no_random_statement_leaks(oracles: Oracles) -> None:
    tally, source = Tally(), RandomSql(SEED)
    for _ in range(60):
        oracles.check(source.statement(), tally)
    assert tally.leaks == [], f"seed {SEED}"
    assert tally.counts["ran"] >= 60, "the generator must keep writing statements that pass and run"


@pytest.mark.slow
def test_no_random_statement_leaks_over_a_longer_run(oracles: Oracles) -> None:
    tally, source = Tally(), RandomSql(SEED + 1)
    for _ in range(400):
        oracles.check(source.statement(), tally)
    assert tally.leaks == [], f"seed {SEED + 1}"
    assert tally.counts["equal to the scoped copy"] >= 200


def test_few_people_are_as_good_as_none(oracles: Oracles) -> None:
    tally, source = Tally(), RandomSql(SEED + 2)
    for _ in range(120):
        oracles.check(source.group_statement(), tally, roles=("business_user",))
    assert tally.leaks == [], f"seed {SEED + 2}"
    assert tally.counts["the same with few people as with none"] >= 30


def test_small_group_statements_see_few_people_as_none(oracles: Oracles) -> None:
    tally = Tally()
    for statement, _ in statements("small_groups"):
        oracles.check(statement, tally, roles=("business_user",))
    assert tally.leaks == []


def test_the_oracles_see_a_leak_when_the_minimum_is_lifted(tmp_path: Path) -> None:
    oracles = Oracles(tmp_path)
    held, tally = oracles.rights["business_user"], Tally()
    lower = replace(held, min_group_size=2)
    statement = "SELECT region, count(*) FROM customers GROUP BY 1 ORDER BY 1"
    checked = check_sql(statement, catalog=oracles.catalog, rights=lower)
    oracles._check_few(statement, checked, tally)
    assert len(tally.leaks) == 1


def test_nothing_of_the_hostile_suite_leaks(oracles: Oracles) -> None:
    tally = Tally()
    for category in CATEGORIES:
        for statement, may_run in statements(category):
            if may_run or category != "row_rules":
                oracles.check(statement, tally, roles=(SCOPED_ROLE,))
    assert tally.leaks == []
    assert tally.counts["equal to the scoped copy"] >= 60


def test_row_rule_statements_answer_as_on_the_scoped_copy_or_are_refused(oracles: Oracles) -> None:
    for statement, may_run in statements("row_rules"):
        tally = Tally()
        oracles.check(statement, tally, roles=(SCOPED_ROLE,))
        assert tally.leaks == []
        assert (tally.counts["passed"] == 1) == may_run, statement


def test_the_oracles_see_a_leak_when_columns_are_open(tmp_path: Path) -> None:
    """An oracle that never speaks proves nothing: with the columns opened behind its back, it must."""
    oracles = Oracles(tmp_path)
    held = oracles.rights[SCOPED_ROLE]
    oracles.rights[SCOPED_ROLE] = replace(held, columns=open_rights(oracles.catalog).columns)
    tally = Tally()
    for statement in (
        "SELECT email FROM customers",
        "SELECT customer_id FROM customers ORDER BY phone",
        "SELECT max(token) FROM app_users",
    ):
        oracles.check(statement, tally, roles=(SCOPED_ROLE,))
    assert len(tally.leaks) >= 3


def test_the_oracles_see_a_leak_when_the_row_rule_is_lifted(tmp_path: Path) -> None:
    oracles = Oracles(tmp_path)
    oracles.rights[SCOPED_ROLE] = replace(oracles.rights[SCOPED_ROLE], row_rules={})
    tally = Tally()
    for statement in ("SELECT count(*) FROM customers", "SELECT sum(amount) FROM orders", "SELECT DISTINCT region FROM customers"):
        oracles.check(statement, tally, roles=(SCOPED_ROLE,))
    assert len(tally.leaks) == 6
