"""The suites over The Complete Journey: big enough, readable, and every gold query gives rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from evals.cases import Suite, read_suite
from tools.core.warehouse import warehouse_status

SUITE: Suite = read_suite("completejourney")
VOICES: Suite = read_suite("completejourney_voices")


@pytest.fixture(scope="module")
def connection(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = warehouse_status("completejourney", home=home).path
    with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as opened:
        yield opened


def test_the_test_split_has_thirty_cases_of_each_main_level() -> None:
    sizes = Counter(case.level for case in SUITE.cases if case.split == "test")
    assert all(sizes[level] >= 30 for level in ("easy", "medium", "hard", "unanswerable")), sizes


def test_there_are_enough_cases_of_every_kind() -> None:
    sizes = Counter(case.level for case in SUITE.cases)
    assert sizes["easy"] >= 80
    assert sizes["medium"] >= 80
    assert sizes["hard"] >= 60
    assert sizes["unanswerable"] >= 150
    assert sizes["ambiguous"] >= 30
    assert sizes["probe"] >= 50
    assert sum(case.level == "dialogue" and case.follows is None for case in SUITE.cases) >= 35
    assert sum("clear" in case.tags for case in SUITE.cases) >= 15


def test_no_question_is_asked_twice_on_its_own() -> None:
    texts = Counter(case.question.casefold() for case in (*SUITE.cases, *VOICES.cases) if case.follows is None)
    assert [text for text, n in texts.items() if n > 1] == []


def test_unanswerable_cases_have_no_right_rows() -> None:
    assert all(case.expect == "declined" and not case.gold for case in (*SUITE.cases, *VOICES.cases) if case.level == "unanswerable")


@pytest.mark.slow
@pytest.mark.parametrize("suite", [SUITE, VOICES], ids=lambda s: s.name)
def test_every_gold_query_gives_rows_with_values(connection: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    # One test over all cases, and only counts of the test split are told: its cases are not read one by one.
    empty = [case for case in suite.cases for statement in case.gold if not _has_values(connection, statement)]
    named = [case.id for case in empty if case.split == "dev"]
    assert not empty, f"{named} and {len(empty) - len(named)} cases of the test split"


def _has_values(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    try:
        rows = connection.execute(statement).fetchall()
    except duckdb.Error:
        return False
    one_zero = len(rows) == 1 and all(value in (0, None) for value in rows[0])
    return bool(rows) and not one_zero
