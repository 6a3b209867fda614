"""A chat over hand-made answers, for tests of the page alone: python stand_in_server.py HOME PORT."""

from __future__ import annotations

import datetime as dt
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from assistant.edits import Chip
from assistant.interfaces.server import claim_port, run
from assistant.news import News, NewsItem
from assistant.settings import Settings
from assistant.turn import Answer, Chart, Fault, FollowUp, Option, Question, RanStep, Status, Step, Suggestion, Trust
from tools.core.contract import Check, Column, DateSpan, ExecutedSql, Reading, Table
from tools.core.errors import NotAllowed
from tools.core.sql_guard import Rights

PLAN = (Step(tool="query_metrics", arguments={"metrics": ["revenue"]}),)
HOSTILE = "<img src=http://outside.example/x.png> [link](http://outside.example) | ![i](http://outside.example/y.png)"
DEPARTMENTS = ("GROCERY", "DRUG GM", "PRODUCE", "MEAT", "DELI", HOSTILE, None)
LAST_DAY = dt.date(2017, 12, 31)


def by_department() -> Table:
    return Table(
        title="Revenue by department",
        columns=(
            Column(name="department", type="string", label="department"),
            Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money"),
        ),
        rows=tuple((name, 2_316_393.9 / (i + 1) ** 2) for i, name in enumerate(DEPARTMENTS)),
    )


def by_month() -> Table:
    return Table(
        title="Revenue by month",
        columns=(
            Column(name="month", type="date", label="month", grain="month", format="date"),
            Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money"),
        ),
        rows=tuple((dt.date(2017, m, 1), 300_000.0 + 20_000 * m) for m in range(1, 13)),
    )


def total() -> Table:
    column = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money")
    return Table(title="Revenue", columns=(column,), rows=((4_594_621.27,),))


def answered(question: Question, table: Table, kind: str, headline: str) -> Answer:
    return Answer(
        id="a1",
        question=question.text,
        status=Status.ANSWERED,
        headline=headline,
        text=headline,
        reading=Reading(
            sentence=f"{table.title}, 2017, highest first",
            window=DateSpan(start=dt.date(2017, 1, 1), end=LAST_DAY, label="2017"),
            as_of=LAST_DAY,
        ),
        plan=PLAN,
        trust=Trust(grade="governed", reason="Compiled from the semantic model."),
        steps=(
            RanStep(
                tool="query_metrics",
                arguments={},
                sql=(
                    ExecutedSql(
                        sql="SELECT department, SUM(sales_value) AS revenue\nFROM basket_lines\nGROUP BY 1", row_count=7, elapsed_ms=9
                    ),
                ),
                row_count=7,
                elapsed_ms=9.0,
            ),
        ),
        tables=(table,),
        charts=(Chart(kind=kind, title=table.title, table=0, x=table.columns[0].name, y=("revenue",)),),
        checks=(Check(name="Parts sum to the total", passed=True, detail="7 groups add up to the total."),),
        definitions=(("revenue", "What customers paid, after discounts, all lines."),),
        caveats=("The data ends on 31 December 2017.",),
        follow_ups=(FollowUp(label="By month", question="Revenue by month in 2017"), FollowUp(label="Visits", question="How many visits?")),
        mind="embedded",
        data_version="000001",
        elapsed_ms=42.0,
    )


ROLES = {"local": "steward", "ana": "steward", "ben": "manager"}


def rights_of(user: str | None) -> Rights:
    """A steward sees individuals and may write SQL, a manager neither; `narrowed` in the home folder takes the stewards' right away."""
    name = user or "local"
    if name not in ROLES:
        raise NotAllowed("This user has no role here.", try_instead="The operator adds the user.")
    steward = ROLES[name] == "steward" and not Path("narrowed").exists()
    return Rights(
        user=name,
        role=ROLES[name],
        policy_version="1",
        columns={"sales": frozenset({"revenue"})},
        min_group_size=0 if steward else 5,
        may_list_individuals=steward,
        free_sql=steward,
    )


