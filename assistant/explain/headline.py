"""The one sentence with the number, and the few that follow it, from a finding alone.

Each shape of result has its own short writer; every figure is taken from a cell or is a declared difference, ratio or count of cells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.explain.phrases import capitalised, during, is_plural, join_words, singular
from assistant.render.numbers import UNKNOWN, format_cell, format_day
from tools.core.contract import Cell, Column, DateSpan, Finding, Table

MAX_NAMED = 3
"""Rows named in a sentence; the table has the rest."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finding's first table, with its columns by role."""

    table: Table
    dimensions: tuple[int, ...]
    measures: tuple[int, ...]
    scope: str
    """Filters and window in words, to end a sentence with: "in March 2017, where department is DELI"."""
    where: str = ""
    """The scope without its window, for a sentence that names a period itself."""
    when: str = ""
    """The window alone, to stand right after a figure that is compared: "in June 2017"."""
    before: str = ""
    """The window compared with: "in May 2017"."""
    absent: tuple[str, ...] = ()
    """Groups that were asked for by name and have no row."""
    whole: str = "the total"
    """What shares are of."""
    is_cut: bool = False
    """Rows may be missing: the result was cut off, or groups were left out by their figures."""
    parts: tuple[str, ...] = ()
    """Per measure its name with the part that it is of: "share of revenue (sales channel is app)"."""
    lowest_first: bool = False
    only_first: bool = False
    """The row is the first of a ranking by its only figure."""

    def show(self, row: Sequence[Cell], index: int) -> str:
        return format_cell(row[index], self.table.columns[index])

    def name(self, row: Sequence[Cell]) -> str:
        """What a row is about: "DELI in Mar 2017"; a number gets its label, since "569" alone names nothing."""
        periods = [i for i in self.dimensions if _is_period(self.table.columns[i])]
        named = ", ".join(self._named(row, i) for i in self.dimensions if i not in periods)
        when = ", ".join(self.show(row, i) for i in periods)
        return (
            f"{named} {self.at(row, periods[0])}"
            if named and len(periods) == 1
            else f"{named} in {when}"
            if named and when
            else named or when
        )

    def at(self, row: Sequence[Cell], index: int) -> str:
        """A period with its preposition: "on 24 Dec 2017", "in the week of 18 Dec 2017", "in Mar 2017"."""
        grain = self.table.columns[index].grain
        return f"{'on' if grain in ('day', 'hour') else 'in the' if grain == 'week' else 'in'} {self.show(row, index)}"

    def _named(self, row: Sequence[Cell], index: int) -> str:
        column, text = self.table.columns[index], self.show(row, index)
        if isinstance(row[index], bool) and column.label:
            # "Yes" names nothing: a group is "weekend" or "not weekend".
            return column.label if row[index] else f"not {column.label}"
        bare = column.grain is None and (column.type in ("integer", "number") or text[:1].isdigit())
        return f"{column.label} {text}" if bare and column.label else text

    def column(self, role: str, metric: str | None) -> int | None:
        """Index of the column of this role for this metric."""
        for index, column in enumerate(self.table.columns):
            if column.role == role and column.metric == metric:
                return index
        return None


def headline(finding: Finding) -> str:
    """One sentence with the number that answers the question."""
    result = _result(finding)
    if not result.table.rows:
        return f"Nothing matches: {finding.reading.sentence} has no rows."
    return _writer(result)(result)


def _result(finding: Finding) -> Result:
    table = finding.tables[0]
    dimensions = tuple(i for i, c in enumerate(table.columns) if c.role == "dimension")
    measures = tuple(i for i, c in enumerate(table.columns) if c.role in ("metric", "count"))
    # A share that was asked for alone is the figure itself, not an addition to one.
    measures = measures or tuple(i for i, c in enumerate(table.columns) if c.role == "share")
    reading = finding.reading
    compared = reading.window is not None and reading.comparison is not None and len(measures) == 1 and not dimensions
    return Result(
        table=table,
        dimensions=dimensions,
        measures=measures,
        scope=_scope(finding, with_window=not compared),
        where=_scope(finding, with_window=False),
        when=_during(reading.window, finding) if reading.window and compared else "",
        before=_during(reading.comparison, finding) if reading.comparison and compared else "",
        absent=_absent(finding),
        whole="these together" if any(_lists_groups(f, table) for f in reading.filters) else "the total",
        is_cut=table.truncated or reading.selects,
        parts=reading.metrics if len(reading.metrics) == len(measures) else (),
        only_first=len(table.rows) == 1 and reading.limit == 1 and bool(reading.first),
        lowest_first=reading.first == "lowest",
    )


