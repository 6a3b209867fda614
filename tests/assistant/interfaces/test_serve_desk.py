"""The desk: how many questions at once, for whom, and what happens at the end."""

from __future__ import annotations

import threading
import time

import pytest

from assistant.interfaces.serve_desk import Desk
from assistant.turn import Answer, Status
from tools.core.errors import Stopping, TooManyQuestions


def answer() -> Answer:
    return Answer(id="a", question="q", status=Status.ANSWERED)


class Slow:
    """Work that ends when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self) -> Answer:
        self.go.wait(10)
        return answer()


def test_one_person_cannot_take_all_places():
    desk, slow = Desk(at_once=2, waiting=10, per_person=2), Slow()
    first = [desk.take(slow, person="ana", surface="rest") for _ in range(2)]
    with pytest.raises(TooManyQuestions) as caught:
        desk.take(slow, person="ana", surface="rest")
    assert caught.value.public_code == "too_many_open"
    third = desk.take(slow, person="bob", surface="rest")
    slow.go.set()
    assert [f.result(5).status for f in (*first, third)] == [Status.ANSWERED] * 3
    assert desk.take(answer, person="ana", surface="rest").result(5).id == "a"


def test_a_full_house_says_when_to_come_again():
    desk, slow = Desk(at_once=1, waiting=1, per_person=9), Slow()
    for name in ("a", "b"):
        desk.take(slow, person=name, surface="rest")
    with pytest.raises(TooManyQuestions) as caught:
        desk.take(slow, person="c", surface="rest")
    assert (caught.value.public_code, caught.value.retry_after_s) == ("busy", 5)
    slow.go.set()


def test_draining_finishes_what_is_in_flight_and_takes_no_more():
    desk, slow = Desk(), Slow()
    coming = desk.take(slow, person="ana", surface="rest")
    drained: list[bool] = []
    waiting = threading.Thread(target=lambda: drained.append(desk.drain(5)))
    waiting.start()
    while not desk.is_stopping:
        time.sleep(0.001)
    with pytest.raises(Stopping, match="not begun"):
        desk.take(answer, person="bob", surface="rest")
    slow.go.set()
    waiting.join(5)
    assert drained == [True]
    assert coming.result(1).status is Status.ANSWERED


def test_what_does_not_finish_in_time_is_said_to_be_cut():
    desk, slow = Desk(), Slow()
    coming = desk.take(slow, person="ana", surface="rest")
    assert desk.drain(0.05) is False
    assert desk.cut() == 1
    with pytest.raises(Stopping, match="was cut"):
        coming.result(1)
    slow.go.set()


def test_work_that_fails_gives_its_place_back():
    desk = Desk(per_person=1)

    def broken() -> Answer:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        desk.take(broken, person="ana", surface="rest").result(5)
    assert desk.in_flight == 0
