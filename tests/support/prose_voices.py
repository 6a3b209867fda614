"""True sentences in many voices over seeded findings, and every way to make each of them false.

A sentence is a list of plain text and slots; a slot knows what it says and which other texts would be wrong there. So a mutation
is false by construction, and the kind of each is known.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from assistant.render.numbers import LONG_MONTHS, MONTHS, format_cell, format_money
from tools.core.contract import Cell, Column, DateSpan, Finding, Grade, Reading, Table


@dataclass(frozen=True)
class Slot:
    """A part of a sentence that claims something, with the texts that would be false there, by kind of mutation."""

    text: str
    wrong: tuple[tuple[str, str], ...] = ()


Part = str | Slot


@dataclass(frozen=True)
class Told:
    """A true sentence over a finding."""

    voice: str
    finding: Finding
    parts: tuple[Part, ...]
    swaps: tuple[tuple[int, int], ...] = ()
    """Pairs of parts that make the sentence false when exchanged."""

    @property
    def text(self) -> str:
        return self.say({})

    def say(self, instead: dict[int, str]) -> str:
        said = "".join(instead.get(i, p.text if isinstance(p, Slot) else p) for i, p in enumerate(self.parts))
        return said[:1].upper() + said[1:]

    def mutations(self) -> Iterator[tuple[str, str]]:
        """(kind, false sentence) for every slot and swap."""
        for index, part in enumerate(self.parts):
            if isinstance(part, Slot):
                for kind, text in part.wrong:
                    yield kind, self.say({index: text})
        for a, b in self.swaps:
            one, other = self.parts[a], self.parts[b]
            assert isinstance(one, Slot)
            assert isinstance(other, Slot)
            yield "swapped entities", self.say({a: other.text, b: one.text})


DEPARTMENTS = ("GROCERY", "DRUG GM", "PRODUCE", "MEAT", "DELI", "PASTRY", "SEAFOOD-PCKGD", "FLORAL")
REGIONS = ("North", "South", "East", "West", "Centre")
AGES = ("19-24", "25-34", "35-44", "45-54", "55-64", "65+")
AS_OF = dt.date(2017, 12, 31)
Ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass
class Maker:
    """One random finding after another, whose values differ by more than any rounding."""

    rng: random.Random
    finding: Finding = field(init=False)

    def spread(self, n: int, low: float, high: float, *, whole: bool = False) -> list[float]:
        """n values in random order, each at least 15 % above the next."""
        value = self.rng.uniform(low, high)
        values = []
        for _ in range(n):
            values.append(float(round(value)) if whole else round(value, 2))
            value *= self.rng.uniform(1.17, 1.9)
        self.rng.shuffle(values)
        return values

    def month(self, index: int) -> dt.date:
        return dt.date(2016 + index // 12, index % 12 + 1, 1)


REVENUE = Column(name="revenue", type="number", unit="USD", role="metric", label="revenue", format="money", metric="revenue")
VISITS = Column(name="visits", type="integer", unit="visits", role="metric", label="visits", metric="visits")
RATE = Column(name="return_rate", type="number", unit="share", role="metric", label="return rate", format="rate", metric="return_rate")
BASKET = Column(
    name="average_basket_value", type="number", unit="USD", role="metric", label="average basket value", format="money",
    metric="average_basket_value",
)  # fmt: skip


def dimension(name: str, label: str) -> Column:
    return Column(name=name, type="string", role="dimension", label=label, format="text")


def month_column(grain: str = "month") -> Column:
    return Column(name="baskets.day", type="date", role="dimension", label=grain, format="date", grain=grain)


def finding(
    columns: tuple[Column, ...], rows: list[tuple[Cell, ...]], sentence: str, window: DateSpan | None, comparison: DateSpan | None = None
) -> Finding:
    return Finding(
        tool="query_metrics",
        tables=(Table(title=sentence, columns=columns, rows=tuple(rows)),),
        reading=Reading(sentence=sentence, window=window, comparison=comparison, as_of=AS_OF),
        grade=Grade.GOVERNED,
        grade_reason="test",
        as_of=AS_OF,
    )


def month_span(start: dt.date, count: int = 1) -> DateSpan:
    index = start.year * 12 + start.month - 1 + count
    end = dt.date(index // 12, index % 12 + 1, 1) - dt.timedelta(days=1)
    return DateSpan(start=start, end=end, label=f"{LONG_MONTHS[start.month - 1]} {start.year}")


def against_previous(column: Column) -> tuple[Column, ...]:
    """The columns that a comparison adds to a metric."""
    return (
        replace(column, name=f"{column.name}_previous", role="previous", label=f"{column.label}, period before"),
        replace(column, name=f"{column.name}_change", role="change", label="change"),
        replace(
            column, name=f"{column.name}_change_rate", type="number", role="change_rate", label="change in %", unit="share", format="rate"
        ),
    )


# Slots -----------------------------------------------------------------------------------------------------------------


def figure(maker: Maker, value: float, column: Column, others: list[float], *, style: str | None = None) -> Slot:
    """The value of a cell as a person may write it, with wrong figures, wrong roundings, wrong units, and other rows' values."""
    style = style or maker.rng.choice(("exact", "exact", "rounded"))
    text = write(value, column, style)
    wrong = [
        ("wrong figure", write(value * factor, column, style)) for factor in (maker.rng.uniform(1.07, 1.6), maker.rng.uniform(0.5, 0.93))
    ]
    wrong += [("right figure, wrong group", write(other, column, style)) for other in others[:2]]
    wrong += [("rounded beyond tolerance", text) for text in [too_round(value, column)] if text]
    wrong += [("wrong unit", w) for w in wrong_units(maker, text, column)]
    return Slot(text, tuple((kind, t) for kind, t in wrong if t != text))


