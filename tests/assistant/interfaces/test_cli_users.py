"""`assistant users`: roles and passwords by command, checked against the warehouse's policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.interfaces.cli import app
from assistant.passwords import PasswordFile

PASSWORD = "four random words here"


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "warehouses").symlink_to(home / "warehouses")
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "completejourney")
    return lambda *arguments, typed="": CliRunner().invoke(app, ["users", *arguments], input=typed)


def test_a_user_gets_a_role_and_a_password_and_loses_both(run, tmp_path):
    added = run("add", "ana", "--role", "business_user", "--password-stdin", typed=PASSWORD + "\n")
    assert added.output.strip() == "ana has the role business_user and a password."
    assert PasswordFile(tmp_path / "passwords.json").check("ana", PASSWORD)
    assert "business_user" in (tmp_path / "users.yaml").read_text(encoding="utf-8")
    assert run("list").output.strip() == "ana\tbusiness_user\tpassword"
    assert PASSWORD not in run("list").output
    assert run("remove", "ana").exit_code == 0
    assert run("list").output.strip() == ""
    assert run("remove", "ana").exit_code == 2


def test_an_unknown_role_is_refused_and_nothing_is_written(run, tmp_path):
    refused = run("add", "ana", "--role", "emperor", "--no-password")
    assert refused.exit_code == 1
    assert "unknown role 'emperor'" in refused.output
    assert not (tmp_path / "users.yaml").exists()


def test_a_password_that_is_too_short_is_refused(run):
    refused = run("password", "ana", "--password-stdin", typed="short\n")
    assert refused.exit_code == 1
    assert "too short: 10 characters at least" in refused.output
