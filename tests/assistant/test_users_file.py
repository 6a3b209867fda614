"""Editing users.yaml by command: one person's lines change, the rest stays as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.users_file import drop_user, put_user
from tools.core.errors import ModelInvalid
from tools.core.sql_guard import User, read_users

WRITTEN = """\
# Who may ask here.
users:
  ana: {role: steward}   # since the start
  ben:
    role: manager
    attributes: {region: North}

  # The last one.
  cat:
    role: reader
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "users.yaml"
    file.write_text(WRITTEN, encoding="utf-8")
    return file


def roles(path: Path) -> dict[str, str]:
    return {name: user.role for name, user in read_users(path).items()}


def test_a_new_user_is_added_and_everything_else_kept(path: Path):
    put_user(path, User(name="dora@example.com", role="manager", attributes={"region": "South, East"}), None)
    assert path.read_text(encoding="utf-8").startswith(WRITTEN)
    added = read_users(path)["dora@example.com"]
    assert (added.role, dict(added.attributes)) == ("manager", {"region": "South, East"})


@pytest.mark.parametrize("name", ["ana", "ben", "cat"])
def test_a_known_user_is_replaced(path: Path, name: str):
    put_user(path, User(name=name, role="steward"), None)
    assert roles(path) == {"ana": "steward", "ben": "manager", "cat": "reader"} | {name: "steward"}
    assert "# Who may ask here." in path.read_text(encoding="utf-8")
    assert "# The last one." in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["ana", "ben", "cat"])
def test_a_user_is_removed(path: Path, name: str):
    assert drop_user(path, name, None)
    assert set(roles(path)) == {"ana", "ben", "cat"} - {name}
    assert not drop_user(path, name, None)


def test_the_last_user_can_be_removed_and_another_added(tmp_path: Path):
    path = tmp_path / "users.yaml"
    put_user(path, User(name="ana", role="steward"), None)
    assert drop_user(path, "ana", None)
    assert roles(path) == {}
    put_user(path, User(name="ben", role="steward"), None)
    assert roles(path) == {"ben": "steward"}


def test_one_line_of_users_is_understood(tmp_path: Path):
    path = tmp_path / "users.yaml"
    path.write_text("users: {ana: {role: steward}, ben: {role: manager}}\n", encoding="utf-8")
    put_user(path, User(name="ana", role="reader"), None)
    assert roles(path) == {"ana": "reader", "ben": "manager"}


def test_a_wrong_file_is_said_and_left_as_it_was(path: Path):
    path.write_text("users:\n  ana: {rolle: steward}\n", encoding="utf-8")
    with pytest.raises(ModelInvalid, match=r"users\.yaml"):
        put_user(path, User(name="ben", role="manager"), None)
    assert path.read_text(encoding="utf-8") == "users:\n  ana: {rolle: steward}\n"