def write(value: float, column: Column, style: str) -> str:
    if column.format == "money" and style == "rounded" and value >= 10_000:
        return f"${value / 1e6:.2f} million" if value >= 1e6 else f"${value / 1e3:.1f}K"
    if column.format == "rate" and style == "rounded" and value >= 0.2:
        return f"{value * 100:.0f}%"
    if column.format == "rate" and style == "rounded":
        return f"{value * 100:.1f} percent"
    if column.format == "number" and style == "rounded" and value >= 10_000:
        return f"{value / 1000:.1f} thousand" if value < 1e6 else f"{value / 1e6:.2f} million"
    return format_cell(round(value) if column.type == "integer" else round(value, 4 if column.format == "rate" else 2), column)


def too_round(value: float, column: Column) -> str | None:
    """One significant digit, when that is more than 12 % off."""
    if column.format == "rate" or value < 10:
        return None
    place = 10 ** (len(str(int(value))) - 1)
    rounded = max(round(value / place), 1) * place
    if abs(rounded - value) / value < 0.12:
        return None
    return format_money(rounded, "USD", decimals=0) if column.format == "money" else f"{rounded:,}"


def wrong_units(maker: Maker, text: str, column: Column) -> list[str]:
    if column.format == "money":
        return [text.replace("$", "€"), text.replace("$", "") + "%", text.replace("$", "") + " visits"]
    if column.format == "rate":
        number = text.split("%")[0].split(" ")[0]
        return [f"${number}", f"{number} percentage points"]
    return [f"${text}", f"{text}%", f"{text} days"][: maker.rng.randint(2, 3)]


def name(text: str, others: list[str], *, kind: str = "right figure, wrong group") -> Slot:
    return Slot(text, tuple((kind, other) for other in others if other != text))


def period(maker: Maker, day: dt.date, others: list[dt.date], *, style: str | None = None, kind: str = "wrong period") -> Slot:
    style = style or maker.rng.choice(("long", "short"))
    return Slot(write_month(day, style), tuple((kind, write_month(o, style)) for o in others if o != day))


def write_month(day: dt.date, style: str) -> str:
    if style == "bare":
        return LONG_MONTHS[day.month - 1]
    return f"{LONG_MONTHS[day.month - 1] if style == 'long' else MONTHS[day.month - 1]} {day.year}"


