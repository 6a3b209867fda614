"""The build itself: same seed, same tables; clear errors; nothing half-written."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.core.errors import SetupProblem
from tools.warehouses.demo.build import build, truth_path
from tools.warehouses.demo.options import PARTS, read_options
from tools.warehouses.demo.schema import document_tables, read_schema
from tools.warehouses.demo.timeline import black_friday, easter_sunday, months_before
from tools.warehouses.demo.truths import TRUTHS

README = Path(__file__).parents[4] / "tools" / "warehouses" / "demo" / "README.md"
SOME = {"customers": 300}


def hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """One number per table over all its rows in the order stored."""
    tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    sql = "SELECT hash(list(hash(t))) FROM (SELECT * FROM {}) AS t"
    return {name: connection.execute(sql.format(name)).fetchall()[0][0] for (name,) in tables}


def test_same_seed_gives_equal_tables_and_another_seed_differs(demo: Any, tmp_path: Path) -> None:
    first = demo(seed=5, **SOME)
    again = tmp_path / "again.duckdb"
    build(again, seed=5, **SOME)
    with duckdb.connect(str(again), read_only=True) as second, duckdb.connect(str(truth_path(again)), read_only=True) as truth:
        assert hashes(second) == hashes(first.data)
        assert hashes(truth) == hashes(first.truth)
    other, mine = hashes(demo(seed=6, **SOME).data), hashes(first.data)
    fixed = {"core.calendar", "core.business_change", "marketing.campaign", "marketing.coupon", "voice.competitor"}
    assert {name for name in mine if mine[name] == other[name]} <= fixed


def test_one_truth_changes_no_table_that_it_does_not_touch(demo: Any) -> None:
    """One random stream per table: switching the injections off leaves everything but texts alone."""
    with_all, without = hashes(demo(seed=5, **SOME).data), hashes(demo(seed=5, without="injection", **SOME).data)
    texts = {"service.ticket_message", "service.call", "service.chat", "service.survey_response", "voice.review", "voice.social_mention"}
    assert {name for name in with_all if with_all[name] != without[name]} <= texts


def test_every_declared_table_is_filled(demo: Any) -> None:
    built = demo()
    for connection, schema in ((built.data, read_schema()), (built.truth, read_schema("schema_truth.yaml"))):
        empty = [t for t in schema if connection.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] == 0]
        assert empty == []


def test_stated_keys_are_unique_but_for_the_planted_duplicate(demo: Any) -> None:
    built = demo()
    for name, table in read_schema().items():
        columns = ", ".join(table.key)
        repeated = built.data.execute(f"SELECT count(*) FROM (SELECT 1 FROM {name} GROUP BY {columns} HAVING count(*) > 1)").fetchall()[0][
            0
        ]
        assert (repeated > 0) == (name == "core.store_traffic"), name


def test_money_is_decimal_and_sums_agree_between_orders_and_lines(demo: Any) -> None:
    data = demo().data
    money = "regexp_full_match(column_name, '(.*_)?(amount|price|cost|fee|spend|budget)')"
    kinds = data.execute(f"SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal AND {money}").fetchall()
    assert len(kinds) > 1
    assert all(kind.startswith("DECIMAL") for (kind,) in kinds)
    (orders,), (lines,) = (data.execute(f"SELECT sum(net_amount) FROM sales.{t}").fetchall()[0] for t in ("orders", "order_line"))
    assert orders == lines > 0


def test_days_end_on_the_end_date_and_utc_is_one_hour_behind(demo: Any) -> None:
    data = demo(end_date="2025-02-15", **SOME).data
    assert data.execute("SELECT min(day), max(day) FROM core.calendar").fetchall() == [(dt.date(2023, 2, 16), dt.date(2025, 2, 15))]
    off = data.execute("SELECT count(*) FROM sales.orders WHERE CAST(ordered_at + INTERVAL 1 HOUR AS DATE) <> ordered_on").fetchall()
    assert off == [(0,)]


def test_people_can_only_be_written_to_at_reserved_domains_and_fictional_numbers(demo: Any) -> None:
    data = demo().data
    domains = {
        d for (d,) in data.execute("SELECT DISTINCT split_part(email, '@', 2) FROM source.person_record WHERE email IS NOT NULL").fetchall()
    }
    assert {d for d in domains if not d.endswith((".invalid", "example.com", "example.net", "example.org"))} <= _misspelt(domains)
    assert {d for (d,) in data.execute("SELECT DISTINCT split_part(email, '@', 2) FROM core.customer_contact").fetchall()} <= {
        "example.com",
        "example.net",
        "example.org",
        "test.invalid",
    }
    prefixes = {p for (p,) in data.execute("SELECT DISTINCT left(phone, 11) FROM core.customer_contact").fetchall()}
    assert prefixes <= {"+33 1 99 00", "+33 2 61 91", "+33 3 53 01", "+33 4 65 71", "+33 5 36 49", "+33 6 39 98"}


def _misspelt(domains: set[str]) -> set[str]:
    """Domains that a planted typo reached; there should be none, since typos stay within the first letters."""
    return {d for d in domains if "@" in d}


def test_feedback_texts_stay_under_their_bound_and_are_varied(demo: Any) -> None:
    built = demo()
    (count,) = built.truth.execute("SELECT count(*) FROM truth.text").fetchall()[0]
    assert 3_000 < count <= 6_000
    texts = built.data.execute("SELECT count(text), count(DISTINCT text), avg(length(text)) FROM voice.review").fetchall()[0]
    assert texts[1] > 0.8 * texts[0]
    assert texts[2] > 60
    other = built.truth.execute("SELECT count(*) FILTER (language <> 'en') / count(*) FROM truth.text").fetchall()[0][0]
    assert 0.02 < other < 0.09


def test_texts_seldom_name_their_topic(demo: Any) -> None:
    """A keyword search for "leak" finds few of the texts about leaks."""
    built = demo()
    ids = [
        i
        for (i,) in built.truth.execute(
            "SELECT source_id FROM truth.text WHERE topic = 'leak' AND source_table = 'service.ticket_message'"
        ).fetchall()
    ]
    found = built.data.execute(
        "SELECT count(*) FILTER (text ILIKE '%leak%') / count(*) FROM service.ticket_message WHERE seq = 1 AND list_contains(?, ticket_id)",
        [ids],
    )
    assert len(ids) > 5
    assert found.fetchall()[0][0] < 0.2


TOLD = """
    SELECT 'voice.review', review_id, reviewed_on, product_id, text FROM voice.review
    UNION ALL SELECT 'voice.social_mention', mention_id, mentioned_on, NULL, text FROM voice.social_mention
    UNION ALL SELECT 'service.survey_response', invite_id, answered_on, NULL, comment FROM service.survey_response
    UNION ALL SELECT 'service.ticket_message', ticket_id, written_on, NULL, text FROM service.ticket_message WHERE seq = 1"""


def test_planted_truths_are_told_of_in_the_right_days_and_of_the_right_products(demo: Any) -> None:
    built = demo()
    stories = {
        (table, row): story
        for table, row, story in built.truth.execute(
            "SELECT source_table, source_id, story FROM truth.text WHERE story IS NOT NULL"
        ).fetchall()
    }
    told = [(stories[row[:2]], *row[2:]) for row in built.data.execute(TOLD).fetchall() if row[:2] in stories]
    starts = {name: built.event(event)[0] for name, event in STORY_STARTS.items()}
    assert {story for story, *_ in told} == set(STORY_STARTS)
    assert all(day >= starts[story] for story, day, _, _ in told)
    batch, category = built.event("returns")[2], built.event("units")[2]
    star = built.data.execute(f"SELECT product_id FROM core.product_batch WHERE {batch}").fetchall()
    dearer = built.data.execute(f"SELECT product_id FROM core.product WHERE {category}").fetchall()
    assert {product for story, _, product, _ in told if story == "bad_batch"} <= {None, star[0][0]}
    assert {product for story, _, product, _ in told if story == "price_rise"} <= {None, *(p for (p,) in dearer)}
    assert len({text for *_, text in told}) == len(told)


STORY_STARTS = {"bad_batch": "leak tickets", "price_rise": "competitor mentions", "web_bug": "mobile checkout", "walkouts": "walk-outs"}


def test_few_texts_tell_of_planted_truths_and_none_where_none_is_planted(demo: Any) -> None:
    stories = {"bad_batch", "price_rise", "web_bug", "walkouts"}
    told = demo().truth.execute("SELECT count(*) FILTER (story IS NOT NULL), count(*) FROM truth.text").fetchall()[0]
    none = demo(without=sorted(stories)).truth.execute("SELECT count(*) FILTER (story IS NOT NULL) FROM truth.text").fetchall()[0]
    assert 20 < told[0] < 0.05 * told[1]
    assert none == (0,)


def test_some_texts_to_customer_service_hold_the_writers_contact_data_and_none_of_erased_people_do(demo: Any) -> None:
    built = demo()
    signed = {i for (i,) in built.truth.execute(SIGNED).fetchall()}
    sql = """SELECT ticket_id, contains(text, c.email) OR contains(text, c.phone) OR contains(text, c.first_name), c.customer_id IS NULL
             FROM service.ticket_message LEFT JOIN core.customer_contact AS c USING (customer_id) WHERE seq = 1"""
    rows = built.data.execute(sql).fetchall()
    assert len(signed) > 30
    assert all(named for ticket, named, _ in rows if ticket in signed)
    assert not any(ticket in signed for ticket, _, erased in rows if erased)


SIGNED = "SELECT source_id FROM truth.text WHERE source_table = 'service.ticket_message' AND has_personal_data"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"size": "huge"}, "small, medium, large"),
        ({"customers": 3}, "100"),
        ({"customers": "many"}, "whole number"),
        ({"customers": 10**9}, "5,000,000"),
        ({"seed": -1}, "whole number"),
        ({"end_date": "30.06.2026"}, "year-month-day"),
        ({"end_date": "2026-02-30"}, "year-month-day"),
        ({"end_date": "1850-01-01"}, "2005"),
        ({"without": "seasons"}, "Did you mean season?"),
        ({"only": ["web_bug", "nothing such"]}, "attribution"),
        ({"colour": "blue"}, "seed"),
    ],
)
def test_refuses_an_impossible_option_and_says_what_is_possible(options: dict[str, Any], word: str, tmp_path: Path) -> None:
    with pytest.raises(SetupProblem) as caught:
        build(tmp_path / "w.duckdb", **options)
    assert word in caught.value.try_instead
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_overwrite_a_warehouse(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_bytes(b"mine")
    with pytest.raises(SetupProblem, match="exists already"):
        build(tmp_path / "w.duckdb", **SOME)
    assert (tmp_path / "w.duckdb").read_bytes() == b"mine"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tools.core.errors import SetupProblem
from tools.warehouses.demo.build import build
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    build(Path(sys.argv[1]))
except SetupProblem as problem:
    print(problem.message)
"""


