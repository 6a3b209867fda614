"""A running assistant takes up a new generation; questions in flight finish on the old one."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from assistant import Question, Settings, build
from assistant import current as module
from assistant.building import build_generation
from assistant.current import CurrentAssistant, kept_current
from tools.core.errors import WarehouseUnavailable


class Opened:
    """An assistant by name that notes when it is closed, and answers when it is let go."""

    def __init__(self, name: str) -> None:
        self.warehouse = SimpleNamespace(data_version=name)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_closed = False

    def ask(self, question: Question) -> str:
        self.may_answer.wait(5)
        assert not self.is_closed
        return self.warehouse.data_version

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.0)


def wait_for(holds: Callable[[], Any]) -> None:
    until = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_questions_go_to_the_new_state_and_the_old_one_is_closed():
    first, second, state = Opened("g1"), Opened("g2"), ["1"]
    current: Any = CurrentAssistant(first, reopen=lambda: second, state=lambda: state[0])  # type: ignore[arg-type, return-value]
    assert current.ask(Question(text="?")) == "g1"
    state[0] = "2"
    wait_for(lambda: current.ask(Question(text="?")) == "g2")
    assert first.is_closed
    current.close()
    assert second.is_closed


def test_a_question_in_flight_finishes_on_the_data_it_began_with():
    first, second, state, told = Opened("g1"), Opened("g2"), ["1"], []
    current: Any = CurrentAssistant(first, reopen=lambda: second, state=lambda: state[0])  # type: ignore[arg-type, return-value]
    first.may_answer.clear()
    asking = threading.Thread(target=lambda: told.append(current.ask(Question(text="?"))))
    asking.start()
    time.sleep(0.05)
    state[0] = "2"
    current.look()
    wait_for(lambda: current.warehouse.data_version == "g2")
    assert not first.is_closed
    first.may_answer.set()
    asking.join()
    assert told == ["g1"]
    assert first.is_closed


def test_a_state_that_cannot_be_opened_leaves_the_old_one_in_service():
    def broken() -> Any:
        raise WarehouseUnavailable("damaged", try_instead="mend it")

    state = ["1"]
    current: Any = CurrentAssistant(Opened("g1"), reopen=broken, state=lambda: state[0])  # type: ignore[arg-type]
    state[0] = "2"
    current.look()
    time.sleep(0.1)
    assert current.ask(Question(text="?")) == "g1"


def test_a_refreshed_warehouse_is_taken_up_without_a_restart(demo_home, tmp_path):
    settings = Settings(home=shutil.copytree(demo_home, tmp_path / "home"), warehouse="demo")
    current = kept_current(build(settings), settings)
    first = current.ask(Question(text="What was the revenue in March 2026?")).data_version
    build_generation(settings, "demo", progress=lambda _step, _fraction=None, /: None)
    wait_for(lambda: current.ask(Question(text="What was the revenue in March 2026?")).data_version != first)
    assert first.startswith("demo-g2-")
    assert current.warehouse.data_version.startswith("demo-g3-")
    current.close()
