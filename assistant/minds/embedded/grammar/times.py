"""Windows, recurring parts of dates, comparisons of windows, and trends."""

from __future__ import annotations

import datetime as dt
import itertools

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.temporal import PartOfDate, TimePhrase, is_everything
from assistant.minds.embedded.temporal_words import IN
from assistant.minds.embedded.wordlists import word_set
from tools.core.contract import DateSpan
from tools.core.query.metric_query import Comparison, Grain, Measure, TimeWindow

_DAY = dt.timedelta(days=1)
_YEAR_DAYS = 364
_VERSUS = frozenset({"vs", "versus", "against", "than", "to", "with", "and", "over", "from", "between"})
_COMPARING = word_set(
    "vs versus against compare compares compared comparing comparison than relative differ differs difference changed change changes"
)
_PREVIOUS = (
    ("previous", "period"),
    ("prior", "period"),
    ("preceding", "period"),
    ("period", "before"),
    ("last", "period"),
    ("one", "before"),
    ("before",),
)
_YEAR_AGO = (
    ("same", "period", "last", "year"),
    ("same", "time", "last", "year"),
    ("same", "period", "a", "year", "earlier"),
    ("year", "over", "year"),
    ("year", "on", "year"),
    ("yoy",),
    ("a", "year", "ago"),
    ("a", "year", "earlier"),
    ("the", "year", "before"),
)
_PERIOD_OVER = {"mom": Grain.MONTH, "wow": Grain.WEEK, "qoq": Grain.QUARTER}
_TREND = (
    ("over", "time"),
    ("over", "the", "course"),
    ("time", "series"),
    ("as", "a", "trend"),
    ("trend", "of"),
    ("trend", "in"),
    ("trends", "in"),
    ("trend",),
    ("trends",),
    ("trending",),
    ("evolve",),
    ("evolved",),
    ("evolution",),
    ("develop",),
    ("developed",),
    ("development",),
    ("history",),
    ("timeline",),
    ("seasonality", "of"),
    ("seasonality", "in"),
    ("seasonality",),
    ("seasonal", "pattern"),
    ("seasonal", "patterns"),
)
_COMPARED = (("than",), ("vs",), ("versus",), ("against",), ("compared", "to"), ("compared", "with"), ("in", "comparison", "to"))
_BETTER = word_set("better worse higher lower more less fewer larger smaller bigger up down stronger weaker faster slower")


def read_comparison(draft: Draft) -> None:
    """March versus February; compared with the previous month; year over year."""
    _year_ago(draft)
    _period_over_period(draft)
    _previous_period(draft)
    windows = [i for i, item in enumerate(draft.items) if draft.free(i) and item.time is not None and item.time.window is not None]
    if draft.change is not None and draft.comparison is None and len(windows) == 1 and _change_between(draft, windows[0]):
        return
    if draft.comparison is None and len(windows) == 2 and _compares(draft, windows[0], windows[1]):
        _two_windows(draft, windows[0], windows[1])
    if draft.comparison is None and len(windows) == 1 and not draft.is_fragment:
        _than_last_year(draft, windows[0])


def _than_last_year(draft: Draft, at: int) -> None:
    """ "is the margin better than last year", "how did it change since last year": this year so far against the same days of the last."""
    time, item = draft.items[at].time, draft.items[at]
    assert time is not None
    since = item.text.split()[0] == "since"
    if since and draft.change is not None and draft.rank is None and draft.subject is None and item.text != "since last year":
        draft.trend = True  # What happened since then is a course, not two halves of it.
        return
    last = time.window is not None and time.window.period == "last" and time.window.unit == "year"
    begin = next((at - len(words) for words in _COMPARED if draft.phrase(at - len(words), words)), at)
    better = [i for i in range(begin) if draft.free(i) and _judges(draft, i)]
    said = draft.change is not None or better or draft.word(begin) != "than"
    on = bool(better) and item.text.split()[0] in ("on", "over")  # "up on last year"
    if not (since and draft.change is not None and item.text == "since last year") and not (last and (begin < at or on) and said):
        return
    draft.claim_free(begin, at + 1, "comparison")
    for i in better:
        _claim_judging(draft, i)
    draft.window = TimeWindow(period="this", unit="year")
    draft.comparison = Comparison(kind="same_period_last_year")
    draft.notes.append("this year so far is held against the same days of last year")


