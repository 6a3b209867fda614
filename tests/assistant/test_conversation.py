"""Threads remember plans, not rows; a short reply picks an option."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.conversation import KEPT_TURNS, Conversations, choose, command
from assistant.turn import Option, PastTurn, Step
from tools.core.errors import SetupProblem

REVENUE = Step(tool="query_metrics", arguments={"metrics": ["revenue"]})
VISITS = Step(tool="query_metrics", arguments={"metrics": ["visits"]})
OPTIONS = (Option(label="Revenue", plan=(REVENUE,)), Option(label="Number of visits", plan=(VISITS,)))


def turn(question: str) -> PastTurn:
    return PastTurn(question=question, steps=(REVENUE,), sentence="Revenue", pending=OPTIONS)


def test_a_thread_gives_back_its_newest_turn_whole(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    store.remember(turn("first"), thread="t", user="ana", warehouse="w")
    store.remember(turn("second"), thread="t", user="ana", warehouse="w")
    assert store.last(thread="t", user="ana", warehouse="w") == turn("second")


def test_threads_survive_a_restart(tmp_path: Path):
    first = Conversations(tmp_path / "c.sqlite")
    first.remember(turn("kept"), thread="t", user="ana", warehouse="w")
    first.close()
    assert Conversations(tmp_path / "c.sqlite").last(thread="t", user="ana", warehouse="w") == turn("kept")


def test_nobody_reads_the_thread_of_another_user(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    store.remember(turn("mine"), thread="t", user="ana", warehouse="w")
    assert store.last(thread="t", user="ben", warehouse="w") is None


def test_a_forgotten_thread_is_empty(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    store.remember(turn("gone"), thread="t", user="ana", warehouse="w")
    store.forget(thread="t", user="ana")
    assert store.last(thread="t", user="ana", warehouse="w") is None


def test_a_thread_stays_bounded(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    for number in range(KEPT_TURNS + 5):
        store.remember(turn(str(number)), thread="t", user="ana", warehouse="w")
    count = store._db.execute("SELECT count(*) FROM turn").fetchone()
    assert count == (KEPT_TURNS,)


def test_threads_are_listed_for_their_owner_the_newest_first(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    for thread, user, question in (("a", "ana", "one"), ("b", "ana", "two"), ("a", "ana", "three"), ("c", "bob", "four")):
        store.remember(PastTurn(question=question, steps=(), sentence=""), thread=thread, user=user, warehouse="w")
    listed = [(t.thread, t.turns, t.opening) for t in store.threads(user="ana", warehouse="w")]
    assert listed == [("a", 2, "one"), ("b", 1, "two")]
    assert [turn.question for _, turn in store.turns(thread="a", user="ana", warehouse="w")] == ["one", "three"]
    assert store.turns(thread="c", user="ana", warehouse="w") == []
    assert store.threads(user="ana", warehouse="other") == []


def test_forgetting_says_whether_there_was_anything_to_forget(tmp_path: Path):
    store = Conversations(tmp_path / "c.sqlite")
    store.remember(PastTurn(question="one", steps=(), sentence=""), thread="a", user="ana", warehouse="w")
    assert store.forget(thread="a", user="bob") is False
    assert store.forget(thread="a", user="ana") is True
    assert store.forget(thread="a", user="ana") is False


def test_a_home_that_cannot_be_written_is_a_setup_problem(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SetupProblem, match="cannot be stored"):
        Conversations(tmp_path / "file" / "c.sqlite")


@pytest.mark.parametrize(
    ("reply", "picked"),
    [
        ("2", 1),
        ("the second one", 1),
        ("option 1", 0),
        ("Number of visits", 1),
        ("number of visits!", 1),
        ("yes", None),
        ("3", None),
        ("revenue by month", None),
        ("", None),
    ],
)
def test_a_reply_picks_an_option_by_number_or_label(reply: str, picked: int | None):
    assert choose(reply, OPTIONS) == (None if picked is None else OPTIONS[picked])


def test_yes_takes_the_only_offer():
    assert choose("Yes, please", OPTIONS[:1]) == OPTIONS[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("undo", "undo"),
        ("Go back!", "undo"),
        ("please undo that", "undo"),
        ("Start over.", "start over"),
        ("never mind", "start over"),
        ("undo the discount on bread", None),
        ("Which customers came back?", None),
        ("", None),
    ],
)
def test_knows_the_commands_of_a_conversation(text: str, meant: str | None) -> None:
    assert command(text) == meant
