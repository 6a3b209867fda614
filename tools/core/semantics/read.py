"""From an Apache Ossie document to the semantic model in memory.

`read_model` is on the path of every start, so it does only what needs no SQL parser: the shape of the document, names, defaults.
`validate.py` does the rest, and is called for documents that have not been validated before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tools.core.errors import ModelInvalid
from tools.core.semantics import defaults
from tools.core.semantics import document as doc
from tools.core.semantics.additions import ModelAddition, with_additions
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import (
    AbsentConcept,
    ActionKind,
    ActionRoles,
    ActionTrial,
    CampaignRoles,
    Choice,
    ConsentRoles,
    CumulativeSpec,
    Dataset,
    Datatype,
    FeedbackPeople,
    FeedbackRoles,
    FeedbackSource,
    Field,
    Language,
    Metric,
    MetricFormat,
    MetricInput,
    Modelled,
    ModelSettings,
    NamedFilter,
    NonAdditive,
    Relationship,
    Roles,
    Route,
    SemanticModel,
    Signal,
    TouchpointRoles,
    VerifiedQuestion,
)
from tools.core.semantics.problems import JSON, Issues, Where, did_you_mean, load_yaml

_SQLGLOT_DIALECT = {"ANSI_SQL": None, "DATABRICKS": "databricks", "SNOWFLAKE": "snowflake", "BIGQUERY": "bigquery", "TABLEAU": "tableau"}
"""Dialects of the specification that can be read, the preferred first; None needs no translation."""

_AGGREGATED = re.compile(r"\b(?:SUM|AVG|MEDIAN|STDDEV)\s*\(\s*(?:DISTINCT\s+)?(\w+\.\w+)", re.IGNORECASE)
_DATASET_NAME = re.compile(r"\b(\w+)\.\w+")
_Words = TypeVar("_Words", bound=BaseModel)


def read_model(
    path: Path, *, catalog: Catalog | None = None, validated: bool = False, additions: Sequence[ModelAddition] = ()
) -> SemanticModel:
    """The semantic model of a document.

    Args:
        catalog: Columns of the database: types of undeclared fields are taken from it, and the model must fit it.
        validated: The very same text has passed `validate_model` before: skip what needs an SQL parser.
        additions: What computed tables add to the document; checked when they were computed.
    Raises:
        ModelInvalid: With every problem as "file:line: message (suggestion)".
    """
    text = read_text(path)
    if not validated:
        from tools.core.semantics.validate import require_valid

        require_valid(path, text, catalog)
    issues = Issues()
    model = build_model(text, issues, catalog, additions)
    if model is None:
        raise ModelInvalid(f"{path.name} cannot be read.", try_instead="Run `assistant semantics validate` on it.")
    return model


def read_text(path: Path) -> str:
    """Text of the document; ModelInvalid when there is no such text file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelInvalid(
            f"There is no semantic model {path.name} in {path.parent.name}/.", try_instead="Add one, or correct the path."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise ModelInvalid(f"{path.name} is not a readable text file.", try_instead="Save it as UTF-8 YAML.") from None


def build_model(text: str, issues: Issues, catalog: Catalog | None = None, additions: Sequence[ModelAddition] = ()) -> SemanticModel | None:
    """The model of a document's text, with what is wrong in its shape and names; None when the shape does not allow a model."""
    try:
        raw = load_yaml(text)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        issues.error(
            (), f"not valid YAML{place}: {getattr(fault, 'problem', None) or 'cannot be parsed'}", "check indentation, colons and quotes"
        )
        return None
    part = _document(with_additions(raw, additions) if additions else raw, issues)
    if part is None:
        return None
    model = _Reader(part.semantic_model[0], issues, catalog).model(_hash(text))
    more = [doc.RoutePart.model_validate(route) for addition in additions for route in addition.routes]
    return replace(model, routes=(*model.routes, *(Route(**route.model_dump()) for route in more))) if more else model


def model_version(path: Path) -> str:
    """Hash of the document's text, without parsing it: `SemanticModel.version` of what `read_model` would return."""
    return _hash(read_text(path))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _document(raw: object, issues: Issues) -> doc.Document | None:
    if not isinstance(raw, dict):
        issues.error((), "a semantic model is a mapping with `version` and `semantic_model`")
        return None
    version = raw.get("version")
    if "version" in raw and version != doc.VERSION:
        issues.error(("version",), f"version {version!r} of the specification is not supported", f"this release reads {doc.VERSION}")
    parsed = _checked(doc.Document, raw, (), issues)
    if parsed is not None and len(parsed.semantic_model) > 1:
        issues.error(("semantic_model", 1), "a document holds one semantic model here", "give the second a folder of its own")
    return parsed


def _checked(part: type[_Words], raw: Mapping[str, Any], where: Where, issues: Issues) -> _Words | None:
    """Parses an object; unknown keys are reported and left out, so that the rest can still be checked."""
    try:
        return part.model_validate(raw)
    except ValidationError as fault:
        unknown = []
        errors = fault.errors(include_url=False, include_input=False)
        # A list of which every item is faulty is also called too short: an echo.
        errors = [
            e for e in errors if e["type"] != "too_short" or not any(o is not e and o["loc"][: len(e["loc"])] == e["loc"] for o in errors)
        ]
        for error in errors:
            loc = error["loc"]
            if error["type"] == "extra_forbidden":
                unknown.append(loc)
                kind, names = _owner(part, loc)
                issues.error((*where, *loc), f"unknown key '{loc[-1]}' in {kind}", did_you_mean(str(loc[-1]), names))
            elif error["type"] == "missing":
                kind, _ = _owner(part, loc)
                issues.error((*where, *loc[:-1]), f"{kind} needs the key '{loc[-1]}'")
            else:
                issues.error((*where, *loc), f"'{loc[-1] if loc else 'document'}': {error['msg'][:1].lower()}{error['msg'][1:]}")
        if len(unknown) < len(errors):
            return None
        return part.model_validate(_without(raw, unknown))


def _owner(part: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, list[str]]:
    """What the object that holds `loc[-1]` is called, and the keys it may have."""
    under = next((str(step) for step in reversed(loc[:-1]) if isinstance(step, str) and step in doc.PARTS), None)
    owner = doc.PARTS[under] if under else part
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", owner.__name__).removesuffix(" Part").lower()
    article = "the " if name == "document" else "an " if name[0] in "aeiou" else "a "
    return article + name, [field.alias or key for key, field in owner.model_fields.items()]


def _without(raw: Any, locs: Iterable[tuple[int | str, ...]]) -> Any:
    heads: dict[int | str, list[tuple[int | str, ...]]] = {}
    for loc in locs:
        heads.setdefault(loc[0], []).append(loc[1:])
    if isinstance(raw, Mapping):
        return {
            key: _without(value, [rest for rest in heads.get(key, ()) if rest])
            for key, value in raw.items()
            if () not in heads.get(key, ())
        }
    if isinstance(raw, (list, tuple)):
        return [_without(value, heads.get(position, ())) for position, value in enumerate(raw)]
    return raw


class _Reader:
    """Turns one parsed document into a model; holds what its parts need of each other."""

    def __init__(self, part: doc.ModelPart, issues: Issues, catalog: Catalog | None) -> None:
        self.part = part
        self.issues = issues
        self.catalog = catalog
        self.where: Where = ("semantic_model", 0)
        self.keys = _key_columns(part)
        self.targets = {relationship.to_dataset for relationship in part.relationships}
        self.aggregated = {
            name for metric in part.metrics for d in metric.expression.dialects for name in _AGGREGATED.findall(d.expression)
        }

    def model(self, version: str) -> SemanticModel:
        where = self.where
        words = self._words(doc.ModelWords, self.part.ai_context, where)
        extension = self._extension(doc.ModelExtension, self.part.custom_extensions, where)
        datasets = self._named("dataset", self.part.datasets, (*where, "datasets"), self._dataset)
        metrics = self._named("metric", self.part.metrics, (*where, "metrics"), lambda part, at: self._metric(part, at, datasets))
        relationships = self._named("relationship", self.part.relationships, (*where, "relationships"), self._relationship)
        return SemanticModel(
            name=self.part.name,
            description=_tidy(self.part.description),
            datasets=MappingProxyType(datasets),
            relationships=tuple(relationships.values()),
            metrics=MappingProxyType(metrics),
            routes=tuple(Route(**route.model_dump()) for route in extension.routes),
            named_filters=tuple(NamedFilter(**entry.model_dump()) for entry in words.named_filters),
            absent_concepts=tuple(AbsentConcept(**entry.model_dump()) for entry in words.absent_concepts),
            choices=tuple(self._choice(entry, datasets, metrics) for entry in words.choices),
            verified_questions=tuple(VerifiedQuestion(**entry.model_dump()) for entry in words.verified_questions),
            settings=self._settings(extension, datasets, metrics),
            instructions=_tidy(words.instructions),
            version=version,
        )

    def _choice(self, part: doc.ChoicePart, datasets: dict[str, Dataset], metrics: dict[str, Metric]) -> Choice:
        """A choice that names what does not exist does nothing; a taught one may be about a table that the last refresh did not compute."""
        known = [*metrics, *datasets, *(field.id for dataset in datasets.values() for field in dataset.fields.values())]
        if isinstance(part.means, str) and part.means not in known:
            told = f"the choice for '{part.phrase}' names no metric, dataset or field: {part.means}"
            self.issues.warning((*self.where, "ai_context", "choices"), told, did_you_mean(part.means, known))
        return Choice(phrase=part.phrase, means=part.means)

    def _settings(self, extension: doc.ModelExtension, datasets: dict[str, Dataset], metrics: dict[str, Metric]) -> ModelSettings:
        given = extension.model_dump(exclude={"routes"})
        given["customer"] = given["customer"] or defaults.people_among(name for name, dataset in datasets.items() if dataset.is_entity)
        given["default_metric"] = given["default_metric"] or next(iter(metrics), None)
        if not given["as_of"] and not given["as_of_field"]:
            given["as_of_field"] = next(
                (f"{name}.{d.default_time}" for name, d in datasets.items() if d.default_time and not d.is_entity), None
            )
        given["roles"] = self._roles(extension.roles, datasets)
        return ModelSettings(**given)

    def _roles(self, part: doc.RolesPart, datasets: dict[str, Dataset]) -> Roles:
        named = part.model_dump(exclude={"signals", "feedback", "actions", "touchpoints", "campaigns"})
        known = [field.id for dataset in datasets.values() for field in dataset.fields.values()]
        for role, field_id in named.items():
            if field_id is not None and role not in ("order_filter", "contact_response") and field_id not in known:
                self.issues.error(
                    (*self.where, "custom_extensions"), f"the role '{role}' names no field: {field_id}", did_you_mean(field_id, known)
                )
        signals = tuple(Signal(**signal.model_dump()) for signal in part.signals)
        feedback = self._feedback(part.feedback, datasets) if part.feedback else None
        return Roles(
            **named,
            signals=signals,
            feedback=feedback,
            actions=self._actions(part.actions, known) if part.actions else None,
            touchpoints=self._touchpoints(part.touchpoints, known) if part.touchpoints else None,
            campaigns=self._campaigns(part.campaigns, known, datasets) if part.campaigns else None,
        )

    def _touchpoints(self, part: doc.TouchpointsPart, known: list[str]) -> TouchpointRoles:
        self._require_fields({f"touchpoints.{role}": getattr(part, role) for role in ("touchpoint", "time", "channel")}, known)
        return TouchpointRoles(**part.model_dump())

    def _campaigns(self, part: doc.CampaignsPart, known: list[str], datasets: dict[str, Dataset]) -> CampaignRoles:
        roles = ("campaign", "start", "end", "channel", "arm", "converted", "randomised")
        self._require_fields({f"campaigns.{role}": getattr(part, role) for role in roles if getattr(part, role) is not None}, known)
        if part.audience not in datasets:
            hint = did_you_mean(part.audience, datasets)
            self.issues.error((*self.where, "custom_extensions"), f"the role 'campaigns.audience' names no dataset: {part.audience}", hint)
        return CampaignRoles(**part.model_dump())

    def _require_fields(self, named: Mapping[str, str], known: list[str]) -> None:
        for role, field_id in named.items():
            if field_id not in known:
                self.issues.error(
                    (*self.where, "custom_extensions"), f"the role '{role}' names no field: {field_id}", did_you_mean(field_id, known)
                )

    def _actions(self, part: doc.ActionsPart, known: list[str]) -> ActionRoles:
        consent = ConsentRoles(**part.consent.model_dump()) if part.consent else None
        named = {f"actions.trials.{trial.name}.time": trial.time for trial in part.trials}
        if consent is not None:
            named |= {f"actions.consent.{role}": getattr(consent, role) for role in ("purpose", "channel", "granted")}
        for role, field_id in named.items():
            if field_id not in known:
                self.issues.error(
                    (*self.where, "custom_extensions"), f"the role '{role}' names no field: {field_id}", did_you_mean(field_id, known)
                )
        return ActionRoles(
            kinds=tuple(ActionKind(**kind.model_dump()) for kind in part.kinds),
            trials=tuple(ActionTrial(**trial.model_dump()) for trial in part.trials),
            consent=consent,
            contacts=Signal(**part.contacts.model_dump()) if part.contacts else None,
            most_contacts=part.most_contacts,
            blocks=tuple(Signal(**block.model_dump()) for block in part.blocks),
        )

    def _feedback(self, part: doc.FeedbackPart, datasets: dict[str, Dataset]) -> FeedbackRoles:
        where = (*self.where, "custom_extensions")
        for source in part.sources:
            if source.dataset not in datasets:
                hint = did_you_mean(source.dataset, datasets)
                self.issues.error(where, f"the feedback '{source.name}' names no dataset: {source.dataset}", hint)
        fields = [field.id for dataset in datasets.values() for field in dataset.fields.values()]
        for role in ("product", "store", "competitor"):
            named = getattr(part, role)
            if named is not None and named not in fields:
                self.issues.error(where, f"the feedback role '{role}' names no field: {named}", did_you_mean(named, fields))
        return FeedbackRoles(
            sources=tuple(FeedbackSource(**source.model_dump()) for source in part.sources),
            product=part.product,
            store=part.store,
            competitor=part.competitor,
            people=FeedbackPeople(**part.people.model_dump()) if part.people else None,
        )

    def _dataset(self, part: doc.DatasetPart, where: Where) -> Dataset:
        words = self._words(doc.DatasetWords, part.ai_context, where)
        extension = self._extension(doc.DatasetExtension, part.custom_extensions, where)
        columns = self._columns(part.source)
        prefix = defaults.shared_prefix([field.name for field in part.fields])
        fields = self._named("field", part.fields, (*where, "fields"), lambda field, at: self._field(part.name, field, at, columns, prefix))
        label = extension.label or defaults.singular(defaults.words(part.name))
        points_here = part.name in self.targets and not defaults.looks_like_calendar(part.name)
        return Dataset(
            name=part.name,
            source=self._source(part.source),
            primary_key=part.primary_key,
            unique_keys=part.unique_keys,
            fields=MappingProxyType(fields),
            label=label,
            plural=extension.plural or defaults.plural(label),
            description=_tidy(part.description),
            default_time=extension.default_time or _only_date(fields),
            is_entity=points_here if extension.entity is None else extension.entity,
            named_by=extension.named_by,
            language=_language(words),
            modelled=Modelled(**extension.modelled.model_dump()) if extension.modelled else None,
        )

    def _source(self, source: str) -> str:
        if " " in source.strip():
            return source.strip()
        known = self.catalog.resolve(source) if self.catalog else None
        return known or ".".join(source.split(".")[-2:]).removeprefix("main.")

    def _columns(self, source: str) -> Mapping[str, str]:
        table = self.catalog.resolve(source) if self.catalog else None
        return {name.lower(): kind for name, kind in self.catalog.tables[table].items()} if self.catalog and table else {}

    def _field(self, dataset: str, part: doc.FieldPart, where: Where, columns: Mapping[str, str], prefix: str) -> Field:
        words = self._words(doc.FieldWords, part.ai_context, where)
        extension = self._extension(doc.FieldExtension, part.custom_extensions, where)
        expression = self._expression(part.expression, where)
        is_time = part.dimension.is_time if part.dimension else None
        datatype = self._datatype(dataset, part, expression, is_time, columns)
        label = part.label or defaults.words(part.name.removeprefix(prefix))
        # The day that joins a calendar is still a day to split by.
        is_key = bool({(dataset, part.name), (dataset, expression)} & self.keys) and datatype not in defaults.TEMPORAL
        is_dimension = not is_key and (datatype not in defaults.NUMERIC or part.dimension is not None)
        if extension.is_dimension is not None:
            is_dimension = extension.is_dimension
        indexable = datatype in {Datatype.STRING, Datatype.BOOLEAN} and is_dimension and not defaults.looks_personal(part.name)
        return Field(
            dataset=dataset,
            name=part.name,
            expression=expression,
            datatype=datatype,
            is_time=datatype in defaults.TEMPORAL if is_time is None else is_time,
            is_dimension=is_dimension,
            label=label,
            plural=extension.plural or defaults.plural(label),
            description=_tidy(part.description),
            language=_language(words),
            unit=extension.unit,
            value_synonyms=MappingProxyType(words.value_synonyms),
            order=extension.order,
            index_values=indexable if extension.index_values is None else extension.index_values,
            from_texts=extension.from_texts,
            null_label=extension.null_label,
        )

    def _datatype(self, dataset: str, part: doc.FieldPart, expression: str, is_time: bool | None, columns: Mapping[str, str]) -> Datatype:
        if part.datatype:
            return Datatype(part.datatype)
        stored = columns.get(expression.strip('"').lower())
        if stored:
            return defaults.datatype_of(stored)
        return defaults.guess_datatype(part.name, is_time=is_time, summed=f"{dataset}.{part.name}" in self.aggregated)

    def _relationship(self, part: doc.RelationshipPart, where: Where) -> Relationship:
        self._words(doc.RelationshipWords, part.ai_context, where)
        extension = self._extension(doc.RelationshipExtension, part.custom_extensions, where)
        return Relationship(
            name=part.name,
            from_dataset=part.from_dataset,
            to_dataset=part.to_dataset,
            from_columns=part.from_columns,
            to_columns=part.to_columns,
            meaning=extension.meaning,
        )

    def _metric(self, part: doc.MetricPart, where: Where, datasets: Mapping[str, Dataset]) -> Metric:
        words = self._words(doc.MetricWords, part.ai_context, where)
        extension = self._extension(doc.MetricExtension, part.custom_extensions, where)
        expression = self._expression(part.expression, where)
        datatype = Datatype(part.datatype) if part.datatype else None
        cumulative = extension.cumulative
        return Metric(
            name=part.name,
            expression=expression,
            label=extension.label or defaults.words(part.name),
            description=_tidy(part.description),
            language=_language(words),
            unit=extension.unit,
            format=MetricFormat(extension.format) if extension.format else defaults.format_of(part.name, expression, datatype),
            decimals=extension.decimals,
            polarity=extension.polarity,
            time_field=extension.time_field or self._calendar_date(expression, datasets),
            filter=extension.filter,
            inputs=tuple(_input(entry) for entry in extension.inputs),
            cumulative=_cumulative(cumulative) if cumulative else None,
            non_additive=NonAdditive(**extension.non_additive.model_dump()) if extension.non_additive else None,
            counted_through=extension.counted_through,
            fill_nulls_with=extension.fill_nulls_with,
            caveat=extension.caveat,
        )

    def _calendar_date(self, expression: str, datasets: Mapping[str, Dataset]) -> str | None:
        """The day of the one calendar that a fact without a date of its own is joined to: a star schema's date dimension."""
        fact = next((name for name in _DATASET_NAME.findall(expression) if name in datasets), None)
        if fact is None or any(field.datatype in defaults.DATED for field in datasets[fact].fields.values()):
            return None
        calendars = [
            each.to_dataset
            for each in self.part.relationships
            if each.from_dataset == fact and defaults.looks_like_calendar(each.to_dataset)
        ]
        calendar = datasets.get(calendars[0]) if len(calendars) == 1 else None
        return f"{calendar.name}.{calendar.default_time}" if calendar and calendar.default_time else None

    def _expression(self, part: doc.ExpressionPart, where: Where) -> str:
        """The expression in DuckDB's dialect: ANSI_SQL as it is, else translated from the nearest dialect that can be read."""
        by_dialect = {entry.dialect.upper(): entry.expression for entry in part.dialects}
        for dialect, reads_as in _SQLGLOT_DIALECT.items():
            if dialect in by_dialect:
                return by_dialect[dialect].strip() if reads_as is None else self._translated(by_dialect[dialect], reads_as, where)
        names = ", ".join(sorted(by_dialect))
        self.issues.error(
            (*where, "expression", "dialects"), f"dialect {names} cannot be read", f"add an entry for one of {', '.join(_SQLGLOT_DIALECT)}"
        )
        return "NULL"

    def _translated(self, expression: str, dialect: str, where: Where) -> str:
        import sqlglot
        from sqlglot.errors import SqlglotError

        try:
            return str(sqlglot.parse_one(expression, read=dialect).sql(dialect="duckdb"))
        except (SqlglotError, RecursionError):
            self.issues.error((*where, "expression"), f"the {dialect} expression does not parse", "add an ANSI_SQL entry")
            return "NULL"

    def _words(self, kind: type[_Words], raw: Mapping[str, Any], where: Where) -> _Words:
        parsed = _checked(kind, raw, (*where, "ai_context"), self.issues) or kind()
        for key in parsed.model_extra or {}:
            hint = did_you_mean(key, kind.model_fields)
            if hint.startswith("did you mean"):
                self.issues.warning((*where, "ai_context", key), f"unknown word list '{key}'", hint)
        return parsed

    def _extension(self, kind: type[_Words], entries: tuple[doc.ExtensionPart, ...], where: Where) -> _Words:
        for position, entry in enumerate(entries):
            if entry.vendor_name != doc.VENDOR:
                continue
            at = (*where, "custom_extensions", position, "data")
            try:
                raw = json.loads(entry.data)
            except json.JSONDecodeError as fault:
                self.issues.error((*at, JSON, fault.lineno), f"not valid JSON: {fault.msg} at column {fault.colno}")
                return kind()
            if not isinstance(raw, dict):
                self.issues.error(at, "must be a JSON object")
                return kind()
            return _checked(kind, raw, (*at, JSON), self.issues) or kind()
        return kind()

    def _named(self, kind: str, parts: Iterable[Any], where: Where, build: Callable[[Any, Where], Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for position, part in enumerate(parts):
            at = (*where, position)
            if part.name in found:
                self.issues.error((*at, "name"), f"{kind} '{part.name}' is defined twice", "rename one of the two")
                continue
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part.name):
                self.issues.error((*at, "name"), f"{kind} name '{part.name}' may hold letters, digits and underscores only")
            found[part.name] = build(part, at)
        return found


def _key_columns(part: doc.ModelPart) -> set[tuple[str, str]]:
    keys = {(dataset.name, column) for dataset in part.datasets for column in dataset.primary_key if len(dataset.primary_key) == 1}
    for relationship in part.relationships:
        keys |= {(relationship.from_dataset, column) for column in relationship.from_columns}
        keys |= {(relationship.to_dataset, column) for column in relationship.to_columns}
    return keys


def _only_date(fields: Mapping[str, Field]) -> str | None:
    dated = [field.name for field in fields.values() if field.is_time and field.datatype in defaults.DATED]
    return dated[0] if len(dated) == 1 else None


def _language(words: Any) -> Language:
    return Language(
        synonyms=words.synonyms,
        verbs=getattr(words, "verbs", ()),
        more=getattr(words, "more", ()),
        less=getattr(words, "less", ()),
        instructions=_tidy(words.instructions),
        examples=words.examples,
    )


def _input(part: doc.InputPart) -> MetricInput:
    count, grain = _period(part.offset)
    return MetricInput(
        metric=part.metric,
        alias=part.alias,
        filter=part.filter,
        offset_count=count,
        offset_grain=grain,
        offset_to_grain=part.offset_to_grain,
    )


def _cumulative(part: doc.CumulativePart) -> CumulativeSpec:
    count, grain = _period(part.window)
    return CumulativeSpec(window_count=count, window_grain=grain, grain_to_date=part.grain_to_date)


def _period(text: str | None) -> tuple[int | None, str | None]:
    """ "2 months" -> (2, "month")."""
    if text is None:
        return None, None
    count, unit = text.split()
    return int(count), unit.removesuffix("s")


def _tidy(text: str) -> str:
    return " ".join(text.split())
