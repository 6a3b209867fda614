"""From a question to tokens: the atoms that every later part consumes exactly once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from assistant.minds.embedded.wordlists import phrase_lines

_QUOTES = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": " - ", "\u00a0": " ", "`": "'"}
)

_RUN_TOGETHER = ("did", "does", "do", "is", "was", "are", "were", "have", "has", "had")
"""Written without the apostrophe: "didnt"."""
_ASKING = ("what", "who", "how")
"""The same: "whats"."""
_CONTRACTIONS = (
    (re.compile(r"\b(\d{1,2})(\s*(?:and|to|-|until|till)\s*)(\d{1,2})\s*o'?\s?clock\b", re.I), r"\1:00\2\3:00"),
    (re.compile(r"\b(\d{1,2})\s*o'?\s?clock\b", re.I), r"\1:00"),
    (re.compile(r"\b(\d{1,2})(\s*(?:and|to|-|until|till)\s*)(\d{1,2})\s?(am|pm)\b", re.I), r"\1\4\2\3\4"),
    (re.compile(r"\b(?:no|nr)\. of\b", re.I), "number of"),
    (re.compile(r"\bcan't\b", re.I), "can not"),
    (re.compile(r"\bcannot\b", re.I), "can not"),
    (re.compile(r"\bwon't\b", re.I), "will not"),
    (re.compile(r"\b(\w+)n't\b", re.I), r"\1 not"),
    (re.compile(rf"\b({'|'.join(_RUN_TOGETHER)})nt\b", re.I), r"\1 not"),
    (re.compile(r"\b(what|who|where|how|that|there|it|let|here)'s\b", re.I), r"\1 is"),
    (re.compile(rf"\b({'|'.join(_ASKING)})s\b", re.I), r"\1 is"),
    (re.compile(r"\b(\w+)'re\b", re.I), r"\1 are"),
    (re.compile(r"\b(\w+)'ve\b", re.I), r"\1 have"),
    (re.compile(r"\b(\w+)'ll\b", re.I), r"\1 will"),
    (re.compile(r"\b(\w+)'d\b", re.I), r"\1 would"),
    (re.compile(r"\bi'm\b", re.I), "i am"),
    (re.compile(r"\b(?:our|the) (?:own )?(?:company|business|firm|organi[sz]ation)'s\b", re.I), "our"),
    (re.compile(r"(\w)'s\b", re.I), r"\1"),
    (re.compile(r"(\w)'(?=\s|$|[?.,!])"), r"\1"),
)

_SPOKEN_YEAR = re.compile(r"\btwenty[\s-]twenty[\s-](one|two|three|four|five|six|seven|eight|nine)\b", re.I)
_SPOKEN_DIGITS = {w: n for n, w in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1)}

_TOKEN = re.compile(
    r"(?P<clock>\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)(?![a-z])|\d{1,2}:\d{2})"
    r"|(?P<number>[$\u20ac\u00a3]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:st|nd|rd|th|k|m|mn|bn|%)?(?![a-z0-9]))"
    r"|(?P<word>[a-z0-9]+)"
    r"|(?P<money>[$\u20ac\u00a3](?!\s?\d))"
    r"|(?P<mark>>=|<=|!=|<>|[<>=+&,;:()?!\"%#*./-])",
    re.I,
)

_ATOM_MARKS = {"&": "and", "#": "number"}
_GLUE = frozenset("-/")
_SILENT = frozenset('?!.":*')
_ENDS = frozenset("?!.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One atom of the question."""

    text: str
    """Lower case, without currency signs' thousands separators: "10000", "deli", "q2"."""
    raw: str
    """As typed."""
    kind: Literal["word", "number", "clock", "mark"]
    joined: bool = False
    """Glued to the token before by a hyphen or a slash: the 34 of "25-34"."""
    opens: bool = False
    """First of a further sentence: no phrase runs across its beginning."""
    quoted: bool = False
    """Inside quotation marks: a name, never grammar."""
    asked: bool = False
    """First of a sentence that follows a question mark."""
    labelled: bool = False
    """First after a colon: what stands before it may be a label."""


