"""The demo warehouse's own suite: every subject area asked about, and every gold query gives rows on a fresh build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest

from evals.cases import Suite, read_suite
from evals.gold import EvalsUnavailable, database_path

SUITE: Suite = read_suite("demo")
AREAS = {
    "sales",
    "customers",
    "subscriptions",
    "web",
    "email-app",
    "service",
    "satisfaction",
    "reviews-social",
    "competitors",
    "campaigns",
    "consent",
    "stores",
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        path = database_path("demo")
    except EvalsUnavailable as error:
        pytest.skip(f"needs the built demo warehouse: {error}")
    with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as opened:
        yield opened


def test_every_subject_area_has_ten_plain_questions() -> None:
    sizes = Counter(tag for case in SUITE.cases if case.level == "easy" for tag in case.tags if tag in AREAS)
    assert {area: n for area in AREAS if (n := sizes[area]) < 10} == {}


def test_the_test_split_has_forty_plain_questions() -> None:
    assert sum(case.split == "test" for case in SUITE.cases if case.level == "easy") >= 40


def test_there_are_enough_cases_of_every_kind() -> None:
    sizes = Counter(case.level for case in SUITE.cases)
    assert sizes["easy"] + sizes["medium"] + sizes["hard"] >= 300
    assert sizes["hard"] >= 60
    assert sizes["unanswerable"] >= 100
    assert sizes["ambiguous"] >= 30
    assert sizes["probe"] >= 50
    assert sum(case.level == "dialogue" and case.follows is None for case in SUITE.cases) >= 30
    assert sum("clear" in case.tags for case in SUITE.cases) >= 15


def test_no_question_is_asked_twice_on_its_own() -> None:
    texts = Counter(case.question.casefold() for case in SUITE.cases if case.follows is None)
    assert [text for text, n in texts.items() if n > 1] == []


@pytest.mark.slow
def test_every_gold_query_gives_rows_with_values(connection: duckdb.DuckDBPyConnection) -> None:
    # One test over all cases, and only counts of the test split are told: its cases are not read one by one.
    empty = [case for case in SUITE.cases for statement in case.gold if not _has_values(connection, statement)]
    named = [case.id for case in empty if case.split == "dev"]
    assert not empty, f"{named} and {len(empty) - len(named)} cases of the test split"


def _has_values(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    try:
        rows = connection.execute(statement).fetchall()
    except duckdb.Error:
        return False
    one_zero = len(rows) == 1 and all(value in (0, None) for value in rows[0])
    return bool(rows) and not one_zero
