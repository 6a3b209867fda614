"""Figures as people write them: value, unit, and how exact the writing claims to be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FigureKind = Literal["money", "percent", "points", "times", "plain"]
Hedge = Literal["", "about", "over", "under", "nearly"]

MOST_RELATIVE_ERROR = 0.01
"""Rounding that an unhedged figure may carry: "$4.59M" for 4,591,234, never "$5M"."""
MOST_RELATIVE_ERROR_SMALL = 0.05
"""The same for whole percentages and figures under 100, whose last digit weighs more; a percentage with a decimal may be any size."""
MOST_RELATIVE_ERROR_BOUND = 0.25
""" "over 4 million" may stand for 4.6 million, not for 9."""
_TRAILING_ZEROS_FROM = 10_000
_TRAILING_ZEROS_ERROR = 0.005
_FRACTION_ERROR = 0.02
_FRACTION_REACH = 0.17

_CURRENCIES = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_CURRENCY_WORDS = {
    "usd": "USD", "dollar": "USD", "dollars": "USD", "eur": "EUR", "euro": "EUR", "euros": "EUR", "gbp": "GBP", "pound": "GBP",
    "pounds": "GBP", "chf": "CHF", "jpy": "JPY", "yen": "JPY", "inr": "INR", "rupees": "INR", "krw": "KRW",
}  # fmt: skip
_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12,
}  # fmt: skip
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a dozen": 12,
}  # fmt: skip
_FRACTIONS = {
    "three quarters": 0.75, "two thirds": 2 / 3, "two-thirds": 2 / 3, "three-quarters": 0.75, "half": 0.5, "a third": 1 / 3,
    "one third": 1 / 3, "a quarter": 0.25, "one quarter": 0.25, "a fifth": 0.2, "one fifth": 0.2, "a tenth": 0.1, "one tenth": 0.1,
}  # fmt: skip

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_CURRENCY = r"US\$|[$€£¥₹₩]|\b(?:USD|EUR|GBP|CHF|JPY|INR|KRW)\b"
_SCALE = r"(?:\s?(?:thousand|million|billion|trillion)\b|(?:k|K|m|M|mn|b|B|bn|t|T)(?![\w]))"
_UNIT = (
    r"(?:\s?%|\s?per\s?cent\b|\s?percentage\s+points?\b|\s?points?\b|\s?pp\b|[\s-]?times\b|\s?[x×](?!\w)|-fold\b"
    r"|\s(?:USD|EUR|GBP|CHF|JPY|INR|KRW|dollars?|euros?|pounds?|yen|rupees)\b)"
)
_WRITTEN = re.compile(
    rf"(?<![\w.])(?P<sign>[-−+])?(?P<cur>(?:{_CURRENCY})\s?)?(?P<sign2>[-−+])?(?P<num>{_NUMBER})(?P<scale>{_SCALE})?(?P<unit>{_UNIT})?(?![\w])"
)
_SPOKEN = re.compile(rf"\b(?P<word>{'|'.join(_WORDS)})\b(?P<unit>\s?per\s?cent\b|\s?percentage\s+points?\b|[\s-]times\b|-fold\b)?", re.I)
_FRACTION = re.compile(rf"\b(?P<word>{'|'.join(_FRACTIONS)})\b(?P<of>\s+(?:of|as)\b|\s+the\b)", re.I)
_MULTIPLE = re.compile(r"\b(?P<word>twice|double|triple|thrice)\b(?=\s+(?:as|the|that|its|what|\w+['’]s))", re.I)
_HEDGE = re.compile(
    r"(?:^|(?<=[\s(–—]))(?:(?P<about>about|around|roughly|approximately|approx\.?|some|circa|~|≈)"
    r"|(?P<nearly>nearly|almost|close to|just under|just below|just shy of)"
    r"|(?P<over>just over|slightly over|a little over|well over|over|more than|upwards of|at least|exceeding|exceeded|above)"
    r"|(?P<under>less than|fewer than|under|below|at most|no more than))\s*(?:an?\s+|the\s+)?$",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One written figure. Percentages hold their fraction: "12.3%" is 0.123; points likewise."""

    start: int
    end: int
    text: str
    value: float
    place: float
    """Worth of the last digit written: 0.1M in "4.6M", 0.001 in "12.3%"."""
    kind: FigureKind
    currency: str | None = None
    hedge: Hedge = ""
    signed: bool = False
    """Written with its sign: "+5%", "-3"."""
    is_fraction: bool = False
    """ "half", "a third": loosely exact."""
    has_scale: bool = False

    def matches(self, actual: float) -> bool:
        """Whether `actual` may be written like this.

        >>> read_figures("4.6M")[0].matches(4_591_234)
        True
        """
        if not math.isfinite(actual):
            return False
        difference = abs(actual - self.value)
        relative = difference / abs(actual) if actual else (0.0 if difference == 0 else math.inf)
        slack = 1e-9 * max(abs(actual), 1e-9)
        if self.is_fraction:
            return self._fraction_matches(actual)
        if self.hedge in ("over", "under"):
            inside = self.value <= actual + slack if self.hedge == "over" else actual <= self.value + slack
            return inside and difference < self._significant_place() + slack and relative <= MOST_RELATIVE_ERROR_BOUND
        if self.hedge == "nearly":
            return actual <= self.value + slack and difference <= self._significant_place() / 2 + slack and relative <= 0.05
        if self.hedge == "about":
            return difference <= self._significant_place() / 2 + slack and relative <= 0.05
        return self._matches_as_written(actual, difference, relative, slack)

    def _fraction_matches(self, actual: float) -> bool:
        if self.hedge == "over":
            return self.value < actual < self.value + _FRACTION_REACH
        if self.hedge in ("under", "nearly"):
            return self.value - _FRACTION_REACH < actual < self.value
        return abs(actual - self.value) <= _FRACTION_ERROR

    def _matches_as_written(self, actual: float, difference: float, relative: float, slack: float) -> bool:
        if difference <= self.place / 2 * (1 + 1e-9) + slack:
            if self.kind in ("percent", "points") and self.place < 0.01:
                return True
            small = self.kind in ("percent", "points", "times") or abs(actual) < 100
            return relative <= (MOST_RELATIVE_ERROR_SMALL if small else MOST_RELATIVE_ERROR) or difference <= slack
        zeros_are_rounding = abs(self.value) >= _TRAILING_ZEROS_FROM and abs(self.value) / self._significant_place() >= 100
        return zeros_are_rounding and difference <= self._significant_place() / 2 and relative <= _TRAILING_ZEROS_ERROR

    def _significant_place(self) -> float:
        """Worth of the last digit that is not a trailing zero: 100 in "1,200"."""
        if self.has_scale or self.place < 1:
            return self.place if round(self.value / self.place) % 10 else self.place * _zeros(round(self.value / self.place))
        return self.place * _zeros(round(self.value / self.place))


