"""More voices, written after the proof was and never used to tune its words: long sentences, asides, other orders."""

from __future__ import annotations

import random
from collections.abc import Iterator

from prose_voices import (
    REVENUE,
    Maker,
    Slot,
    Told,
    Voice,
    against_previous,
    dimension,
    direction,
    figure,
    finding,
    month_column,
    month_span,
    name,
    ordinal,
    percent,
    period,
    ranking,
    write_month,
)

from tools.core.contract import Cell, DateSpan


def told_rankings_freely(maker: Maker) -> Iterator[Told]:
    f, column, pairs, start = ranking(maker)
    names, values = [n for n, _ in pairs], [v for _, v in pairs]
    label, last = column.label, len(pairs) - 1
    b = maker.rng.randint(1, last)

    def fig(i: int) -> Slot:
        return figure(maker, values[i], column, [v for j, v in enumerate(values) if j != i])

    def who(i: int) -> Slot:
        return name(names[i], names)

    high = Slot("top", (("wrong direction", "bottom"),))
    yield Told("headline-style", f, (who(0), " was the ", high, " performer, with ", fig(0), f" in {label}." if column is REVENUE else "."))
    yield Told("markdown", f, ("- **", who(b), "**: ", fig(b)))
    yield Told("ordinal-list", f, ("The ", ordinal(2, len(pairs)), f" largest {label} belongs to ", who(1), "."))
    yield Told(
        "number-n",
        f,
        (who(b), " is number ", Slot(str(b + 1), tuple(("invented rank", str(i + 1)) for i in range(len(pairs)) if i != b)), "."),
    )
    yield Told("no-one-but", f, ("By contrast, ", who(last), " managed only ", fig(last), "."))
    yield Told("colon-versus", f, (f"{label}: ", who(0), " ", fig(0), ", ", who(b), " ", fig(b), "."), ((1, 5),))
    yield Told("lagging", f, (who(b), " lags behind ", Slot(names[0]), ", at ", fig(b), "."), ((0, 2),))
    yield Told("spread", f, (f"{label} ranges from ", fig(last), " for ", who(last), " to ", fig(0), " for ", who(0), "."), ((3, 7),))
    yield Told(
        "fronted-scope",
        f,
        (
            "Looking at ",
            period(maker, start, [month_span(start, 3).end.replace(day=1)]),
            " alone, ",
            who(0),
            " stands out with ",
            fig(0),
            ".",
        ),
    )
    yield Told("exceeded", f, (f"{label} of ", Slot(names[0]), " exceeded that of ", Slot(names[b]), "."), ((1, 3),))
    yield Told(
        "dash", f, (who(0), " – at ", fig(0), " – is well ", Slot("above", (("wrong direction", "below"),)), " ", Slot(names[b]), ".")
    )
    if column.format != "rate":
        best = ("The best is ", who(0), " (", fig(0), ") and the weakest ", who(last), " (", fig(last), ").")
        yield Told("both-ends", f, best, ((1, 5),))


def told_series_freely(maker: Maker) -> Iterator[Told]:
    n, first = maker.rng.randint(4, 8), maker.rng.randint(0, 12)
    values = maker.spread(n, 9_000, 60_000)
    days = [maker.month(first + i) for i in range(n)]
    rows: list[tuple[Cell, ...]] = list(zip(days, values, strict=True))
    f = finding((month_column(), REVENUE), rows, "Revenue by month", DateSpan(start=days[0], end=month_span(days[-1]).end))
    i = maker.rng.randint(1, n - 1)
    top, bottom = values.index(max(values)), values.index(min(values))
    total = sum(values)

    def fig(k: int) -> Slot:
        return figure(maker, values[k], REVENUE, [v for j, v in enumerate(values) if j != k])

    def when(k: int) -> Slot:
        return period(maker, days[k], days)

    change = values[i] - values[i - 1]
    yield Told(
        "after-dip",
        f,
        ("From ", fig(i - 1), " in ", when(i - 1), ", revenue ", direction(change, "rose", "fell"), " to ", fig(i), " the month after."),
    )
    yield Told(
        "pct-paren", f, (when(i), ": ", fig(i), " (", direction(change, "up", "down"), " ", percent(maker, change / values[i - 1]), ")")
    )
    yield Told("best-month", f, (when(top), " was the best month, with revenue of ", fig(top), "."))
    yield Told("worst-month", f, ("The weakest month was ", when(bottom), ", when revenue came to just ", fig(bottom), "."))
    yield Told("sum-total", f, ("Revenue totalled ", figure(maker, total, REVENUE, values[:1], style="exact"), " over these months."))
    yield Told(
        "since",
        f,
        (
            "Since ",
            Slot(write_month(days[0], "long")),
            ", revenue has ",
            direction(values[-1] - values[0], "grown", "shrunk"),
            " by ",
            percent(maker, values[-1] / values[0] - 1),
            ".",
        ),
    )
    yield Told(
        "growth-of",
        f,
        (
            "Revenue showed ",
            direction(change, "growth", "a decline"),
            " of ",
            percent(maker, change / values[i - 1]),
            " in ",
            Slot(write_month(days[i], "long")),
            ".",
        ),
    )
    yield Told("share-month", f, (when(top), " alone accounted for ", percent(maker, values[top] / total), " of total revenue."))
    yield Told("mean", f, ("On average, revenue was ", figure(maker, total / n, REVENUE, [], style="exact"), " per month."))


def told_change_by_name(maker: Maker) -> Iterator[Told]:
    """Names with their own value, the one before, and the change."""
    names = maker.rng.sample(("Gold", "Silver", "Bronze", "Basic", "Student"), 4)
    now, before = maker.spread(4, 900, 9_000), maker.spread(4, 900, 9_000)
    start, previous = maker.month(15), maker.month(14)
    columns = (dimension("plans.plan", "plan"), REVENUE, *against_previous(REVENUE))
    rows: list[tuple[Cell, ...]] = [(n, a, p, round(a - p, 2), a / p - 1) for n, a, p in zip(names, now, before, strict=True)]
    f = finding(
        columns, rows, f"Revenue by plan, {month_span(start).label}, against the month before", month_span(start), month_span(previous)
    )
    i = maker.rng.randrange(4)
    change = now[i] - before[i]
    rate = percent(maker, change / before[i])
    mine = figure(maker, now[i], REVENUE, [before[i], now[i - 1]])
    theirs = figure(maker, before[i], REVENUE, [now[i], before[i - 1]])
    yield Told("plan-up", f, (name(names[i], names), " is ", direction(change, "up", "down"), " ", rate, " to ", mine, "."))
    yield Told(
        "plan-from-to",
        f,
        ("Revenue from ", name(names[i], names), " ", direction(change, "increased", "decreased"), " from ", theirs, " to ", mine, "."),
    )
    yield Told(
        "plan-change",
        f,
        (
            name(names[i], names),
            " ",
            direction(change, "gained", "lost"),
            " ",
            figure(maker, abs(change), REVENUE, [], style="exact"),
            " against the previous month.",
        ),
    )
    yield Told("plan-earlier", f, (name(names[i], names), " made ", mine, "; a month earlier it was ", theirs, "."))


HELD_OUT: tuple[Voice, ...] = (told_rankings_freely, told_series_freely, told_change_by_name)


def tell_held_out(seed: int) -> Iterator[Told]:
    """One sentence of every held-out voice over fresh findings."""
    maker = Maker(random.Random(seed))
    for voice in HELD_OUT:
        yield from voice(maker)