def normalise(text: str) -> str:
    """The question in one spelling: NFKC, plain quotes and dashes, contractions written out, single spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    plain = _SPOKEN_YEAR.sub(lambda m: f"202{_SPOKEN_DIGITS[m[1].lower()]}", plain)
    for pattern, replacement in _CONTRACTIONS:
        plain = pattern.sub(replacement, plain)
    return " ".join(plain.split())


def tokenize(text: str) -> tuple[Token, ...]:
    """Tokens of a question (or of a phrase of the model: both sides are cut alike).

    Hyphens and slashes between atoms leave no token but a `joined` flag; full stops, question marks and quotation marks leave none.
    """
    plain = normalise(text)
    tokens: list[Token] = []
    glued = False
    quoted = False
    ended = asked = labelled = False
    previous_end = -1
    for match in _TOKEN.finditer(plain):
        raw = match.group()
        kind = match.lastgroup
        touching = match.start() == previous_end
        previous_end = match.end()
        if raw == '"':
            quoted = not quoted
            continue
        if raw in _GLUE:
            glued = touching and bool(tokens)
            continue
        if raw in _SILENT:
            glued = False
            ended = bool(tokens) and raw in _ENDS
            asked = ended and (raw == "?" or asked)
            labelled = bool(tokens) and raw == ":"
            continue
        token = _token(raw, kind, joined=(glued or (raw == "+" and touching)) and touching, quoted=quoted)
        opens = ended and not touching and raw[:1].isupper()
        tokens.append(replace(token, opens=opens, asked=opens and asked, labelled=labelled) if opens or labelled else token)
        glued = ended = asked = labelled = False
    return tuple(tokens)


def _token(raw: str, kind: str | None, *, joined: bool, quoted: bool) -> Token:
    text = raw.lower()
    if kind == "money":
        return Token(text="$", raw=raw, kind="word", joined=False, quoted=quoted)
    if kind == "number":
        return Token(text=text.replace(",", ""), raw=raw, kind="number", joined=joined, quoted=quoted)
    if kind == "clock":
        return Token(text=text.replace(" ", "").replace(".", ""), raw=raw, kind="clock", joined=joined, quoted=quoted)
    if raw in _ATOM_MARKS:
        return Token(text=_ATOM_MARKS[raw], raw=raw, kind="word", joined=joined, quoted=quoted)
    if kind == "mark":
        return Token(text=text, raw=raw, kind="mark", joined=joined, quoted=quoted)
    if joined and text[:-1].isdigit() and text.endswith("s"):
        return Token(text=text[:-1], raw=raw, kind="number", joined=True, quoted=quoted)  # "the 35-44s"
    return Token(text=_abbreviations().get(text, text), raw=raw, kind="word", joined=joined, quoted=quoted)


@cache
def _abbreviations() -> dict[str, str]:
    """What is typed -> the word that is meant."""
    lines = (line.split() for line in phrase_lines("abbreviations"))
    return {short: meant for meant, *shorts in lines for short in shorts}


def typed(tokens: Sequence[Token]) -> str:
    """The tokens as they were typed, in one spelling: for checks that read text."""
    return "".join(("-" if t.joined else " ") + t.raw for t in tokens).strip()


_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")
_RESPELT = frozenset({"cannot", "twenty", *(f"{word}nt" for word in _RUN_TOGETHER), *(f"{word}s" for word in _ASKING)})
"""Plain words that `normalise` writes in another way."""


def atoms(phrase: str) -> tuple[str, ...]:
    """The phrase as a key: lower-case atoms without punctuation, so "MEAT-PCKGD" and "meat pckgd" meet."""
    if _PLAIN.fullmatch(phrase):
        # Most phrases of a model; cutting thousands of them with every pattern took a fifth of a cold start.
        words = phrase.split()
        if _RESPELT.isdisjoint(words):
            return tuple(_abbreviations().get(word, word) for word in words)
    return tuple(t.text for t in tokenize(phrase) if t.kind != "mark" or t.text == "+")
