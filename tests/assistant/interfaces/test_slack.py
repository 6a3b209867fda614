"""Slack as people in a workspace meet it, over sockets, against a loopback Slack."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from service_bench import Bench, slack_bench
from slack_server import Failure, SlackServer

from assistant.interfaces.slack_store import SlackStore
from assistant.render.slack import render_slack
from assistant.turn import Answer, Option, Status, Step

CONFIG = "users: {USTELLA: stella, UANA: ana}\n"
MARCH = "Revenue was $380,300.74 in March 2017."
LISTING = "list the households with the highest revenue in 2017"


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture(scope="module")
def bench(home: Path, tmp_path_factory: pytest.TempPathFactory, slack: SlackServer) -> Iterator[Bench]:
    with slack_bench(home, tmp_path_factory.mktemp("slack") / "home", slack, CONFIG) as running:
        yield running


@pytest.fixture
def start(slack: SlackServer, bench: Bench) -> int:
    """How many messages stood there before the test."""
    return len(slack.messages)


def test_a_mention_is_acknowledged_at_once_and_answered_in_its_thread(slack: SlackServer, start: int):
    reply = slack.mention("U1", "C1", "revenue in March 2017", thread_ts="100.1")
    assert reply.status == 200
    assert reply.seconds < 1
    answer = slack.answer(start)
    assert (answer.channel, answer.thread_ts, answer.headline) == ("C1", "100.1", MARCH)
    assert "Read as: Revenue, March 2017" in answer.words
    assert "✓ Governed" in answer.words
    assert len(slack.completed(start)) == 1


def test_a_direct_message_gets_table_chart_and_next_questions(slack: SlackServer, start: int):
    files = len(slack.uploads)
    slack.direct("U1", "revenue by department in March 2017")
    answer = slack.answer(start)
    assert answer.channel == "DU1"
    assert re.search(r"GROCERY +\$[\d,]+\.\d\d", answer.words)
    slack.wait(lambda: len(slack.uploads) > files + 1)
    picture, table = sorted(slack.uploads[files:], key=lambda u: u.name.endswith("csv"))
    assert picture.content.startswith(b"\x89PNG")
    assert table.content.decode("utf-8-sig").startswith("Department,Revenue")
    assert answer.buttons()


def test_a_thread_goes_on_without_a_mention_also_for_somebody_else(slack: SlackServer, start: int):
    slack.mention("U1", "C1", "revenue in March 2017", thread_ts="200.1")
    slack.answer(start)
    slack.say("U2", "C1", "and in April?", thread_ts="200.1")
    assert "$373,646.21" in slack.answer(start, nth=1).headline
    slack.say("U2", "C1", "we talked about this", thread_ts="200.9")
    time.sleep(0.3)
    assert len(slack.completed(start)) == 2


def test_a_repeated_event_is_answered_once(slack: SlackServer, start: int):
    event = {"type": "message", "channel_type": "im", "user": "U3", "channel": "DU3", "text": "visits in 2017", "ts": "1.1"}
    for retry in range(4):
        assert slack.event(event, event_id="Ev-same", retry=retry).status == 200
    assert "155,762" in slack.answer(start).headline
    time.sleep(0.3)
    assert len(slack.messages) == start + 1


def test_a_button_asks_the_next_question_in_the_same_thread(slack: SlackServer, start: int):
    slack.mention("U1", "C1", "revenue in March 2017", thread_ts="300.1")
    first = slack.answer(start)
    label = next(name for name, button in first.buttons().items() if button["action_id"].startswith("ask:"))
    slack.click("U2", first, label)
    second = slack.answer(start, nth=1)
    assert (second.channel, second.thread_ts) == ("C1", "300.1")
    assert "Read as" in second.words


def test_a_click_twice_in_a_moment_counts_once(slack: SlackServer, start: int):
    slack.direct("U4", "revenue in March 2017")
    first = slack.answer(start)
    label = next(name for name, button in first.buttons().items() if button["action_id"].startswith("ask:"))
    for _ in range(3):
        slack.click("U4", first, label, action_ts="9.9")
    slack.answer(start, nth=1)
    time.sleep(0.3)
    assert len(slack.messages) == start + 2


def test_a_chosen_reading_runs_under_the_rights_of_whoever_clicks(slack: SlackServer, bench: Bench, start: int):
    plan = (
        Step(tool="query_metrics", arguments={"metrics": [{"metric": "revenue"}], "window": {"start": "2017-03-01", "end": "2017-03-31"}}),
    )
    offered = Answer(
        id="kept", question="best", status=Status.NEEDS_CLARIFICATION, headline="?", options=(Option(label="By revenue", plan=plan),)
    )
    SlackStore(bench.settings.home / "slack.sqlite").offer(offered)
    blocks = render_slack(offered).blocks
    button = next(block for block in blocks if block["type"] == "actions")["elements"][0]
    assert button["text"]["text"] == "By revenue"
    slack.press("U5", button, {"channel": {"id": "DU5"}, "message": {"ts": "1.5"}})
    assert slack.answer(start).headline == MARCH


def test_a_choice_of_long_ago_says_so(slack: SlackServer, start: int):
    button = {"action_id": "choose:0", "text": {"type": "plain_text", "text": "x"}, "value": "never:0"}
    slack.press("U1", button, {"channel": {"id": "DU1"}, "message": {"ts": "1.2"}})
    slack.wait(lambda: len(slack.messages) > start)
    assert slack.messages[start].headline.startswith("That choice is no longer open.")


def test_a_slash_command_is_answered_to_the_asker_alone(slack: SlackServer, start: int):
    reply = slack.command("UANA", "C1", "revenue in March 2017")
    assert (reply.status, reply.seconds < 1) == (200, True)
    answer = slack.answer(start)
    assert (answer.only_for, answer.headline) == ("UANA", MARCH)
    assert "Ask me about your customers" in slack.command("UANA", "C1", "").body


def test_what_not_everybody_may_see_goes_to_the_asker_alone(slack: SlackServer, start: int):
    slack.mention("USTELLA", "C1", LISTING, thread_ts="400.1")
    here, there = slack.answer(start), slack.answer(start, nth=1)
    assert here.channel == "C1"
    assert here.words.startswith("I answered this in your direct messages")
    assert there.channel == "DUSTELLA"
    assert "$" in there.words
    assert all(u.channel != "C1" for u in slack.uploads if u.thread_ts == "400.1")
    # Somebody else cannot get at it by going on.
    slack.say("U1", "C1", "the same", thread_ts="400.1")
    time.sleep(0.3)
    assert len(slack.completed(start)) == 2


def test_what_everybody_may_see_stands_in_the_channel_whoever_asks(slack: SlackServer, start: int):
    slack.mention("USTELLA", "C1", "revenue in March 2017", thread_ts="500.1")
    assert (slack.answer(start).channel, slack.answer(start).headline) == ("C1", MARCH)


def test_a_stranger_gets_the_least(slack: SlackServer, start: int):
    slack.direct("USTRANGER", LISTING)
    assert "$" not in slack.answer(start).words
    slack.direct("USTELLA", LISTING)
    assert "$" in slack.answer(start, nth=1).words


def test_the_home_tab_greets_with_questions_that_can_be_pressed(slack: SlackServer, start: int):
    slack.open_home("U6")
    view = slack.wait(lambda: slack.homes.get("U6"))
    text = json.dumps(view)
    assert "business_user" in text
    assert "Nobody has told me who you are (U6)" in text
    button = next(block for block in view["blocks"] if block["type"] == "actions")["elements"][0]
    slack.press("U6", button, {"view": {"type": "home"}})
    answer = slack.answer(start)
    assert answer.channel == "DU6"
    assert "Read as" in answer.words


def test_thumbs_are_kept_from_whoever_asked(slack: SlackServer, bench: Bench, start: int):
    slack.direct("UANA", "revenue in May 2017")
    answer = slack.answer(start)
    slack.click("U1", answer, "Not helpful")
    slack.wait(lambda: len(slack.messages) > start + 1)
    assert slack.messages[start + 1].text == "Only whoever asked can judge an answer."
    slack.click("UANA", answer, "Not helpful")
    slack.wait(lambda: len(slack.messages) > start + 2)
    assert [(j.question, j.up, j.surface) for j in bench.service._thumbs.judged()] == [("revenue in May 2017", False, "slack")]


def test_bots_edits_and_empty_mentions_are_not_questions(slack: SlackServer, start: int):
    message = {"type": "message", "channel_type": "im", "channel": "DU7", "user": "U7", "text": "visits in 2017", "ts": "1.3"}
    slack.event(message | {"bot_id": "B9"})
    slack.event(message | {"subtype": "message_changed"})
    slack.mention("U7", "C1", "", thread_ts="600.1")
    slack.wait(lambda: len(slack.messages) > start)
    time.sleep(0.3)
    assert [m.headline for m in slack.messages[start:]] == ["Ask me about your customers, for instance: revenue by month this year."]


def test_markup_in_a_question_is_read_as_words_and_mentions_nobody(slack: SlackServer, start: int):
    slack.direct("U8", "revenue of <!channel> &amp; <http://outside.example|outside.example> in 2017 <@U1>")
    answer = slack.answer(start)
    assert "<!channel>" not in json.dumps(answer.blocks)
    assert "http://" not in json.dumps(answer.blocks)
    assert not re.search("<[!@]", answer.text)


@pytest.mark.parametrize("options", [{"secret": "wrong"}, {"age_s": 600}, {"age_s": -600}])
def test_a_wrong_signature_or_an_old_time_is_turned_away(slack: SlackServer, bench: Bench, start: int, options: dict):
    event = {"type": "message", "channel_type": "im", "user": "U9", "channel": "DU9", "text": "visits in 2017", "ts": "1.4"}
    assert slack.event(event, **options).status == 401
    time.sleep(0.2)
    assert len(slack.messages) == start


def test_bodies_that_are_no_events_do_no_harm(slack: SlackServer, bench: Bench, start: int):
    for body in (b"{not json", b"", b"[]", b'{"type": "event_callback"}', urllib.parse.urlencode({"payload": "{"}).encode()):
        assert slack.deliver(body, "application/json").status < 500
    with suppress(urllib.error.URLError):  # The refusal may close the connection while the body is still being sent.
        assert slack.deliver(b"x" * 1_100_000, "application/json").status == 413
    assert len(slack.messages) == start


def test_the_handshake_of_the_set_up_page_is_answered(slack: SlackServer, bench: Bench):
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert "abc" in slack.deliver(body, "application/json").body


def test_a_rate_limit_is_waited_for(slack: SlackServer, start: int):
    slack.fail("chat.update", Failure(retry_after=1))
    slack.direct("UANA", "revenue in March 2017")
    assert slack.answer(start).headline == MARCH


def test_a_chart_that_slack_does_not_take_leaves_the_answer_whole(slack: SlackServer, start: int):
    slack.fail("files.getUploadURLExternal", Failure("missing_scope"))
    slack.direct("UANA", "revenue by month in 2017")
    assert "Read as" in slack.answer(start).words
    slack.wait(lambda: len(slack.messages) > start + 1)
    assert "The chart could not be attached: The app lacks a permission" in slack.messages[start + 1].headline


def test_logs_hold_no_words_of_anybody(slack: SlackServer, start: int, caplog: pytest.LogCaptureFixture):
    slack.fail("chat.update", Failure("token_revoked"))
    with caplog.at_level("INFO", logger="assistant"):
        slack.direct("UANA", "revenue of Zanzibar in 2017")
        slack.wait(lambda: not slack.failures.get("chat.update"))
        time.sleep(0.3)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "the operator installs the app again" in written
    assert "Zanzibar" not in written
    assert SlackServer.TOKEN not in written
    assert SlackServer.SECRET not in written
