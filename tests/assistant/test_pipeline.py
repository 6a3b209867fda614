"""From a question to an explained answer, on the real warehouse."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Question, Settings, Status, Step, build
from assistant.turn import Done, MindContext, Thinking
from tools.core.errors import UnknownName

ANSWER_KEYS = {
    "id", "question", "status", "headline", "text", "interpretation", "plan", "confidence", "trust", "steps", "tables", "charts", "quotes",
    "checks", "caveats", "follow_ups", "options", "proof", "usage", "mind", "as_of", "data_version", "policy_version", "receipt_id",
    "elapsed_ms", "error",
}  # fmt: skip


def ask(assistant: Assistant, text: str, **more: object) -> Answer:
    return assistant.ask(Question(text=text, **more))  # type: ignore[arg-type]


def test_a_number_comes_with_its_reading_trust_checks_and_sql(assistant: Assistant):
    answer = ask(assistant, "total revenue in 2017")
    assert answer.status is Status.ANSWERED
    assert answer.headline == "Revenue was $4,594,146.32 in 2017."
    assert answer.reading is not None
    assert (answer.reading.window.start, answer.reading.window.end) == (dt.date(2017, 1, 1), dt.date(2017, 12, 31))  # type: ignore[union-attr]
    assert answer.trust is not None
    assert answer.trust.grade == "governed"
    assert answer.steps[0].sql[0].sql.startswith(("SELECT", "WITH"))
    assert answer.tables[0].rows == ((4594146.32,),)
    assert answer.as_of == dt.date(2017, 12, 31)


def test_the_json_has_exactly_the_agreed_keys_in_every_outcome(assistant: Assistant):
    for text in ("revenue by month in 2017", "what is our profit margin?", "", "x" * 10_000, "\x00\x01"):
        assert set(ask(assistant, text).to_json()) == ANSWER_KEYS


def test_the_headline_number_is_the_one_in_the_table(assistant: Assistant):
    answer = ask(assistant, "top 5 departments by revenue in 2017")
    assert answer.tables[0].rows[0][0] == "GROCERY"
    assert f"{answer.tables[0].rows[0][1]:,.2f}" in answer.headline


def test_every_next_question_gets_an_answer(assistant: Assistant):
    for text in ("revenue by department in 2017", "visits by month in 2017", "revenue in March 2017"):
        for follow_up in ask(assistant, text).follow_ups:
            assert ask(assistant, follow_up.question).status is Status.ANSWERED, follow_up.question


def test_every_starter_gets_an_answer(assistant: Assistant):
    starters = assistant.starters()
    assert len(starters) >= 4
    for starter in starters:
        assert ask(assistant, starter.question).status is Status.ANSWERED, starter.question


def test_what_the_data_does_not_hold_is_declined_without_a_number(assistant: Assistant):
    answer = ask(assistant, "what is our profit margin by store?")
    assert answer.status is Status.DECLINED
    assert answer.tables == ()
    assert answer.error is not None
    assert answer.error.code == "absent_concept"
    assert "computed" not in answer.text  # It will not come with a refresh either.


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00\x07", "x" * 10_000, "¿Cuántos clientes compraron en marzo?", "'; DROP TABLE households; --"]
)
def test_bad_input_is_declined_with_something_to_do(assistant: Assistant, text: str):
    answer = ask(assistant, text)
    assert answer.status is Status.DECLINED
    assert answer.error is not None
    assert answer.error.code
    assert answer.error.try_instead


def test_a_follow_up_edits_the_plan_before(assistant: Assistant):
    ask(assistant, "revenue in March 2017", thread="edit", id="a")
    answer = ask(assistant, "and in April?", thread="edit", id="b")
    assert answer.status is Status.ANSWERED
    assert answer.tables[0].rows == ask(assistant, "revenue in April 2017").tables[0].rows
    assert answer.carried_over


def test_threads_do_not_mix(assistant: Assistant):
    ask(assistant, "revenue in March 2017", thread="one")
    assert ask(assistant, "and in April?", thread="two").status is not Status.ANSWERED


def test_a_clicked_plan_runs_without_being_read(assistant: Assistant):
    plan = (Step(tool="query_metrics", arguments={"metrics": ["visits"]}),)
    answer = ask(assistant, "(clicked)", plan=plan)
    assert answer.tables[0].rows == ((155762,),)


class OfferingMind:
    """Is never quite sure."""

    name = "offering"

    def think(self, question: Question, context: MindContext) -> Thinking:
        yield Step(tool="query_metrics", arguments={"metrics": ["visits"]})
        return Done(doubt="I could not place 'glorpy'")


def test_an_offer_shows_its_rows_but_no_number_in_the_headline_and_yes_accepts_it(assistant: Assistant):
    offering = dataclasses.replace(assistant, mind=OfferingMind())
    offered = ask(offering, "glorpy visits", thread="offer")
    assert offered.status is Status.OFFERED
    assert offered.headline.startswith("Did you mean")
    assert "155,762" not in offered.headline
    accepted = ask(offering, "yes", thread="offer")
    assert accepted.status is Status.ANSWERED
    assert accepted.tables[0].rows == offered.tables[0].rows == ((155762,),)


def test_a_plan_with_an_unknown_metric_is_declined_with_a_suggestion(assistant: Assistant):
    answer = ask(assistant, "x", plan=(Step(tool="query_metrics", arguments={"metrics": ["revenu"]}),))
    assert answer.status is Status.DECLINED
    assert answer.error is not None
    assert answer.error.code == "unknown_name"
    assert "revenue" in answer.text


def test_an_unknown_tool_lists_those_there_are(assistant: Assistant):
    answer = ask(assistant, "x", plan=(Step(tool="send_email", arguments={}),))
    assert answer.error is not None
    assert "query_metrics" in answer.error.try_instead


def test_an_unknown_user_is_refused(assistant: Assistant):
    answer = ask(assistant, "revenue in 2017", user="mallory")
    assert answer.status is Status.REFUSED
    assert answer.tables == ()


def test_a_full_disk_costs_the_memory_and_not_the_answer(settings: Settings, tmp_path: Path):
    built = build(settings)
    try:
        built.conversations.close()
        built.conversations._db = _ClosedDb()  # type: ignore[assignment]
        answer = built._remember(Question(text="q", thread="t"), Answer(id="1", question="q", status=Status.ANSWERED))
        assert any("could not be saved" in caveat for caveat in answer.caveats)
    finally:
        built.warehouse.close()


class _ClosedDb:
    """What a disk without space looks like to the store."""

    def __enter__(self) -> None:
        import sqlite3

        raise sqlite3.OperationalError("database or disk is full")

    def __exit__(self, *_: object) -> None: ...


class RepairingMind:
    """Plans wrongly first, and again when told what was wrong."""

    name = "repairing"

    def think(self, question: Question, context: MindContext) -> Thinking:
        try:
            yield Step(tool="query_metrics", arguments={"metrics": ["revenu"]})
        except UnknownName:
            yield Step(tool="query_metrics", arguments={"metrics": ["revenue"]})
        return Done()


def test_a_mind_may_mend_its_plan(assistant: Assistant):
    repairing = dataclasses.replace(assistant, mind=RepairingMind())
    assert ask(repairing, "anything").status is Status.ANSWERED


class BrokenMind:
    name = "broken"

    def think(self, question: Question, context: MindContext) -> Thinking:
        raise ZeroDivisionError("@".join(("secret", "example.com")))
        yield


def test_an_unforeseen_fault_is_an_apology_with_a_trace_and_never_the_exceptions_text(
    assistant: Assistant, caplog: pytest.LogCaptureFixture
):
    answer = ask(dataclasses.replace(assistant, mind=BrokenMind()), "anything")
    assert answer.status is Status.FAILED
    assert answer.error is not None
    assert answer.error.code == "internal_error"
    assert "trace" in answer.headline
    assert "secret@example.com" not in caplog.text + str(answer.to_json())


def test_undo_answers_the_question_before_the_last_again(assistant: Assistant):
    ask(assistant, "revenue in March 2017", thread="undo")
    ask(assistant, "revenue in April 2017", thread="undo")
    again = ask(assistant, "undo", thread="undo")
    assert again.question == "revenue in March 2017"
    assert again.tables[0].rows == ask(assistant, "revenue in March 2017").tables[0].rows
    assert ask(assistant, "and by department?", thread="undo").reading.window.start == dt.date(2017, 3, 1)  # type: ignore[union-attr]


def test_undo_of_the_only_question_says_so(assistant: Assistant):
    ask(assistant, "revenue in March 2017", thread="undo-one")
    assert ask(assistant, "undo", thread="undo-one").headline == "That is undone: there is no question before it."


def test_start_over_carries_nothing_over(assistant: Assistant):
    ask(assistant, "revenue in March 2017", thread="over")
    assert ask(assistant, "start over", thread="over").headline.startswith("Started over")
    assert ask(assistant, "and by department?", thread="over").status is not Status.ANSWERED


def test_a_new_topic_carries_nothing_over_and_says_so(assistant: Assistant):
    ask(assistant, "revenue of produce in March 2017", thread="topic")
    answer = ask(assistant, "How many stores do we have?", thread="topic")
    assert answer.carried_over == ()
    assert any("new question" in caveat for caveat in answer.caveats)


def test_a_fragment_after_a_question_without_an_answer_is_only_offered(assistant: Assistant):
    """It may go on from the question that was declined, and not from the figure before."""
    assistant.ask(Question(text="What was revenue in April 2017?", thread="missed"))
    assert assistant.ask(Question(text="revenue of the moon colonies in April 2017", thread="missed")).status is Status.DECLINED
    answer = assistant.ask(Question(text="and in May?", thread="missed"))
    assert answer.status is Status.OFFERED
    assert "moon colonies" in answer.text
