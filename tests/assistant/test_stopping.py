"""The stop button: the query ends in the engine, and the next question is not touched."""

from __future__ import annotations

import threading
import time

from assistant import Assistant, Question, Status, Step
from assistant.stopping import Stop

HEAVY = "SELECT count(*) AS n FROM basket_lines a, basket_lines b WHERE a.quantity % 7 = b.quantity % 11"


def heavy() -> Question:
    return Question(text="(heavy)", plan=(Step(tool="free_sql", arguments={"sql": HEAVY}),))


def test_pressing_stop_ends_the_running_query_and_says_so(assistant: Assistant):
    stop = Stop()
    threading.Timer(0.4, stop.press).start()
    started = time.monotonic()
    answer = assistant.ask(heavy(), stop=stop)
    assert time.monotonic() - started < 3
    assert (answer.status, answer.error.code if answer.error else "") == (Status.FAILED, "cancelled")
    assert answer.headline == "The question was cancelled."


def test_a_question_stopped_before_its_query_runs_none(assistant: Assistant):
    stop = Stop()
    stop.press()
    answer = assistant.ask(heavy(), stop=stop)
    assert answer.error is not None
    assert answer.error.code == "cancelled"
    assert answer.steps == ()


def test_other_questions_go_on(assistant: Assistant):
    stop = Stop()
    stop.press()
    assistant.ask(heavy(), stop=stop)
    answer = assistant.ask(Question(text="", plan=(Step(tool="free_sql", arguments={"sql": "SELECT 1 AS one"}),)))
    assert answer.tables[0].rows == ((1,),)


def test_the_button_does_nothing_once_the_question_has_ended():
    stop, told = Stop(), []
    stop.then(lambda: told.append(1))
    stop.end()
    stop.press()
    assert not stop.is_pressed
    assert told == []