def _judges(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    return item.has(Kind.MORE, Kind.LESS) or (item.mention is None and item.text in _BETTER)


def _claim_judging(draft: Draft, at: int) -> None:
    """ "better" says nothing about what is measured; "happier" does, when no figure is named."""
    mention = draft.items[at].mention
    sense = next(iter(mention.of(Kind.MORE, Kind.LESS)), None) if mention is not None else None
    figures = [i for i in draft.find(Kind.METRIC) if not draft.items[i].has(Kind.DATASET)]
    if sense is not None and not figures and not draft.find(Kind.DOES):
        draft.add_measure(Measure(metric=sense.target))
        for noun in draft.find(Kind.DATASET):
            if draft.dataset_at(noun) == draft.customer:
                draft.claim(noun, noun + 1, "support")
    draft.claim(at, at + 1, "comparison")


def _change_between(draft: Draft, at: int) -> bool:
    """ "grew from Q1 to Q2": the ends of the range are compared, what lies between them is not asked for."""
    time = draft.items[at].time
    if time is None or time.ends is None:
        return False
    draft.claim(at, at + 1, "comparison")
    draft.window = time.ends[1]
    draft.comparison = Comparison(kind="window", baseline=time.ends[0])
    _note(draft, time)
    return True


def _previous_words(draft: Draft, at: int) -> int:
    """Index after "the previous month", "the month before", "the one before" at `at`; `at` when they do not stand there."""
    begin = draft.skip(at, ("the",))
    after = draft.match(begin, _PREVIOUS)
    if after > begin:
        return after
    item = draft.item(begin)
    if (
        item is not None
        and item.time is not None
        and item.time.grain is not None
        and draft.word(begin + 1) in ("before", "earlier", "prior")
    ):
        return begin + 2
    return at


def _year_ago(draft: Draft) -> None:
    for at in range(len(draft.items)):
        after = draft.match(at, _YEAR_AGO)
        if after == at and draft.word(at) in ("year on year", "year over year") and _has_window(draft):
            after = at + 1
        if after == at and draft.phrase(at, ("same",)):
            after = _same_period_last_year(draft, at)
        if after > at:
            begin = _opening(draft, at)
            draft.claim(begin, after, "comparison")
            draft.comparison = Comparison(kind="same_period_last_year")
            return


def _has_window(draft: Draft) -> bool:
    return any(i.time is not None and i.time.window is not None for i in draft.items)


def _same_period_last_year(draft: Draft, at: int) -> int:
    """Index after "same month last year", "same period of the previous year"."""
    noun, year = draft.item(at + 1), at + 2
    if noun is None or not (noun.text in ("period", "time", "window", "dates") or (noun.time is not None and noun.time.grain)):
        return at
    time = draft.item(year)
    while time is not None and time.text in ("of", "in", "the"):
        year += 1
        time = draft.item(year)
    window = time.time.window if time is not None and time.time is not None else None
    return year + 1 if window is not None and window.period == "last" and window.unit == "year" else at


def _period_over_period(draft: Draft) -> None:
    """month over month, wow: growth along a series"""
    for at, item in enumerate(draft.items):
        if not draft.free(at):
            continue
        grain = _PERIOD_OVER.get(item.text)
        end = at + 1
        if grain is None and item.time is not None and item.time.grain is not None and draft.word(at + 1) in ("over", "on"):
            other = draft.item(at + 2)
            grain = item.time.grain if other is not None and other.time is not None and other.time.grain == item.time.grain else None
            end = at + 3
        if grain is not None and not grain.is_cyclic:
            draft.claim(at, end, "growth")
            draft.growth = "previous_row"
            draft.add_dimension(grain)


def _previous_period(draft: Draft) -> None:
    for at in range(len(draft.items)):
        if not draft.free(at) or draft.items[at].text not in _VERSUS | {"as"} or draft.comparison is not None:
            continue
        after = _previous_words(draft, at + 1)
        if after == at + 1:
            after = _last_unit_beside_its_window(draft, at + 1)
        if after > at + 1:
            draft.claim(_opening(draft, at), after, "comparison")
            draft.comparison = Comparison(kind="previous_period")


def _last_unit_beside_its_window(draft: Draft, at: int) -> int:
    """ "March compared with the previous month": the relative period is that before March, not before today."""
    item = draft.item(at)
    time = item.time if item is not None else None
    if item is None or time is None or time.window is None or time.window.period != "last":
        return at
    if not set(item.text.split()) & {"previous", "prior", "preceding"}:
        return at
    others = [i for i in draft.items if i.time is not None and i.time is not time and i.time.window is not None]
    if not others:
        return at + 1 if draft.phrase(0, ("compare",)) or draft.word(at - 1) in ("vs", "versus") else at
    return at + 1 if others[0].time is not None and others[0].time.unit == time.unit else at


def _opening(draft: Draft, at: int) -> int:
    """First item of "compared with the", "relative to", "how does ... compare to" that stands just before `at`."""
    begin = at
    while begin > 0 and draft.word(begin - 1) in _VERSUS | {
        "compared",
        "relative",
        "comparison",
        "in",
        "the",
        "as",
        "versus",
        "comparing",
        "same",
    }:
        begin -= 1
    return begin


def _compares(draft: Draft, first: int, second: int) -> bool:
    between = {draft.word(i) for i in range(first + 1, second)}
    words = {item.text for i, item in enumerate(draft.items) if draft.free(i) and not _is_bound(draft, i)}
    words_in_time = set(draft.items[second].text.split()[:1]) | set(draft.items[first].text.split()[:1])
    return bool(words & _COMPARING or between & {"vs", "versus", "against"} or (draft.change and words_in_time))


def _is_bound(draft: Draft, at: int) -> bool:
    """The "than" of "more than 3000" compares with a number."""
    following = draft.item(at + 1)
    return draft.items[at].text == "than" and following is not None and following.number is not None


def _two_windows(draft: Draft, first: int, second: int) -> None:
    """The later window is the one asked about, the earlier its baseline."""
    one, two = draft.items[first].time, draft.items[second].time
    if one is None or two is None or one.window is None or two.window is None:
        return
    spans = [draft.world.calendar.resolve(w) for w in (one.window, two.window)]
    main, base = (two, one) if spans[0].start < spans[1].start else (one, two)
    draft.claim_free(first, first + 1, "window")
    draft.claim_free(second, second + 1, "comparison")
    for at in range(first + 1, second):
        if draft.word(at) in _VERSUS | _COMPARING | {"the", "in", "of", ","}:
            draft.claim(at, at + 1, "comparison")
    draft.window = main.window
    draft.comparison = _against(draft, main, base)
    _note(draft, one)
    _note(draft, two)
    for at, item in enumerate(draft.items):
        if draft.free(at) and item.text in _COMPARING - {"than"}:
            draft.claim(at, at + 1, "comparison")


def _against(draft: Draft, main: TimePhrase, base: TimePhrase) -> Comparison:
    """ "May compared with last year": a part of a year is held against the same part of the other one."""
    calendar = draft.world.calendar
    assert main.window is not None
    assert base.window is not None
    span, other = calendar.resolve(main.window), calendar.resolve(base.window)
    whole_year = base.unit == "year" and (other.end - other.start).days >= _YEAR_DAYS
    if whole_year and main.unit not in ("year", None) and (span.end - span.start).days < _YEAR_DAYS:
        before = calendar.same_period_last_year(span)
        if before.start.year == other.start.year:
            return Comparison(kind="same_period_last_year")
    running = main.window.period == "this" and base.window.period == "last" and main.window.unit == base.window.unit
    if running and not base.window.to_date:
        # The part of this year that has passed says nothing beside the whole of the last one.
        draft.notes.append(f"last {base.window.unit} is taken up to the same day, since this one is not over")
        return Comparison(kind="window", baseline=base.window.model_copy(update={"to_date": True}))
    return Comparison(kind="window", baseline=base.window)


def _note(draft: Draft, phrase: TimePhrase) -> None:
    if phrase.assumed:
        words = draft.tokens[phrase.start : phrase.end]
        said = " ".join(t.raw for t in itertools.dropwhile(lambda t: t.text in IN or t.text == "the", words))
        draft.notes.append(
            f"read '{said}' as {phrase.assumed}" if not phrase.assumed.isdigit() else f"took {phrase.assumed} as the year of '{said}'"
        )


def read_windows(draft: Draft) -> None:
    """What is left of the time expressions: one window, a list of adjacent ones, parts of dates, grains that are adverbs."""
    phrases: list[TimePhrase] = []
    for at, item in enumerate(draft.items):
        time = item.time
        if time is None or not draft.free(at):
            continue
        if time.window is not None:
            draft.claim(at, at + 1, "window")
            if is_everything(time.window):
                continue
            phrases.append(time)
            _note(draft, time)
        elif time.part is not None:
            draft.parts.append(time.part)
            draft.claim(at, at + 1, "filter")
            _note(draft, time)
        elif time.adverb and time.grain is not None:
            draft.claim(at, at + 1, "trend")
            draft.add_dimension(time.grain)
    _merge(draft, phrases)
    _merge_parts(draft)


def _merge_parts(draft: Draft) -> None:
    """ "on Sundays and how many on Mondays": each shown; "each weekday, Monday, Tuesday and so on": only examples."""
    for grain in dict.fromkeys(p.grain for p in draft.parts):
        same = [p for p in draft.parts if p.grain is grain and p.op == "in"]
        others = [p for p in draft.parts if p not in same]
        examples = any(draft.phrase(at, ("so", "on")) or draft.word(at) == "etc" for at in range(len(draft.items)))
        split = any(i.time is not None and i.time.grain is grain for i in draft.items)
        if same and split and examples:
            draft.parts = others
        elif len(same) > 1:
            values = dict.fromkeys(v for p in same for v in p.values)
            draft.parts = [*others, PartOfDate(grain=grain, op="in", values=tuple(values))]
            draft.add_dimension(grain)


def _merge(draft: Draft, phrases: list[TimePhrase]) -> None:
    """One window; "March and April" is both, split by month; a year beside a part of it adds nothing."""
    if not phrases:
        return
    if len(phrases) == 1:
        draft.window = draft.window or phrases[0].window
        return
    resolve = draft.world.calendar.resolve
    spans = sorted((resolve(p.window) for p in phrases if p.window is not None), key=lambda s: s.start)
    inner = [s for s in spans if all(o.start <= s.start and s.end <= o.end for o in spans)]
    if inner:
        draft.window = TimeWindow(start=inner[0].start, end=inner[0].end)
        return
    if all(a.end + _DAY == b.start for a, b in itertools.pairwise(spans)):
        draft.window = TimeWindow(start=spans[0].start, end=spans[-1].end)
        unit = phrases[0].unit
        if unit in ("day", "week", "month", "quarter", "year") and all(p.unit == unit for p in phrases):
            draft.add_dimension(Grain(unit))
        return
    draft.window = phrases[0].window
    draft.doubts.append("more than one period is named")


def read_trend(draft: Draft) -> None:
    """over time; the trend of; how did it develop"""
    for at in range(len(draft.items)):
        after = draft.match(at, _TREND)
        if after == at and draft.word(at) == "seasonal" and draft.word(0) in ("is", "are", "how") and at == len(draft.items) - 1:
            after = at + 1  # "are our sales seasonal" asks for their course, whatever a value is called
        if after > at:
            draft.claim(at, after, "trend")
            draft.trend = True


def default_grain(draft: Draft) -> Grain:
    """The grain of a trend that names none."""
    return grain_of_trend(draft.world.calendar.resolve(draft.window) if draft.window is not None else None)


def grain_of_trend(span: DateSpan | None) -> Grain:
    """Fine enough to show a course, coarse enough to read; None = all of the data."""
    if span is None:
        return Grain.MONTH
    days = (span.end - span.start).days + 1
    return Grain.DAY if days <= 31 else Grain.WEEK if days <= 92 else Grain.MONTH
