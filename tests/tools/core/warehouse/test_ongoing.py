"""What other processes know of a refresh under way."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from tools.core.errors import SetupProblem
from tools.core.warehouse.generations import warehouse_home
from tools.core.warehouse.load import silent, within
from tools.core.warehouse.ongoing import Ongoing, announced, read_ongoing, write_ongoing


@pytest.fixture
def home(tmp_path: Path) -> Path:
    warehouse_home(tmp_path, "shop").mkdir(parents=True)
    return tmp_path


def test_nothing_is_told_before_the_first_step_and_nothing_is_left_at_the_end(home: Path):
    with announced(home, "shop", silent) as tell:
        assert read_ongoing(home, "shop") is None
        tell("Computing churn", 0.25)
        told = read_ongoing(home, "shop")
        assert told is not None
        assert (told.step, told.fraction, told.process, told.is_running) == ("Computing churn", 0.25, os.getpid(), True)
    assert read_ongoing(home, "shop") is None


def test_how_far_it_is_never_goes_back(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tools.core.warehouse.ongoing._EVERY_S", 0.0)
    with announced(home, "shop", silent) as tell:
        for fraction in (0.5, 0.2, None):
            tell("a step", fraction)
            told = read_ongoing(home, "shop")
            assert told is not None
            assert told.fraction == 0.5


def test_a_failed_refresh_leaves_its_reason_and_runs_no_more(home: Path):
    def fails_on_the_way() -> None:
        with announced(home, "shop", silent) as tell:
            tell("Computing churn", 0.25)
            raise SetupProblem("The disk is full.", try_instead="Free some space.")

    with pytest.raises(SetupProblem):
        fails_on_the_way()
    told = read_ongoing(home, "shop")
    assert told is not None
    assert told.fault == "The disk is full. Free some space."
    assert not told.is_running


def test_one_that_is_turned_away_leaves_the_other_s_word_alone(home: Path):
    other = Ongoing(step="Computing churn", fraction=0.4, started_at=time.time(), process=os.getppid())
    write_ongoing(home, "shop", other)
    with pytest.raises(SetupProblem), announced(home, "shop", silent):
        raise SetupProblem("Another process is at it.", code="build_running")
    assert read_ongoing(home, "shop") == other


def test_one_that_died_runs_no_more(home: Path):
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    assert not Ongoing(step="", fraction=0.4, started_at=time.time(), process=process.pid or 0).is_running


def test_the_time_left_goes_by_the_pace_so_far(home: Path):
    told = Ongoing(step="", fraction=0.25, started_at=time.time() - 30, process=os.getpid())
    assert told.seconds_left == pytest.approx(90, abs=1)
    assert Ongoing(step="", fraction=0.0, started_at=time.time() - 30, process=os.getpid()).seconds_left is None


def test_a_damaged_file_tells_nothing(home: Path):
    (warehouse_home(home, "shop") / "refreshing.json").write_text("{")
    assert read_ongoing(home, "shop") is None


def test_a_part_s_fraction_becomes_one_of_the_whole():
    seen: list[float | None] = []
    part = within(lambda _step, fraction=None, /: seen.append(fraction), 0.5, 0.9)
    part("begun")
    part("half way", 0.5)
    part("done", 1.0)
    assert seen == pytest.approx([0.5, 0.7, 0.9])
