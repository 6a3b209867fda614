"""Dates and periods as people write them, as exact days. A year left out is filled with each year the findings hold."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.core.contract import DateSpan
from tools.core.query.calendar import Calendar, add_months
from tools.core.query.metric_query import TimeWindow
from tools.core.semantics.model import ModelSettings

_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_M = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\.?"
)
_D = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_Y = r"(?:19|20)\d\d"
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_QUARTER = rf"(?:Q(?P<q{{n}}>[1-4])|(?:the\s+)?(?P<oq{{n}}>first|second|third|fourth)\s+quarter)(?:(?:\s+of)?\s+(?P<qy{{n}}>{_Y}))?"

_SINGLE = (
    ("iso_day", re.compile(r"\b(?P<y>(?:19|20)\d\d)-(?P<m>0\d|1[0-2])-(?P<d>[0-3]\d)\b")),
    ("iso_month", re.compile(r"\b(?P<y>(?:19|20)\d\d)-(?P<m>0\d|1[0-2])\b(?!-)")),
    (
        "week",
        re.compile(
            rf"\b[Ww]eek\s+(?:of|starting|beginning|from)\s+(?:the\s+)?(?P<d>{_D})\s+(?:of\s+)?(?P<mon>{_M})(?:,?\s+(?P<y>{_Y}))?\b"
        ),
    ),
    ("day", re.compile(rf"\b(?P<d>{_D})\s+(?:of\s+)?(?P<mon>{_M})(?:,?\s+(?P<y>{_Y}))?(?!\w)")),
    ("day", re.compile(rf"\b(?P<mon>{_M})\s+(?P<d>{_D})(?!\d)(?:,?\s+(?P<y>{_Y}))?\b")),
    (
        "half",
        re.compile(rf"\b(?:H(?P<h>[12])|(?:the\s+)?(?P<oh>first|second)\s+half(?=\s+of\s+{_Y}))(?:(?:\s+of)?\s+(?P<y>{_Y}))?\b", re.I),
    ),
    ("quarter", re.compile(rf"\b{_QUARTER.format(n=1)}\b", re.I)),
    ("month", re.compile(rf"\b(?P<mon>{_M})(?:,?\s+(?:of\s+)?(?P<y>{_Y}))?(?![\w])")),
    ("year", re.compile(rf"(?<![\w$€£.,#-])(?P<y>{_Y})(?![\w%]|[,.]\d|\s*(?:%|percent|times|million|thousand|dollars))")),
)
_RELATIVE = re.compile(
    r"\b(?:(?:the\s+)?(?P<this>this|current)|(?:the\s+)?(?P<last>last|previous|past|prior|preceding))"
    r"(?:\s+(?P<n>\d+|two|three|four|five|six|seven|eight|nine|ten|twelve))?\s+(?:full\s+|complete\s+|calendar\s+)?"
    r"(?P<unit>day|week|month|quarter|year)s?\b",
    re.I,
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}
_TO = re.compile(r"\s*(?:to|through|until|till|up\s+to|–|—|-|and)\s*(?:the\s+)?")


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period mentioned: the spans that it may be, by the years at hand."""

    start: int
    end: int
    spans: tuple[DateSpan, ...]
    ends: tuple[tuple[DateSpan, DateSpan], ...] = ()
    """For a range: its first and last period; then `spans` are the whole ranges."""
    is_relative: bool = False
    """ "last month": may name the window, or the period before the one spoken of."""

    @property
    def is_range(self) -> bool:
        return bool(self.ends)


def read_periods(text: str, *, years: Iterable[int], as_of: dt.date | None) -> list[Period]:
    """Every period written in `text`, ranges first, none overlapping."""
    singles = list(_singles(text, sorted(set(years))))
    merged = _with_ranges(text, singles)
    taken = [(p.start, p.end) for p in merged]
    for period in _relatives(text, as_of):
        if not any(start < period.end and period.start < end for start, end in taken):
            merged.append(period)
    return sorted(merged, key=lambda p: p.start)


def _singles(text: str, years: list[int]) -> Iterator[Period]:
    taken: list[tuple[int, int]] = []
    for kind, pattern in _SINGLE:
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            if kind == "month" and _is_the_verb(text, match):
                continue
            spans = tuple(_spans(kind, match.groupdict(), years))
            if spans:
                taken.append(match.span())
                yield Period(start=match.start(), end=match.end(), spans=spans)


_BEFORE_A_MONTH = re.compile(
    r"(?:\b(?:in|of|from|to|since|until|and|during|for|by|between|than|through|with|was|is|vs\.?|versus|against|month)|[(,:;–-])$"
)


def _is_the_verb(text: str, match: re.Match[str]) -> bool:
    """ "May" without a year is a month only where a sentence would have one."""
    if match["y"] or match["mon"] != "May":
        return False
    return not _BEFORE_A_MONTH.search(text[: match.start()].rstrip().lower())


