"""attribution: how credit for conversions is shared among channels, and what trials say that campaigns caused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.attribution.journeys import Counted, count_journeys
from tools.attribution.lift import DAYS_BEFORE, CampaignResult, campaign_results
from tools.attribution.model import MODELS, credit, removal_effects
from tools.attribution.paths import HALF_LIFE_DAYS
from tools.core.contract import Cell, Check, Column, DateSpan, Finding, Grade, Reading, Table, ToolContext
from tools.core.customers.scored import plain_column
from tools.core.errors import NeedsPerson, QueryUnsupported
from tools.core.query import Calendar, Filter, MetricQuery, TimeWindow, compile_query
from tools.core.query.calendar import BEGINNING

OTHERS = "other channels"
_A_YEAR = TimeWindow(last_n=12, unit="month")
MODEL_LABELS = {
    "markov": "Markov (loss without it)",
    "shapley": "Shapley (equal split of each path)",
    "last": "last contact",
    "first": "first contact",
    "linear": "linear",
    "time_decay": "time decay",
    "position": "position (40/20/40)",
}
CREDIT_IS_NOT_EFFECT = (
    "Credit says who was on the way, not who caused it: a channel that people use because they want to buy gets credit without any effect."
)


class AttributionInput(BaseModel):
    """A question about the credit of channels for conversions, or about what campaigns really did."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    show: Literal["credit", "lift"] = "credit"
    """credit: how conversions are shared among the channels that were met before them, by seven models. lift: what campaigns with a
    randomly held-out group caused, with intervals; for others, why no lift can be told."""
    window: TimeWindow | None = None
    """credit: days of the conversions, default the last twelve complete months; lift: days in which campaigns began, default all."""
    filters: tuple[Filter, ...] = ()
    """credit: which conversions (orders of a channel, a region ...); lift: which customers."""
    lookback_days: int | None = Field(default=None, ge=1, le=730)
    """How long before a conversion a contact still counts; default the semantic model's (30)."""
    campaigns: tuple[str, ...] = Field(default=(), max_length=50)
    """lift: these campaigns only, by their stored names."""


class Attribution:
    """Shares credit, and tells lift where a trial allows it."""

    name: ClassVar[str] = "attribution"
    summary: ClassVar[str] = "Which channels share the credit for conversions, and what campaigns with a control group really caused."
    input_model: ClassVar[type[BaseModel]] = AttributionInput

    def run(self, arguments: AttributionInput, context: ToolContext) -> Finding:
        """Share the credit, or tell the lift.

        Raises:
            NeedsPerson: Roles are missing in the semantic model, or there is nothing in these days.
            UnknownName, QueryUnsupported, NotAllowed: Filters that do not exist, do not fit, or are closed to the asker.
        """
        span = _span(arguments, context)
        return _credit(arguments, context, span) if arguments.show == "credit" else _lift(arguments, context, span)


def _span(arguments: AttributionInput, context: ToolContext) -> DateSpan:
    calendar = Calendar(context.warehouse.model.settings, context.as_of or context.warehouse.as_of)
    span = calendar.resolve(arguments.window or _A_YEAR)
    if span.start == BEGINNING:
        raise QueryUnsupported("the days of the conversions need a first one", try_instead="give the window a start")
    return span


def _filter_words(filters: tuple[Filter, ...], context: ToolContext) -> tuple[str, ...]:
    if not filters:
        return ()
    model = context.warehouse.model
    metric = model.settings.default_metric or next(iter(model.metrics))
    query = MetricQuery.model_validate({"metrics": [metric], "filters": filters})
    return compile_query(query, model, rights=context.rights, as_of=context.as_of or context.warehouse.as_of).reading.filters


# -- credit -----------------------------------------------------------------------------------------


def _credit(arguments: AttributionInput, context: ToolContext, span: DateSpan) -> Finding:
    context.progress("Following contacts to conversions")
    counted = count_journeys(context, span, arguments.filters, lookback_days=arguments.lookback_days)
    hidden = _too_few(counted, context.rights.min_group_size)
    by_model = {model: _merged(credit(counted.journeys, model), hidden) for model in MODELS}
    values = {model: _merged(credit(counted.journeys, model, of="value"), hidden) for model in MODELS}
    order = sorted(by_model["markov"], key=lambda channel: (channel == OTHERS, -by_model["markov"][channel], channel))
    currency = context.warehouse.model.settings.currency
    tables = [
        _credit_table("Credited conversions by channel", by_model, order, unit="conversions", form="number", decimals=1),
        _credit_table("Credited value by channel", values, order, unit=currency, form="money", decimals=2),
    ]
    trials = _trials(context, order)
    if trials:
        tables.append(_lift_table("What trials of these channels say", trials))
    words = _filter_words(arguments.filters, context)
    sentence = f"Credit of channels for conversions, {span.label}{''.join(f', {clause}' for clause in words)}"
    return Finding(
        tool=Attribution.name,
        tables=tuple(tables),
        reading=Reading(sentence=sentence, filters=words, window=span, as_of=context.warehouse.as_of),
        grade=Grade.MODELLED,
        grade_reason="credit is shared by rules and by a first-order Markov chain over observed paths; it is no effect",
        sql=counted.ran,
        checks=_credit_checks(by_model, values, counted),
        caveats=_credit_caveats(counted, hidden),
        narrowed=counted.narrowed,
        as_of=context.as_of or context.warehouse.as_of,
        data_version=context.warehouse.data_version,
        facts={"show": "credit", "window": span, "filters": list(words), **_credit_facts(counted, by_model, order, trials)},
    )


