"""API keys: kept as hashes, shared by processes, shut at once."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.interfaces.cli import app
from assistant.interfaces.http_api_keys import FILE_NAME, ApiKeys
from assistant.interfaces.http_api_limits import RateLimit
from tools.core.errors import NotAllowed, SetupProblem, TooManyQuestions


def test_a_key_is_checked_and_its_secret_is_not_kept(tmp_path: Path):
    keys = ApiKeys(tmp_path)
    text, made = keys.add("job", role="business_user")
    assert keys.check(text) == made
    kept = (tmp_path / FILE_NAME).read_text()
    assert text.rpartition("_")[2] not in kept
    assert text.removeprefix(f"candor_{made.id}_") not in kept
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_wrong_secret_under_a_right_id_is_invalid(tmp_path: Path):
    keys = ApiKeys(tmp_path)
    text, made = keys.add("job", role="business_user")
    with pytest.raises(NotAllowed) as caught:
        keys.check(f"candor_{made.id}_" + text[-43:][::-1])
    assert caught.value.public_code == "key_invalid"


def test_what_one_process_revokes_another_refuses(tmp_path: Path):
    here, there = ApiKeys(tmp_path), ApiKeys(tmp_path)
    text, _ = here.add("job", role="business_user")
    assert there.check(text).name == "job"
    here.revoke("job")
    with pytest.raises(NotAllowed) as caught:
        there.check(text)
    assert caught.value.public_code == "key_revoked"


def test_a_name_is_free_again_after_its_key_was_revoked(tmp_path: Path):
    keys = ApiKeys(tmp_path)
    keys.add("job", user="ana")
    with pytest.raises(SetupProblem, match="active key"):
        keys.add("job", user="ana")
    keys.revoke("job")
    text, _ = keys.add("job", user="ana")
    assert keys.check(text).runs_as == "ana"


def test_a_damaged_file_lets_nobody_in(tmp_path: Path):
    keys = ApiKeys(tmp_path)
    text, _ = keys.add("job", role="business_user")
    (tmp_path / FILE_NAME).write_text('{"keys": [{"secret": 1')
    with pytest.raises(SetupProblem) as caught:
        keys.check(text)
    assert caught.value.public_code == "keys_damaged"
    assert "secret" not in caught.value.message


def test_a_bucket_refills_evenly():
    now = [0.0]
    limit = RateLimit(60, clock=lambda: now[0])
    for _ in range(60):
        limit.take("a")
    with pytest.raises(TooManyQuestions) as caught:
        limit.take("a")
    assert caught.value.retry_after_s == 1
    now[0] = 2.0
    limit.take("a")
    limit.take("a")
    with pytest.raises(TooManyQuestions):
        limit.take("a")


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "warehouses").symlink_to(home / "warehouses")
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "completejourney")
    return lambda *args: CliRunner().invoke(app, ["keys", *args])


def test_keys_are_made_listed_and_revoked_on_the_command_line(run):
    made = run("add", "job", "--role", "business_user", "--days", "7")
    assert made.exit_code == 0
    assert made.stdout.startswith("candor_")
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["name"], listed["role"], listed["state"]) == ("job", "business_user", "active")
    assert "secret_hash" not in listed
    left = dt.datetime.fromisoformat(listed["expires_at"]) - dt.datetime.now(dt.UTC)
    assert 6 <= left.days <= 7
    assert run("revoke", "job").exit_code == 0
    assert json.loads(run("list", "--json").stdout)[0]["state"] == "revoked"
    assert run("revoke", "job").exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [("--role", "emperor"), ("--user", "mallory"), ("--user", "local"), ("--role", "local"), ("--role", "regional_manager")],
)
def test_a_key_that_nobody_should_have_is_not_made(run, arguments: tuple[str, str]):
    assert run("add", "job", *arguments).exit_code == 4
    assert json.loads(run("list", "--json").stdout) == []


def test_a_role_s_attribute_is_given_with_the_key(run):
    assert run("add", "job", "--role", "regional_manager", "--attribute", "stores=1,2").exit_code == 0
    assert run("add", "job2", "--role", "regional_manager", "--attribute", "stores").exit_code == 2
