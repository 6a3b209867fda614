"""Journeys of a warehouse, counted in SQL with the asker's rights: no row about one person leaves the engine.

A contact belongs to the customer's next conversion, when that follows within the lookback; else to a path without conversion, which
ends where the lookback passes without another contact. Contacts of one day are ordered by their key, before a conversion of that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from tools.attribution.paths import HALF_LIFE_DAYS, POSITION_ENDS, Journeys, State
from tools.core.contract import Cell, DateSpan, ExecutedSql, ToolContext
from tools.core.customers.scored import as_number, with_metrics
from tools.core.customers.warehouse_data import require_roles
from tools.core.errors import NeedsPerson, QueryUnsupported
from tools.core.query import Filter, Measure, sql
from tools.core.query.build import Build
from tools.core.query.facts import Ask
from tools.core.query.figures import figures
from tools.core.query.predicates import filter_condition
from tools.core.query.resolve import Dimension, Scope
from tools.core.semantics.model import Metric, SemanticModel, TouchpointRoles
from tools.core.sql_guard import check_sql

_MOST_CHANNELS = 60
"""A set of channels is one number, a bit for each."""
_CONVERSIONS, _TOUCHES = "conversions_counted", "contacts_counted"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The journeys of one window."""

    journeys: Journeys
    conversions: float
    """All conversions in the window, also those without a contact."""
    value: float
    people: Mapping[str, int]
    """Channel -> customers whose conversions it was on the path of."""
    lookback_days: int
    ran: tuple[ExecutedSql, ...]
    narrowed: tuple[str, ...]


def require_touchpoints(model: SemanticModel) -> TouchpointRoles:
    """The roles of contacts.

    Raises:
        NeedsPerson: The semantic model names none (`roles_missing`).
    """
    require_roles(model, ["customer", "order", "order_time", "amount"])
    roles = model.settings.roles.touchpoints
    if roles is None:
        raise NeedsPerson(
            "This warehouse names no contacts with advertising, so there is no credit to share.",
            try_instead="Name them under `roles.touchpoints` in the semantic model (docs/semantic_model.md).",
            code="roles_missing",
        )
    return roles


def count_journeys(context: ToolContext, span: DateSpan, filters: tuple[Filter, ...], *, lookback_days: int | None) -> Counted:
    """Count the journeys that end in the window.

    Raises:
        NeedsPerson: Roles are missing, or there is no conversion with a contact (`no_data`).
        QueryUnsupported: More channels than can be told apart.
    """
    reader = _Reader(context, span, filters, lookback_days)
    totals = reader.rows(f"SELECT COUNT(*), SUM(amount), COUNT(DISTINCT customer) FROM {_CONVERSIONS} WHERE {reader.inside('day')}")[0]
    rules = reader.rows(_RULES.format(**reader.words))
    if not rules or as_number(totals[2]) < max(context.rights.min_group_size, 1):
        raise NeedsPerson(
            "No conversion of these days and filters had a contact before it, or too few people had one to be told about.",
            try_instead="Choose other days, or fewer conditions.",
            code="no_data",
        )
    channels = [str(row[0]) for row in rules]
    if len(channels) > _MOST_CHANNELS:
        raise QueryUnsupported(f"there are {len(channels)} channels", try_instead="name a coarser field under `roles.touchpoints.channel`")
    sets = reader.sets(channels)
    steps, converted = reader.steps()
    shared = {
        name: {str(row[0]): (as_number(row[2 + 2 * i]), as_number(row[3 + 2 * i])) for row in rules} for i, name in enumerate(_RULE_ORDER)
    }
    journeys = Journeys(
        conversions=sum(n for n, _ in sets.values()),
        value=sum(v for _, v in sets.values()),
        ended=sum(n for (source, _), n in steps.items() if source is None),
        sets=sets,
        steps=steps,
        converted_from=converted,
        rules=shared,
    )
    return Counted(
        journeys=journeys,
        conversions=as_number(totals[0]),
        value=as_number(totals[1]),
        people={str(row[0]): int(as_number(row[1])) for row in rules},
        lookback_days=reader.lookback_days,
        ran=tuple(reader.ran),
        narrowed=tuple(reader.narrowed),
    )


