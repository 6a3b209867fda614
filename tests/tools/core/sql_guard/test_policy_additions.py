"""Computed tables get classes and a path to their person without a word in the policy; what the policy says itself, holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.core.errors import ModelInvalid
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import read_policy

POLICY = """
version: 1
request_access: Ask the steward.
people: {table: people, key: id}
tables:
  people: {key: [id]}
roles:
  local: {sees: [plain, key], individuals: true}
  analyst: {sees: [plain, key]}
"""
CATALOG = Catalog(tables={"people": {"id": "INTEGER"}, "intelligence.scores": {"id": "INTEGER", "risk": "DOUBLE"}})
ADDITION = PolicyAddition(tables={"intelligence.scores": {"key": ("id",), "plain": ("risk",)}}, paths={"intelligence.scores": "id"})


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_computed_table_is_open_to_who_sees_its_classes_and_counts_its_people(tmp_path: Path) -> None:
    policy = read_policy(write(tmp_path, POLICY), catalog=CATALOG, additions=[ADDITION])
    rights = policy.rights_for("someone", "analyst")
    assert rights.may_read("intelligence.scores", "risk")
    assert rights.people is not None
    assert rights.people.paths["intelligence.scores"] == "id"
    assert rights.min_group_size == 5


def test_without_the_addition_the_table_stays_closed(tmp_path: Path) -> None:
    rights = read_policy(write(tmp_path, POLICY), catalog=CATALOG).rights_for("someone", "analyst")
    assert not rights.may_read("intelligence.scores", "risk")


def test_what_the_policy_says_of_a_computed_table_holds(tmp_path: Path) -> None:
    stricter = POLICY.replace("  people: {key: [id]}", "  people: {key: [id]}\n  intelligence.scores: {key: [id], protected: [risk]}")
    stricter = stricter.replace("key: id}", "key: id, paths: {intelligence.scores: id}}")
    rights = read_policy(write(tmp_path, stricter), catalog=CATALOG, additions=[ADDITION]).rights_for("someone", "analyst")
    assert not rights.may_read("intelligence.scores", "risk")


def test_a_role_can_be_closed_to_a_computed_column(tmp_path: Path) -> None:
    closed = POLICY.replace("analyst: {sees: [plain, key]}", "analyst: {sees: [plain, key], hidden: [intelligence.scores.risk]}")
    rights = read_policy(write(tmp_path, closed), catalog=CATALOG, additions=[ADDITION]).rights_for("someone", "analyst")
    assert not rights.may_read("intelligence.scores", "risk")


def test_a_policy_without_people_takes_the_classes_alone(tmp_path: Path) -> None:
    bare = POLICY.replace("people: {table: people, key: id}\n", "").replace("  analyst: {sees: [plain, key]}\n", "")
    assert read_policy(write(tmp_path, bare), catalog=CATALOG, additions=[ADDITION]).people is None


def test_an_addition_over_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match=r"no table 'intelligence\.scores'"):
        read_policy(write(tmp_path, POLICY), catalog=Catalog(tables={"people": {"id": "INTEGER"}}), additions=[ADDITION])