def direction(value: float, up: str, down: str) -> Slot:
    right, wrong = (up, down) if value > 0 else (down, up)
    return Slot(right, (("wrong direction", wrong),))


def ordinal(place: int, n: int) -> Slot:
    return Slot(Ordinals[place - 1], tuple(("invented rank", Ordinals[i]) for i in range(min(n, 6)) if i != place - 1))


def percent(maker: Maker, value: float) -> Slot:
    text = f"{abs(value) * 100:.1f}%"
    wrong = [f"{abs(value) * 100 * factor:.1f}%" for factor in (maker.rng.uniform(1.1, 1.7), maker.rng.uniform(0.4, 0.9))]
    return Slot(text, (*(("wrong figure", w) for w in wrong), ("wrong unit", f"${abs(value) * 100:.1f}")))


Voice = Callable[[Maker], Iterator[Told]]


# Rankings: one row per name --------------------------------------------------------------------------------------------


def ranking(maker: Maker) -> tuple[Finding, Column, list[tuple[str, float]], dt.date]:
    """A finding of 3 to 6 names with a value each, highest first, in a month."""
    column = maker.rng.choice((REVENUE, VISITS, BASKET, RATE))
    names = maker.rng.choice((DEPARTMENTS, REGIONS, AGES))
    label = {DEPARTMENTS: "department", REGIONS: "region", AGES: "age band"}[names]
    chosen = maker.rng.sample(names, maker.rng.randint(3, min(6, len(names))))
    low, high = {"money": (2_000, 90_000), "number": (300, 9_000), "rate": (0.01, 0.04)}[column.format]
    if column is BASKET:
        low, high = 3.0, 12.0
    values = maker.spread(len(chosen), low, high, whole=column is VISITS)
    if column is RATE:
        values = [round(v, 4) for v in maker.spread(len(chosen), 10, 40)]
        values = [round(v / 1000, 4) for v in values]
    pairs = sorted(zip(chosen, values, strict=True), key=lambda p: -p[1])
    start = maker.month(maker.rng.randint(0, 22))
    span = month_span(start)
    rows: list[tuple[Cell, ...]] = [(n, int(v) if column.type == "integer" else v) for n, v in pairs]
    sentence = f"{column.label.capitalize()} by {label}, {span.label}, highest first"
    return finding((dimension(f"things.{label.replace(' ', '_')}", label), column), rows, sentence, span), column, pairs, start


