"""The runner: threads, crashes, and the gold database, with a respondent that has its answers in a list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from evals.__main__ import main
from evals.cases import Case, Suite
from evals.gold import EvalsUnavailable, GoldDatabase, database_path
from evals.report import render
from evals.runner import run_suite
from evals.scorers import Outcome

SUITE = Suite(
    name="shop",
    warehouse="shop",
    cases=(
        Case(id="visits", level="easy", question="visits", gold=("SELECT 3 AS visits",)),
        Case(id="sales", level="easy", question="sales", gold=("SELECT SUM(amount) AS sales FROM sale",)),
        Case(id="broken-gold", level="easy", question="broken", gold=("SELECT amount FROM absent",)),
        Case(id="march", level="dialogue", question="sales in March", gold=("SELECT 1 AS sales",)),
        Case(id="april", level="dialogue", question="and April?", follows="march", gold=("SELECT 2 AS sales",)),
        Case(id="by-day", level="dialogue", question="by day", follows="april", gold=("SELECT 3 AS sales",)),
        Case(id="may", level="dialogue", question="and May?", follows="march", gold=("SELECT 4 AS sales",)),
    ),
)
ANSWERS = {"visits": 3, "sales": 7.5, "sales in March": 1, "and April?": 2, "by day": 3, "and May?": 4, "broken": 0}


class Scripted:
    """Gives Answer-shaped dicts, and keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str | None, str]] = []

    def ask(self, text: str, *, question_id: str, thread: str | None) -> Mapping[str, Any]:
        self.asked.append((thread, text))
        return {
            "id": question_id,
            "status": "answered",
            "tables": [{"rows": [[self.answers[text]]], "truncated": False}],
            "steps": [{"elapsed_ms": 2.0}],
            "elapsed_ms": 12.5,
            "data_version": "v1",
            "error": None,
        }


@pytest.fixture
def gold(tmp_path: Path) -> GoldDatabase:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sale (amount DECIMAL(10, 2))")
        connection.execute("INSERT INTO sale VALUES (5.00), (2.50)")
    return GoldDatabase(str(path))


def test_scores_every_case_and_tells_how_far_it_is(gold: GoldDatabase) -> None:
    seen: list[tuple[int, int]] = []
    run = run_suite(SUITE, Scripted(ANSWERS), gold, mind="embedded", progress=lambda done, total: seen.append((done, total)))
    outcomes = {result.id: result.outcome for result in run.results}
    assert outcomes.pop("broken-gold") is Outcome.FAILED
    assert set(outcomes.values()) == {Outcome.RIGHT}
    assert seen[-1] == (7, 7)
    assert run.data_version == "v1"
    assert (run.results[0].elapsed_ms, run.results[0].sql_ms) == (12.5, 2.0)


def test_a_crash_costs_one_case_only(gold: GoldDatabase) -> None:
    answers = {text: value for text, value in ANSWERS.items() if text != "visits"}
    run = run_suite(SUITE, Scripted(answers), gold, mind="embedded")
    assert [result.outcome for result in run.results[:2]] == [Outcome.FAILED, Outcome.RIGHT]
    assert run.results[0].reason == "KeyError: 'visits'"


def test_follow_ups_are_asked_in_the_thread_of_their_turn(gold: GoldDatabase) -> None:
    respondent = Scripted(ANSWERS)
    run_suite(SUITE, respondent, gold, mind="embedded", only={"visits", "march", "april", "by-day"})
    threads = [thread for thread, _ in respondent.asked]
    assert threads[0] is None
    assert threads[1] is not None
    assert threads[1:] == [threads[1]] * 3


def test_turns_before_a_follow_up_are_repeated_when_they_were_not_asked(gold: GoldDatabase) -> None:
    respondent = Scripted(ANSWERS)
    run = run_suite(SUITE, respondent, gold, mind="embedded", only={"by-day"})
    assert [text for _, text in respondent.asked] == ["sales in March", "and April?", "by day"]
    assert [result.id for result in run.results] == ["by-day"]


def test_a_second_branch_of_a_dialogue_starts_from_its_own_turn(gold: GoldDatabase) -> None:
    respondent = Scripted(ANSWERS)
    run_suite(SUITE, respondent, gold, mind="embedded", only={"march", "april", "may"})
    assert [text for _, text in respondent.asked] == ["sales in March", "and April?", "sales in March", "and May?"]
    assert respondent.asked[2][0] == respondent.asked[3][0] != respondent.asked[0][0]


def test_counts_dialogues_whose_turns_are_all_right(gold: GoldDatabase) -> None:
    run = run_suite(SUITE, Scripted(ANSWERS), gold, mind="scripted")
    assert (run.dialogues.asked, run.dialogues.right) == (1, 1)
    assert "whole dialogues right: 1 of 1" in render(run)
    missed = run_suite(SUITE, Scripted({**ANSWERS, "by day": 0}), gold, mind="scripted")
    assert (missed.dialogues.asked, missed.dialogues.right) == (1, 0)


def test_a_dialogue_that_was_not_asked_to_the_end_is_not_counted(gold: GoldDatabase) -> None:
    run = run_suite(SUITE, Scripted(ANSWERS), gold, mind="scripted", only={"march", "april"})
    assert run.dialogues.asked == 0


def test_the_gold_database_cannot_be_written(gold: GoldDatabase) -> None:
    with pytest.raises(duckdb.Error, match="read-only"):
        gold.rows("INSERT INTO sale VALUES (1)")


def test_an_environment_variable_names_another_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "other.duckdb"
    monkeypatch.setenv("CANDOR_SHOP_DB", str(path))
    with pytest.raises(EvalsUnavailable, match="assistant warehouse build shop"):
        database_path("shop")
    path.touch()
    assert database_path("shop") == path


def test_refuses_to_single_out_a_case_of_the_test_split(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--case", "avg-basket"]) == 2
    assert "never read one by one" in capsys.readouterr().err


def test_says_which_case_or_suite_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--case", "absent"]) == 2
    assert main(["run", "--suite", "absent"]) == 2
    errors = capsys.readouterr().err
    assert "No case 'absent' in the suite 'completejourney'." in errors
    assert "No suite 'absent'. Suites: completejourney, completejourney_voices, demo, demo_feedback, demo_predictions." in errors
