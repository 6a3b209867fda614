"""What a text must look like before anything parses it."""

from __future__ import annotations

import pytest

from tools.core.errors import SqlRefused
from tools.core.sql_guard.bounds import MAX_CHARACTERS, check_text


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "select 'a;b--c'",
        "SELECT 'it''s' -- done",
        "SELECT /* note */ 1",
        'SELECT 1 AS "Größe 2"',
        "SELECT 'a\nb\tc ☃ \u200b'",
        "SELECT a[1:2], b::INT",
    ],
)
def test_plain_texts_pass(text: str) -> None:
    check_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "  \n", "SELECT 'open", 'SELECT "open', "SELECT /* open", "SELECT /* a /* b */ */ 1", "SELECT \u00a01", "SELECT `a`",
        "SELECT $1", "SELECT $$a$$", "SELECT {x}", "SELECT #1", "SELECT a\\b", "SELECT @x", "SELECT ?", "SELECT 1\x00", "SELECT 'a\x00'",
        'SELECT "a\u200bb"', "SELECT -- \u202e", "\ufeffSELECT 1",
    ],
)  # fmt: skip
def test_odd_texts_are_refused(text: str) -> None:
    with pytest.raises(SqlRefused):
        check_text(text)


def test_refuses_texts_that_are_too_long_or_too_deep() -> None:
    for text in ("SELECT '" + "x" * MAX_CHARACTERS + "'", "SELECT " + "(" * 61 + "1" + ")" * 61, "SELECT " + "NOT " * 700 + "true"):
        with pytest.raises(SqlRefused):
            check_text(text)


def test_names_the_character_by_its_code_and_never_quotes_the_text() -> None:
    with pytest.raises(SqlRefused, match=r"U\+200B") as refusal:
        check_text("SELECT secret\u200bvalue")
    assert "secret" not in refusal.value.message
