"""What Slack is told without being asked: digests, and the end of answers that a dead process left."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from service_bench import slack_bench
from slack_server import Failure, SlackServer

from assistant import Assistant
from assistant.interfaces.serve_desk import Desk, DeskAssistant
from assistant.interfaces.slack_app import slack_client
from assistant.interfaces.slack_config import Digest, SlackConfig, read_slack_config
from assistant.interfaces.slack_delivery import CUT, Delivery, Place
from assistant.interfaces.slack_digest import Digests
from assistant.interfaces.slack_people import SlackPeople
from assistant.interfaces.slack_store import SlackStore
from tools.core.errors import SetupProblem

MONDAY = dt.datetime(2026, 11, 23, 6, 59, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MONDAY, None),
        (MONDAY + dt.timedelta(minutes=1), dt.date(2026, 11, 23)),
        (MONDAY + dt.timedelta(hours=16), dt.date(2026, 11, 23)),
        (MONDAY + dt.timedelta(hours=18), None),
        (MONDAY + dt.timedelta(days=5, hours=3), None),
    ],
)
def test_a_digest_is_due_from_its_time_on_in_its_zone_on_its_days(now: dt.datetime, due: dt.date | None):
    assert Digest(channel="C1", at="08:00", timezone="Europe/Berlin", questions=("x",)).due(now) == due


def test_two_processes_post_a_digest_once(assistant: Assistant, tmp_path: Path):
    digest = Digest(channel="C1", at="07:00", title="Morning", questions=("revenue in March 2017", "visits in 2017"))
    clock = [MONDAY]

    async def both(slack: SlackServer) -> list[int]:
        runs = []
        for owner in ("one", "two"):
            desk = DeskAssistant(assistant, Desk(), "slack")
            store = SlackStore(tmp_path / "slack.sqlite")
            delivery = Delivery(slack_client(slack.TOKEN, slack.api_url), store, owner)
            runs.append(Digests([digest], desk, SlackPeople(desk, SlackConfig()), delivery, store, clock=lambda: clock[0]))
        assert [await run.post_due() for run in runs] == [0, 0]
        clock[0] += dt.timedelta(minutes=1)
        return list(await asyncio.gather(*(run.post_due() for run in runs)))

    with SlackServer() as slack:
        assert sorted(asyncio.run(both(slack))) == [0, 1]
        opening, *answers = [m for m in slack.messages if m.channel == "C1"]
        assert opening.headline == "Morning: data up to 31 Dec 2017"
        assert [m.thread_ts for m in answers] == [opening.ts] * 2
        assert answers[0].headline == "Revenue was $380,300.74 in March 2017."


def test_an_answer_that_a_dead_process_left_is_said_to_be_cut(tmp_path: Path):
    store = SlackStore(tmp_path / "slack.sqlite")

    async def restart(slack: SlackServer) -> None:
        client = slack_client(slack.TOKEN, slack.api_url)
        for owner in ("mine", "other"):
            await Delivery(client, store, owner).begin(Place(channel=f"C{owner}"))
        await Delivery(client, store, "mine").say_cut()

    with SlackServer() as slack:
        asyncio.run(restart(slack))
        assert [(m.channel, m.headline == CUT) for m in slack.messages] == [("Cmine", True), ("Cother", False)]
    assert store.left_unfinished("mine") == []
    assert [p.channel for p in store.left_unfinished("other")] == ["Cother"]


def test_an_event_is_taken_once_by_whoever_is_first(tmp_path: Path):
    one, two = SlackStore(tmp_path / "s.sqlite"), SlackStore(tmp_path / "s.sqlite")
    assert [one.take("Ev1"), two.take("Ev1"), two.take("Ev2"), one.take("Ev2")] == [True, False, True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users: [a]", "users"),
        ("digests: [{channel: general, questions: [x]}]", "channel"),
        ("digests: [{channel: C1, questions: [x], at: '25:00'}]", "HH:MM"),
        ("digests: [{channel: C1, questions: [x], timezone: Mars/Base}]", "no time zone"),
        ("digests: [{channel: C1, questions: []}]", "questions"),
        ("{", "not readable YAML"),
        ("surprise: 1", "surprise"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str):
    (tmp_path / "slack.yaml").write_text(text)
    with pytest.raises(SetupProblem, match=said):
        read_slack_config(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        SlackConfig(guest_role="emperor"),
        SlackConfig(guest_role="local"),
        SlackConfig(guest_role="regional_manager"),
        SlackConfig(users={"U1": "local"}),
    ],
)
def test_a_role_that_strangers_cannot_have_is_a_mistake_of_the_file(assistant: Assistant, config: SlackConfig):
    with pytest.raises(SetupProblem):
        SlackPeople(DeskAssistant(assistant, Desk(), "slack"), config)


def test_a_token_that_slack_refuses_stops_the_start(home: Path, tmp_path: Path):
    with SlackServer() as slack:
        slack.fail("auth.test", Failure("account_inactive"))
        with pytest.raises(RuntimeError, match="did not start"), slack_bench(home, tmp_path / "home", slack):
            pass


def test_a_slack_that_cannot_be_reached_leaves_the_other_surfaces_alone(home: Path, tmp_path: Path):
    with SlackServer() as slack:
        gone = slack.api_url
    with SlackServer() as slack, slack_bench(home, tmp_path / "home", slack, slack_api_url=gone) as bench:
        assert bench.client.get("/readyz").status_code == 200
