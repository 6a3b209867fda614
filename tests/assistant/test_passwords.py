"""Passwords of a small team: hashed, salted, slow to guess, and gone when taken away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant import passwords as module
from assistant.passwords import Brake, PasswordFile
from tools.core.errors import SetupProblem

PASSWORD = "four random words here"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PasswordFile:
    # The strength of the hash is a matter of time; its shape is not.
    monkeypatch.setattr(module, "_COST", 2**10)
    return PasswordFile(tmp_path / "passwords.json")


def test_only_the_right_password_of_a_known_name_opens(file: PasswordFile):
    file.set("ana", PASSWORD)
    assert file.check("ana", PASSWORD)
    assert not file.check("ana", PASSWORD.upper())
    assert not file.check("ben", PASSWORD)
    assert not file.check("", "")


def test_the_file_holds_no_password_no_two_equal_hashes_and_is_its_owner_s_alone(file: PasswordFile, tmp_path: Path):
    file.set("ana", PASSWORD)
    file.set("ben", PASSWORD)
    text = (tmp_path / "passwords.json").read_text(encoding="utf-8")
    assert PASSWORD not in text
    hashes = json.loads(text)
    assert hashes["ana"] != hashes["ben"]
    assert all(one.startswith("scrypt$") for one in hashes.values())
    assert (tmp_path / "passwords.json").stat().st_mode & 0o077 == 0


def test_the_hash_is_slow_enough_by_default():
    assert module._COST >= 2**15


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaa", "anastasia-k", "x" * 2000])
def test_a_weak_password_is_not_taken(file: PasswordFile, weak: str):
    with pytest.raises(SetupProblem) as caught:
        file.set("anastasia-k", weak)
    assert caught.value.public_code == "password_weak"
    assert file.names == ()


def test_a_new_password_changes_the_stamp_and_a_removed_one_has_none(file: PasswordFile):
    file.set("ana", PASSWORD)
    before = file.stamp("ana")
    file.set("ana", "another four random words")
    assert file.stamp("ana") not in (before, None)
    assert file.remove("ana")
    assert not file.remove("ana")
    assert file.stamp("ana") is None
    assert not file.check("ana", "another four random words")


@pytest.mark.parametrize("broken", ["", "[]", "{not json", '{"ana": 5}'])
def test_a_broken_file_is_said_and_lets_nobody_in(file: PasswordFile, tmp_path: Path, broken: str):
    (tmp_path / "passwords.json").write_text(broken, encoding="utf-8")
    with pytest.raises(SetupProblem, match="cannot be read"):
        file.check("ana", PASSWORD)


@pytest.mark.parametrize("stored", ["", "scrypt$", "md5$1$1$1$eA==$eA==", "scrypt$x$8$1$eA==$eA=="])
def test_a_hash_of_another_kind_matches_nothing(file: PasswordFile, tmp_path: Path, stored: str):
    (tmp_path / "passwords.json").write_text(json.dumps({"ana": stored}), encoding="utf-8")
    assert not file.check("ana", PASSWORD)


def test_wrong_tries_make_the_next_one_wait_and_a_right_one_forgives():
    brake = Brake()
    for _ in range(module.FREE_TRIES):
        assert brake.wait_s("ana") == 0
        brake.note("ana", right=False)
    first = brake.wait_s("ana")
    brake.note("ana", right=False)
    assert 0 < first <= 1 < brake.wait_s("ana") <= 2
    assert brake.wait_s("ben") == 0
    brake.note("ana", right=True)
    assert brake.wait_s("ana") == 0