def told_rankings(maker: Maker) -> Iterator[Told]:
    f, column, pairs, start = ranking(maker)
    names = [n for n, _ in pairs]
    values = [v for _, v in pairs]
    label = column.label
    months = [dt.date(2016, m, 1) for m in (2, 9)]
    a, b = 0, maker.rng.randint(1, len(pairs) - 1)

    def fig(i: int) -> Slot:
        return figure(maker, values[i], column, [v for j, v in enumerate(values) if j != i])

    def who(i: int) -> Slot:
        return name(names[i], names)

    when = period(maker, start, months)
    low = len(pairs) - 1
    amount = column.format in ("money", "number") and column is not BASKET
    yield Told("highest-with", f, (who(0), " has the ", Slot("highest", (("wrong direction", "lowest"),)), f" {label}: ", fig(0), "."))
    yield Told("in-month", f, ("In ", when, ", ", who(b), f" had {label} of ", fig(b), "."))
    yield Told("possessive", f, (who(b), f"'s {label} was ", fig(b), " in ", when, "."))
    yield Told("came-to", f, (f"{label} for ", who(b), " came to ", fig(b), "."))
    yield Told(
        "paren-two",
        f,
        (who(0), " (", fig(0), ") is ", Slot("ahead of", (("wrong direction", "behind"),)), " ", who(b), " (", fig(b), f") on {label}."),
        ((0, 6),),
    )
    yield Told(
        "more-than",
        f,
        (Slot(names[a]), " has a ", Slot("higher", (("wrong direction", "lower"),)), f" {label} than ", Slot(names[b]), "."),
        ((0, 4),),
    )
    yield Told(
        "less-than",
        f,
        (f"{label} is ", Slot("lower", (("wrong direction", "higher"),)), " in ", Slot(names[low]), " than in ", Slot(names[0]), "."),
        ((3, 5),),
    )
    yield Told(
        "lowest", f, ("The ", Slot("lowest", (("wrong direction", "highest"),)), f" {label} is that of ", who(low), ", at ", fig(low), ".")
    )
    yield Told("bottom", f, (who(low), " is at the bottom with ", fig(low), "."))
    yield Told("rank", f, (who(b), " ranks ", ordinal(b + 1, len(pairs)), f" by {label}."))
    yield Told("rank-highest", f, (who(1), " has the ", ordinal(2, len(pairs)), f"-highest {label}, ", fig(1), "."))
    yield Told("in-place", f, (who(1), " comes in ", ordinal(2, len(pairs)), " place with ", fig(1), "."))
    yield Told("followed", f, (who(0), " leads with ", fig(0), ", followed by ", who(1), " with ", fig(1), "."), ((0, 4),))
    yield Told("then", f, (f"{label} is highest in ", who(0), " (", fig(0), "), then ", who(1), " (", fig(1), ")."), ((1, 5),))
    yield Told(
        "while", f, ("while ", who(0), f" recorded {label} of ", fig(0), ", ", who(low), " recorded only ", fig(low), "."), ((1, 5),)
    )
    yield Told("versus", f, (f"{label} was ", fig(0), " for ", who(0), " versus ", fig(b), " for ", who(b), "."), ((3, 7),))
    yield Told("compared", f, ("At ", fig(b), ", ", who(b), " compares with ", fig(0), " for ", who(0), " on " + label + "."), ((3, 7),))
    yield Told("list", f, ("The top three are ", who(0), " (", fig(0), "), ", who(1), " (", fig(1), ") and ", who(2), " (", fig(2), ")."))
    yield Told("about", f, (who(b), f" had {label} of about ", fig(b), "."))
    yield Told("times", f, (f"{label} in ", who(0), " is ", times(maker, values[0] / values[b]), " that of ", who(b), "."), ((1, 5),))
    yield Told("respectively", f, (who(0), " and ", who(b), f" had {label} of ", fig(0), " and ", fig(b), " respectively."), ((0, 2),))
    if amount:
        yield from told_amounts(maker, f, column, pairs, who, fig)


def told_amounts(
    maker: Maker, f: Finding, column: Column, pairs: list[tuple[str, float]], who: Callable[[int], Slot], fig: Callable[[int], Slot]
) -> Iterator[Told]:
    """Voices for values that may be subtracted and added up."""
    values = [v for _, v in pairs]
    label = column.label
    b = maker.rng.randint(1, len(pairs) - 1)
    total = sum(values)
    gap = figure(maker, values[0] - values[b], column, [], style="exact")
    yield Told("beats-by", f, (who(0), " ", Slot("beats", (("wrong direction", "trails"),)), " ", who(b), " by ", gap, "."), ((0, 4),))
    yield Told("gap", f, ("The gap between ", who(0), " and ", who(b), f" in {label} is ", gap, "."))
    yield Told(
        "percent-more",
        f,
        (
            who(0),
            " had ",
            percent(maker, values[0] / values[b] - 1),
            " ",
            Slot("more", (("wrong direction", "less"),)),
            f" {label} than ",
            who(b),
            ".",
        ),
        ((0, 6),),
    )
    yield Told("total", f, (f"In total, {label} came to ", figure(maker, total, column, values[:1], style="exact"), "."))
    yield Told(
        "all-together",
        f,
        (f"All {len(values)} together made up ", figure(maker, total, column, values[:1], style="exact"), f" in {label}."),
    )
    yield Told("share", f, (who(b), " accounts for ", percent(maker, values[b] / total), f" of total {label}."))
    yield Told("share-paren", f, (who(0), " made up ", percent(maker, values[0] / total), " of the total, or ", fig(0), "."))
    yield Told(
        "combined",
        f,
        (
            who(0),
            " and ",
            who(1),
            " combined for ",
            figure(maker, values[0] + values[1], column, [values[0]], style="exact"),
            f" in {label}.",
        ),
    )
    yield Told("average", f, (f"The average {label} across them is ", figure(maker, total / len(values), column, [], style="exact"), "."))


