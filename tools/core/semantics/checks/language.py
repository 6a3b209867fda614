"""Words of the model: named filters, verified questions, and phrases that mean two things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from tools.core.query.metric_query import Filter, MetricQuery
from tools.core.semantics.checks.subject import Subject
from tools.core.semantics.model import Language
from tools.core.semantics.problems import Where, did_you_mean

_METRIC_TIME = "metric.time"
_FIELD_KEYS = frozenset({"field", "group", "time_field"})
_DATASET_KEYS = frozenset({"entity", "fact", "per"})


def check_named_filters(subject: Subject) -> None:
    """Each condition is a filter of a MetricQuery, on a field that exists."""
    _check_unique(subject, "named_filters", [each.name for each in subject.model.named_filters])
    for position, named in enumerate(subject.model.named_filters):
        what = f"named filter '{named.name}'"
        for index, raw in enumerate(named.filters):
            where = subject.words("named_filters", position, "filters", index)
            if _shaped(subject, Filter, raw, where, what) is not None:
                subject.knows_field(str(raw["field"]), (*where, "field"), what)


def check_verified_questions(subject: Subject) -> None:
    """Each query is a MetricQuery whose names exist, and no question is given twice."""
    _check_unique(subject, "verified_questions", [each.id for each in subject.model.verified_questions])
    seen: dict[str, str] = {}
    for position, verified in enumerate(subject.model.verified_questions):
        where = subject.words("verified_questions", position, "query")
        what = f"verified question '{verified.id}'"
        query = _shaped(subject, MetricQuery, verified.query, where, what)
        if query is not None:
            _check_names(subject, query, verified.query, where, what)
        for text in (verified.question, *verified.paraphrases):
            key = " ".join(text.lower().rstrip("?.! ").split())
            if key in seen:
                at = subject.words("verified_questions", position)
                subject.issues.error(at, f"{what}: '{text}' is already a question of '{seen[key]}'", "keep one of the two")
            seen[key] = verified.id


def check_phrases(subject: Subject) -> None:
    """A phrase that the data lacks cannot also be the name of something it has."""
    known = {phrase: f"{kind} '{name}'" for kind, name, language in _languages(subject) for phrase in language.synonyms}
    known |= {metric.label: f"metric '{metric.name}'" for metric in subject.model.metrics.values()}
    known |= {field.label: f"field '{field.id}'" for field in subject.model.fields()}
    _check_unique(subject, "absent_concepts", [each.name for each in subject.model.absent_concepts])
    for position, concept in enumerate(subject.model.absent_concepts):
        for phrase in concept.phrases:
            if phrase in known:
                where = subject.words("absent_concepts", position, "phrases")
                subject.issues.error(
                    where, f"absent concept '{concept.name}': '{phrase}' also means {known[phrase]}", "keep one of the two"
                )


def _languages(subject: Subject) -> Iterator[tuple[str, str, Language]]:
    for dataset in subject.model.datasets.values():
        yield "dataset", dataset.name, dataset.language
    for field in subject.model.fields():
        yield "field", field.id, field.language
    for metric in subject.model.metrics.values():
        yield "metric", metric.name, metric.language


def _check_unique(subject: Subject, key: str, names: list[str]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            subject.issues.error(subject.words(key, position), f"'{name}' stands twice in {key}", "rename one of the two")


def _shaped(subject: Subject, part: type[BaseModel], raw: Mapping[str, object], where: Where, what: str) -> Any:
    try:
        return part.model_validate(raw)
    except ValidationError as fault:
        for error in fault.errors(include_url=False, include_input=False):
            loc = error["loc"]
            if error["type"] == "extra_forbidden":
                known = _keys_at(part, loc[:-1])
                subject.issues.error((*where, *loc), f"{what}: unknown key '{loc[-1]}'", did_you_mean(str(loc[-1]), known))
            else:
                text = error["msg"].removeprefix("Value error, ")
                subject.issues.error((*where, *loc), f"{what}: {'.'.join(map(str, loc)) or 'query'}: {text[:1].lower()}{text[1:]}")
        return None


def _keys_at(part: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys of the object within `part` that `loc` leads to; empty when that cannot be told."""
    schema = part.model_json_schema()
    here = schema
    for step in loc:
        if isinstance(step, str):
            here = here.get("properties", {}).get(step, here)
        options = [here, here.get("items", {}), *here.get("anyOf", []), *here.get("items", {}).get("anyOf", [])]
        reference = next((option["$ref"] for option in options if "$ref" in option), None)
        here = schema["$defs"][reference.rpartition("/")[2]] if reference else here
    return list(here.get("properties", {}))


def _check_names(subject: Subject, query: MetricQuery, raw: Any, where: Where, what: str) -> None:
    """Every metric, field and dataset that the query names, wherever it stands."""
    columns = {measure.column for measure in query.metrics}

    def visit(value: Any, at: Where) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                place = (*at, key)
                if not isinstance(inner, str):
                    visit(inner, place)
                elif key == "metric" and inner not in columns:
                    subject.knows_metric(inner, place, what)
                elif key in _FIELD_KEYS and inner != _METRIC_TIME:
                    subject.knows_field(inner, place, what)
                elif key in _DATASET_KEYS:
                    subject.knows_dataset(inner, place, what)
        elif isinstance(value, (list, tuple)):
            for index, inner in enumerate(value):
                visit(inner, (*at, index))

    visit(raw, where)
    for index, measure in enumerate(query.metrics):
        if isinstance(raw["metrics"][index], str):
            subject.knows_metric(measure.metric, (*where, "metrics", index), what)
