"""What the mind does with a question as a whole: outcomes, follow-ups, rights, the value index."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from thinking import after, query_of, think

from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.outcomes import nothing_meets
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import Clarification, Decline, Done, MindContext, Option, PastTurn, Step
from tools.core.contract import Column, Finding, Grade, Reading, Table
from tools.core.query.metric_query import Filter, MetricQuery, TimeWindow
from tools.core.semantics import SemanticModel

# -- guards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("   ", "empty"),
        ("income " * 1000, "too_long"),
        ("\x00\x01\x02\x03 income \x04\x05", "not_a_question"),
        ("売上を部門別に見せてください", "language"),
        ("Umsatz nach Standort im letzten Monat", "language"),
        ("drop table members", "write_request"),
        ("delete all members from Lyon", "write_request"),
        ("SELECT * FROM members;", "write_request"),
        ("email the top 10 members", "write_request"),
        ("hello there", "not_a_question"),
        ("who are you?", "not_a_question"),
        ("?!?!", "not_a_question"),
    ],
)
def test_turns_away_what_is_no_question(text: str, code: str, reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, text)
    assert step is None
    assert isinstance(outcome, Decline)
    assert outcome.code == code


@pytest.mark.parametrize(("text", "word"), [("how many members went away", "went"), ("how many members are gone", "gone")])
def test_all_people_are_no_answer_where_going_says_which(text: str, word: str, reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, text)
    assert step is None
    assert isinstance(outcome, Decline)
    assert outcome.unplaced == (word,)


def test_a_participle_before_a_figure_makes_another_figure_of_it(reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, "what was operating income in May")
    assert step is None
    assert isinstance(outcome, Decline)
    assert "operating income" in outcome.message


def test_a_decline_offers_questions_that_can_be_answered(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "profit by city")
    assert isinstance(outcome, Decline)
    assert outcome.message == "Costs are not in this data. Ask for income instead."
    assert outcome.nearest
    for follow_up in outcome.nearest:
        _, answered = think(reader, context, follow_up.question)
        assert isinstance(answered, Done)
        assert answered.doubt is None


# -- verified questions -----------------------------------------------------------------------------


def test_a_verified_question_runs_its_own_query_whatever_its_case_and_politeness(reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, "please tell me: what is our ALL-TIME income")
    assert query_of(step) == MetricQuery(metrics=("income",))
    assert outcome.verified_question == "income-total"


@pytest.mark.parametrize("question", ["What is our income in May 2024?", "What is our income in May?"])
def test_a_verified_question_with_another_window_is_read_anew(question: str, reader: QuestionReader, context: MindContext) -> None:
    """ "May" is a word of politeness as well."""
    step, outcome = think(reader, context, question)
    assert query_of(step).window is not None
    assert outcome.verified_question is None


# -- the account ------------------------------------------------------------------------------------


def test_an_unknown_word_makes_an_offer_that_names_it(reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, "income by city, frobnicated")
    assert step is not None
    assert isinstance(outcome, Done)
    assert outcome.doubt is not None
    assert "'frobnicated'" in outcome.doubt


@pytest.mark.parametrize(
    "text",
    ["checkout income by city", "income in Berlin", "income of studio 99", "bookings per spaceship", "average tariff of our members"],
)
def test_a_word_that_changes_the_question_is_never_outvoted(text: str, reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, text)
    assert step is None
    assert isinstance(outcome, Decline)


@pytest.mark.parametrize(
    "text",
    [
        "how many members have a dog",
        "how many members died last year",
        "members who smoke",
        "income of members that moved house",
        "how many pallets did we book in May 2024",
        "litres of yoga booked",
        "vegan yoga bookings",
        "bookings by city and postcode",
        "bookings by studio manager",
        "income against target by city",
        "who designed the Premium tariff?",
    ],
)
def test_an_unknown_word_that_carries_the_question_is_declined(text: str, reader: QuestionReader, context: MindContext) -> None:
    """The figure without it would be an answer to something else, so that it is not even offered."""
    step, outcome = think(reader, context, text)
    assert step is None
    assert isinstance(outcome, Decline)


def test_says_which_ordinary_words_it_left_out(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "what was honestly the income by city")
    assert isinstance(outcome, Done)
    assert outcome.doubt is None
    assert set(outcome.left_out) >= {"honestly"}


def test_digits_of_a_ranking_or_a_date_never_match_a_value(reader: QuestionReader, context: MindContext) -> None:
    step, _ = think(reader, context, "top 2 studios by income in 2023")
    query = query_of(step)
    assert query.filters == ()
    assert query.limit == 2


def test_a_window_outside_the_data_is_declined_with_where_the_data_ends(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "income in 2031")
    assert isinstance(outcome, Decline)
    assert "18 September 2024" in outcome.message


# -- asking back ------------------------------------------------------------------------------------


def test_asks_which_figure_when_only_the_figure_is_missing(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "how was May in Lyon?")
    assert isinstance(outcome, Clarification)
    assert 2 <= len(outcome.options) <= 5
    assert len({str(o.plan) for o in outcome.options}) == len(outcome.options)


def test_asks_average_per_what(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "average income in May 2024")
    assert isinstance(outcome, Clarification)
    metrics = [o.plan[0].arguments["metrics"][0] for o in outcome.options]
    assert metrics == [{"metric": "income_per_member"}, {"metric": "income", "per_grain": "day", "aggregate": "avg"}]


@pytest.mark.parametrize("text", ["average income per member in May 2024", "income of an average member", "average monthly income"])
def test_an_average_that_says_per_what_is_not_asked_about(text: str, reader: QuestionReader, context: MindContext) -> None:
    assert isinstance(think(reader, context, text)[1], Done)


@pytest.mark.parametrize(("text", "op"), [("how many members book often", "ge"), ("members who book yoga regularly", "ge")])
def test_asks_where_often_begins(text: str, op: str, reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, text)
    assert isinstance(outcome, Clarification)
    conditions = [o.plan[0].arguments["entity_conditions"][0] for o in outcome.options]
    assert all(c["metric"] == "bookings" and c["percentile"] and c.get("op", "ge") == op for c in conditions)


def test_asks_where_big_begins(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "how many big members are there")
    assert isinstance(outcome, Clarification)
    values = [o.plan[0].arguments["entity_conditions"][0].get("value") for o in outcome.options]
    assert values == [90.0, 75.0]


# -- follow-ups -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fragment", "changed"),
    [
        ("and by tariff?", {"dimensions": [{"field": "members.tariff"}]}),
        ("split that by tariff too", {"dimensions": [{"field": "studios.city"}, {"field": "members.tariff"}]}),
        ("by tariff instead", {"dimensions": [{"field": "members.tariff"}]}),
        ("what about June?", {"window": {"start": "2024-06-01", "end": "2024-06-30"}}),
        ("only card payments", {"filters": [{"field": "payments.method", "op": "in", "values": ["card"]}]}),
        ("without Lyon", {"filters": [{"field": "studios.city", "op": "not_in", "values": ["Lyon"]}]}),
        ("just the top 3", {"order": [{"by": "income"}], "limit": 3}),
        ("only above 500", {"having": [{"metric": "income", "op": "gt", "value": 500}]}),
        ("sorted the other way", {"order": [{"by": "income", "direction": "asc"}]}),
        ("and bookings?", {"metrics": ["bookings"]}),
        # Neither a value of the members nor a split makes a fragment count them: the figure before is carried over.
        (
            "only Basic, by tariff",
            {
                "dimensions": [{"field": "members.tariff"}],
                "filters": [{"field": "members.tariff", "op": "in", "values": ["Basic"]}],
            },
        ),
        ("compare that with the previous month", {"comparison": {"kind": "previous_period"}}),
        ("and how does that compare with last year?", {"comparison": {"kind": "same_period_last_year"}}),
        ("how did that change on the year before?", {"comparison": {"kind": "same_period_last_year"}}),
        ("and the year before?", {"window": {"start": "2023-05-01", "end": "2023-05-31"}}),
        ("and in 2023?", {"window": {"start": "2023-05-01", "end": "2023-05-31"}}),
        ("the whole quarter", {"window": {"start": "2024-04-01", "end": "2024-06-30"}}),
        ("leave out Lyon", {"filters": [{"field": "studios.city", "op": "not_in", "values": ["Lyon"]}]}),
        ("as percentages please", {"share": {}}),
        ("which one was highest?", {"order": [{"by": "income"}], "limit": 1}),
        ("only the first five", {"order": [{"by": "income"}], "limit": 5}),
        ("drop the split", {"dimensions": []}),
        ("sort by bookings instead", {"metrics": ["income", "bookings"], "order": [{"by": "bookings"}]}),
        ("bookings too", {"metrics": ["income", "bookings"]}),
        ("and over time?", {"dimensions": [{"field": "studios.city"}, {"field": "payments.paid_on", "grain": "day"}]}),
    ],
)
def test_a_fragment_edits_the_plan_before_it(fragment: str, changed: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    base: dict[str, Any] = {
        "metrics": ["income"],
        "dimensions": [{"field": "studios.city"}],
        "window": {"start": "2024-05-01", "end": "2024-05-31"},
    }
    first, _ = think(reader, context, "income by city in May 2024")
    assert query_of(first) == MetricQuery.model_validate(base)
    step, outcome = think(reader, after(context, first), fragment)
    assert query_of(step) == MetricQuery.model_validate(base | changed)
    assert isinstance(outcome, Done)
    assert outcome.carried_over


@pytest.mark.parametrize("text", ["Morning! how many bookings in May 2024", "Good morning all, how many bookings in May 2024?"])
def test_a_greeting_is_no_time_of_the_day(text: str, reader: QuestionReader, context: MindContext) -> None:
    step, _ = think(reader, context, text)
    assert query_of(step) == MetricQuery.model_validate({"metrics": ["bookings"], "window": {"start": "2024-05-01", "end": "2024-05-31"}})


def test_what_the_counted_do_is_never_taken_for_an_ordinary_word(reader: QuestionReader, context: MindContext) -> None:
    _, outcome = think(reader, context, "How many members work in Lyon?")
    doubt = outcome.message if isinstance(outcome, Decline) else outcome.doubt
    assert "work" in str(doubt)


def test_what_is_held_against_something_that_was_not_shown_is_confirmed(reader: QuestionReader, context: MindContext) -> None:
    first, _ = think(reader, context, "income in May 2024")
    step, outcome = think(reader, after(context, first), "versus Lyon")
    assert query_of(step).filters == (Filter(field="studios.city", op="in", values=("Lyon",)),)
    assert isinstance(outcome, Done)
    assert outcome.doubt is not None


def _cities(op: str, *values: str) -> dict[str, Any]:
    return {"filters": [{"field": "studios.city", "op": op, "values": list(values)}]}


@pytest.mark.parametrize(
    ("turns", "changed"),
    [
        (["only Lyon", "and Aix-en-Provence too"], _cities("in", "Lyon", "Aix-en-Provence")),
        (["only Lyon", "forget about Lyon"], {}),
        (["without Lyon", "and without Aix-en-Provence"], _cities("not_in", "Lyon", "Aix-en-Provence")),
        (["without Lyon", "put Lyon back in"], {}),
        (["compared with April", "drop the comparison"], {}),
        (["just the top 3", "by tariff"], {"dimensions": [{"field": "members.tariff"}], "order": [{"by": "income"}], "limit": 3}),
        (["just the top 3", "make it ten"], {"order": [{"by": "income"}], "limit": 10}),
        (["what about June 2023?", "and July?"], {"window": {"start": "2023-07-01", "end": "2023-07-31"}}),
    ],
)
def test_edits_add_up_over_several_turns(turns: list[str], changed: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    base = {"metrics": ["income"], "dimensions": [{"field": "studios.city"}], "window": {"start": "2024-05-01", "end": "2024-05-31"}}
    last, _ = think(reader, context, "income by city in May 2024")
    for turn in turns:
        last, _ = think(reader, after(context, last), turn)
    assert query_of(last) == MetricQuery.model_validate(base | changed)


def test_a_fragment_after_a_question_back_edits_every_reading_and_asks_again(reader: QuestionReader, context: MindContext) -> None:
    _, asked = think(reader, context, "how did we do in May 2024?")
    assert isinstance(asked, Clarification)
    past = PastTurn(question="", steps=(), sentence="", pending=asked.options)
    _, again = think(reader, replace(context, previous=past), "and in June?")
    assert isinstance(again, Clarification)
    assert {o.plan[0].arguments["window"]["start"] for o in again.options} == {"2024-06-01"}
    step, _ = think(reader, replace(context, previous=past), "the income")
    assert [m.metric for m in query_of(step).metrics] == ["income"]


def test_a_figure_that_is_replaced_is_no_figure_of_the_follow_up(reader: QuestionReader, context: MindContext) -> None:
    first, _ = think(reader, context, "income by city in May 2024")
    step, _ = think(reader, after(context, first), "now bookings instead of income")
    assert [m.metric for m in query_of(step).metrics] == ["bookings"]


def test_a_running_year_is_held_against_as_much_of_the_last_one(reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, context, "income this year compared to last year")
    comparison = query_of(step).comparison
    assert comparison is not None
    assert comparison.baseline == TimeWindow(period="last", unit="year", to_date=True)
    assert "last year is taken up to the same day, since this one is not over" in outcome.notes


def test_a_complete_question_inherits_nothing(reader: QuestionReader, context: MindContext) -> None:
    first, _ = think(reader, context, "income by city in May 2024")
    step, outcome = think(reader, after(context, first), "How many members booked yoga?")
    assert query_of(step).window is None
    assert isinstance(outcome, Done)
    assert outcome.carried_over == ()


# -- rights -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BlindTo:
    """Rights that deny one column."""

    column: str
    user: str = "someone"
    role: str = "restricted"
    policy_version: str = "1"

    def may_read(self, table: str, column: str) -> bool:
        return column != self.column


def test_values_of_a_field_that_may_not_be_read_are_not_recognised(model: SemanticModel, reader: QuestionReader) -> None:
    context = MindContext(warehouse=None, rights=BlindTo("city"), as_of=dt.date(2024, 9, 18))  # type: ignore[arg-type]
    tokens, _ = reader.tokens("bookings in Nice")
    from assistant.minds.embedded.assemble import interpret
    from assistant.minds.embedded.mind import may_read

    reading = interpret(tokens, reader.world(context.as_of), may_read(model, context.rights), lambda _: True)[0]
    assert reading.account.leftover == ("nice",)


# -- the value index --------------------------------------------------------------------------------


def test_the_value_index_survives_saving_and_finds_values_however_they_are_typed(tmp_path: Path) -> None:
    index = ValueIndex({"courses.kind": [("SPIN-CYCLE", 8), ("Dumbbells", 3)]}, {"studios.studio_id": [1, 12]})
    index.save(tmp_path / "values.json")
    loaded = ValueIndex.load(tmp_path / "values.json")
    assert [h.value for h in loaded.lookup(("spin", "cycle"))] == ["SPIN-CYCLE"]
    assert [h.value for h in loaded.lookup(("dumbbell",))] == ["Dumbbells"]
    assert loaded.key("studios.studio_id", "12") == 12
    assert loaded.key("studios.studio_id", "99") is None


def test_builds_the_index_from_what_the_model_lets_be_indexed(model: SemanticModel) -> None:
    asked: list[str] = []

    def fetch(sql: str) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return [("Basic", 3)] if "tariff" in sql else []

    index = ValueIndex.build(model, fetch)
    assert index.values_of("members.tariff") == ("Basic",)
    assert not any("joined_on" in sql or "weight" in sql for sql in asked)


# -- speed ------------------------------------------------------------------------------------------


def test_reading_takes_a_few_milliseconds(reader: QuestionReader, context: MindContext) -> None:
    text = "top 3 studios by income in Q2 without Lyon"
    think(reader, context, text)
    started = time.perf_counter()
    for _ in range(5):
        reader.readings(reader.tokens(text)[0], context)
    assert (time.perf_counter() - started) / 5 < 0.06


@pytest.mark.parametrize(
    "text",
    [
        "Which members matter most?",
        "good studios",
        "Is Lyon doing well?",
        "How engaged are our members?",
        "show strongest clients",
        "rank the studios by importance",
    ],
)
def test_asks_by_which_figure_something_is_judged(text: str, reader: QuestionReader, context: MindContext) -> None:
    outcome = think(reader, context, text)[1]
    assert isinstance(outcome, Clarification)
    assert len(outcome.options) >= 2


@pytest.mark.parametrize("text", ["How is income lately?", "recent income", "what were the recent bookings"])
def test_asks_since_when_lately_is(text: str, reader: QuestionReader, context: MindContext) -> None:
    outcome = think(reader, context, text)[1]
    assert isinstance(outcome, Clarification)
    assert len(outcome.options) == 3


TOP_FIVE = MetricQuery(
    metrics=("income",),  # type: ignore[arg-type]
    dimensions=({"field": "studios.city"},),  # type: ignore[arg-type]
    window={"start": "2024-05-01", "end": "2024-05-31"},  # type: ignore[arg-type]
    order=({"by": "income"},),  # type: ignore[arg-type]
    limit=5,
)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("make it ten", {"limit": 10}),
        ("and the month after that?", {"window": {"start": "2024-06-01", "end": "2024-06-30"}}),
        ("in total, not by city", {"dimensions": (), "order": (), "limit": None}),
        ("no, I meant bookings", {"metrics": ({"metric": "bookings"},), "order": ({"by": "bookings"},)}),
        ("bookings too", {"metrics": ({"metric": "income"}, {"metric": "bookings"})}),
        ("compared with April", {"comparison": {"kind": "window", "baseline": {"start": "2024-04-01", "end": "2024-04-30"}}}),
        ("the other way round", {"order": ({"by": "income", "direction": "asc"},)}),
        ("lowest first", {"order": ({"by": "income", "direction": "asc"},)}),
        ("cap it at 3", {"limit": 3}),
        ("include bookings", {"metrics": ({"metric": "income"}, {"metric": "bookings"})}),
        ("without the unknown ones", {"filters": ({"field": "studios.city", "op": "not_null"},)}),
        ("and the week after?", {"window": {"start": "2024-06-01", "end": "2024-06-07"}}),
        ("and in the same month last year?", {"window": {"start": "2023-05-01", "end": "2023-05-31"}}),
        ("June instead of May", {"window": {"start": "2024-06-01", "end": "2024-06-30"}}),
    ],
)
def test_a_fragment_edits_one_slot(text: str, changed: dict[str, Any], reader: QuestionReader, context: MindContext) -> None:
    steps = (Step(tool="query_metrics", arguments=TOP_FIVE.model_dump(mode="json", exclude_defaults=True)),)
    past = PastTurn(question="top five cities by income in May", steps=steps, sentence="")
    asked = MindContext(warehouse=context.warehouse, rights=None, as_of=context.as_of, previous=past)
    step, outcome = think(reader, asked, text)
    assert step is not None, outcome
    assert MetricQuery.model_validate(step.arguments) == MetricQuery.model_validate(TOP_FIVE.model_dump() | changed)


def just_shown(query: MetricQuery, context: MindContext) -> MindContext:
    """A conversation that has just shown this plan."""
    steps = (Step(tool="query_metrics", arguments=query.model_dump(mode="json", exclude_defaults=True)),)
    return MindContext(
        warehouse=context.warehouse, rights=None, as_of=context.as_of, previous=PastTurn(question="", steps=steps, sentence="")
    )


def test_another_value_or_period_goes_into_the_condition_that_has_one(reader: QuestionReader, context: MindContext) -> None:
    counted = think(reader, context, "How many members booked yoga in March?")[0]
    assert counted is not None
    past = just_shown(MetricQuery.model_validate(counted.arguments), context)
    boxing = MetricQuery.model_validate(think(reader, past, "and boxing?")[0].arguments)  # type: ignore[union-attr]
    assert [c.filters[0].values for c in boxing.entity_conditions] == [("Boxing",)]
    assert not boxing.filters
    april = MetricQuery.model_validate(think(reader, past, "what about April?")[0].arguments)  # type: ignore[union-attr]
    assert april.window is None
    assert [c.window.start for c in april.entity_conditions if c.window is not None] == [dt.date(2024, 4, 1)]


def test_only_under_an_age_is_of_the_ages_that_are_shown(reader: QuestionReader, context: MindContext) -> None:
    by_age = MetricQuery.model_validate({"metrics": ["income"], "dimensions": [{"field": "members.age_group"}]})
    step = think(reader, just_shown(by_age, context), "only under 45")[0]
    assert step is not None
    assert MetricQuery.model_validate(step.arguments).filters == (Filter(field="members.age_group", op="in", values=("18-29", "30-44")),)


def test_how_many_were_one_group_is_one_number(reader: QuestionReader, context: MindContext) -> None:
    by_kind = MetricQuery.model_validate({"metrics": ["bookings"], "dimensions": [{"field": "courses.kind"}]})
    step = think(reader, just_shown(by_kind, context), "and how many were yoga?")[0]
    assert step is not None
    asked = MetricQuery.model_validate(step.arguments)
    assert (asked.dimensions, asked.filters) == ((), (Filter(field="courses.kind", op="in", values=("YOGA",)),))


def test_most_of_it_is_ranked_by_the_figure_before(reader: QuestionReader, context: MindContext) -> None:
    bookings = MetricQuery.model_validate({"metrics": ["bookings"], "window": {"start": "2024-05-01", "end": "2024-05-31"}})
    step = think(reader, just_shown(bookings, context), "which three cities caused the most of it?")[0]
    assert step is not None
    asked = MetricQuery.model_validate(step.arguments)
    assert ([m.metric for m in asked.metrics], asked.order[0].by, asked.limit) == (["bookings"], "bookings", 3)
    assert asked.window == bookings.window


def test_the_only_figure_cannot_be_dropped(reader: QuestionReader, context: MindContext) -> None:
    step, outcome = think(reader, just_shown(TOP_FIVE, context), "drop the income")
    assert step is None
    assert isinstance(outcome, Decline)
    assert "nothing left" in outcome.message


def test_them_are_those_who_were_counted(reader: QuestionReader, context: MindContext) -> None:
    counted = think(reader, context, "How many members booked yoga in March?")[0]
    assert counted is not None
    past = PastTurn(question="", steps=(counted,), sentence="")
    asked = MindContext(warehouse=context.warehouse, rights=None, as_of=context.as_of, previous=past)
    step, _ = think(reader, asked, "How many of them booked boxing that month?")
    assert step is not None
    conditions = MetricQuery.model_validate(step.arguments).entity_conditions
    assert [c.filters[0].values for c in conditions] == [("YOGA",), ("Boxing",)]
    assert {c.window for c in conditions} == {conditions[0].window}


def test_an_offer_can_be_gone_on_from(reader: QuestionReader, context: MindContext) -> None:
    plan = (Step(tool="query_metrics", arguments={"metrics": ["income"], "window": {"start": "2024-05-01", "end": "2024-05-31"}}),)
    past = PastTurn(question="", steps=(), sentence="", pending=(Option(label="Yes", plan=plan),))
    asked = MindContext(warehouse=context.warehouse, rights=None, as_of=context.as_of, previous=past)
    step, _ = think(reader, asked, "and by city?")
    assert step is not None
    assert step.arguments == {
        "metrics": [{"metric": "income"}],
        "dimensions": [{"field": "studios.city"}],
        "window": plan[0].arguments["window"],
    }


def test_conditions_that_nothing_meets_together_are_confirmed() -> None:
    def found(*cells: object) -> Finding:
        column = Column(name="income", type="number", role="metric")
        table = Table(title="", columns=(column,), rows=tuple((cell,) for cell in cells))  # type: ignore[misc]
        return Finding(tool="query_metrics", tables=(table,), reading=Reading(sentence=""), grade=Grade.GOVERNED, grade_reason="")

    one = Filter(field="members.tariff", op="in", values=("Gold",))
    two = Filter(field="studios.city", op="in", values=("Bern",))
    both = MetricQuery.model_validate({"metrics": ["income"], "filters": (one, two)})
    assert nothing_meets(both, found(None)) is not None
    assert nothing_meets(both, found()) is not None
    assert nothing_meets(both, found(12.5)) is None
    assert nothing_meets(both, found(0)) is None
    assert nothing_meets(both, None) is None
    assert nothing_meets(MetricQuery.model_validate({"metrics": ["income"], "filters": (one,)}), found(None)) is None
