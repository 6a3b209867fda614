"""The figures of a draft: how many of each thing, and of each number what can be said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.core.semantics.defaults import plural, singular
from tools.core.semantics.drafting.parts import DraftDataset, DraftMetric, DraftRelationship

_AGGREGATES = (
    ("total", "SUM", ("sum of",)),
    ("average", "AVG", ("mean", "avg")),
    ("highest", "MAX", ("maximum", "max", "largest")),
    ("lowest", "MIN", ("minimum", "min", "smallest")),
)


def metrics_of(datasets: Sequence[DraftDataset], relationships: Sequence[DraftRelationship]) -> list[DraftMetric]:
    """A count per dataset first, then aggregates of its numbers, then counts of different values."""
    taken = {d.name for d in datasets}
    empty = {d.name for d in datasets if d.is_empty}
    found = [_count(d, [r for r in relationships if r.from_dataset not in empty]) for d in datasets]
    dates = {d.name: _date_of_parent(d, datasets, relationships) for d in datasets}
    for dataset, count in zip(datasets, found, strict=True):
        count.time_field = dates[dataset.name]
    for dataset in datasets:
        for metric in (*_aggregates(dataset), *_different(dataset)):
            metric.time_field = dates[dataset.name]
            if metric.name in taken:
                metric.name = f"{metric.name}_of_{dataset.name}"
            taken.add(metric.name)
            found.append(metric)
    return found


_WHEN = frozenset({"date", "day", "time", "datetime", "timestamp"})


def _date_of_parent(dataset: DraftDataset, datasets: Sequence[DraftDataset], relationships: Sequence[DraftRelationship]) -> str | None:
    """The date of the one event that rows without a date belong to: order lines are dated by their order.

    Only a date that says nothing but when ("order date"): one of being hired or installed is a trait of the parent.
    """
    if dataset.default_time is not None:
        return None
    parents = [d for r in relationships if r.used and r.from_dataset == dataset.name for d in datasets if d.name == r.to_dataset]
    found = [
        f"{parent.name}.{field.name}"
        for parent in parents
        for field in parent.fields
        if field.name == parent.default_time and field.label.removeprefix(f"{parent.label} ") in _WHEN
    ]
    return found[0] if len(found) == 1 else None


def _count(dataset: DraftDataset, relationships: Sequence[DraftRelationship]) -> DraftMetric:
    counted = dataset.key_name or "*"
    expression = f"COUNT(DISTINCT {dataset.name}.{counted})" if counted != "*" else f"COUNT({dataset.name}.*)"
    name = dataset.plural.replace(" ", "_").replace("-", "_")
    synonyms = [f"number of {dataset.plural}"]
    through = [r.from_dataset for r in relationships if r.used and r.to_dataset == dataset.name] if dataset.key_name else []
    through = list(dict.fromkeys(through))
    return DraftMetric(name=name, expression=expression, label=dataset.plural, synonyms=synonyms, counted_through=through)


def _aggregates(dataset: DraftDataset) -> Iterable[DraftMetric]:
    for field in dataset.fields:
        if not field.is_measure:
            continue
        for word, function, others in _AGGREGATES:
            if (function == "SUM" and not field.added_up) or (function == "AVG" and field.is_dimension):
                continue
            yield DraftMetric(
                name=f"{word}_{field.label.replace(' ', '_').replace('-', '_')}",
                expression=f"{function}({dataset.name}.{field.name})",
                label=f"{word} {field.label}",
                synonyms=[f"{other} {field.label}" for other in others],
            )


def _different(dataset: DraftDataset) -> Iterable[DraftMetric]:
    """How many different values a field has; asked for as "how many ... are there"."""
    for field in dataset.fields:
        if field.repeats and not field.is_key:
            many = plural(singular(field.label))
            yield DraftMetric(
                name=f"number_of_different_{many.replace(' ', '_').replace('-', '_')}",
                expression=f"COUNT(DISTINCT {dataset.name}.{field.name})",
                label=f"number of different {many}",
            )
