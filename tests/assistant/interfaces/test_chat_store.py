"""What the chat keeps: by its user, for as long as agreed, and only for eyes that may still see it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from assistant.interfaces import chat_login
from assistant.interfaces.chat_store import MAX_SAVED, ChatStore
from assistant.settings import Settings
from assistant.turn import Option, Step
from tools.core.errors import NotAllowed, SetupProblem
from tools.core.sql_guard import Rights

PLAN = (Step(tool="query_metrics", arguments={"metrics": ["revenue"]}),)


def rights(**parts: Any) -> Rights:
    defaults: dict[str, Any] = {"columns": {"sales": frozenset({"a", "b"})}, "may_list_individuals": True}
    return Rights(user="ana", role="r", policy_version="1", **(defaults | parts))


@pytest.fixture
def store(tmp_path: Path) -> ChatStore:
    return ChatStore(tmp_path / "chat.sqlite")


def spoken(store: ChatStore, thread: str, text: str, user: str = "ana") -> None:
    store.put_thread(thread, user=user, created_at="2026-01-01T00:00:00Z", name=text)
    store.put_step({"id": f"s-{thread}", "type": "assistant_message", "output": text, "createdAt": "1"}, thread=thread, rights="")


@pytest.mark.parametrize(
    ("then", "now", "may_see"),
    [
        ({}, {}, True),
        ({}, {"columns": {"sales": frozenset({"a", "b", "c"}), "more": frozenset({"x"})}}, True),
        ({}, {"columns": {"sales": frozenset({"a"})}}, False),
        ({}, {"columns": {}}, False),
        ({}, {"row_rules": {"sales": "region = 'N'"}}, False),
        ({"row_rules": {"sales": "region = 'N'"}}, {"row_rules": {"sales": "region = 'N'"}}, True),
        ({"row_rules": {"sales": "region = 'N'"}}, {"row_rules": {"sales": "region = 'S'"}}, False),
        ({"row_rules": {"sales": "region = 'N'"}}, {}, True),
        ({}, {"min_group_size": 5, "may_list_individuals": False}, False),
        ({"min_group_size": 5, "may_list_individuals": False}, {"min_group_size": 10, "may_list_individuals": False}, False),
        ({"min_group_size": 10, "may_list_individuals": False}, {"min_group_size": 5, "may_list_individuals": False}, True),
        ({"min_group_size": 5, "may_list_individuals": False}, {}, True),
    ],
)
def test_what_was_shown_may_be_seen_under_rights_that_cover_it(store: ChatStore, then: Any, now: Any, may_see: bool):
    fingerprint = store.note_rights(rights(**then))
    assert store.still_covered(fingerprint, rights(**now)) == may_see


def test_an_unknown_fingerprint_covers_nothing(store: ChatStore):
    assert not store.still_covered("0000000000000000", rights())


def test_search_takes_no_wildcards_and_finds_what_was_said(store: ChatStore):
    spoken(store, "t1", "Revenue rose by 100% in the North")
    spoken(store, "t2", "Customers by region")
    spoken(store, "t3", "Revenue rose", user="ben")
    assert [t["id"] for t in store.threads("ana", search="100%")] == ["t1"]
    assert [t["id"] for t in store.threads("ana", search="the north")] == ["t1"]
    assert [t["id"] for t in store.threads("ana", search="_")] == []
    assert {t["id"] for t in store.threads("ana")} == {"t1", "t2"}


def test_a_deleted_conversation_is_gone_from_the_file(store: ChatStore, tmp_path: Path):
    spoken(store, "t1", "a very personal canary")
    store.put_element({"id": "e1", "forId": "s-t1"}, thread="t1", content=b"another canary" * 50, rights="")
    store.put_plans({"p1": Option(label="canary plan", plan=PLAN)}, user="ana", thread="t1")
    store.delete_thread("t1")
    store.close()
    sqlite3.connect(tmp_path / "chat.sqlite").execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary" not in (tmp_path / "chat.sqlite").read_bytes()


def test_old_conversations_are_purged_and_recent_ones_kept(store: ChatStore, tmp_path: Path):
    spoken(store, "old", "x")
    spoken(store, "new", "y")
    with sqlite3.connect(tmp_path / "chat.sqlite") as db:
        db.execute("UPDATE thread SET touched_at = ? WHERE id = 'old'", (time.time() - 40 * 86_400,))
    assert store.purge(30) == 1
    assert [t["id"] for t in store.threads("ana")] == ["new"]


def test_a_plan_and_a_saved_question_are_their_user_s(store: ChatStore):
    store.put_plans({"p1": Option(label="x", plan=PLAN)}, user="ana", thread="t")
    assert store.plan("p1", user="ana") == Option(label="x", plan=PLAN)
    assert store.plan("p1", user="ben") is None
    assert store.save_question("Revenue", PLAN, user="ana", warehouse="w")
    (mine,) = store.saved_questions(user="ana", warehouse="w")
    assert store.saved_questions(user="ben", warehouse="w") == []
    assert not store.share_question(mine.id, user="ben", shared=True)
    assert store.share_question(mine.id, user="ana", shared=True)
    (theirs,) = store.saved_questions(user="ben", warehouse="w")
    assert (theirs.question, theirs.mine, theirs.plan) == ("Revenue", False, PLAN)
    assert store.saved_questions(user="ben", warehouse="another") == []
    assert not store.drop_question(mine.id, user="ben")


def test_saved_questions_are_bounded(store: ChatStore):
    assert all(store.save_question(str(n), PLAN, user="ana", warehouse="w") for n in range(MAX_SAVED))
    assert not store.save_question("one more", PLAN, user="ana", warehouse="w")
    assert store.save_question("0", PLAN, user="ana", warehouse="w")


def test_a_visit_knows_the_one_before_after_a_pause(store: ChatStore):
    assert store.visit(user="ana", warehouse="w", as_of="2026-06-01") is None
    assert store.visit(user="ana", warehouse="w", as_of="2026-06-02") is None
    visit = store.visit(user="ana", warehouse="w", as_of="2026-06-30", pause_s=-1)
    assert visit is not None
    assert visit.as_of == "2026-06-02"
    again = store.visit(user="ana", warehouse="w", as_of="2026-06-30")
    assert again == visit


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"chat_host": "0.0.0.0"}, "login_required"),
        ({"login": "header"}, "login_proxy_secret_missing"),
        ({"login": "oauth"}, "oauth_not_configured"),
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(tmp_path: Path, parts: dict[str, Any], code: str):
    with pytest.raises(SetupProblem) as caught:
        chat_login.check(Settings(home=tmp_path, **parts))
    assert caught.value.public_code == code


def served(name: str) -> None:
    if name not in ("ana", "ben@example.com"):
        raise NotAllowed("no role", try_instead="")


def test_a_header_names_a_user_only_with_the_secret_of_the_proxy(tmp_path: Path):
    settings = Settings(home=tmp_path, login="header", login_proxy_secret="a secret of the proxy")  # type: ignore[arg-type]
    doorman = chat_login.Doorman(settings, served)
    right = {"x-forwarded-user": "ana", "x-candor-proxy": "a secret of the proxy"}
    assert doorman.by_header(right) == ("ana", {})
    assert doorman.by_header({**right, "x-forwarded-user": "nobody"}) is None
    assert doorman.by_header({**right, "x-candor-proxy": "a guess"}) is None
    assert doorman.by_header({"x-forwarded-user": "ana"}) is None
    assert chat_login.Doorman(Settings(home=tmp_path, login="password"), served).by_header(right) is None


def test_an_unverified_e_mail_or_a_person_without_role_is_nobody(tmp_path: Path):
    doorman = chat_login.Doorman(Settings(home=tmp_path, login="oauth"), served)
    assert doorman.by_oauth("ben@example.com", {"email": "ben@example.com", "email_verified": True}) == {}
    assert doorman.by_oauth("ben@example.com", {"email": "ben@example.com", "email_verified": False}) is None
    assert doorman.by_oauth("eve@example.com", {"email": "eve@example.com"}) is None
    assert doorman.by_oauth(None, {}) is None


def test_the_secret_of_sessions_is_kept_between_starts_and_a_short_one_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import os

    monkeypatch.setenv("CHAINLIT_AUTH_SECRET", "")
    settings = Settings(home=tmp_path)
    chat_login.prepare_environment(settings)
    first = os.environ["CHAINLIT_AUTH_SECRET"]
    chat_login.prepare_environment(settings)
    assert os.environ["CHAINLIT_AUTH_SECRET"] == first
    assert len(first) >= 32
    assert (tmp_path / "chat" / "secret").stat().st_mode & 0o077 == 0
    with pytest.raises(SetupProblem, match="too short"):
        chat_login.prepare_environment(Settings(home=tmp_path, auth_secret="short"))  # type: ignore[arg-type]
