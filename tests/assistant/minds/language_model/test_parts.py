"""The parts of the language-model mind on their own: limits, bridge, vault, prompts, look-ahead, cross-check."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

from assistant import Assistant
from assistant.minds.cross_check import check_plan
from assistant.minds.language_model.bridge import Abandoned, Bridge
from assistant.minds.language_model.endings import DeclineInput, decline
from assistant.minds.language_model.faults import classify, retry_after_s
from assistant.minds.language_model.limits import Breaker, Ledger, TurnTokens
from assistant.minds.language_model.masking import Vault, vault_for
from assistant.minds.look_ahead import Ahead, look_ahead
from assistant.prompts import load_prompt
from assistant.turn import Clarification, Decline, Done, MindContext, Question, Step
from tools.core.contract import Finding, Grade, Reading
from tools.core.errors import OurFault, SetupProblem, UnknownName

NOTHING = Finding(tool="t", tables=(), reading=Reading(sentence="s"), grade=Grade.GOVERNED, grade_reason="")
STEP = Step(tool="query_metrics", arguments={})


@pytest.fixture
def context(assistant: Assistant) -> MindContext:
    return MindContext(warehouse=assistant.warehouse, rights=assistant.rights_book.rights_for(None), as_of=assistant.warehouse.as_of)


# -- breaker and ledger --------------------------------------------------------------------------------------


def test_the_breaker_opens_after_failures_in_a_row_and_closes_after_one_success() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, cool_down_s=10, clock=lambda: now[0])
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.check()
    breaker.failed()
    with pytest.raises(OurFault, match="another 10 s"):
        breaker.check()
    now[0] = 10.5
    breaker.check()
    breaker.failed()
    with pytest.raises(OurFault):
        breaker.check()


@pytest.mark.parametrize(
    ("limit", "what"), [("tokens_per_turn", "this question"), ("tokens_per_thread", "this conversation"), ("tokens_per_day", "today")]
)
def test_each_token_limit_holds(limit: str, what: str) -> None:
    limits = {"tokens_per_turn": 1000, "tokens_per_thread": 1000, "tokens_per_day": 1000, limit: 50}
    ledger, turn = Ledger(**limits), TurnTokens()
    ledger.check(turn, "t")
    ledger.add(turn, "t", tokens_in=40, tokens_out=10)
    with pytest.raises(OurFault, match=what) as raised:
        ledger.check(turn, "t")
    assert raised.value.public_code == "model_budget"


def test_a_new_day_starts_the_count_anew() -> None:
    today = [dt.date(2026, 1, 1)]
    ledger = Ledger(tokens_per_turn=99, tokens_per_thread=99, tokens_per_day=10, today=lambda: today[0])
    ledger.add(TurnTokens(), None, tokens_in=10, tokens_out=5)
    with pytest.raises(OurFault):
        ledger.check(TurnTokens(), None)
    today[0] = dt.date(2026, 1, 2)
    ledger.check(TurnTokens(), None)


# -- bridge --------------------------------------------------------------------------------------------------


def drive(thinking: Generator[Step, Any, Any], answer: Any) -> list[Step]:
    steps = []
    try:
        step = next(thinking)
        while True:
            steps.append(step)
            step = thinking.throw(answer) if isinstance(answer, BaseException) else thinking.send(answer)
    except StopIteration:
        return steps


def test_a_call_in_another_thread_becomes_a_step_here() -> None:
    bridge = Bridge(deadline=time.monotonic() + 5)
    got: list[Any] = []
    assert drive(bridge.run(lambda: got.append(bridge.call(STEP))), NOTHING) == [STEP]
    assert got == [NOTHING]
    assert bridge.findings == [NOTHING]


def test_an_error_of_the_tool_is_raised_where_it_was_called() -> None:
    bridge = Bridge(deadline=time.monotonic() + 5)

    def work() -> None:
        with pytest.raises(UnknownName):
            bridge.call(STEP)

    drive(bridge.run(work), UnknownName("no such"))
    assert bridge.findings == []


def test_the_deadline_abandons_the_agent() -> None:
    bridge = Bridge(deadline=time.monotonic() + 0.1)
    ended = threading.Event()

    def work() -> None:
        time.sleep(0.3)
        with pytest.raises(Abandoned):
            bridge.call(STEP)
        ended.set()

    with pytest.raises(TimeoutError):
        drive(bridge.run(work), NOTHING)
    assert ended.wait(2)


def test_a_mind_that_is_closed_lets_its_agent_go() -> None:
    bridge = Bridge(deadline=time.monotonic() + 5)
    ended = threading.Event()

    def work() -> None:
        try:
            bridge.call(STEP)
        except Abandoned:
            ended.set()

    thinking = bridge.run(work)
    next(thinking)
    thinking.close()
    assert ended.wait(2)


def test_what_the_agent_says_arrives_before_it_ends() -> None:
    said: list[str] = []
    bridge = Bridge(deadline=time.monotonic() + 5, on_said=said.append)
    drive(bridge.run(lambda: bridge.say("One sentence. ")), NOTHING)
    assert said == ["One sentence. "]


# -- faults and prompts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "seconds"), [("3", 3.0), ("900", 60.0), ("soon", 0.5), (None, 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)]
)
def test_reads_retry_after(asked: str | None, seconds: float) -> None:
    error = Exception()
    error.response = SimpleNamespace(headers={"retry-after": asked} if asked else {})  # type: ignore[attr-defined]
    assert retry_after_s(error, default=0.5) == seconds


def test_a_fault_never_quotes_what_the_client_said() -> None:
    fault = classify(ValueError("Bearer secret and the whole request"))
    assert "secret" not in fault.error.message + fault.error.try_instead


def test_prompts_take_exactly_their_variables() -> None:
    with pytest.raises(SetupProblem, match="missing \\['details'\\]"):
        load_prompt("question", question="q")
    with pytest.raises(SetupProblem, match="unknown \\['extra'\\]"):
        load_prompt("question", question="q", details="d", extra="e")
    with pytest.raises(SetupProblem):
        load_prompt("no/such")


def test_a_variable_is_never_read_as_another_variable() -> None:
    filled = load_prompt("question", question="{{details}}", details="secret rules")
    assert filled.text.startswith("Question: {{details}}")


# -- vault -----------------------------------------------------------------------------------------------------


def test_values_travel_as_placeholders_and_come_back() -> None:
    vault = Vault(["Jane Doe", "Jane"])
    hidden = vault.hide("Jane Doe and jane wrote to x@y.example about +49 170 1234567 on 2017-03-01, 1 March 2017 to 31 March 2017")
    assert "Jane" not in hidden
    assert "@" not in hidden
    assert "1234567" not in hidden
    assert "2017-03-01, 1 March 2017 to 31 March 2017" in hidden
    assert vault.reveal({"a": ["[value 1]", 5, {"b": "[value 3]"}]}) == {"a": ["Jane Doe", 5, {"b": "x@y.example"}]}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Revenue of Jane Doe in March", ("Jane", "Doe")),
        ("What did household cust4711x buy in Q3?", ("cust4711x",)),
        ("Which departments grew in Q3 2017 from 25k to 35-44 on Monday?", ()),
        ("Show GROCERY and Produce", ()),
    ],
)
def test_words_written_as_names_do_not_leave(text: str, hidden: tuple[str, ...], context: MindContext) -> None:
    masked = vault_for(text, (), context).hide(text)
    assert all(word not in masked for word in hidden)
    assert masked == text or hidden


# -- look-ahead, cross-check, endings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "sure"),
    [
        ("Revenue by department in March 2017", Done, True),
        ("Profit margin by department", Decline, False),
        ("Revenue by flibbertigibbet in March 2017", (Done, Decline, Clarification), False),
    ],
)
def test_looks_ahead_without_running_anything(text: str, kind: Any, sure: bool, assistant: Assistant, context: MindContext) -> None:
    ahead = look_ahead(assistant.mind, Question(text=text), context)
    assert isinstance(ahead.outcome, kind)
    assert ahead.is_sure is sure


MARCH = {"start": "2017-03-01", "end": "2017-03-31"}
BY_DEPARTMENT = [{"field": "products.department"}]


@pytest.mark.parametrize(
    ("text", "arguments", "doubt"),
    [
        (
            "Top 5 departments by revenue in March 2017",
            {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "window": MARCH, "limit": 5},
            "",
        ),
        (
            "Top 5 departments by revenue in March 2017",
            {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "window": MARCH},
            "'5'",
        ),
        ("Visits by department in March 2017", {"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "window": MARCH}, "ask for visits"),
        ("Revenue by department in March 2017", {"metrics": ["revenue"], "window": MARCH}, "split the figures by department"),
        ("Revenue in April 2017", {"metrics": ["revenue"], "window": MARCH}, "another period"),
        ("Revenue of produce in March 2017", {"metrics": ["revenue"], "window": MARCH}, "kept only department PRODUCE"),
        ('Revenue of "Marmalade" in March 2017', {"metrics": ["revenue"], "window": MARCH}, "Marmalade"),
    ],
)
def test_a_plan_is_held_against_the_words(
    text: str, arguments: dict[str, Any], doubt: str, assistant: Assistant, context: MindContext
) -> None:
    ahead = look_ahead(assistant.mind, Question(text=text), context)
    check = check_plan(Question(text=text), [Step(tool="query_metrics", arguments=arguments)], ahead, context)
    said = " ".join([check.doubt or "", *check.caveats])
    assert (doubt in said) if doubt else said == ""


def test_a_decline_without_a_figure_keeps_its_reason() -> None:
    declined = decline(DeclineInput(reason="Nobody recorded the weather"), lambda _: True)
    assert declined.message == "Nobody recorded the weather."


def test_the_query_that_is_shown_must_match_and_not_one_on_the_way(assistant: Assistant, context: MindContext) -> None:
    question = Question(text="Revenue by department in March 2017")
    right = Step(tool="query_metrics", arguments={"metrics": ["revenue"], "dimensions": BY_DEPARTMENT, "window": MARCH})
    total = Step(tool="query_metrics", arguments={"metrics": ["revenue"]})
    ahead = look_ahead(assistant.mind, question, context)
    assert check_plan(question, [total, right], ahead, context).doubt is None
    strayed = check_plan(question, [right, total], ahead, context)
    assert strayed.doubt is not None
    assert [option.label for option in strayed.alternatives] == ["Revenue by department, March 2017, highest first"]


AGED = {"field": "demographics.age_band", "op": "in", "values": ["45-54"]}


@pytest.mark.parametrize(
    ("step", "doubt"),
    [
        (Step(tool="churn", arguments={"show": "customers", "filters": [AGED]}), None),
        (Step(tool="churn", arguments={"show": "customers"}), "A second reader would have kept only age band 45-54"),
        (Step(tool="lifetime_value", arguments={"filters": [AGED]}), "A second reader would have asked churn"),
    ],
)
def test_a_call_of_another_tool_is_held_against_the_sure_reading(step: Step, doubt: str | None, context: MindContext) -> None:
    reading = (Step(tool="churn", arguments={"show": "customers", "filters": [AGED]}),)
    ahead = Ahead(plans=(reading,), outcome=Done())
    check = check_plan(Question(text="Which households aged 45-54 are likely to leave?"), [step], ahead, context)
    assert check.doubt == doubt
    assert [option.plan for option in check.alternatives] == ([reading] if doubt else [])
