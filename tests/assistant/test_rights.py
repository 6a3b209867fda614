"""Who is served: the users of the file, and those whom another directory vouches for."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.rights import RightsBook
from tools.core.errors import NotAllowed
from tools.core.sql_guard import User


@pytest.fixture
def book(assistant: Assistant, tmp_path: Path) -> RightsBook:
    (tmp_path / "users.yaml").write_text("users:\n  ana: {role: data_steward}\n", encoding="utf-8")
    warehouse = assistant.warehouse
    return RightsBook(policy=warehouse.policy, catalog=warehouse.catalog, users_file=tmp_path / "users.yaml")


def test_somebody_vouched_for_gets_the_rights_of_the_role(book: RightsBook):
    with pytest.raises(NotAllowed):
        book.rights_for("key:reports")
    book.admit(User(name="key:reports", role="business_user"))
    assert book.rights_for("key:reports").role == "business_user"


def test_who_is_listed_keeps_the_listed_role(book: RightsBook):
    book.admit(User(name="ana", role="business_user"))
    assert book.rights_for("ana").role == "data_steward"


def test_a_role_that_is_unknown_or_lacks_its_attribute_is_not_admitted(book: RightsBook):
    with pytest.raises(NotAllowed):
        book.admit(User(name="x", role="emperor"))
    with pytest.raises(NotAllowed, match="attribute"):
        book.admit(User(name="x", role="regional_manager"))


def test_the_least_role_sees_groups_only(book: RightsBook):
    assert book.least_role() == "business_user"


def test_without_a_policy_nobody_is_admitted(assistant: Assistant, tmp_path: Path):
    book = RightsBook(policy=None, catalog=assistant.warehouse.catalog, users_file=tmp_path / "none.yaml")
    assert book.least_role() is None
    with pytest.raises(NotAllowed, match="no policy"):
        book.admit(User(name="x", role="business_user"))


def test_a_later_book_takes_over_whom_the_earlier_one_admitted(assistant: Assistant, book: RightsBook, tmp_path: Path):
    book.admit(User(name="key:reports", role="business_user"))
    later = RightsBook(policy=assistant.warehouse.policy, catalog=assistant.warehouse.catalog, users_file=tmp_path / "users.yaml")
    later.take_over(book)
    assert later.rights_for("key:reports").role == "business_user"