def _writer(result: Result) -> Callable[[Result], str]:
    names = {c.name for c in result.table.columns}
    if {"left", "right", "together"} <= names:
        return _pairs
    if {"cohort", "periods_since"} <= names:
        return _cohorts
    if {"bin_start", "entities"} <= names:
        return _distribution
    if {"entities_needed", "reached_share"} <= names:
        return _concentration
    if not result.measures:
        return _listing
    if not result.dimensions:
        return _totals
    if len(result.dimensions) == 1 and _is_period(result.table.columns[result.dimensions[0]]):
        return _series
    return _ranking


def _is_period(column: Column) -> bool:
    return column.type in ("date", "datetime") and column.grain is not None


def _scope(finding: Finding, *, with_window: bool) -> str:
    """The window, the row filters and the entity conditions, ready to follow a statement."""
    reading = finding.reading
    parts = [_during(reading.window, finding)] if reading.window and with_window else []
    clauses = [f for f in reading.filters if f not in reading.conditions and not _is_seen(f, finding.tables[0])]
    if clauses:
        parts.append(f"where {join_words(clauses)}")
    if reading.conditions:
        parts.append(f"for {join_words(reading.conditions)}")
    return ", ".join(parts)


def _during(span: DateSpan, finding: Finding) -> str:
    """The window with its preposition; one that begins before the data says so, since a figure of it is no figure of the whole."""
    starts = finding.reading.data_start
    if starts is None or span.start >= starts:
        return during(span)
    return f"{during(span)} (known from {format_day(starts, long=True)} on)"


def _is_seen(clause: str, table: Table) -> bool:
    """Whether the rows show the condition themselves: that the group is known, or that it is one of several."""
    for column in table.columns:
        if column.role == "dimension" and column.label and clause.startswith((f"{column.label} is ", f"{column.label} of ")):
            return clause.endswith(" is known") or _one_of(clause, column, table) is not None
    return False


def _lists_groups(clause: str, table: Table) -> bool:
    """Whether the condition keeps only some of the groups: shares are of those, and not of everything."""
    return any(
        c.role == "dimension" and c.label and clause.startswith(f"{c.label} is ") and _one_of(clause, c, table) for c in table.columns
    )


def _one_of(clause: str, column: Column, table: Table) -> list[str] | None:
    """The values that a condition lists for this column, when the rows hold no others; None for any other condition."""
    listed = clause.removeprefix(f"{column.label} is ").replace(" or ", ", ").split(", ") if '"' not in clause else []
    index = table.columns.index(column)
    shown = {format_cell(row[index], column).lower() for row in table.rows}
    return listed if len(listed) > 1 and shown and shown <= {value.lower() for value in listed} else None


def _absent(finding: Finding) -> tuple[str, ...]:
    """Groups that were asked for and have no row."""
    table = finding.tables[0]
    columns = [c for c in table.columns if c.role == "dimension"]
    if len(columns) != 1 or table.truncated or finding.reading.selects:
        return ()
    listed = [v for f in finding.reading.filters if f.startswith(f"{columns[0].label} is ") for v in _one_of(f, columns[0], table) or ()]
    index = table.columns.index(columns[0])
    shown = {format_cell(row[index], columns[0]).lower() for row in table.rows}
    return tuple(value for value in listed if value.lower() not in shown)


def _end(sentence: str, scope: str) -> str:
    """The statement with its scope; a counted noun is said once, with what is wanted of it right after: "800 households with 2 visits"."""
    noun = sentence.rpartition(" ")[2]
    first, found, wanted = f", {scope}".partition(f", for {noun} ")
    if found:
        wanted = wanted.replace(f" and {noun} with", " and with")
        scope = f"{wanted}{first}"
    return f"{sentence} {scope}." if scope else f"{sentence}."


def _totals(result: Result) -> str:
    row = result.table.rows[0]
    parts = [_statement(result, row, index) for index in result.measures]
    return _end(capitalised(join_words(parts)), result.scope)