def times(maker: Maker, ratio: float) -> Slot:
    text = f"{ratio:.1f} times"
    wrong = [f"{ratio * factor:.1f} times" for factor in (1.3, 0.7)]
    return Slot(text, (*(("wrong figure", w) for w in wrong if w != text), ("wrong unit", f"{ratio:.1f}%")))


# Series: one row per month ----------------------------------------------------------------------------------------------


def told_series(maker: Maker) -> Iterator[Told]:
    column = maker.rng.choice((REVENUE, VISITS, RATE))
    n = maker.rng.randint(4, 9)
    first = maker.rng.randint(0, 12)
    low, high = {"money": (9_000, 90_000), "number": (300, 3_000), "rate": (10, 30)}[column.format]
    values = maker.spread(n, low, high, whole=column is VISITS)
    if column is RATE:
        values = [round(v / 10_000, 4) for v in values]
    days = [maker.month(first + i) for i in range(n)]
    rows: list[tuple[Cell, ...]] = [(d, int(v) if column is VISITS else v) for d, v in zip(days, values, strict=True)]
    window = DateSpan(start=days[0], end=month_span(days[-1]).end)
    f = finding((month_column(), column), rows, f"{column.label.capitalize()} by month", window)
    label = column.label
    top, bottom = values.index(max(values)), values.index(min(values))
    i = maker.rng.randint(1, n - 1)
    a, b = sorted(maker.rng.sample(range(n), 2))

    def fig(k: int) -> Slot:
        return figure(maker, values[k], column, [v for j, v in enumerate(values) if j != k])

    def when(k: int) -> Slot:
        return period(maker, days[k], days)

    change = values[i] - values[i - 1]
    span = values[b] - values[a]
    over_all = values[-1] - values[0]
    yield Told("peaked", f, (f"{label} peaked in ", when(top), " at ", fig(top), "."))
    yield Told(
        "lowest-month",
        f,
        ("The ", Slot("lowest", (("wrong direction", "highest"),)), f" {label} was ", fig(bottom), ", in ", when(bottom), "."),
    )
    yield Told(
        "high-low",
        f,
        (f"{label} was highest in ", when(top), " (", fig(top), ") and lowest in ", when(bottom), " (", fig(bottom), ")."),
        ((1, 5),),
    )
    yield Told("rose-in", f, ("In ", when(i), f", {label} ", direction(change, "rose", "fell"), " to ", fig(i), "."))
    yield Told(
        "from-to",
        f,
        (f"{label} ", direction(span, "grew", "declined"), " from ", fig(a), " in ", when(a), " to ", fig(b), " in ", when(b), "."),
        ((5, 9),),
    )
    yield Told(
        "between",
        f,
        (
            "Between ",
            Slot(write_month(days[a], "long")),
            " and ",
            Slot(write_month(days[b], "long")),
            f", {label} ",
            direction(span, "increased", "decreased"),
            " by ",
            percent(maker, span / values[a]),
            ".",
        ),
    )
    yield Told("was-in", f, (f"{label} was ", fig(i), " in ", when(i), "."))
    yield Told(
        "mom",
        f,
        (
            f"{label} ",
            direction(change, "climbed", "dropped"),
            " ",
            percent(maker, change / values[i - 1]),
            " in ",
            Slot(write_month(days[i], "long")),
            " compared with the month before.",
        ),
    )
    yield Told(
        "overall", f, (f"Over the whole period {label} went ", direction(over_all, "up", "down"), " from ", fig(0), " to ", fig(n - 1), ".")
    )
    yield Told(
        "higher-than",
        f,
        (
            f"{label} in ",
            Slot(write_month(days[top], "long")),
            " was ",
            Slot("higher", (("wrong direction", "lower"),)),
            " than in ",
            Slot(write_month(days[bottom], "short")),
            ".",
        ),
        ((1, 5),),
    )
    yield Told(
        "months-count",
        f,
        (
            "Across the ",
            Slot(str(n), (("wrong figure", str(n + 2)), ("wrong figure", str(n + 5)))),
            f" months, {label} peaked at ",
            fig(top),
            ".",
        ),
    )


