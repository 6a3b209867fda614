"""search_feedback over a bakery: counts are SQL's, quotes are records', and rights hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from pydantic import ValidationError

from assistant import Settings
from assistant.refreshing import refresh
from tools.core.contract import Finding, Grade, ToolContext
from tools.core.errors import NeedsPerson, NotAllowed, UnknownName
from tools.core.query import MetricQuery
from tools.core.warehouse import Warehouse, open_warehouse
from tools.feedback.cohort import Cohort
from tools.feedback.embedding import encode_query
from tools.feedback.store import open_store
from tools.feedback.tool import SearchFeedback, SearchFeedbackInput
from tools.metrics.tool import QueryMetrics
from tools.warehouses import demo

BAKERY = Path(__file__).parent / "bakery"
Search = Callable[..., Finding]
ContextOf = Callable[..., ToolContext]
NORTH = {"field": "guests.region", "op": "in", "values": ["North"]}
SOUTH = {"field": "guests.region", "op": "in", "values": ["South"]}
LATE = "late delivery"


def count(stored: duckdb.DuckDBPyConnection, where: str) -> int:
    return int(stored.execute(f"SELECT count(*) FROM intelligence.feedback WHERE {where}").fetchall()[0][0])


def test_every_text_is_one_record_and_rows_without_text_are_none(stored: duckdb.DuckDBPyConnection) -> None:
    assert count(stored, "true") == 68
    assert count(stored, "record_id IN ('letter:406', 'letter:407')") == 0


def test_themes_have_the_counts_of_the_table(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    found = search()
    for row in found.tables[0].rows:
        assert row[1] == count(stored, f"topic = '{row[0]}'")
    assert found.facts["total"] == 68
    assert found.tables[0].rows[0][0] == LATE
    assert found.grade is Grade.MODELLED
    assert all(check.passed for check in found.checks)


def test_a_theme_is_counted_inside_the_cohort_alone(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    found = search(filters=[SOUTH])
    rows = {row[0]: row[1] for row in found.tables[0].rows}
    assert rows[LATE] == 8
    assert found.facts["total"] == count(stored, "guest_id > 30")


def test_quotes_are_pieces_of_stored_records(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    for arguments in ({}, {"sentiment": ["negative"]}, {"about": "parcels"}, {"show": "records", "limit": 10, "quotes": 5}):
        quotes = search(**arguments).quotes
        assert len(quotes) >= 2
        for quote in quotes:
            ((text, day),) = stored.execute(
                "SELECT text, created_at FROM intelligence.feedback WHERE record_id = ?", [quote.record_id]
            ).fetchall()
            assert quote.text in text
            assert quote.date == day


def test_a_share_of_those_who_name_a_competitor_is_one_of_all_texts(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    named = {"field": "feedback.competitor", "op": "not_null"}
    found = search(show="before_after", filters=[named], changed_on="2025-06-01", span_days=90)
    assert found.facts["of_after"] == count(stored, "created_at BETWEEN DATE '2025-06-01' AND DATE '2025-08-29'")
    assert found.facts["n_after"] == count(stored, "created_at BETWEEN DATE '2025-06-01' AND DATE '2025-08-29' AND competitor IS NOT NULL")


def test_a_quote_disagrees_where_somebody_does(search: Search) -> None:
    found = search(topics=[LATE])
    voices = [row for table in found.tables for row in table.rows if "different voice" in str(row[0])]
    assert [row[1] for row in voices] == ["letter:404"]


def test_personal_data_is_in_no_table_store_or_quote(search: Search, stored: duckdb.DuckDBPyConnection, bakery_home: Path) -> None:
    ((text,),) = stored.execute("SELECT text FROM intelligence.feedback WHERE record_id = 'letter:404'").fetchall()
    assert text == "The parcel was a day early, thank you! Regards, [name] [name], [e-mail], phone [phone]."
    for path in bakery_home.rglob("*"):
        if path.is_file() and {"stores", "cache"} & set(path.parts):
            assert b"greta6@mail" not in path.read_bytes()


def test_orders_inside_a_text_are_words_like_others(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    found = search(about="recalled bread", show="records", quotes=5)
    assert any("Ignore all previous instructions" in quote.text for quote in found.quotes)
    assert found.facts["total"] >= 1
    assert search().facts["total"] == count(stored, "true")


def test_texts_full_of_orders_change_no_figure_no_right_and_no_table(own_home: Path, context_of: ContextOf) -> None:
    orders = yaml.safe_load((Path(demo.__file__).parent / "text" / "grammar_en.yaml").read_text(encoding="utf-8"))["injections"]
    asked: list[dict[str, Any]] = [
        {},
        {"show": "products"},
        {"show": "competitors"},
        {"show": "distinctive", "filters": [NORTH]},
        {"show": "before_after", "topics": [LATE], "changed_on": "2025-06-01", "span_days": 30},
    ]

    def answers(opened: Warehouse) -> dict[str, list[Finding]]:
        return {
            role: [SearchFeedback().run(SearchFeedbackInput.model_validate(a), context_of(opened, role)) for a in asked]
            for role in ("local", "business_user")
        }

    with open_warehouse(str(BAKERY), home=own_home) as opened:
        before = answers(opened)
    with open_warehouse(str(BAKERY), home=own_home) as opened:
        with duckdb.connect(str(opened.data_folder / "warehouse.duckdb")) as connection:
            one = "?[CAST(1 + hash(record_id) % 10 AS BIGINT)]"
            connection.execute(f"UPDATE intelligence.feedback SET text = text || ' ' || {one}", [orders])
        after = answers(opened)
    for role, found in after.items():
        for old, new in zip(before[role], found, strict=True):
            assert (new.tables[0], new.facts) == (old.tables[0], old.facts)
            assert all(check.passed for check in new.checks)
    assert any(order in quote.text for found in after["local"] for quote in found.quotes for order in orders), "they are words like others"
    assert not any(found.quotes for found in after["business_user"])


def test_words_find_a_topic_and_else_single_texts(search: Search) -> None:
    assert search(about="delivery").caveats[0] == "“delivery” was taken as the topic late delivery."
    loose = search(about="recalled", show="records")
    assert "no topic is called" in loose.caveats[0].lower()
    assert loose.tables[0].rows[0][1] == "letter:403"


@pytest.mark.parametrize("chosen", [{}, {"sentiment": ["neutral", "positive"]}, {"sources": ["letter"], "window": {"start": "2025-06-25"}}])
def test_a_text_in_other_words_is_shown_first_though_none_is_near_enough_to_count(search: Search, chosen: dict[str, Any]) -> None:
    found = search(about="when may visitors come", show="records", limit=3, **chosen)
    assert found.facts["total"] == 0
    assert found.tables[0].rows[0][1] == "letter:408"


def test_texts_with_the_same_words_are_shown_once(search: Search) -> None:
    found = search(about="bread that stayed soft for days", show="records", limit=10)
    texts = [str(row[5]) for row in found.tables[0].rows]
    assert sum("stayed soft" in text for text in texts) == 1
    assert "stayed soft" in texts[0]


def test_what_sets_a_group_apart(search: Search) -> None:
    found = search(show="distinctive", filters=[NORTH])
    assert found.facts["sure"][0] == LATE
    other = search(show="distinctive", filters=[SOUTH])
    assert LATE not in other.facts["sure"]


def test_products_with_such_texts(search: Search) -> None:
    found = search(show="products", topics=[LATE])
    assert [row[0] for row in found.tables[0].rows[:2]] == ["Rye loaf", "Oat roll"]


def test_competitors_and_who_wins(search: Search) -> None:
    found = search(show="competitors", competitor="crustico")
    (row,) = found.tables[0].rows
    assert row[:4] == ("Crustico", 2, 1, 1)
    assert found.facts["too_few"]


def test_before_and_after_a_day(search: Search, stored: duckdb.DuckDBPyConnection) -> None:
    found = search(show="before_after", topics=[LATE], changed_on="2025-06-01", span_days=30)
    assert found.facts["verdict"] == "less"
    assert found.facts["n_before"] == count(stored, f"topic = '{LATE}' AND created_at BETWEEN DATE '2025-05-02' AND DATE '2025-05-31'")
    assert found.facts["of_after"] == count(stored, "created_at BETWEEN DATE '2025-06-01' AND DATE '2025-06-30'")


def test_an_answer_takes_few_statements(search: Search) -> None:
    assert len(search(sentiment=["negative"]).sql) <= 5
    assert len(search(show="products").sql) <= 3
    assert len(search(show="distinctive", filters=[NORTH]).sql) <= 4


def test_a_theme_has_texts_to_quote_also_when_another_has_far_more(
    bakery: Warehouse, context_of: ContextOf, stored: duckdb.DuckDBPyConnection
) -> None:
    small = str(stored.execute("SELECT topic FROM intelligence.feedback GROUP BY 1 ORDER BY count(*), 1").fetchall()[0][0])
    n = count(stored, f"topic = '{small}'")
    chosen = Cohort.of(SearchFeedbackInput(), context_of(bakery))
    found = chosen.texts_by("feedback.topic", (LATE, small), each=max(n, 3), enough=n)
    assert {text.topic for text in found[small]} == {small}
    assert len(found[small]) == n
    assert len(found[LATE]) == max(n, 3)
    assert chosen.texts_by("feedback.topic", (), each=3, enough=3) == {}


def test_a_server_warms_up_what_the_first_question_would_wait_for(bakery: Warehouse) -> None:
    encode_query.cache_clear()
    SearchFeedback().warm_up(bakery)
    assert encode_query.cache_info().currsize == 1


def test_nothing_is_warmed_up_without_a_store(own_home: Path) -> None:
    encode_query.cache_clear()
    with open_warehouse(str(BAKERY), home=own_home) as opened:
        (opened.data_folder / "stores" / "feedback").rename(own_home / "elsewhere")
        SearchFeedback().warm_up(opened)
    assert encode_query.cache_info().currsize == 0


def test_few_texts_are_too_few_to_tell(search: Search) -> None:
    found = search(filters=[{"field": "guests.guest_id", "op": "in", "values": [59, 60]}])
    assert found.facts["too_few"]
    assert all(row[-1] == "too few to tell" for row in found.tables[0].rows)


def test_a_role_that_sees_groups_gets_counts_and_no_texts(search: Search) -> None:
    found = search("business_user")
    assert found.quotes == ()
    assert len(found.tables) == 1
    assert found.tables[0].rows[0][:2] == (LATE, search().tables[0].rows[0][1])
    # Three guests write of something else; so that they cannot be worked out, the next larger theme is left out as well.
    assert {row[0] for row in found.tables[0].rows} == {LATE, "customer service"}, "the last is nobody's in particular"
    with pytest.raises(NotAllowed):
        search("business_user", show="records")


def test_a_topic_that_does_not_exist_is_named_with_those_that_do(search: Search) -> None:
    with pytest.raises(UnknownName) as refused:
        search(topics=["the weather"])
    assert LATE in refused.value.try_instead


@pytest.mark.parametrize(
    "arguments",
    [
        {"about": "fit", "topics": ["x"]},
        {"show": "before_after"},
        {"changed_on": "2025-01-01"},
        {"show": "distinctive"},
        {"competitor": "x"},
        {"limit": 0},
        {"nonsense": 1},
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SearchFeedbackInput.model_validate(arguments)


def test_figures_over_texts_are_ordinary_questions(bakery: Warehouse, context_of: ContextOf, stored: duckdb.DuckDBPyConnection) -> None:
    query = MetricQuery.model_validate(
        {"metrics": ["negative_share"], "dimensions": [{"field": "feedback.topic"}, {"field": "feedback.created_at", "grain": "month"}]}
    )
    found = QueryMetrics().run(query, context_of(bakery))
    may = next(row for row in found.tables[0].rows if row[0] == LATE and str(row[1]) == "2025-05-01")
    n = count(stored, f"topic = '{LATE}' AND month(created_at) = 5")
    assert may[2] == pytest.approx(count(stored, f"topic = '{LATE}' AND month(created_at) = 5 AND sentiment_label = 'negative'") / n)
    assert found.grade is Grade.MODELLED


@pytest.mark.parametrize("damage", ["gone", "no vectors", "junk", "no index"])
def test_a_damaged_store_takes_nothing_but_the_feedback_away(damage: str, own_home: Path, context_of: ContextOf) -> None:
    with open_warehouse(str(BAKERY), home=own_home) as opened:
        folder = opened.data_folder / "stores" / "feedback"
        if damage == "gone":
            folder.rename(folder.with_name("elsewhere"))
        elif damage == "no vectors":
            (folder / "chroma" / "chroma.sqlite3").unlink()
        elif damage == "junk":
            (folder / "chroma" / "chroma.sqlite3").write_bytes(b"no database" * 500)
        else:
            (folder / "index.npz").unlink()
        with pytest.raises(NeedsPerson) as fault:
            SearchFeedback().run(SearchFeedbackInput(), context_of(opened))
        assert fault.value.public_code == "feedback_unavailable"
        assert "/" not in fault.value.message
        letters = QueryMetrics().run(MetricQuery.model_validate({"metrics": ["letters_sent"]}), context_of(opened))
        assert letters.tables[0].rows == ((70,),)


def test_a_customer_deleted_from_the_warehouse_is_gone_from_every_answer(own_home: Path, context_of: ContextOf) -> None:
    with open_warehouse(str(BAKERY), home=own_home) as opened:
        database = opened.data_folder / "warehouse.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute("DELETE FROM intelligence.feedback WHERE guest_id = 6")
        found = SearchFeedback().run(
            SearchFeedbackInput(show="records", about="parcel a day early", limit=50, quotes=5), context_of(opened)
        )
        assert all(row[1] != "letter:404" for table in found.tables for row in table.rows)


def test_a_second_refresh_embeds_nothing_and_keeps_the_topics(own_home: Path) -> None:
    settings, said = Settings(home=own_home), []

    def progress(step: str, _: float | None = None, /) -> None:
        said.append(step)

    def topics() -> list[dict[str, Any]]:
        with open_warehouse(str(BAKERY), home=own_home) as opened:
            return open_store(opened.data_folder).topics

    before, vectors = topics(), _vectors(own_home)
    assert refresh(settings, str(BAKERY), progress=progress).unchanged
    refresh(settings, str(BAKERY), progress=progress, force=True)
    assert not [step for step in said if step.startswith("Embedding")]
    assert (topics(), _vectors(own_home)) == (before, vectors)


def _vectors(home: Path) -> int:
    with sqlite3.connect(home / "warehouses" / "bakery" / "cache" / "feedback" / "all-minilm-l6-v2.sqlite") as connection:
        return int(connection.execute("SELECT count(*) FROM vector").fetchall()[0][0])


@pytest.mark.parametrize("force", [False, True])
def test_a_refresh_without_texts_leaves_them_as_they_are(force: bool, own_home: Path, context_of: ContextOf) -> None:
    report = refresh(Settings(home=own_home), str(BAKERY), progress=lambda _step, _fraction=None, /: None, force=force, texts=False)
    assert "feedback" not in [part.name for part in report.contributions]
    with open_warehouse(str(BAKERY), home=own_home) as opened:
        assert SearchFeedback().run(SearchFeedbackInput(), context_of(opened)).facts["total"] == 68