class _Reader:
    """Runs statements over the contacts and conversions of one question."""

    def __init__(self, context: ToolContext, span: DateSpan, filters: tuple[Filter, ...], lookback_days: int | None) -> None:
        roles = require_touchpoints(context.warehouse.model)
        self._context, self._span = context, span
        self.lookback_days = lookback_days or roles.lookback_days
        self.ran: list[ExecutedSql] = []
        self.narrowed: dict[str, None] = {}
        model = with_metrics(context.warehouse.model, _counts(context.warehouse.model, roles))
        scope = Scope(model, rights=context.rights, as_of=context.as_of or context.warehouse.as_of)
        self._build = Build(scope=scope)
        settings = model.settings.roles
        key = scope.key(str(model.settings.customer))
        conversions = _columns(customer=key, conversion=str(settings.order), day=str(settings.order_time))
        touches = _columns(customer=key, touch=roles.touchpoint, day=roles.time, channel=roles.channel)
        until = DateSpan(start=span.start - dt.timedelta(days=self.lookback_days), end=span.end + dt.timedelta(days=self.lookback_days))
        on_orders, on_touches = _tests(scope, filters, str(settings.order).split(".")[0], roles.touchpoint.split(".")[0])
        self._add(_CONVERSIONS, "worth", conversions, on_orders, until, "customer, conversion, day, CAST(worth AS DOUBLE) AS amount")
        self._add(_TOUCHES, "met", touches, on_touches, until, "customer, touch, day, channel")
        for name, text in _STEPS_OF_SQL:
            self._build.ctes[name] = _select(text.format(**self.words))

    @property
    def words(self) -> dict[str, str]:
        return {
            "lookback": str(int(self.lookback_days)),
            "converted_inside": self.inside("converted_on"),
            "met_inside": self.inside("day"),
            "half_life": repr(HALF_LIFE_DAYS),
            "ends": repr(POSITION_ENDS),
            "between": repr(1 - 2 * POSITION_ENDS),
        }

    def inside(self, column: str) -> str:
        return f"{column} BETWEEN CAST('{self._span.start.isoformat()}' AS DATE) AND CAST('{self._span.end.isoformat()}' AS DATE)"

    def _add(
        self, name: str, metric: str, dimensions: tuple[Dimension, ...], tests: tuple[exp.Expression, ...], span: DateSpan, shown: str
    ) -> None:
        relation = figures(self._build, (Measure(metric=metric),), Ask(dimensions=dimensions, filters=tests, window=span))
        self._build.ctes[f"{name}_all"] = relation.select
        self._build.ctes[name] = _select(f"SELECT {shown} FROM {name}_all WHERE customer IS NOT NULL AND day IS NOT NULL")

    def rows(self, text: str) -> tuple[tuple[Cell, ...], ...]:
        """Run a statement over the blocks."""
        return self._run(_select(text))

    def _run(self, select: exp.Select) -> tuple[tuple[Cell, ...], ...]:
        warehouse = self._context.warehouse
        checked = check_sql(self._build.attach(select), catalog=warehouse.catalog, rights=self._context.rights, governed=True)
        result = warehouse.engine.execute(checked, deadline_s=self._context.deadline_s)
        self.ran.append(ExecutedSql(sql=checked.text, row_count=len(result.rows), elapsed_ms=result.elapsed_ms))
        self.narrowed.update(dict.fromkeys(checked.narrowed))
        return tuple(result.rows)

    def sets(self, channels: list[str]) -> dict[frozenset[str], tuple[float, float]]:
        """Conversions and their value by the distinct channels of their paths."""
        bit = exp.Case(
            this=sql.column("channel"),
            ifs=[exp.If(this=exp.Literal.string(c), true=sql.number(2**i)) for i, c in enumerate(channels)],
            default=sql.number(0),
        )
        masks = exp.select("customer", "journey", exp.alias_(sql.function("BIT_OR", bit), "mask"), "MAX(worth) AS worth")
        masks = masks.from_("placed").where("counts = 1").group_by("customer", "journey")
        found = self._run(exp.select("mask", "COUNT(*) AS n", "SUM(worth) AS worth").from_(masks.subquery("masks")).group_by("mask"))
        return {
            frozenset(c for i, c in enumerate(channels) if int(as_number(mask)) >> i & 1): (as_number(n), as_number(worth))
            for mask, n, worth in found
        }

    def steps(self) -> tuple[dict[tuple[State, State], float], dict[str, float]]:
        """(transitions, conversions by the last channel)."""
        steps: dict[tuple[State, State], float] = {}
        converted: dict[str, float] = {}
        for source, channel, n in self.rows("SELECT came_from, channel, COUNT(*) AS n FROM placed GROUP BY came_from, channel"):
            steps[None if source is None else str(source), str(channel)] = as_number(n)
        for channel, counts, n in self.rows(
            "SELECT channel, counts, COUNT(*) AS n FROM placed WHERE place = n_met GROUP BY channel, counts"
        ):
            if counts:
                converted[str(channel)] = as_number(n)
            else:
                steps[str(channel), None] = as_number(n)
        return steps, converted


def _counts(model: SemanticModel, roles: TouchpointRoles) -> list[Metric]:
    own = model.settings.roles
    return [
        Metric(name="worth", expression=f"SUM({own.amount})", label="value", time_field=own.order_time, filter=own.order_filter),
        Metric(name="met", expression=f"COUNT({roles.touchpoint})", label="contacts", time_field=roles.time),
    ]


def _columns(**fields: str) -> tuple[Dimension, ...]:
    """The fields as columns of a block; days as dates. Inner columns only: nothing here is listed to anybody."""
    return tuple(
        Dimension(
            column=name, expression=sql.cast_to(sql.symbol(field), "date") if name == "day" else sql.symbol(field), field=None, label=name
        )
        for name, field in fields.items()
    )