# One row with the period before ------------------------------------------------------------------------------------------


def told_comparison(maker: Maker) -> Iterator[Told]:
    column = maker.rng.choice((REVENUE, VISITS))
    now, before = maker.spread(2, 3_000, 90_000, whole=column is VISITS)
    change = now - before
    index = maker.rng.randint(1, 22)
    start, previous = maker.month(index), maker.month(index - 1)
    columns = (column, *against_previous(column))
    cast = (lambda v: int(v)) if column is VISITS else (lambda v: round(v, 2))
    rows: list[tuple[Cell, ...]] = [(cast(now), cast(before), cast(change), change / before)]
    f = finding(
        columns,
        rows,
        f"{column.label.capitalize()}, {month_span(start).label}, against the month before",
        month_span(start),
        month_span(previous),
    )
    label = column.label
    far = [dt.date(2018, 3, 1), dt.date(2015, 7, 1)]
    current, earlier = figure(maker, now, column, [before]), figure(maker, before, column, [now])
    rate = percent(maker, change / before)
    when, then = period(maker, start, far, style="long"), period(maker, previous, far, style="long")
    yield Told(
        "up-from",
        f,
        (f"{label} was ", current, " in ", when, ", ", direction(change, "up", "down"), " ", rate, " from ", earlier, " in ", then, "."),
    )
    yield Told("rose-by", f, (f"{label} ", direction(change, "rose", "fell"), " by ", rate, " to ", current, "."))
    yield Told("compared-with", f, ("In ", when, f" {label} reached ", current, ", compared with ", earlier, " in ", then, "."))
    yield Told(
        "prev-month",
        f,
        (
            "That is ",
            rate,
            " ",
            Slot("higher" if change > 0 else "lower", (("wrong direction", "lower" if change > 0 else "higher"),)),
            " than the previous month.",
        ),
    )
    yield Told(
        "difference",
        f,
        (
            f"{label} ",
            direction(change, "increased", "decreased"),
            " by ",
            figure(maker, abs(change), column, [], style="exact"),
            " against the month before.",
        ),
    )
    yield Told(
        "change-of", f, ("A ", rate, " ", direction(change, "increase", "decrease"), f" took {label} from ", earlier, " to ", current, ".")
    )


# Two dimensions, two metrics, one total ----------------------------------------------------------------------------------


def told_tables(maker: Maker) -> Iterator[Told]:
    yield from told_two_dimensions(maker)
    yield from told_two_metrics(maker)
    yield from told_total(maker)