def _zeros(digits: int) -> int:
    """10 to the number of trailing zeros of an integer: 1200 -> 100."""
    worth = 1
    while digits and digits % 10 == 0:
        digits //= 10
        worth *= 10
    return worth


def read_figures(text: str) -> list[Figure]:
    """Every figure written in `text`, in order; dates and names must have been blanked out before."""
    found = [*_written(text), *_spoken(text)]
    return sorted(found, key=lambda figure: figure.start)


def _written(text: str) -> Iterator[Figure]:
    for match in _WRITTEN.finditer(text):
        number = match["num"]
        scale = _SCALES[(match["scale"] or "").strip().lower()] if match["scale"] else 1.0
        decimals = len(number.partition(".")[2])
        kind, currency = _unit_of(match["cur"], match["unit"])
        factor = scale * (0.01 if kind in ("percent", "points") else 1.0)
        sign = match["sign"] or match["sign2"]
        value = float(number.replace(",", "")) * factor
        yield Figure(
            start=match.start(),
            end=match.end(),
            text=match[0],
            value=-value if sign in ("-", "−") else value,
            place=10.0**-decimals * factor,
            kind=kind,
            currency=currency,
            hedge=_hedge_before(text, match.start()),
            signed=sign is not None,
            has_scale=scale != 1.0,
        )


def _unit_of(currency: str | None, unit: str | None) -> tuple[FigureKind, str | None]:
    said = (unit or "").strip().lower().lstrip("-")
    if currency:
        code = currency.strip().lower()
        return "money", _CURRENCIES.get(code, code.upper())
    if said in _CURRENCY_WORDS:
        return "money", _CURRENCY_WORDS[said]
    if said in ("%", "percent", "per cent"):
        return "percent", None
    if "point" in said or said == "pp":
        return "points", None
    if said in ("times", "x", "×", "fold"):
        return "times", None
    return "plain", None


def _spoken(text: str) -> Iterator[Figure]:
    for match in _FRACTION.finditer(text):
        yield _figure_of_word(text, match, _FRACTIONS[match["word"].lower()], "percent", is_fraction=True)
    for match in _MULTIPLE.finditer(text):
        value = 3.0 if match["word"].lower() in ("triple", "thrice") else 2.0
        yield _figure_of_word(text, match, value, "times", place=0.1)
    taken = [m.span() for m in _FRACTION.finditer(text)]
    for match in _SPOKEN.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        kind, _ = _unit_of(None, match["unit"])
        factor = 0.01 if kind in ("percent", "points") else 1.0
        yield _figure_of_word(text, match, _WORDS[match["word"].lower()] * factor, kind, place=factor)


def _figure_of_word(
    text: str, match: re.Match[str], value: float, kind: FigureKind, *, place: float = 0.01, is_fraction: bool = False
) -> Figure:
    end = match.end("word") if is_fraction else match.end()
    return Figure(
        start=match.start(),
        end=end,
        text=text[match.start() : end],
        value=value,
        place=place,
        kind=kind,
        hedge=_hedge_before(text, match.start()),
        is_fraction=is_fraction,
    )


def _hedge_before(text: str, start: int) -> Hedge:
    match = _HEDGE.search(text[max(0, start - 28) : start])
    if match is None:
        return ""
    names: tuple[Hedge, ...] = ("about", "nearly", "over", "under")
    for name in names:
        if match[name]:
            return name
    return ""
