"""Reading suites: every problem with its file and line, and the split rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.cases import Case, SuiteInvalid, read_suite, split_of

GOOD = """\
warehouse: shop
cases:
  - id: total
    level: easy
    question: What is the total?
    gold: [SELECT 1 AS total]
  - id: total-march
    level: dialogue
    question: and in March?
    follows: total
    gold: [SELECT 2 AS total]
"""


def suite_with(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def problems_of(tmp_path: Path, text: str) -> str:
    with pytest.raises(SuiteInvalid) as caught:
        read_suite("shop", folder=suite_with(tmp_path, easy=text))
    return str(caught.value)


def test_reads_cases_in_the_order_of_the_files(tmp_path: Path) -> None:
    second = "warehouse: shop\ncases:\n  - {id: joke, level: unanswerable, question: Tell me a joke, expect: declined}\n"
    suite = read_suite("shop", folder=suite_with(tmp_path, a=GOOD, b=second))
    assert [case.id for case in suite.cases] == ["total", "total-march", "joke"]
    assert suite.warehouse == "shop"


def test_the_turns_before_a_follow_up_come_first_turn_first(tmp_path: Path) -> None:
    text = GOOD + "  - {id: by-week, level: dialogue, question: by week, follows: total-march, gold: [SELECT 3 AS total]}\n"
    suite = read_suite("shop", folder=suite_with(tmp_path, easy=text))
    assert [case.id for case in suite.ancestors(suite.case("by-week"))] == ["total", "total-march"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("level: easy", "level: trivial", "easy.yaml:4: cases.0.level"),
        ("level: easy", "level: easy\n    colour: red", "easy.yaml:5: cases.0.colour: Extra inputs are not permitted"),
        ("level: easy", "level: easy\n    level: hard", "easy.yaml:5: 'level' is given twice"),
        ("follows: total", "follows: nothing", "easy.yaml:10: follows 'nothing', which is no earlier case of this file"),
        ("id: total-march", "id: Total March", "easy.yaml:7: cases.1.id"),
        ("    gold: [SELECT 1 AS total]\n", "", "easy.yaml:3: cases.0: Value error, needs `gold`"),
        ("[SELECT 1 AS total]", '["DELETE FROM households"]', "easy.yaml:3: cases.0: Value error, gold must be one SELECT"),
        ("question: What is the total?", "question: [", "not YAML"),
        ("cases:", "cases: 3\nrest:", "easy.yaml:2: cases"),
    ],
)
def test_names_the_file_and_the_line_of_what_does_not_fit(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert expected in problems_of(tmp_path, GOOD.replace(old, new, 1))


def test_refuses_an_id_used_twice(tmp_path: Path) -> None:
    assert "the id 'total' is used twice" in problems_of(tmp_path, GOOD.replace("id: total-march", "id: total"))


def test_a_decline_cannot_have_right_rows() -> None:
    with pytest.raises(ValueError, match="expects a decline"):
        Case(id="margin", level="unanswerable", question="Margin?", expect="declined", gold=("SELECT 1",))


def test_lists_the_suites_there_are_when_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SuiteInvalid, match="Suites: shop"):
        read_suite("shops", folder=suite_with(tmp_path, easy=GOOD))


def test_a_suite_cannot_mix_warehouses(tmp_path: Path) -> None:
    other = "warehouse: other\ncases: []\n"
    with pytest.raises(SuiteInvalid, match="different warehouses: other, shop"):
        read_suite("shop", folder=suite_with(tmp_path, a=GOOD, b=other))


@pytest.mark.parametrize(
    ("case_id", "split"),
    # sha256 of the id, as a number, modulo 10.
    [("avg-basket", "test"), ("joke", "test"), ("revenue-total", "dev"), ("deli-units", "dev")],
)
def test_the_split_is_decided_by_the_id_alone(case_id: str, split: str) -> None:
    assert split_of(case_id) == split


def test_about_three_tenths_of_any_ids_are_the_test_split() -> None:
    ids = [f"case-{number}" for number in range(2000)]
    assert 0.27 < sum(split_of(case_id) == "test" for case_id in ids) / len(ids) < 0.33
