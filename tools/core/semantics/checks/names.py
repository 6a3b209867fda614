"""Names that point to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from tools.core.semantics.checks.subject import ROOT, Subject
from tools.core.semantics.defaults import DATED
from tools.core.semantics.model import Dataset, Metric
from tools.core.semantics.problems import Where, did_you_mean


def check_datasets(subject: Subject) -> None:
    """`default_time` names a dated field, `named_by` fields; `order` holds each value once."""
    for dataset in subject.model.datasets.values():
        _check_default_time(subject, dataset)
        for name in dataset.named_by:
            if name not in dataset.fields:
                where = subject.extension(subject.dataset(dataset.name), "named_by")
                subject.issues.error(where, f"named_by of dataset '{dataset.name}': no field '{name}'", did_you_mean(name, dataset.fields))
        for field in dataset.fields.values():
            repeated = _repeated(field.order)
            if repeated:
                where = subject.extension(subject.field(field.id), "order")
                subject.issues.error(where, f"order of '{field.id}': '{repeated[0]}' stands twice", "keep one")


def _check_default_time(subject: Subject, dataset: Dataset) -> None:
    name = dataset.default_time
    if name is None:
        return
    where = subject.extension(subject.dataset(dataset.name), "default_time")
    what = f"default_time of dataset '{dataset.name}'"
    if name not in dataset.fields:
        subject.issues.error(where, f"{what}: no field '{name}'", did_you_mean(name, dataset.fields))
    elif dataset.fields[name].datatype not in DATED:
        dated = [field.name for field in dataset.fields.values() if field.datatype in DATED]
        hint = did_you_mean(name, dated) or "declare its datatype as Date or DateTime"
        subject.issues.error(where, f"{what}: '{name}' is a {dataset.fields[name].datatype}, not a date", hint)


def check_settings(subject: Subject) -> None:
    """Names in the model's own extension."""
    settings = subject.model.settings
    if settings.customer:
        subject.knows_dataset(settings.customer, subject.extension(ROOT, "customer"), "customer")
    if settings.default_metric:
        subject.knows_metric(settings.default_metric, subject.extension(ROOT, "default_metric"), "default_metric")
    if settings.as_of_field:
        subject.knows_field(settings.as_of_field, subject.extension(ROOT, "as_of_field"), "as_of_field")
    if settings.as_of and settings.data_start and settings.data_start > settings.as_of:
        subject.issues.error(subject.extension(ROOT, "data_start"), "data_start is later than as_of", "exchange the two")


def check_metrics(subject: Subject) -> None:
    """Names that metrics refer to, and metrics that would need themselves."""
    for metric in subject.model.metrics.values():
        where = subject.metric(metric.name)
        what = f"metric '{metric.name}'"
        if metric.time_field and subject.knows_field(metric.time_field, subject.extension(where, "time_field"), what):
            _check_dated(subject, metric.time_field, subject.extension(where, "time_field"), what)
        for name in metric.counted_through:
            subject.knows_dataset(name, subject.extension(where, "counted_through"), f"{what}, counted_through")
        if metric.non_additive:
            for field_id in (metric.non_additive.field, *metric.non_additive.per):
                subject.knows_field(field_id, subject.extension(where, "non_additive"), f"{what}, non_additive")
        _check_inputs(subject, metric, where, what)
        _check_cumulative(subject, metric, where, what)
    _check_circles(subject)


def _check_dated(subject: Subject, field_id: str, where: Where, what: str) -> None:
    field = subject.model.field(field_id)
    if field.datatype not in DATED:
        subject.issues.error(where, f"{what}: '{field_id}' is a {field.datatype}, not a date", "name a Date or DateTime field")


def _check_inputs(subject: Subject, metric: Metric, where: Where, what: str) -> None:
    for each in metric.inputs:
        subject.knows_metric(each.metric, subject.extension(where, "inputs", "metric"), f"{what}, inputs")
        if each.offset_count is not None and each.offset_to_grain is not None:
            subject.issues.error(subject.extension(where, "inputs"), f"{what}: input '{each.alias}' has two offsets", "keep one")
    repeated = _repeated([each.alias for each in metric.inputs])
    if repeated:
        subject.issues.error(subject.extension(where, "inputs"), f"{what}: alias '{repeated[0]}' stands twice", "rename one of the two")


def _check_cumulative(subject: Subject, metric: Metric, where: Where, what: str) -> None:
    spec = metric.cumulative
    if spec is not None and spec.window_count is not None and spec.grain_to_date is not None:
        subject.issues.error(subject.extension(where, "cumulative"), f"{what} has both a window and grain_to_date", "keep one")


def _check_circles(subject: Subject) -> None:
    metrics = subject.model.metrics

    def path_back(name: str, target: str, seen: frozenset[str]) -> tuple[str, ...] | None:
        for each in metrics[name].inputs if name in metrics else ():
            if each.metric == target:
                return (name, target)
            if each.metric not in seen:
                rest = path_back(each.metric, target, seen | {each.metric})
                if rest is not None:
                    return (name, *rest)
        return None

    for metric in metrics.values():
        circle = path_back(metric.name, metric.name, frozenset())
        if circle is not None:
            where = subject.extension(subject.metric(metric.name), "inputs")
            subject.issues.error(where, f"metric '{metric.name}' is defined by itself: {' -> '.join(circle)}", "break the circle")


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