class StandIn:
    """Answers by what the question contains."""

    warehouse = SimpleNamespace(
        name="stand-in",
        data_version="000001",
        as_of=LAST_DAY,
        generation=1,
        model=SimpleNamespace(datasets={}, settings=SimpleNamespace(customer=None)),
    )
    rights_book = SimpleNamespace(rights_for=lambda user: rights_of(user))
    mind = SimpleNamespace(name="embedded")
    minds = {"embedded": mind}  # noqa: RUF012
    tools: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.last: dict[str | None, str] = {}
        self.stopped: list[str] = []
        self.conversations = SimpleNamespace(forget_since=lambda asked_at, *, thread, user: self.last.pop(thread, None))

    def chips(self, plan: tuple[Step, ...], _user: str | None) -> tuple[Chip, ...]:
        choices = (Option(label="Last month", plan=PLAN), Option(label="All of the data", plan=PLAN))
        return (Chip(kind="window", name="Time window", label="2017", choices=choices),) if plan else ()

    def complete(self, typed: str, _user: str | None) -> tuple[Suggestion, ...]:
        known = ("Revenue by department in 2017", "Revenue by month in 2017")
        return tuple(Suggestion(text=q, label=q, kind="question") for q in known if q.lower().startswith(typed.lower()))

    def news(self, _user: str | None, *, since: dt.date | None) -> News:
        return News(
            title="December 2017",
            items=(NewsItem(text="Revenue rose by 5%.", question="Revenue by month in 2017", rose=True, is_good=True),),
        )

    def waiting(self) -> None:
        """Everything is computed."""

    def welcome(self) -> str:
        return "Ask about 2,469 households and their shopping in 2017."

    def starters(self, _user: str | None) -> tuple[FollowUp, ...]:
        questions = ("Revenue by department in 2017", "Revenue by month in 2017")
        return tuple(FollowUp(label=q, question=q) for q in questions)

    def close(self) -> None:
        pass

    def ask(self, question: Question, *, progress: Any = print, say: Any = print, stop: Any = None) -> Answer:
        return replace(self._ask(question, progress, say, stop), id=question.id)

    def _ask(self, question: Question, progress: Any, say: Any, stop: Any) -> Answer:
        before, self.last[question.thread] = self.last.get(question.thread), question.text
        for step in ("Reading the question", "Running the query", "Checking the result"):
            progress(step)
            time.sleep(0.03)
        text = question.text.lower()
        if question.plan:
            return answered(question, by_department(), "bar", "The chosen plan ran: GROCERY has the highest revenue.")
        if "before" in text:
            return answered(question, by_month(), "line", f"Before this you asked: {before}.")
        if "department" in text:
            return answered(question, by_department(), "bar", f"GROCERY has the highest revenue: $2,316,393.90; last is {HOSTILE}.")
        if "month" in text:
            return answered(question, by_month(), "line", "Revenue went from $320,000.00 in Jan 2017 to $540,000.00 in Dec 2017.")
        return self._no_answer(question, text, say, stop)

    def _no_answer(self, question: Question, text: str, say: Any, stop: Any) -> Answer:
        if "splendid" in text:
            return Answer(
                id="a2",
                question=question.text,
                status=Status.OFFERED,
                headline="Did you mean: Revenue by department, 2017?",
                text="I could not place “splendid”. If so: the table below.",
                reading=Reading(sentence="Revenue by department, 2017"),
                plan=PLAN,
                tables=(total(),) if "total" in text else (by_department(),),
                follow_ups=self.starters(None) if "total" in text else (),
                options=(Option(label="Yes, that is what I meant", plan=PLAN),),
            )
        if "best" in text:
            return Answer(
                id="a3",
                question=question.text,
                status=Status.NEEDS_CLARIFICATION,
                headline="What should “best” mean?",
                options=(Option(label="By revenue", plan=PLAN), Option(label="By visits", plan=PLAN)),
            )
        if "crash" in text:
            raise RuntimeError(f"a secret value {4700 + 11}")
        if "spoken" in text:
            say("GROCERY leads with $2,316,393.90.")
            time.sleep(1.5)
            return answered(question, by_department(), "bar", "GROCERY leads with $2,316,393.90.")
        if "endless" in text:
            while not stop.is_pressed:
                time.sleep(0.02)
            self.stopped.append(question.text)
        if "which were stopped" in text:
            return answered(question, by_month(), "line", f"Stopped: {', '.join(self.stopped)}.")
        if "slow" in text:
            time.sleep(1.5)
            message, hint = "That took longer than 5 seconds and was stopped.", "Ask for a shorter time."
            fault = Fault(code="query_too_heavy", message=message, try_instead=hint)
            return Answer(id="a4", question=question.text, status=Status.FAILED, headline=message, text=f"{message} {hint}", error=fault)
        message = "The data holds no costs, so margin cannot be computed."
        return Answer(
            id="a5",
            question=question.text,
            status=Status.DECLINED,
            headline=message,
            text=f"{message} I could not place “margin”.",
            follow_ups=self.starters(None),
            error=Fault(code="absent_concept", message=message, try_instead="For instance: Revenue by month in 2017"),
        )


def main(home: str, port: str, login: str = "none") -> None:
    settings = Settings(
        home=Path(home),
        chat_port=int(port),
        login=login,  # type: ignore[arg-type]
        login_proxy_secret=SecretStr("a secret of the proxy") if login == "header" else None,
    )
    with claim_port(settings.chat_host, settings.chat_port) as listener:
        run(StandIn(), settings, listener, on_ready=lambda: print("ready", flush=True))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