def told_two_dimensions(maker: Maker) -> Iterator[Told]:
    names = maker.rng.sample(DEPARTMENTS, 3)
    days = [maker.month(maker.rng.randint(0, 9) + i) for i in range(3)]
    days = [days[0], month_span(days[0], 2).end.replace(day=1), month_span(days[0], 3).end.replace(day=1)]
    values = maker.spread(9, 900, 3_000)
    cells = {(n, d): values[3 * i + j] for i, n in enumerate(names) for j, d in enumerate(days)}
    rows: list[tuple[Cell, ...]] = [(n, d, v) for (n, d), v in cells.items()]
    window = DateSpan(start=days[0], end=month_span(days[-1]).end)
    f = finding((dimension("products.department", "department"), month_column(), REVENUE), rows, "Revenue by department and month", window)
    n, other = names[0], names[1]
    d, later = days[0], days[1]

    def fig(who: str, when: dt.date) -> Slot:
        return figure(maker, cells[who, when], REVENUE, [v for key, v in cells.items() if key != (who, when)])

    change = cells[n, later] - cells[n, d]
    yield Told("2d-cell", f, (name(n, names), " made ", fig(n, d), " in ", period(maker, d, days), "."))
    yield Told(
        "2d-rose",
        f,
        (
            "Revenue of ",
            Slot(n),
            " ",
            direction(change, "rose", "fell"),
            " from ",
            fig(n, d),
            " in ",
            period(maker, d, days),
            " to ",
            fig(n, later),
            " in ",
            period(maker, later, days),
            ".",
        ),
    )
    yield Told(
        "2d-two",
        f,
        ("In ", period(maker, d, days), ", ", name(n, names), " made ", fig(n, d), " and ", name(other, names), " ", fig(other, d), "."),
        ((3, 7),),
    )
    yield Told("2d-of", f, (name(other, names), "'s revenue in ", period(maker, later, days), " was ", fig(other, later), "."))


def told_two_metrics(maker: Maker) -> Iterator[Told]:
    names = maker.rng.sample(REGIONS, 4)
    money, visits = maker.spread(4, 2_000, 9_000), maker.spread(4, 90, 400, whole=True)
    rows: list[tuple[Cell, ...]] = [(n, m, int(v)) for n, m, v in zip(names, money, visits, strict=True)]
    f = finding(
        (dimension("stores.region", "region"), REVENUE, VISITS), rows, "Revenue and visits by region", month_span(dt.date(2017, 5, 1))
    )
    i = maker.rng.randrange(4)
    j = (i + 1) % 4
    rich, busy = money.index(max(money)), visits.index(max(visits))

    def fig(k: int, column: Column) -> Slot:
        column_values = money if column is REVENUE else visits
        return figure(maker, column_values[k], column, [v for q, v in enumerate(column_values) if q != k])

    yield Told("two-metrics", f, (name(names[i], names), " had revenue of ", fig(i, REVENUE), " from ", fig(i, VISITS), " visits."))
    yield Told(
        "most-visits",
        f,
        (name(names[busy], names), " had the ", Slot("most", (("wrong direction", "fewest"),)), " visits: ", fig(busy, VISITS), "."),
    )
    yield Told(
        "both", f, ("The ", name(names[j], names), " saw ", fig(j, VISITS), " visits and ", fig(j, REVENUE), " in revenue in May 2017.")
    )
    yield Told("highest-rev", f, ("Revenue was highest in the ", name(names[rich], names), " at ", fig(rich, REVENUE), "."))


def told_total(maker: Maker) -> Iterator[Told]:
    revenue, visits = maker.spread(2, 4_000, 90_000, whole=True)
    start = maker.month(maker.rng.randint(0, 23))
    others = [dt.date(2015, 4, 1), dt.date(2018, 8, 1)]
    f = finding((REVENUE, VISITS), [(revenue, int(visits))], f"Revenue and visits, {month_span(start).label}", month_span(start))
    yield Told("single", f, ("Revenue was ", figure(maker, revenue, REVENUE, []), " in ", period(maker, start, others), "."))
    yield Told(
        "there-were", f, ("There were ", figure(maker, visits, VISITS, [], style="exact"), " visits in ", period(maker, start, others), ".")
    )
    yield Told(
        "two-of",
        f,
        (
            "In ",
            period(maker, start, others),
            " you had ",
            figure(maker, visits, VISITS, [], style="exact"),
            " visits and revenue of ",
            figure(maker, revenue, REVENUE, []),
            ".",
        ),
    )


ALL_VOICES: tuple[Voice, ...] = (told_rankings, told_series, told_comparison, told_tables)


def tell(seed: int) -> Iterator[Told]:
    """One sentence of every voice over fresh findings."""
    maker = Maker(random.Random(seed))
    for voice in ALL_VOICES:
        yield from voice(maker)
