"""Numbers in questions: digits, money, percentages, suffixes and number words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.minds.embedded.tokens import Token

_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "k": 1_000,
    "grand": 1_000,
    "million": 1_000_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "billion": 10**9,
    "bn": 10**9,
}
_CURRENCY_WORDS = frozenset({"dollar", "dollars", "usd", "euro", "euros", "eur", "pound", "pounds", "gbp", "bucks"})
_CURRENCY_CODES = frozenset({"usd", "eur", "gbp"})
"""They may stand before the amount as well: "USD 150"."""
_PERCENT_WORDS = frozenset({"percent", "%", "pct"})
_TIMES = {"once": 1, "twice": 2, "thrice": 3}
_DIGITS = re.compile(r"([$\u20ac\u00a3]?)(\d+(?:\.\d+)?)(st|nd|rd|th|k|m|mn|bn|%)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number as read, and how it was said."""

    value: float
    unit: Literal["money", "percent", "times", "ordinal"] | None = None
    """percent: `value` is already a share, 0.2 for "20 %"."""
    end: int
    """Index of the first token after it."""

    @property
    def whole(self) -> int | float:
        """The value as int when it is one."""
        return int(self.value) if self.value == int(self.value) else self.value


def read_number(tokens: Sequence[Token], start: int) -> Number | None:
    """The number that begins at token `start`, with its scale, currency or percent sign; None when there is none."""
    if start >= len(tokens) or tokens[start].quoted:
        return None
    text = tokens[start].text
    if text in _TIMES:
        return Number(value=_TIMES[text], unit="times", end=start + 1)
    if text in _CURRENCY_CODES:
        amount = _digits(tokens, start + 1) if start + 1 < len(tokens) else None
        return Number(value=amount.value, unit="money", end=amount.end) if amount is not None and amount.unit is None else None
    read = _digits(tokens, start) or _words(tokens, start)
    return _with_unit(tokens, read) if read else None


def _digits(tokens: Sequence[Token], start: int) -> Number | None:
    match = _DIGITS.match(tokens[start].text)
    if not match:
        return None
    sign, digits, suffix = match.groups()
    value = float(digits)
    end = start + 1
    if suffix in ("st", "nd", "rd", "th"):
        return Number(value=value, unit="ordinal", end=end)
    if suffix == "%":
        return Number(value=value / 100, unit="percent", end=end)
    value *= _SCALES.get(suffix or "", 1)
    while end < len(tokens) and tokens[end].text in _SCALES and not tokens[end].joined:
        value *= _SCALES[tokens[end].text]
        end += 1
    return Number(value=value, unit="money" if sign else None, end=end)


def _words(tokens: Sequence[Token], start: int) -> Number | None:
    total = current = 0.0
    at = start
    seen = False
    while at < len(tokens):
        word = tokens[at].text
        if word in _UNITS:
            if seen and (current % 10 or current < 20) and current % 100:
                break
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word in _SCALES and len(word) > 2 and (seen or word in ("hundred", "thousand", "million")):
            current = (current or 1) * _SCALES[word]
            if _SCALES[word] >= 1_000:
                total, current = total + current, 0.0
        elif word == "dozen":
            current = (current or 1) * 12
        elif (
            word in ("a", "an") and not seen and at + 1 < len(tokens) and tokens[at + 1].text in ("hundred", "thousand", "million", "dozen")
        ) or (
            word == "and" and seen and at + 1 < len(tokens) and current % 100 == 0 and current and tokens[at + 1].text in (_UNITS | _TENS)
        ):
            at += 1
            continue
        else:
            break
        seen = True
        at += 1
    return Number(value=total + current, end=at) if seen else None


def _with_unit(tokens: Sequence[Token], number: Number) -> Number:
    if number.end >= len(tokens) or number.unit == "ordinal":
        return number
    following = tokens[number.end].text
    if following in _CURRENCY_WORDS:
        return Number(value=number.value, unit="money", end=number.end + 1)
    if following in _PERCENT_WORDS and number.unit is None:
        return Number(value=number.value / 100, unit="percent", end=number.end + 1)
    if following == "times" and number.unit is None:
        return Number(value=number.value, unit="times", end=number.end + 1)
    return number
