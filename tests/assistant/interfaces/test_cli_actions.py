"""`assistant actions` and `assistant segments`, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assistant.interfaces import cli_actions, cli_segments

app = typer.Typer()
cli_actions.add_to(app)
cli_segments.add_to(app)
runner = CliRunner()


@pytest.fixture
def at_home(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSISTANT_HOME", str(demo_home))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "demo")
    return demo_home


def test_a_list_within_a_budget_is_written_as_csv(at_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    done = runner.invoke(app, ["actions", "list", "--action", "email offer", "--budget", "1", "--csv", str(file)])
    assert done.exit_code == 0, done.output
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Customer number,Expected gain")
    assert len(lines) == 21


def test_roles_that_see_groups_get_no_file(at_home: Path, tmp_path: Path) -> None:
    (at_home / "users.yaml").write_text("users: {mara: {role: marketer}}\n", encoding="utf-8")
    file = tmp_path / "list.csv"
    try:
        done = runner.invoke(app, ["actions", "list", "--csv", str(file), "--user", "mara"])
    finally:
        (at_home / "users.yaml").unlink()
    assert done.exit_code == 4
    assert not file.exists()


def test_a_segment_is_saved_from_a_question_listed_and_deleted(at_home: Path) -> None:
    saved = runner.invoke(app, ["segments", "save", "north risk", "--of", "how many customers in the North are at risk"])
    assert saved.exit_code == 0, saved.output
    assert "north risk" in runner.invoke(app, ["segments", "list"]).output
    assert "Deleted" in runner.invoke(app, ["segments", "delete", "north risk"]).output
    assert "north risk" not in runner.invoke(app, ["segments", "list"]).output


def test_a_question_without_a_condition_saves_nothing(at_home: Path) -> None:
    done = runner.invoke(app, ["segments", "save", "everybody", "--of", "how many customers are there"])
    assert done.exit_code == 1
    assert "no condition" in done.output
