"""The first refresh behind a served warehouse: begun once, told meanwhile, taken up when it is there, stopped with the server."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant import Question, Settings, Status, build
from assistant.current import CurrentAssistant, kept_current
from assistant.preparing import Preparation, Waiting, is_unprepared
from tools.core.warehouse.ongoing import Ongoing, read_ongoing, write_ongoing

CLUB = Path(__file__).parents[1] / "security" / "club"
LEAVE = "Which members are likely to leave?"


@pytest.fixture
def settings(club_home: Path, tmp_path: Path) -> Settings:
    return Settings(home=shutil.copytree(club_home, tmp_path / "home"), warehouse=str(CLUB), mind="embedded")


@pytest.fixture
def club(settings: Settings) -> Iterator[CurrentAssistant]:
    current = kept_current(build(settings), settings)
    yield current
    current.close()


@pytest.fixture
def tell(settings: Settings) -> Callable[..., None]:
    """Says of a refresh how far it is."""

    def write(fraction: float, *, since_s: float = 10.0, process: int | None = None) -> None:
        told = Ongoing(step="at it", fraction=fraction, started_at=time.time() - since_s, process=process or os.getpid())
        write_ongoing(settings.home, "club", told)

    return write


def wait_for(is_so: Callable[[], object], within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_an_unprepared_warehouse_is_refreshed_behind_and_taken_up(club: CurrentAssistant, settings: Settings):
    assert is_unprepared(settings)
    preparation = Preparation(settings, club)
    assert preparation.start()
    wait_for(lambda: club.warehouse.generation == 2)
    wait_for(lambda: read_ongoing(settings.home, "club") is None)
    preparation.stop()
    assert not is_unprepared(settings)
    assert not Preparation(settings, club).start()
    assert club.waiting() is None


def test_a_stop_ends_it_in_the_middle_and_the_next_start_goes_on(club: CurrentAssistant, settings: Settings):
    preparation = Preparation(settings, club)
    assert preparation.start()
    wait_for(lambda: read_ongoing(settings.home, "club") is not None)
    preparation.stop()
    left = read_ongoing(settings.home, "club")
    assert left is not None
    assert not left.is_running
    assert is_unprepared(settings)
    assert club.waiting() is None


def test_the_operator_may_turn_it_off(club: CurrentAssistant, settings: Settings):
    assert not Preparation(settings.model_copy(update={"prepare": False}), club).start()


def test_where_another_process_is_at_it_no_second_one_begins(club: CurrentAssistant, settings: Settings, tell: Callable[..., None]):
    tell(0.5, process=os.getppid())
    preparation = Preparation(settings, club)
    preparation.start()
    time.sleep(0.3)
    assert read_ongoing(settings.home, "club").process == os.getppid()  # type: ignore[union-attr]
    preparation.stop()


def test_a_question_that_needs_it_is_told_how_far_it_is_and_offered_again(club: CurrentAssistant, tell: Callable[..., None]):
    tell(0.15, since_s=15)
    answer = club.ask(Question(text=LEAVE))
    assert (answer.status, answer.error.code if answer.error else "") == (Status.DECLINED, "being_prepared")
    assert answer.headline == "Still being prepared, 50% done: churn."
    assert "Ask again in half a minute; other questions are answered meanwhile." in answer.text
    assert [f.question for f in answer.follow_ups] == [LEAVE]


def test_other_questions_are_answered_meanwhile(club: CurrentAssistant, tell: Callable[..., None]):
    tell(0.15)
    answer = club.ask(Question(text="income by region"))
    assert answer.status is Status.ANSWERED


def test_unknown_words_may_be_those_of_what_is_prepared(club: CurrentAssistant, tell: Callable[..., None]):
    question, other = Question(text="income by cluster"), Question(text="income by flurb")
    assert "are not computed yet: `assistant warehouse refresh club`." in club.ask(question).text
    assert "computed yet" not in club.ask(other).text
    tell(0.15)
    assert "are still being prepared, 15% done" in club.ask(question).text
    assert "prepared" not in club.ask(other).text


def test_without_anybody_at_it_the_answer_names_the_command(club: CurrentAssistant):
    answer = club.ask(Question(text=LEAVE))
    assert answer.error is not None
    assert answer.error.code == "not_computed"
    assert "Run `assistant warehouse refresh club`." in answer.text


def test_a_part_of_the_first_stage_is_nearer_than_the_texts():
    waiting = Waiting(fraction=0.15, seconds_left=85.0)
    assert waiting.until("churn").fraction == pytest.approx(0.5)
    assert waiting.until("churn").seconds_left == pytest.approx(15.0)
    assert waiting.until("feedback") == waiting
    assert waiting.when == "in about a minute"
    assert Waiting(fraction=0.1, seconds_left=300.0).when == "in about 5 minutes"
    assert Waiting(fraction=1.0, seconds_left=None).done == "99% done"
