"""Small pieces of English that several sentences need."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from assistant.render.numbers import LONG_MONTHS, format_day
from tools.core.contract import DateSpan

_ALL_DATA = re.compile(r", all data up to \d+ \w+ \d{4}")
_TWICE = re.compile(r"\b([\w-]+) \(\1 (with(?:out)? [^()]*)\)")
"""A noun and its own condition in brackets: "customers (customers without any consent)"."""


def join_words(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def during(span: DateSpan) -> str:
    """The span with its preposition: "in March 2017", "in Q2 2017", "on 4 July 2017", "from 3 March to 6 June 2017"."""
    start, end = span.start, span.end
    if start == end:
        return f"on {format_day(start, long=True)}"
    if start.day == 1 and _ends_month(end):
        whole = _whole_period(start, end)
        if whole:
            return f"in {whole}"
        first = _month(start) if start.year == end.year else f"{_month(start)} {start.year}"
        return f"from {first} to {_month(end)} {end.year}"
    first = f"{start.day} {_month(start)}" if start.year == end.year else format_day(start, long=True)
    return f"from {first} to {format_day(end, long=True)}"


def _month(value: dt.date) -> str:
    return LONG_MONTHS[value.month - 1]


def _ends_month(value: dt.date) -> bool:
    return (value + dt.timedelta(days=1)).day == 1


def _whole_period(start: dt.date, end: dt.date) -> str | None:
    """The name of the month, quarter or year that starts and ends on these days; None for anything else."""
    if start.year != end.year:
        return None
    if start.month == end.month:
        return f"{_month(start)} {start.year}"
    if (start.month, end.month) == (1, 12):
        return str(start.year)
    if start.month % 3 == 1 and end.month == start.month + 2:
        return f"Q{(start.month + 2) // 3} {start.year}"
    return None


def capitalised(text: str) -> str:
    """First letter upper case, the rest as it is; a code such as "b2b" or "7up" is left alone."""
    code = any(letter.isdigit() for letter in text.partition(" ")[0])
    return text if code else text[:1].upper() + text[1:]


def asked(sentence: str, conditions: Sequence[str] = ()) -> str:
    """A reading's sentence to be asked back: a noun is said once with what is wanted of it, and that all data counts goes without saying.

    Args:
        conditions: The reading's conditions on entities, as they stand in the sentence: "customers with at least 2 calls".
    """
    said = _TWICE.sub(r"\1 \2", _ALL_DATA.sub("", sentence))
    noun = said.partition(",")[0]
    own = [c for c in conditions if c.startswith((f"{noun.lower()} with ", f"{noun.lower()} without ")) and f", {c}" in said]
    for condition in own:
        said = said.replace(f", {condition}", "", 1)
    wanted = join_words([c.removeprefix(f"{noun.lower()} ") for c in own])
    return f"{noun} {wanted}{said.removeprefix(noun)}" if own else said


_PARTICIPLES = frozenset(
    {"sold", "redeemed", "targeted", "won", "lost", "made", "bought", "sent", "opened", "clicked", "filled", "started", "ended"}
)
_WITH_ES = ("sses", "ches", "shes", "xes", "zes")


def is_plural(label: str) -> bool:
    """Whether a metric's label takes "were": "visits", "units sold", but not "gross" or "status"."""
    noun = label.split()[_noun(label)] if label else ""
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def singular(label: str) -> str:
    """A plural label for one of them: "late delivery", "unit sold", "search"."""
    words, at = label.split(), _noun(label)
    noun = words[at]
    if noun.endswith("ies"):
        words[at] = f"{noun[:-3]}y"
    elif is_plural(label):
        words[at] = noun[:-2] if noun.endswith(_WITH_ES) else noun[:-1]
    return " ".join(words)


def _noun(label: str) -> int:
    """Place of the word that a label is about: the last before "of" or "per", participles aside."""
    head = label.split(" of ")[0].split(" per ")[0].split()
    nouns = [at for at, word in enumerate(head) if word not in _PARTICIPLES]
    return nouns[-1] if nouns else len(head) - 1