def test_a_full_disk_leaves_nothing_behind_and_says_so(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "w.duckdb")], capture_output=True, text=True, cwd=README.parents[3], check=False
    )
    assert "could not be written" in ran.stdout, ran.stderr[-500:]
    assert list(tmp_path.iterdir()) == []


def test_options_are_read_from_text_as_a_command_line_gives_them() -> None:
    options = read_options(size="medium", customers="1500", seed="7", end_date="2026-01-31", without="season, web_bug")
    assert (options.customers, options.seed, options.end_date) == (1500, 7, dt.date(2026, 1, 31))
    assert options.truths == frozenset(TRUTHS) - {"season", "web_bug"}
    assert options.parts == PARTS
    assert read_options(without="all").truths == frozenset()
    assert read_options(only="season").truths == {"season"}


def test_movable_days_fall_where_the_calendar_has_them() -> None:
    assert [easter_sunday(y) for y in (2024, 2025, 2026)] == [dt.date(2024, 3, 31), dt.date(2025, 4, 20), dt.date(2026, 4, 5)]
    assert [black_friday(y) for y in (2024, 2025, 2026)] == [dt.date(2024, 11, 29), dt.date(2025, 11, 28), dt.date(2026, 11, 27)]
    assert months_before(dt.date(2026, 7, 1), 24) == dt.date(2024, 7, 1)
    assert months_before(dt.date(2026, 3, 31), 1) == dt.date(2026, 2, 28)