def _statement(result: Result, row: Sequence[Cell], index: int) -> str:
    column = result.table.columns[index]
    value = result.show(row, index)
    label = _part_or_label(result, index)
    if row[index] is None:
        return f"{label} cannot be computed: no data"
    if column.format == "number" and is_plural(label) and column.role in ("metric", "count"):
        said = f"there was {value} {singular(label)}" if row[index] == 1 else f"there were {value} {label}"
    else:
        said = f"{label} {'were' if is_plural(label) else 'was'} {value}"
    when = f" {result.when}" if result.when else ""
    return said + when + _against_previous(result, row, column)


def _part_or_label(result: Result, index: int) -> str:
    """A share without its part says nothing: "share of revenue (sales channel is app)"; any other figure by its label."""
    column = result.table.columns[index]
    label = column.label or column.name
    named = result.parts[result.measures.index(index)] if result.parts and index in result.measures else ""
    return named if named.startswith(f"{label} (") and label.startswith("share of ") else label


def _against_previous(result: Result, row: Sequence[Cell], column: Column) -> str:
    previous = result.column("previous", column.metric)
    rate = result.column("change_rate", column.metric)
    change = result.column("change", column.metric)
    if previous is None or change is None:
        return ""
    if row[previous] is None:
        return f" (no figure {result.before} to compare with)" if result.before else ""
    direction = _direction(row[change])
    before = f" {result.before}" if result.before else ""
    if direction == "unchanged":
        return f", unchanged from {result.show(row, previous)}{before}"
    by = result.show(row, rate) if rate is not None and row[rate] is not None else result.show(row, change)
    return f", {direction} {by.lstrip('-−+')} from {result.show(row, previous)}{before}"


def _direction(change: Cell) -> str:
    if not isinstance(change, (int, float)) or change == 0:
        return "unchanged"
    return "up" if change > 0 else "down"


def _series(result: Result) -> str:
    index = _along(result)
    when = result.dimensions[0]
    rows = sorted((r for r in result.table.rows if r[index] is not None and r[when] is not None), key=lambda r: _sort_key(r[when]))
    column = result.table.columns[index]
    label = column.label
    if not rows:
        return f"{capitalised(label)} has no values in this period."
    if len(rows) == 1 and result.only_first:
        verb, extreme = "were" if is_plural(label) else "was", "lowest" if result.lowest_first else "highest"
        return _end(f"{capitalised(label)} {verb} {extreme} {result.at(rows[0], when)}: {result.show(rows[0], index)}", result.where)
    if len(rows) == 1:
        return f"{capitalised(_statement(result, rows[0], index))} {result.at(rows[0], when)}."
    first, last = rows[0], rows[-1]
    if column.role in ("running", "average"):
        kind = "running total" if column.role == "running" else "moving average"
        label = f"the {kind} of {result.table.columns[result.measures[0]].label}"
    if column.role == "running":
        return f"{capitalised(label)} reached {result.show(last, index)} by {result.show(last, when)}."
    high = max(rows, key=lambda r: _number(r[index]))
    low = min(rows, key=lambda r: _number(r[index]))
    if high[index] == low[index]:
        verb = "were" if column.role == "metric" and is_plural(label) else "was"
        always = f"{capitalised(label)} {verb} {result.show(first, index)} throughout"
        return f"{always}, from {result.show(first, when)} to {result.show(last, when)}."
    went = f"{capitalised(label)} went from {result.show(first, index)} in {result.show(first, when)}"
    went += f" to {result.show(last, index)} in {result.show(last, when)}"
    span = f"highest {result.show(high, index)} ({result.show(high, when)}), lowest {result.show(low, index)} ({result.show(low, when)})"
    return f"{went}; {_steepest(result, rows, when) or span}."


def _along(result: Result) -> int:
    """The column that a series is about: the running total or the moving average that was asked for, else the figure."""
    return next((i for i, c in enumerate(result.table.columns) if c.role in ("running", "average")), result.measures[0])


def _steepest(result: Result, rows: Sequence[Sequence[Cell]], when: int) -> str:
    """Where the figure rose and fell most, when the change from each period to the next was asked for."""
    metric = result.table.columns[result.measures[0]].metric
    rate, change = result.column("change_rate", metric), result.column("change", metric)
    index = rate if rate is not None else change
    if index is None or len(result.measures) > 1:
        return ""
    known = [r for r in rows if r[index] is not None]
    best, worst = max(known, key=lambda r: _number(r[index]), default=None), min(known, key=lambda r: _number(r[index]), default=None)
    parts = (
        [f"rose most in {result.show(best, when)} ({result.show(best, index)})"] if best is not None and _number(best[index]) > 0 else []
    )
    parts += (
        [f"fell most in {result.show(worst, when)} ({result.show(worst, index)})"]
        if worst is not None and _number(worst[index]) < 0
        else []
    )
    return f"it {join_words(parts)}" if parts else ""


