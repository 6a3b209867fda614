"""What a text must look like before anything parses it.

Parsers differ in what they make of odd characters, so none may occur outside strings; length and depth are bounded
because a recursive parser is a way to stop the service.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from tools.core.errors import SqlRefused

MAX_CHARACTERS = 8_000
MAX_DEPTH = 60
"""Brackets and CASE blocks inside one another."""
MAX_OPERATORS = 600
"""Operators, commas and keywords that nest a parser: a thousand `NOT`s are as deep as a thousand brackets."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t\r\n()[],.;:=<>!+-*/%|&^~'\"")
"""Outside strings. Not among them: $ (dollar quotes, parameters), # (positions, template comments), { } (templates),
` and \\ (other dialects' quoting), @, ?."""


@dataclass(frozen=True, kw_only=True)
class _Span:
    """A stretch of text of one kind: code, string, name (double-quoted), comment."""

    kind: str
    text: str


def check_text(statement: str, *, max_characters: int = MAX_CHARACTERS) -> None:
    """Raises SqlRefused for a text that is empty, too long, too deep, or holds characters that parsers read differently."""
    if not statement.strip():
        raise SqlRefused("The statement is empty.", try_instead="Write one SELECT.")
    if len(statement) > max_characters:
        raise SqlRefused(f"The statement is longer than {max_characters:,} characters.", try_instead="Shorten it, or ask in two steps.")
    code: list[str] = []
    for span in _spans(statement):
        if span.kind == "code":
            code.append(span.text)
            _check_code(span.text)
        else:
            _check_quoted(span)
            code.append(" ")
    _check_depth("".join(code))


def _spans(text: str) -> list[_Span]:
    spans: list[_Span] = []
    start = at = 0
    while at < len(text):
        kind, end = _quoted_end(text, at)
        if not kind:
            at += 1
            continue
        if at > start:
            spans.append(_Span(kind="code", text=text[start:at]))
        spans.append(_Span(kind=kind, text=text[at:end]))
        start = at = end
    if start < len(text):
        spans.append(_Span(kind="code", text=text[start:]))
    return spans


def _quoted_end(text: str, at: int) -> tuple[str, int]:
    """Kind and end of the quoted stretch that starts at `at`, or ("", at)."""
    character = text[at]
    if character in "'\"":
        end = at + 1
        while True:
            end = text.find(character, end)
            if end < 0:
                raise SqlRefused("A quotation mark is not closed.", try_instead="Close it, or double it inside a string.")
            if text[end + 1 : end + 2] != character:
                return ("string" if character == "'" else "name"), end + 1
            end += 2
    if text.startswith("--", at):
        end = text.find("\n", at)
        return "comment", len(text) if end < 0 else end
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        if end < 0 or text.find("/*", at + 2, end) >= 0:
            raise SqlRefused("A comment is not closed, or nested.", try_instead="Leave comments out.")
        return "comment", end + 2
    return "", at


def _check_code(code: str) -> None:
    odd = set(code) - _PLAIN
    if odd:
        shown = ", ".join(sorted(c if c.isprintable() and c.isascii() else f"U+{ord(c):04X}" for c in odd)[:3])
        raise SqlRefused(f"Characters that may not stand outside a string: {shown}.", try_instead="Use plain SQL; quote texts with '...'.")


def _check_quoted(span: _Span) -> None:
    for character in span.text:
        category = unicodedata.category(character)
        allowed_control = character in "\t\n\r" and span.kind != "name"
        if (category in ("Cc", "Cs", "Co", "Cn") and not allowed_control) or (category in ("Cf", "Zl", "Zp") and span.kind != "string"):
            raise SqlRefused("The statement holds control or invisible characters.", try_instead="Remove them.")
        if span.kind == "name" and not (character.isascii() or category[0] in "LN"):
            raise SqlRefused("A quoted name holds characters other than letters, digits and ASCII.", try_instead="Rename it.")


def _check_depth(code: str) -> None:
    depth = deepest = 0
    for character in code:
        if character in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]":
            depth -= 1
    words = code.lower().split()
    if deepest + words.count("case") > MAX_DEPTH or sum(words.count(w) for w in ("not", "-", "+", "~", "||")) > MAX_OPERATORS:
        raise SqlRefused("The statement is nested too deeply.", try_instead="Split it with WITH, or ask in two steps.")