def _spans(kind: str, parts: dict[str, str | None], years: list[int]) -> Iterator[DateSpan]:
    written = parts.get("y") or parts.get("qy1")
    for year in [int(written)] if written else years:
        try:
            span = _span(kind, parts, year)
        except ValueError:
            continue
        yield span


def _span(kind: str, parts: dict[str, str | None], year: int) -> DateSpan:
    if kind == "year":
        return DateSpan(start=dt.date(year, 1, 1), end=dt.date(year, 12, 31))
    if kind == "quarter":
        number = int(str(parts["q1"])) if parts["q1"] else _ORDINAL[str(parts["oq1"]).lower()]
        return _months(year, 3 * number - 2, 3)
    if kind == "half":
        number = int(str(parts["h"])) if parts["h"] else _ORDINAL[str(parts["oh"]).lower()]
        return _months(year, 6 * number - 5, 6)
    month = int(str(parts["m"])) if parts.get("m") else _MONTHS[str(parts["mon"]).lower().rstrip(".")]
    if kind in ("month", "iso_month"):
        return _months(year, month, 1)
    day = dt.date(year, month, int(re.sub(r"\D", "", str(parts["d"]))))
    return DateSpan(start=day, end=day + dt.timedelta(days=6) if kind == "week" else day)


def _months(year: int, month: int, count: int) -> DateSpan:
    start = dt.date(year, month, 1)
    return DateSpan(start=start, end=add_months(start, count) - dt.timedelta(days=1))


_DAY_BEFORE_RANGE = re.compile(rf"\b(?P<d>{_D})\s*(?:to|–|-)\s*$")


def _with_ranges(text: str, singles: list[Period]) -> list[Period]:
    """Joins "March" + "to" + "May 2017" into one range; "1 to 15 March" likewise."""
    merged: list[Period] = []
    waiting = sorted(singles, key=lambda p: p.start)
    while waiting:
        first = waiting.pop(0)
        head = _DAY_BEFORE_RANGE.search(text[: first.start])
        if head and first.spans[0].start == first.spans[0].end:
            merged.append(_days_range(head, first))
        elif waiting and _joined(text, first, waiting[0]):
            merged.append(_range(text, first, waiting.pop(0)))
        else:
            merged.append(first)
    return merged


def _joined(text: str, first: Period, second: Period) -> bool:
    between = text[first.end : second.start]
    if not _TO.fullmatch(between):
        return False
    before = text[: first.start].rstrip().lower()
    if between.strip().lower().startswith("and"):
        return before.endswith("between")
    return True


def _range(text: str, first: Period, second: Period) -> Period:
    has_year = re.search(_Y, text[first.start : first.end]) is not None
    pairs = []
    for last in second.spans:
        for begin in first.spans:
            same_year = begin.start.year == last.start.year or has_year
            if same_year and begin.start <= last.start:
                pairs.append((begin, last))
    if not has_year and not pairs:
        pairs = [
            (shifted, last)
            for last in second.spans
            for shifted in (_to_year(first.spans[0], last.start.year),)
            if shifted.start <= last.start
        ]
    spans = tuple(DateSpan(start=a.start, end=b.end) for a, b in pairs)
    return Period(start=first.start, end=second.end, spans=spans or (DateSpan(start=dt.date.max, end=dt.date.max),), ends=tuple(pairs))


def _to_year(span: DateSpan, year: int) -> DateSpan:
    shift = (year - span.start.year) * 12
    start = add_months(span.start, shift)
    return DateSpan(start=start, end=add_months(span.end + dt.timedelta(days=1), shift) - dt.timedelta(days=1))


def _days_range(head: re.Match[str], last: Period) -> Period:
    day = int(re.sub(r"\D", "", head["d"]))
    pairs = []
    for span in last.spans:
        if day < span.start.day:
            start = span.start.replace(day=day)
            pairs.append((DateSpan(start=start, end=start), span))
    spans = tuple(DateSpan(start=a.start, end=b.end) for a, b in pairs)
    return Period(start=head.start(), end=last.end, spans=spans or last.spans, ends=tuple(pairs))


def _relatives(text: str, as_of: dt.date | None) -> Iterator[Period]:
    for match in _RELATIVE.finditer(text):
        yield Period(start=match.start(), end=match.end(), spans=_resolved(match, as_of), is_relative=True)


def _resolved(match: re.Match[str], as_of: dt.date | None) -> tuple[DateSpan, ...]:
    if as_of is None:
        return ()
    calendar_ = Calendar(ModelSettings(), as_of)
    count, unit = match["n"], match["unit"].lower()
    if count:
        number = int(count) if count.isdigit() else _COUNTS[count.lower()]
        return (calendar_.resolve(TimeWindow(last_n=number, unit=unit)),) if 1 <= number <= 4000 else ()
    return (calendar_.resolve(TimeWindow(period="this" if match["this"] else "last", unit=unit)),)