def test_readme_describes_every_column_as_declared() -> None:
    text = README.read_text(encoding="utf-8")
    assert document_tables(read_schema()) in text
    assert document_tables(read_schema("schema_truth.yaml")) in text
    assert all(f"`{name}`" in text for name in TRUTHS)


@pytest.mark.slow
def test_customers_beyond_one_chunk_keep_their_keys_apart(demo: Any) -> None:
    built = demo(size="medium", customers=60_000, parts=("sales", "identity", "service"))
    assert built.data.execute("SELECT count(*), max(customer_id) FROM core.customer").fetchall() == [(60_000, 60_000)]
    for table, key in (("sales.orders", "order_id"), ("source.person_record", "source_id"), ("service.ticket", "ticket_id")):
        assert built.data.execute(f"SELECT count(*) = count(DISTINCT {key}) FROM {table}").fetchall() == [(True,)]
    per_chunk = built.data.execute(
        "SELECT avg(n) FROM (SELECT count(*) AS n FROM sales.orders WHERE customer_id > 50000 GROUP BY customer_id)"
    ).fetchall()
    others = built.data.execute(
        "SELECT avg(n) FROM (SELECT count(*) AS n FROM sales.orders WHERE customer_id <= 50000 GROUP BY customer_id)"
    ).fetchall()
    assert per_chunk[0][0] == pytest.approx(others[0][0], rel=0.05)