def _credit_facts(
    counted: Counted, by_model: Mapping[str, Mapping[str, float]], order: Sequence[str], trials: Sequence[CampaignResult]
) -> dict[str, Any]:
    """What sentences tell: who leads by which model, and which channels a trial has tested."""
    journeys = counted.journeys
    return {
        "conversions": counted.conversions,
        "with_contact": journeys.conversions,
        "paths": journeys.ended,
        "lookback_days": counted.lookback_days,
        "leader": order[0],
        "credited": {model: by_model[model][order[0]] for model in MODELS},
        "last_leader": max(by_model["last"], key=lambda c: by_model["last"][c]),
        "first_leader": max(by_model["first"], key=lambda c: by_model["first"][c]),
        "removal_effects": {c: e for c, e in removal_effects(journeys).items() if c in order},
        "trials": [_trial_facts(r) for r in trials],
        "untested": [c for c in order if c != OTHERS and c not in {r.channel for r in trials}],
    }


def _credit_caveats(counted: Counted, hidden: frozenset[str]) -> tuple[str, ...]:
    said = [
        CREDIT_IS_NOT_EFFECT,
        f"A contact counts for the customer's next conversion within {counted.lookback_days} days; contacts of one day go by their "
        f"number. Time decay halves every {HALF_LIFE_DAYS:g} days.",
        f"People are followed by customer number only: contacts before somebody was known are missing. Paths still open at the end of the "
        f"window count as not converted. {counted.journeys.ended:,.0f} paths in all.",
        "Shapley values of conversions on paths within a set of channels are an equal split over the channels of each path.",
    ]
    if hidden:
        said.append(f"Channels that too few customers met are shown together as {OTHERS}.")
    return tuple(said)


def _too_few(counted: Counted, minimum: int) -> frozenset[str]:
    """Channels met by fewer customers than may be told about, with the next smallest one where they are few together."""
    few = {c for c, people in counted.people.items() if people < minimum}
    if few and sum(counted.people[c] for c in few) < minimum:
        left = sorted((people, c) for c, people in counted.people.items() if c not in few)
        few |= {c for _, c in left[:1]}
    return frozenset(few)


def _merged(shared: Mapping[str, float], hidden: frozenset[str]) -> dict[str, float]:
    shown = {c: v for c, v in shared.items() if c not in hidden}
    return {**shown, OTHERS: math.fsum(v for c, v in shared.items() if c in hidden)} if hidden else shown


def _credit_table(
    title: str, by_model: Mapping[str, Mapping[str, float]], order: Sequence[str], *, unit: str, form: str, decimals: int
) -> Table:
    columns = [plain_column("channel", "string", "channel", role="dimension", form="text")]
    columns += [plain_column(m, "number", label, unit=unit, form=form, decimals=decimals) for m, label in MODEL_LABELS.items()]
    rows: tuple[tuple[Cell, ...], ...] = tuple((channel, *(by_model[m][channel] for m in MODEL_LABELS)) for channel in order)
    return Table(title=title, columns=tuple(columns), rows=rows)


def _credit_checks(
    by_model: Mapping[str, Mapping[str, float]], values: Mapping[str, Mapping[str, float]], counted: Counted
) -> tuple[Check, ...]:
    checks = []
    for name, shared, whole in (("conversions", by_model, counted.journeys.conversions), ("value", values, counted.journeys.value)):
        worst = max((math.fsum(one.values()) for one in shared.values()), key=lambda total: abs(total - whole))
        passed = math.isclose(worst, whole, rel_tol=1e-6, abs_tol=1e-6)
        checks.append(Check(name=f"every model shares out all {name}", passed=passed, detail=f"{worst:.12g} of {whole:.12g}"))
    return tuple(checks)


def _trials(context: ToolContext, channels: Sequence[str]) -> list[CampaignResult]:
    """Randomised campaigns of the channels that get credit; none where the model names no campaigns."""
    if context.warehouse.model.settings.roles.campaigns is None:
        return []
    try:
        found = campaign_results(context, names=(), span=None, filters=())
    except NeedsPerson:
        return []
    return [r for r in found.results if r.lift is not None and r.channel in channels]


# -- lift -------------------------------------------------------------------------------------------