def _ranking(result: Result) -> str:
    said = _ranked(result)
    return f"{said.removesuffix('.')}; nothing for {join_words(result.absent)}." if result.absent else said


def _ranked(result: Result) -> str:
    index = _ranked_by(result)
    rows = [r for r in result.table.rows if r[index] is not None]
    # What is unknown is in the table and in the caveats; a sentence about it would name nothing.
    rows = [r for r in rows if any(r[i] is not None for i in result.dimensions)] or rows
    label = result.table.columns[index].label
    if not rows:
        return f"{capitalised(label)} has no values here."
    values = [_number(r[index]) for r in rows]
    column = result.table.columns[index]
    if len(rows) == 1:
        figures = [f"{label} {result.show(rows[0], index)}{_share_of(result, rows[0], index)}{_against_previous(result, rows[0], column)}"]
        beside = [i for i in result.measures if i != index and rows[0][i] is not None][: MAX_NAMED - 1]
        if result.only_first and not beside:
            return _end(capitalised(_first_alone(result, rows[0], index)), result.scope)
        figures += [f"{result.table.columns[i].label} {result.show(rows[0], i)}" for i in beside]
        return _end(f"{capitalised(result.name(rows[0]))}: {join_words(figures)}", result.scope)
    if min(values) == max(values) and len(rows) > MAX_NAMED:
        verb = "are" if is_plural(label) else "is"
        return _end(f"{capitalised(label)} {verb} the same for all {len(rows):,} groups: {result.show(rows[0], index)}", result.scope)
    ascending = values == sorted(values) and values[0] < values[-1]
    if ascending and not result.lowest_first:
        # They rise by chance along the groups' own order: nobody asked for the lowest.
        ascending, rows, values = False, rows[::-1], values[::-1]
    in_order = ascending or values == sorted(values, reverse=True)
    if not in_order and not result.is_cut and len(result.dimensions) == 1:
        # All there are, in an order of their own: the sentence names the highest of them.
        in_order, rows = True, sorted(rows, key=lambda r: _number(r[index]), reverse=True)
    best = rows[0] if in_order else max(rows, key=lambda r: _number(r[index]))
    lead = f"{result.name(best)} has the {_extreme_word(column, lowest=ascending)} {label}"
    lead += f": {result.show(best, index)}{_share_of(result, best, index)}"
    if not in_order:
        # The rows may be the first of many by another order: the claim is about them alone.
        return _end(f"Of those shown, {lead}" if result.is_cut else capitalised(lead), result.scope)
    others = [f"{result.name(r)} ({result.show(r, index)})" for r in rows[1:MAX_NAMED]]
    return _end(f"{capitalised(lead)}, then {join_words(others)}", result.scope)


def _first_alone(result: Result, row: Sequence[Cell], index: int) -> str:
    """The one row of a top 1: "Campaign 18 has the most visits: 1,133"."""
    column = result.table.columns[index]
    extreme = f"the {_extreme_word(column, lowest=result.lowest_first)} {column.label}"
    value = f"{result.show(row, index)}{_share_of(result, row, index)}{_against_previous(result, row, column)}"
    nameless = [
        result.table.columns[i].label for i in result.dimensions if row[i] is None and result.table.columns[i].null_label in (None, UNKNOWN)
    ]
    if len(nameless) == len(result.dimensions):
        verb = "have" if is_plural(column.label) else "has"
        return f"{extreme}, {value}, {verb} no known {join_words(nameless, 'or')}"
    return f"{result.name(row)} has {extreme}: {value}"


def _extreme_word(column: Column, *, lowest: bool) -> str:
    """ "most visits" and "fewest visits", but "highest revenue" and "lowest average basket value"."""
    counted = column.format == "number" and column.role in ("metric", "count") and is_plural(column.label)
    if counted:
        return "fewest" if lowest else "most"
    return "lowest" if lowest else "highest"


