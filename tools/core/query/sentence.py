"""The canonical English sentence of a plan: short, exact, complete. Two plans that mean different things read differently."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from tools.core.contract import Reading
from tools.core.query.build import Build
from tools.core.query.calendar import BEGINNING, label_of, long_date
from tools.core.query.decorate import Windows
from tools.core.query.metric_query import MetricQuery, Order
from tools.core.query.plan import windows_of
from tools.core.query.resolve import Scope, asked_as_of, is_date
from tools.core.query.sql import METRIC_TIME
from tools.core.query.wording import COMPARED, Wording, limit, listed, number, spoken
from tools.core.semantics.model import SemanticModel


def sentence(query: MetricQuery, model: SemanticModel, *, as_of: dt.date | None = None) -> str:
    """The plan as one sentence without a full stop: "Revenue by department, March 2017, highest first, top 5".

    Raises:
        UnknownName, QueryUnsupported: The plan names what the model does not have.
    """
    scope = Scope(model, rights=None, as_of=asked_as_of(query, model, as_of))
    return reading_of(scope, query, windows_of(Build(scope=scope), query)).sentence


def reading_of(scope: Scope, query: MetricQuery, windows: Windows) -> Reading:
    """The plan in words, part by part and as one sentence."""
    words = Wording(scope)
    metrics = tuple(words.measure(m) for m in query.metrics)
    own = words.own_dates(query)
    dimensions = tuple(words.dimension(d, own) for d in query.dimensions)
    filters = tuple(sorted({words.filter(f) for f in query.filters}))
    conditions = tuple(sorted({words.entity_condition(c) for c in query.entity_conditions}))
    parts = [
        _subject(words, scope, query, metrics, dimensions),
        *filters,
        *conditions,
        _window(words, scope, query, windows),
        *_beside(words, query, windows),
        *_kept(words, query),
        *_order(words, scope, query),
    ]
    text = ", ".join(p for p in parts if p)
    return Reading(
        sentence=f"{text[:1].upper()}{text[1:]}",
        metrics=metrics,
        dimensions=dimensions,
        filters=(*filters, *conditions),
        conditions=conditions,
        window=windows.span,
        comparison=windows.baseline,
        as_of=scope.as_of,
        first=_first(scope, query),
        limit=query.limit if not query.skip else None,
        selects=query.limit is not None or query.top_per_group is not None or bool(query.having),
        data_start=_unreached_start(scope, windows),
    )


def _first(scope: Scope, query: MetricQuery) -> Literal["", "highest", "lowest"]:
    """Which end of a figure comes first, by the first figure of the order."""
    by_figure = next((key for key in effective_order(scope, query) if not _is_dimension(query, key.by)), None)
    if by_figure is None:
        return ""
    return "highest" if by_figure.direction == "desc" else "lowest"


def _unreached_start(scope: Scope, windows: Windows) -> dt.date | None:
    """The first day of the data, when a window that was asked for begins before it."""
    start = scope.model.settings.data_start
    spans = [span for span in (windows.span, windows.baseline) if span is not None]
    return start if start is not None and any(BEGINNING < span.start < start for span in spans) else None


def _subject(words: Wording, scope: Scope, query: MetricQuery, metrics: tuple[str, ...], dimensions: tuple[str, ...]) -> str:
    what = listed(metrics)
    if query.cohort is not None:
        cohort = query.cohort
        entity, fact = scope.dataset(cohort.entity), scope.dataset(cohort.fact)
        until = f", up to {cohort.periods} {cohort.grain}s later" if cohort.periods is not None else ""
        with_ = f" with {what}" if what else ""
        return f"retention of {entity.plural} by {cohort.grain} of their first {fact.label}{with_}{until}"
    if query.distribution is not None:
        spread = query.distribution
        steps = f", in steps of {spread.bin_width:g}" if spread.bin_width is not None else ""
        return f"distribution of {scope.dataset(spread.entity).plural} by {words.metric(spread.metric)}{steps}"
    if query.concentration is not None:
        few = query.concentration
        part = f"{number(round(100 * few.share, 6))} % of {words.metric(few.metric)}"
        supposed = f", beside the best {number(round(100 * few.of_entities, 6))} %" if few.of_entities is not None else ""
        return f"smallest number of {scope.dataset(few.entity).plural} that make {part}{supposed}"
    if query.pairs is not None:
        pairs = query.pairs
        left = f" with {spoken(pairs.containing)}" if pairs.containing is not None else ""
        within, field = scope.dataset(pairs.within), words.field(pairs.field)
        through = f" among {scope.dataset(pairs.fact).plural}" if pairs.fact is not None else ""
        return f"pairs of {field}{left} in the same {within.label}{through}, at least {pairs.min_together} together, by {pairs.order_by}"
    if query.listing is not None:
        shown = [words.field(f) for f in query.listing.fields] + list(metrics)
        return f"list of {scope.dataset(query.listing.entity).plural}" + (f" with {listed(shown)}" if shown else "")
    split = listed((*dimensions, *_lifecycle(scope, query)))
    if not metrics:
        return f"values of {split}"
    return f"{what} by {split}" if split else what


def _lifecycle(scope: Scope, query: MetricQuery) -> tuple[str, ...]:
    if query.lifecycle is None:
        return ()
    entity, fact = scope.dataset(query.lifecycle.entity), scope.dataset(query.lifecycle.fact)
    return (f"new and returning {entity.plural} (by first {fact.label})",)


def _window(words: Wording, scope: Scope, query: MetricQuery, windows: Windows) -> str:
    by = f" by {words.field(query.time_field)}" if query.time_field is not None else ""
    if windows.span is not None:
        return label_of(windows.span) + by
    return f"all data up to {long_date(scope.as_of)}{by}" if scope.as_of is not None else f"all data{by}"


def _beside(words: Wording, query: MetricQuery, windows: Windows) -> list[str]:
    """What is computed beside the figures."""
    parts = []
    if windows.baseline is not None:
        parts.append(f"compared with {label_of(windows.baseline)}")
    if query.share is not None:
        of = f" of {_column(words, query, query.share.metric)}" if query.share.metric else ""
        within = f" within each {listed(sorted(words.field(f) for f in query.share.within))}" if query.share.within else ""
        parts.append(f"with share{of}{within or ' of the total'}")
    if query.growth is not None:
        parts.append(f"with change from the {'period before' if query.growth == 'previous_row' else 'first period'}")
    if query.running_total:
        parts.append("with running total")
    if query.moving_average is not None:
        parts.append(f"with average over {query.moving_average} periods")
    if query.fill_gaps:
        parts.append("periods without data included")
    return parts


def _kept(words: Wording, query: MetricQuery) -> list[str]:
    tests = sorted({f"{_column(words, query, h.metric)} {COMPARED[h.op]} {limit(h.value, h.relative_to)}" for h in query.having})
    return [f"only where {listed(tests)}"] if tests else []


def _order(words: Wording, scope: Scope, query: MetricQuery) -> list[str]:
    parts = []
    if query.top_per_group is not None:
        top = query.top_per_group
        best = "top" if top.direction == "desc" else "bottom"
        parts.append(f"{best} {top.n} by {_column(words, query, top.by)} in each {words.field(top.group)}{_ties(query)}")
    keys = effective_order(scope, query)
    if query.top_per_group is None or query.order:
        parts += _sorting(words, query, keys)
    if query.limit is not None:
        first = keys[0] if keys else None
        by_figure = first is not None and not _is_dimension(query, first.by)
        best = ("top" if first.direction == "desc" else "bottom") if by_figure and first is not None else "first"
        placed = f"place {query.skip + 1}" if query.limit == 1 else f"places {query.skip + 1} to {query.skip + query.limit}"
        parts.append(placed if query.skip else f"{best} {query.limit}{_ties(query)}")
    return parts


def _ties(query: MetricQuery) -> str:
    return " and ties" if query.ties == "include" else ""


def _sorting(words: Wording, query: MetricQuery, keys: tuple[Order, ...]) -> list[str]:
    """ "highest first"; which figure only when there are several; forward order of time goes without saying."""
    said = []
    for key in keys:
        if _is_dimension(query, key.by):
            said.append(f"by {_column(words, query, key.by)}{' backwards' if key.direction == 'desc' else ''}")
            continue
        end = "highest" if key.direction == "desc" else "lowest"
        only = len(query.metrics) == 1 and key.by == query.metrics[0].column
        said.append(f"{end} first" if only else f"{end} {_column(words, query, key.by)} first")
    natural = [k for k in keys if _is_dimension(query, k.by) and k.direction == "asc"]
    if keys == tuple(natural) and [k.by for k in keys] == [d.field for d in query.dimensions][: len(keys)]:
        return []
    return [", then ".join(said)] if said else []


def effective_order(scope: Scope, query: MetricQuery) -> tuple[Order, ...]:
    """The order asked for, or the one that such results have by themselves."""
    if query.order:
        return query.order
    if query.top_per_group is not None:
        top = query.top_per_group
        return (Order(by=top.group, direction="asc"), Order(by=top.by, direction=top.direction))
    natural = [d for d in query.dimensions if d.grain is not None or d.bin_width is not None or _is_ordered(scope, d.field)]
    if natural:
        return tuple(Order(by=d.field, direction="asc") for d in natural)
    if query.dimensions and query.metrics:
        return (Order(by=query.metrics[0].column, direction="desc"),)
    return ()


def _is_ordered(scope: Scope, field_id: str) -> bool:
    if field_id == METRIC_TIME:
        return True
    field = scope.field(field_id)
    return bool(field.order) or is_date(field)


def _is_dimension(query: MetricQuery, name: str) -> bool:
    return any(name == d.field for d in query.dimensions)


def _column(words: Wording, query: MetricQuery, name: str) -> str:
    """A result column in words."""
    for dimension in query.dimensions:
        if name == dimension.field:
            return words.dimension(dimension, words.own_dates(query))
    by_column = {m.column: words.measure(m) for m in query.metrics}
    if name in by_column:
        return by_column[name]
    for column, label in sorted(by_column.items(), key=lambda item: -len(item[0])):
        if name.startswith(f"{column}_"):
            suffix = name.removeprefix(f"{column}_")
            known = {"previous": "earlier", "change": "change in", "change_rate": "relative change in", "share": "share of",
                     "running": "running total of", "average": "moving average of"}  # fmt: skip
            if suffix in known:
                return f"{known[suffix]} {label}"
    return words.metric(name) if name in words.metrics else name.replace("_", " ")
