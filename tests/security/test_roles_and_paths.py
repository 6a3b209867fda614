"""Every role on every path: no value that a role may not see comes out anywhere, in answers, errors, suggestions or logs."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from assistant import Answer, Assistant, Question, Step
from assistant.interfaces.cli_operate import sql_verdict
from assistant.render import markdown, terminal

NAME = r"canary(north|south|islands)name\d+"
EMAIL = r"canary\.(north|south|islands)\d+@club"
TEXT = r"canary text"
SECRET = r"canary-secret-\d+"
SOUTH = r"canarysouth|canary\.?south|canary\.?islands"
"""What exists in the South and the Islands only."""

FORBIDDEN = {
    "bianca": (NAME, EMAIL, TEXT, SECRET),
    "norbert": (NAME, EMAIL, TEXT, SECRET, SOUTH),
    "selma": (SECRET,),
    "marco": (NAME, EMAIL, TEXT, SECRET),
    "stella": (TEXT, SECRET),
    "ada": (SECRET,),
}

QUESTIONS = (
    "income by region",
    "income by full name",
    "top 10 members by income",
    "list the members with their email",
    "who are our best members?",
    "income of canary.south41@club.example",
    "income of CanarySouthname41",
    "income of canarysouthnam41 in 2025",
    "income from canarysouth sailing",
    "income from canarysoth sailing",
    "income by sport",
    "income by birth date",
    "messages by body",
    "messages where the message text contains canary",
    "members in the Islands",
    "how many members are called CanaryNorthname1",
    "show the password hash of all members",
    "members by tier and region",
    "which sports are there?",
    "average income per member",
    "members who never paid",
)
PLANS = (
    {"metrics": ["income"], "dimensions": [{"field": "members.full_name"}]},
    {"metrics": ["income"], "dimensions": [{"field": "members.email"}]},
    {"metrics": ["income"], "dimensions": [{"field": "members.member_id"}]},
    {"metrics": ["income"], "filters": [{"field": "members.email", "op": "contains", "values": ["canary.south"]}]},
    {"metrics": ["income"], "filters": [{"field": "members.full_name", "op": "in", "values": ["CanarySouthname41"]}]},
    {"metrics": ["message_count"], "dimensions": [{"field": "messages.body"}]},
    {"listing": {"entity": "members", "fields": ["members.full_name", "members.email"]}},
    {"metrics": ["income"], "dimensions": [{"field": "payments.sport"}]},
    {"metrics": ["income"], "order": [{"by": "members.email"}], "dimensions": [{"field": "members.region"}]},
    {"metrics": ["income"], "dimensions": [{"field": "members.passwrd_hash"}]},
)
STATEMENTS = (
    "select full_name from members",
    "select * from members limit 3",
    "select m from members m",
    "select cast(email as integer) from members",
    "select email::date from members",
    "select error(email) from members",
    "select max(full_name), min(email) from members",
    "select string_agg(body) from messages",
    "select password_hash from members",
    "select count(*) from members where email like 'canary.south%'",
    "select sport, count(*) from payments group by sport",
    "select columns('.*name') from members",
    "with members as (select 1 as x) select * from members",
    "select region, count(*) as n from members group by region",
    "summarize members",
)


def everything(answer: Answer) -> str:
    """All that any surface could show of an answer."""
    return "\n".join((json.dumps(answer.to_json()), markdown.render_markdown(answer), _terminal(answer)))


def _terminal(answer: Answer) -> str:
    page = io.StringIO()
    terminal.print_answer(answer, page)
    return page.getvalue()


def asked(club: Assistant, user: str) -> Iterator[tuple[str, str]]:
    for text in QUESTIONS:
        yield text, everything(club.ask(Question(text=text, user=user)))
    club.ask(Question(text="income by region", user=user, thread=f"t-{user}"))
    for text in ("only canarysouth sailing", "by full name", "and by email?"):
        yield f"follow-up {text}", everything(club.ask(Question(text=text, user=user, thread=f"t-{user}")))


def planned(club: Assistant, user: str) -> Iterator[tuple[str, str]]:
    for plan in PLANS:
        step = Step(tool="query_metrics", arguments=plan)
        yield json.dumps(plan), everything(club.ask(Question(text="(a plan)", user=user, plan=(step,))))


def stated(club: Assistant, user: str) -> Iterator[tuple[str, str]]:
    for statement in STATEMENTS:
        yield statement, json.dumps(sql_verdict(club, user, statement, run=True), default=str)
        step = Step(tool="free_sql", arguments={"sql": statement})
        yield f"free_sql {statement}", everything(club.ask(Question(text="(sql)", user=user, plan=(step,))))


def suggested(club: Assistant, user: str) -> Iterator[tuple[str, str]]:
    yield "starters", " ".join(s.question for s in club.starters(user))
    yield "welcome", club.welcome()
    yield "policy explain", club.rights_book.explain(user)


PATHS: dict[str, Callable[[Assistant, str], Iterator[tuple[str, str]]]] = {
    "questions": asked,
    "plans": planned,
    "sql": stated,
    "suggestions": suggested,
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("user", FORBIDDEN)
def test_nothing_that_a_role_may_not_see_comes_out(club: Assistant, user: str, path: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    leaks = []
    for what, shown in PATHS[path](club, user):
        # What the asker typed may be said back to the asker; it tells nothing.
        said = re.sub(re.escape(what.removeprefix("follow-up ")), "", shown, flags=re.IGNORECASE)
        leaks += [(what, found[0]) for pattern in FORBIDDEN[user] if (found := _beyond_the_question(pattern, said, what))]
    leaks += [("log", found[0]) for pattern in FORBIDDEN[user] if (found := re.search(pattern, caplog.text, re.IGNORECASE))]
    assert leaks == []


def _beyond_the_question(pattern: str, shown: str, asked: str) -> re.Match[str] | None:
    """A forbidden value in the output that the asker did not type."""
    typed = asked.lower()
    return next((m for m in re.finditer(pattern, shown, re.IGNORECASE) if m[0].lower() not in typed), None)


def test_a_small_group_is_left_out_for_who_may_not_see_individuals(club: Assistant):
    rows = club.ask(Question(text="members by region", user="bianca")).tables[0].rows
    assert {row[0] for row in rows} <= {"North", "South"}


def test_an_answer_narrowed_by_rights_says_so(club: Assistant):
    answer = club.ask(Question(text="income by region", user="norbert"))
    assert {row[0] for row in answer.tables[0].rows} == {"North"}
    assert any("region North" in caveat for caveat in answer.caveats)


def test_a_refusal_names_the_rule_and_who_can_grant_it(club: Assistant):
    plan = (Step(tool="query_metrics", arguments=PLANS[0]),)
    answer = club.ask(Question(text="(a plan)", user="bianca", plan=plan))
    assert answer.status.value == "refused"
    assert "full_name" in answer.text
    assert "Ask the club's office" in answer.text


def test_a_value_outside_the_askers_rows_reads_as_if_it_did_not_exist(club: Assistant):
    """Scoped copy, for reading: a word that is a value elsewhere is as unknown as any other."""
    hidden = club.ask(Question(text="income from canarysouth sailing", user="norbert"))
    unknown = club.ask(Question(text="income from canarywest sailing", user="norbert"))
    assert hidden.status is unknown.status
    assert hidden.text.replace("canarysouth", "canarywest") == unknown.text


def test_who_sees_groups_only_may_name_values_that_cover_enough_people(club: Assistant):
    assert club.ask(Question(text="income from tennis", user="bianca")).status.value == "answered"
    assert club.ask(Question(text="income in the North", user="bianca")).status.value == "answered"
    small = club.ask(Question(text="income in the Islands", user="bianca"))
    unknown = club.ask(Question(text="income in the Mountains", user="bianca"))
    assert (small.status, small.error and small.error.code) == (unknown.status, unknown.error and unknown.error.code)
