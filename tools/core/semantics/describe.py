"""A semantic model in readable Markdown: what can be asked, in which words, and what it means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tools.core.errors import QueryUnsupported
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import Dataset, Field, Metric, MetricFormat, MetricInput, SemanticModel

_VALUES_SHOWN = 12


def describe_model(model: SemanticModel) -> str:
    """The whole model, metrics first; ends with a line break."""
    lines = [f"# {model.name}", ""]
    if model.description:
        lines += [model.description, ""]
    lines += [*_calendar(model), *_metrics(model), *_datasets(model), *_routes(model), *_words(model)]
    return "\n".join(lines).rstrip() + "\n"


def _calendar(model: SemanticModel) -> Iterator[str]:
    settings = model.settings
    as_of = settings.as_of.isoformat() if settings.as_of else f"latest day of {settings.as_of_field or 'the data'}"
    facts = [
        f"Last complete day: {as_of}",
        f"weeks start on {settings.week_starts_on.capitalize()}",
        f"fiscal year starts in month {settings.fiscal_year_start_month}",
        f"currency {settings.currency}",
    ]
    if settings.customer and settings.customer in model.datasets:
        facts.append(f"customers are the {model.datasets[settings.customer].plural}")
    yield from (f"{'; '.join(facts)}.", "")


def _metrics(model: SemanticModel) -> Iterator[str]:
    yield from (f"## Metrics ({len(model.metrics)})", "")
    for metric in model.metrics.values():
        yield f"### {metric.label}"
        yield ""
        if metric.description:
            yield from (metric.description, "")
        yield f"- name `{metric.name}`{_unit(metric)}"
        yield f"- formula {_formula(metric)}"
        if metric.filter:
            yield f"- only where `{metric.filter}`"
        if metric.counted_through:
            yield f"- counted through {', '.join(model.datasets[name].plural for name in metric.counted_through if name in model.datasets)}"
        if metric.time_field:
            yield f"- dated by `{metric.time_field}`"
        yield from _language("also called", metric.language.synonyms)
        yield from _language("verbs", metric.language.verbs)
        yield from _language("high", metric.language.more)
        yield from _language("low", metric.language.less)
        if metric.caveat:
            yield f"- caveat: {metric.caveat}"
        yield ""


def _unit(metric: Metric) -> str:
    if metric.format is MetricFormat.RATE:
        return ", a share shown in percent"
    return f", in {metric.unit}" if metric.unit else ""


def _formula(metric: Metric) -> str:
    if not metric.inputs:
        return f"`{metric.expression}`"
    return f"`{metric.expression}`, with {', '.join(map(_input, metric.inputs))}"


def _input(each: MetricInput) -> str:
    """`before = revenue 1 month earlier`."""
    condition = f" where {each.filter}" if each.filter else ""
    if each.offset_to_grain:
        return f"{each.alias} = {each.metric}{condition} at the start of the {each.offset_to_grain}"
    return f"{each.alias} = {each.metric}{condition}" + (f" {each.offset_count} {each.offset_grain} earlier" if each.offset_count else "")


def _datasets(model: SemanticModel) -> Iterator[str]:
    yield from ("## Datasets", "")
    for dataset in model.datasets.values():
        yield f"### {dataset.name}: one row is one {dataset.label}"
        yield ""
        if dataset.description:
            yield from (dataset.description, "")
        key = f"key {', '.join(dataset.primary_key)}" if dataset.primary_key else "no key declared"
        dated = f"; dated by `{dataset.default_time}`" if dataset.default_time else ""
        yield f"- table `{dataset.source}`; {key}{dated}"
        yield from _language("also called", dataset.language.synonyms)
        yield from _language("verbs", dataset.language.verbs)
        yield from _fields(dataset)
        yield ""


def _fields(dataset: Dataset) -> Iterator[str]:
    dimensions = [field for field in dataset.fields.values() if field.is_dimension]
    others = [field.name for field in dataset.fields.values() if not field.is_dimension]
    for field in dimensions:
        synonyms = f" (also {', '.join(field.language.synonyms)})" if field.language.synonyms else ""
        meaning = f": {field.description}" if field.description else ""
        yield f"- **{field.label}** `{field.id}`, {field.datatype}{synonyms}{meaning}"
        values = _values(field)
        if values:
            yield f"    - values: {values}"
    if others:
        yield f"- for filters and metrics only: {', '.join(others)}"


def _values(field: Field) -> str:
    """The values that the model names, in their order, with what people call them."""
    named = list(dict.fromkeys((*field.order, *field.value_synonyms)))
    shown = []
    for value in named[:_VALUES_SHOWN]:
        words = field.value_synonyms.get(value, ())
        shown.append(f"{value} ({', '.join(words[:3])})" if words else value)
    more = len(named) - len(shown)
    return "; ".join(shown) + (f"; and {more} more with names of their own" if more > 0 else "")


def _routes(model: SemanticModel) -> Iterator[str]:
    """For each fact, what its figures can be split by, and over which relationships."""
    graph = JoinGraph(model)
    yield from ("## Routes", "", "Figures of a dataset can be split and filtered by every dataset that it leads to.", "")
    for dataset in model.datasets.values():
        ways = [_way(graph, dataset.name, target) for target in sorted(graph.reachable(dataset.name) - {dataset.name})]
        if ways:
            yield from (f"- **{dataset.plural}** (`{dataset.name}`)", *(f"    - {way}" for way in ways))
    yield ""


def _way(graph: JoinGraph, start: str, target: str) -> str:
    try:
        path = graph.path(start, target) or ()
    except QueryUnsupported:
        return f"`{target}`: several ways, none chosen"
    return f"`{target}`: {graph.describe(path)}"


def _words(model: SemanticModel) -> Iterator[str]:
    if model.named_filters:
        yield from ("## Named filters", "")
        yield from (f"- **{each.name}**: {each.description or '-'} (said as: {', '.join(each.phrases)})" for each in model.named_filters)
        yield ""
    if model.choices:
        yield from ("## Decided", "")
        yield from (
            f"- '{each.phrase}' means {f'`{each.means}`' if isinstance(each.means, str) else json.dumps(each.means)}"
            for each in model.choices
        )
        yield ""
    if model.absent_concepts:
        yield from ("## Not in this data", "")
        yield from (f"- **{each.name}**: {each.message}" for each in model.absent_concepts)
        yield ""
    if model.verified_questions:
        yield from ("## Verified questions", "")
        yield from (f"- {each.question}" for each in model.verified_questions)
        yield ""


def _language(heading: str, phrases: Iterable[str]) -> Iterator[str]:
    joined = ", ".join(phrases)
    if joined:
        yield f"- {heading}: {joined}"