def _tests(
    scope: Scope, filters: tuple[Filter, ...], orders: str, touches: str
) -> tuple[tuple[exp.Expression, ...], tuple[exp.Expression, ...]]:
    """Conditions on conversions, and those among them that contacts know as well (of the customer)."""
    on_orders: list[exp.Expression] = []
    on_touches: list[exp.Expression] = []
    for each in filters:
        dataset = each.field.split(".")[0]
        for_orders, for_touches = scope.graph.reaches_all(orders, [dataset]), scope.graph.reaches_all(touches, [dataset])
        if not (for_orders or for_touches):
            raise QueryUnsupported(
                f"neither orders nor contacts know {each.field}", try_instead="filter by something of the order or customer"
            )
        condition = filter_condition(scope, each)
        on_orders += [condition] if for_orders else []
        on_touches += [condition.copy()] if for_touches else []
    return tuple(on_orders), tuple(on_touches)


def _select(text: str) -> exp.Select:
    parsed = sql.parse(text)
    assert isinstance(parsed, exp.Select)
    return parsed


_RULE_ORDER = ("first", "last", "linear", "time_decay", "position")
_STEPS_OF_SQL = (
    (
        "events",
        f"""SELECT * FROM (
            SELECT customer, day, 0 AS is_conversion, touch, NULL AS conversion, channel, CAST(0 AS DOUBLE) AS amount FROM {_TOUCHES}
            UNION ALL
            SELECT customer, day, 1 AS is_conversion, NULL AS touch, conversion, NULL AS channel, amount FROM {_CONVERSIONS}
        ) AS both_kinds""",
    ),
    (
        "numbered",
        """SELECT customer, day, is_conversion, touch, channel, amount,
            COALESCE(SUM(is_conversion) OVER (PARTITION BY customer ORDER BY day, is_conversion, touch, conversion
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS sequence
        FROM events""",
    ),
    (
        "followed",
        """SELECT customer, day, is_conversion, touch, channel, sequence,
            MAX(CASE WHEN is_conversion = 1 THEN day END) OVER (PARTITION BY customer, sequence) AS converted_on,
            SUM(amount) OVER (PARTITION BY customer, sequence) AS worth
        FROM numbered""",
    ),
    (
        "met_before",
        """SELECT customer, day, touch, channel, sequence, converted_on, worth,
            CASE WHEN converted_on IS NOT NULL AND DATE_DIFF('day', day, converted_on) <= {lookback} THEN 1 ELSE 0 END AS counts
        FROM followed WHERE is_conversion = 0 AND channel IS NOT NULL""",
    ),
    (
        "gaps",
        """SELECT customer, day, touch, channel, sequence, converted_on, worth, counts,
            DATE_DIFF('day', LAG(day) OVER (PARTITION BY customer, sequence, counts ORDER BY day, touch), day) AS gap
        FROM met_before WHERE (counts = 1 AND {converted_inside}) OR (counts = 0 AND {met_inside})""",
    ),
    (
        "chunks",
        """SELECT customer, day, touch, channel, converted_on, worth, counts, sequence,
            SUM(CASE WHEN counts = 0 AND gap > {lookback} THEN 1 ELSE 0 END) OVER (PARTITION BY customer, sequence, counts
                ORDER BY day, touch ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS chunk
        FROM gaps""",
    ),
    (
        "placed",
        """SELECT customer, sequence AS journey, channel, counts, worth,
            ROW_NUMBER() OVER (PARTITION BY customer, sequence, counts, chunk ORDER BY day, touch) AS place,
            COUNT(*) OVER (PARTITION BY customer, sequence, counts, chunk) AS n_met,
            LAG(channel) OVER (PARTITION BY customer, sequence, counts, chunk ORDER BY day, touch) AS came_from,
            POW(0.5, DATE_DIFF('day', day, converted_on) / {half_life}) AS decayed
        FROM chunks""",
    ),
)
_RULES = """
    SELECT channel, COUNT(DISTINCT customer) AS people,
        SUM(is_first) AS first_n, SUM(is_first * worth) AS first_value,
        SUM(is_last) AS last_n, SUM(is_last * worth) AS last_value,
        SUM(evenly) AS linear_n, SUM(evenly * worth) AS linear_value,
        SUM(later) AS decay_n, SUM(later * worth) AS decay_value,
        SUM(ends) AS position_n, SUM(ends * worth) AS position_value
    FROM (
        SELECT customer, channel, worth,
            CASE WHEN place = 1 THEN 1.0 ELSE 0.0 END AS is_first,
            CASE WHEN place = n_met THEN 1.0 ELSE 0.0 END AS is_last,
            1.0 / n_met AS evenly,
            decayed / SUM(decayed) OVER (PARTITION BY customer, journey) AS later,
            CASE WHEN n_met <= 2 THEN 1.0 / n_met WHEN place = 1 OR place = n_met THEN {ends} ELSE {between} / (n_met - 2) END AS ends
        FROM placed WHERE counts = 1
    ) AS shares
    GROUP BY channel ORDER BY channel"""