def _ranked_by(result: Result) -> int:
    """The column that the rows are ordered by, when it is a change or a share; else the first measure."""
    for index, column in enumerate(result.table.columns):
        if column.role in ("change_rate", "change", "share") and len(result.table.rows) > 1:
            values = [r[index] for r in result.table.rows if r[index] is not None]
            main = [r[result.measures[0]] for r in result.table.rows if r[result.measures[0]] is not None]
            if _is_sorted(values) and not _is_sorted(main):
                return index
    return result.measures[0]


def _is_sorted(values: Sequence[Cell]) -> bool:
    numbers = [_number(v) for v in values]
    return numbers == sorted(numbers) or numbers == sorted(numbers, reverse=True)


def _share_of(result: Result, row: Sequence[Cell], index: int) -> str:
    share = result.column("share", result.table.columns[index].metric)
    if share is None or share == index or row[share] is None:
        return ""
    return f", {result.show(row, share)} of {result.whole}"


def _listing(result: Result) -> str:
    count = len(result.table.rows)
    names = join_words([result.name(r) for r in result.table.rows[:MAX_NAMED]])
    noun = "row" if count == 1 else "rows"
    more = f"{count:,}{' or more' if result.table.truncated else ''}"
    start = f"{more} {noun} match" + ("es" if count == 1 else "")
    first = "" if count == 0 else f": {names}" if count <= MAX_NAMED else f"; the first are {names}"
    return _end(f"{start}{first}", result.scope)


def _pairs(result: Result) -> str:
    row = result.table.rows[0]
    at = {c.name: i for i, c in enumerate(result.table.columns)}
    sentence = (
        f"{result.show(row, at['left'])} and {result.show(row, at['right'])} come together most: {result.show(row, at['together'])} times"
    )
    if "lift" in at and row[at["lift"]] is not None:
        sentence += f", {result.show(row, at['lift'])} times as often as by chance"
    return _end(sentence, result.scope)


def _cohorts(result: Result) -> str:
    at = {c.name: i for i, c in enumerate(result.table.columns)}
    first = [r for r in result.table.rows if r[at["periods_since"]] == 1]
    if not first or "retention_rate" not in at:
        return f"{len({r[at['cohort']] for r in result.table.rows})} cohorts were followed."
    best = max(first, key=lambda r: _number(r[at["retention_rate"]]))
    return (
        f"One period after they started, between {_extreme(result, first, at['retention_rate'], min)} and "
        f"{_extreme(result, first, at['retention_rate'], max)} of a cohort came back; best was {result.show(best, at['cohort'])}."
    )


def _extreme(result: Result, rows: Sequence[Sequence[Cell]], index: int, pick: Callable[..., Sequence[Cell]]) -> str:
    return result.show(pick(rows, key=lambda r: _number(r[index])), index)


def _distribution(result: Result) -> str:
    at = {c.name: i for i, c in enumerate(result.table.columns)}
    row = max(result.table.rows, key=lambda r: _number(r[at["entities"]]))
    low, high = result.show(row, at["bin_start"]), result.show(row, at["bin_end"]) if "bin_end" in at else ""
    where = low if high in ("", low) else f"{low} to {high}"
    sentence = f"The largest group, {result.show(row, at['entities'])}"
    if "share" in at:
        sentence += f" ({result.show(row, at['share'])})"
    return _end(f"{sentence}, lies at {where}", result.scope)


def _concentration(result: Result) -> str:
    """Who makes how much; after it, what the part that the question supposed makes."""
    at = {c.name: i for i, c in enumerate(result.table.columns)}
    row = result.table.rows[0]
    needed, every = at["entities_needed"], at["entities_in_all"]
    who, what = result.table.columns[needed].unit, result.table.columns[at["reached_share"]].label.removeprefix("share of ")
    verb = "makes" if row[needed] == 1 else "make"
    sentence = f"{result.show(row, needed)} of {result.show(row, every)} {who} ({result.show(row, at['entity_share'])})"
    sentence += f" {verb} {result.show(row, at['reached_share'])} of {what}"
    if "best_share" in at and row[at["best_share"]] is not None:
        part = result.table.columns[at["best_share"]].label.rpartition("of ")[2]
        sentence += f"; {part} make {result.show(row, at['best_share'])}"
    return _end(sentence, result.scope)


def _number(value: Cell) -> float:
    return float(value) if isinstance(value, (int, float)) else float("-inf")


def _sort_key(value: Cell) -> dt.date | str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)