def _lift(arguments: AttributionInput, context: ToolContext, span: DateSpan) -> Finding:
    context.progress("Comparing treated with held-out customers")
    window = span if arguments.window is not None else None
    found = campaign_results(context, names=arguments.campaigns, span=window, filters=arguments.filters)
    told = [r for r in found.results if r.lift is not None]
    untold = [r for r in found.results if r.lift is None]
    as_of = context.as_of or context.warehouse.as_of
    tables = []
    if told:
        tables.append(_lift_table("Lift of campaigns with a randomly held-out group", told))
    if untold:
        tables.append(_untold_table(untold, context))
    words = _filter_words(arguments.filters, context)
    named = ", ".join(arguments.campaigns)
    which = f"of {named}" if named else "of campaigns"
    when = f" that began in {span.label}" if window is not None else ""
    return Finding(
        tool=Attribution.name,
        tables=tuple(tables),
        reading=Reading(
            sentence=f"What the treatment {which} caused{when}{''.join(f', {w}' for w in words)}", filters=words, window=window, as_of=as_of
        ),
        grade=Grade.GOVERNED,
        grade_reason="the difference between treated and randomly held-out customers, with its 95 % interval (Newcombe)",
        sql=found.ran,
        caveats=_lift_caveats(told, untold, as_of),
        narrowed=found.narrowed,
        as_of=as_of,
        data_version=context.warehouse.data_version,
        facts={
            "show": "lift",
            "told": [_trial_facts(r) for r in told],
            "untold": [_untold_facts(r) for r in untold],
            "days_before": DAYS_BEFORE,
            "currency": context.warehouse.model.settings.currency,
        },
    )


def _lift_caveats(told: Sequence[CampaignResult], untold: Sequence[CampaignResult], as_of: dt.date) -> tuple[str, ...]:
    said = []
    if len(told) > 1:
        said.append("Each interval misses the true lift once in twenty times; among many campaigns some will.")
    if untold:
        said.append(
            "Where nobody was held out at random, those targeted differ from the rest already; comparing them would tell that "
            "difference, not what the campaign did."
        )
    running = [r.name for r in (*told, *untold) if r.end is not None and r.end > as_of]
    if running:
        said.append(f"Still running on {as_of.isoformat()}: {', '.join(running[:5])}.")
    return tuple(said)


def _lift_table(title: str, results: Sequence[CampaignResult]) -> Table:
    def rate(name: str, label: str, role: str = "metric") -> Column:
        return plain_column(name, "number", label, unit="share", form="rate", decimals=None if role == "change" else 1, role=role)

    columns = (
        plain_column("campaign", "string", "campaign", role="dimension", form="text"),
        rate("lift", "lift", "change"),
        rate("low", "at least (95 %)", "change"),
        rate("high", "at most (95 %)", "change"),
        rate("treated_rate", "converted, treated"),
        rate("held_out_rate", "converted, held out"),
        plain_column("treated", "integer", "treated customers", role="count", decimals=0),
        plain_column("held_out", "integer", "held-out customers", role="count", decimals=0),
        plain_column("channel", "string", "campaign channel", role="note", form="text"),
        plain_column("began", "date", "began", role="note", form="date"),
    )
    rows: list[tuple[Cell, ...]] = []
    for r in results:
        if r.lift is not None:
            x = r.lift
            rows.append((r.name, x.lift, x.low, x.high, x.treated_rate, x.held_out_rate, x.treated, x.held_out, r.channel, r.start))
    return Table(title=title, columns=columns, rows=tuple(rows))


def _untold_table(results: Sequence[CampaignResult], context: ToolContext) -> Table:
    currency = context.warehouse.model.settings.currency
    columns = (
        plain_column("campaign", "string", "campaign", role="dimension", form="text"),
        plain_column("reached", "integer", "customers targeted", role="count", decimals=0),
        plain_column(
            "spent_targeted",
            "number",
            f"spent in the {DAYS_BEFORE} days before, per targeted customer",
            unit=currency,
            form="money",
            decimals=2,
        ),
        plain_column("spent_others", "number", "the same, per other customer", unit=currency, form="money", decimals=2),
        plain_column("began", "date", "began", role="note", form="date"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple((r.name, r.reached, *(r.spent_before or (None, None)), r.start) for r in results)
    return Table(title="Campaigns whose lift cannot be told: nobody was held out at random", columns=columns, rows=rows)


def _trial_facts(result: CampaignResult) -> dict[str, Any]:
    assert result.lift is not None
    lift = result.lift
    return {
        "name": result.name,
        "channel": result.channel,
        "lift": lift.lift,
        "low": lift.low,
        "high": lift.high,
        "is_sure": lift.is_sure,
        "treated_rate": lift.treated_rate,
        "held_out_rate": lift.held_out_rate,
        "treated": lift.treated,
        "held_out": lift.held_out,
    }


def _untold_facts(result: CampaignResult) -> dict[str, Any]:
    return {"name": result.name, "reached": result.reached, "spent_before": list(result.spent_before) if result.spent_before else None}
