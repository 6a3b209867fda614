"""From a survey to a draft: what each table and column most likely is, and what a person should look at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from tools.core.semantics.defaults import (
    NUMERIC,
    TEMPORAL,
    datatype_of,
    looks_like_calendar,
    looks_personal,
    people_among,
    plural,
    shared_prefix,
    singular,
    words,
)
from tools.core.semantics.drafting.metrics import metrics_of
from tools.core.semantics.drafting.parts import Draft, DraftDataset, DraftField, DraftRelationship
from tools.core.semantics.drafting.survey import Column, Reference, Survey, Table, leads_to, plain_name, quoted
from tools.core.semantics.drafting.wordbook import ABBREVIATIONS, ADJECTIVES, CODES, KEY_ENDINGS, MEASURED, NOT_ADDED, PEOPLE, UNITS, VERBS
from tools.core.semantics.model import Datatype

MANY_VALUES = 3_000
LONG_TEXT = 120
"""Characters beyond which a text is prose, not a name or a category."""
LONG_CATEGORY = 60
_GENERIC = frozenset(
    {
        "name",
        "title",
        "type",
        "status",
        "code",
        "description",
        "details",
        "date",
        "id",
        "number",
        "notes",
        "first name",
        "last name",
        "label",
    }
)
"""Labels that say nothing without the thing that they belong to."""


def decide(survey: Survey, name: str) -> Draft:
    """The draft of a model named `name`."""
    names = _dataset_names(survey)
    pointed_to = {r.to_table for r in survey.references if r.to_table != r.table}
    datasets = [_dataset(table, names[table.name], survey, table.name in pointed_to) for table in survey.tables.values()]
    _tell_apart(datasets)
    _say_plainly(datasets)
    relationships = _relationships(survey.references, names)
    draft = Draft(name=name, datasets=datasets, relationships=relationships, metrics=metrics_of(datasets, relationships))
    draft.customer = people_among(d.name for d in datasets if d.entity)
    draft.as_of_field = _as_of_field(datasets)
    return draft


def _as_of_field(datasets: Sequence[DraftDataset]) -> str | None:
    """The time whose latest day is the latest of all: rows after the day of the data would not count. Events first among equals."""
    dated = [d for d in datasets if d.default_time is not None]
    best = max(dated, key=lambda d: (d.latest or "", not d.entity), default=None)
    return f"{best.name}.{best.default_time}" if best is not None else None


def snake(name: str) -> str:
    """A name that plans and documents can hold: letters, digits and underscores, lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2])
    found = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_") or "column"
    return f"n_{found}" if found[0].isdigit() else found


def in_words(name: str) -> str:
    """A name as people say it: affixes dropped, common abbreviations written out."""
    parts = words(re.sub(r"[^A-Za-z0-9]+", "_", name)).split()
    return " ".join(ABBREVIATIONS.get(part, part) for part in parts)


def _dataset_names(survey: Survey) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in survey.tables:
        name = snake(table)
        found[table] = name if name not in found.values() else snake(table.replace(".", "_"))
    return found


# -- tables -------------------------------------------------------------------------------------------


def _dataset(table: Table, name: str, survey: Survey, pointed_to: bool) -> DraftDataset:
    label = singular(in_words(table.name.rpartition(".")[2]))
    is_people = bool(PEOPLE & set(label.split())) or _holds_people(table)
    outgoing = [r for r in survey.references if r.table == table.name]
    joining = {column for r in outgoing for column in r.columns}
    prefix = shared_prefix([*table.columns])
    fields = [
        _field(column, label, prefix, is_key=(column.name,) == table.key, joins=column.name in joining, is_people=is_people)
        for column in table.columns.values()
        if column.name not in joining or (column.name,) == table.key or not _names_its_target(column, outgoing)
    ]
    dates = [f for f in fields if f.datatype in (Datatype.DATE, Datatype.DATETIME, Datatype.DATETIME_TZ) and f.label != "date of birth"]
    thing = len(table.key) == 1 and not looks_like_calendar(name)
    dataset = DraftDataset(
        name=name,
        source=table.name if all(plain_name(part) for part in table.name.split(".")) else f"SELECT * FROM {quoted(table.name)}",
        key=table.key,
        unique_keys=[key for key in table.unique_keys if key != table.key],
        label=label,
        plural=plural(label),
        entity=thing and (pointed_to or not dates or not outgoing),
        is_people=is_people,
        fields=fields,
        verbs=list(VERBS.get(label.split()[-1], [])),
    )
    dataset.named_by = _named_by(dataset)
    _default_time(dataset, dates)
    dataset.latest = max((c.latest for c in table.columns.values() if snake(c.name) == dataset.default_time and c.latest), default=None)
    if not table.key:
        dataset.remarks.append("no column is a key: rows can be added up, not listed one by one")
    elif not table.key_declared:
        dataset.remarks.append(f"primary key found by its values, not declared in the database: {', '.join(table.key)}")
    if not table.rows:
        dataset.is_empty = True
        dataset.remarks.append("the table is empty")
    return dataset


def _holds_people(table: Table) -> bool:
    spoken = {in_words(c) for c in table.columns}
    return any(s.endswith(("first name", "last name", "surname")) for s in spoken) or any("email" in s.split() for s in spoken)


def _named_by(dataset: DraftDataset) -> list[str]:
    """What tells people which row it is: first and last name, else the first text that is called a name or a title."""
    if not dataset.entity:
        return []
    texts = {f.label.removeprefix(f"{dataset.label} "): f.name for f in dataset.fields if f.datatype is Datatype.STRING and not f.is_key}
    person = [texts[part] for part in ("first name", "last name") if part in texts]
    named = [name for label, name in texts.items() if label.split()[-1] in ("name", "title")]
    return person if len(person) == 2 else named[:1]


def _names_its_target(column: Column, outgoing: Sequence[Reference]) -> bool:
    """A foreign key that says no more than where it points: `customer_id`, not `billing_customer_id`."""
    reference = next(r for r in outgoing if column.name in r.columns)
    if len(reference.columns) > 1 or column.name in reference.to_columns:
        return True
    parts = [p for p in words(column.name).split() if p not in KEY_ENDINGS]
    target = singular(words(reference.to_table.rpartition(".")[2])).split()
    return not parts or set(parts) <= set(target)


def _default_time(dataset: DraftDataset, dates: Sequence[DraftField]) -> None:
    if not dates:
        return
    dataset.default_time = dates[0].name
    if len(dates) > 1:
        others = ", ".join(f.name for f in dates[1:])
        dataset.remarks.append(f"dated by {dates[0].name}; there are also {others}")


# -- columns ------------------------------------------------------------------------------------------


def _field(column: Column, thing: str, prefix: str, *, is_key: bool, joins: bool, is_people: bool) -> DraftField:
    label = in_words(column.name.removeprefix(prefix)) or in_words(column.name)
    if label == thing and column.holds is Datatype.STRING:
        label = f"{label} name"
    column_sql = column.name if plain_name(column.name) and not _is_reserved(column.name) else quoted(column.name.replace(".", "_"))
    expression, remarks = _expression(column, column_sql)
    field = DraftField(
        name=snake(column.name),
        expression=expression,
        datatype=column.holds,
        label=label,
        is_dimension=True,
        remarks=remarks,
        is_key=is_key,
    )
    if is_key or joins:
        field.expression, field.datatype, field.remarks = column_sql, datatype_of(column.type), []
        field.is_dimension, field.is_key = field.datatype not in NUMERIC, True
        if is_key and label.split()[-1] in KEY_ENDINGS:
            field.label = f"{thing} {label.split()[-1]}"
        return field
    if column.holds in NUMERIC:
        _number(field, column)
    elif column.holds is Datatype.STRING:
        _text(field, column, is_people)
    categories = column.holds not in TEMPORAL and column.longest <= LONG_CATEGORY and not looks_personal(column.name)
    field.repeats = field.is_dimension and categories and 1 < column.distinct < column.rows
    spoken = label.split()
    noun = spoken[-2] if len(spoken) > 1 and spoken[-1] in UNITS else spoken[-1]  # "height cm" is high or low
    adjectives = ADJECTIVES.get("date" if column.holds in TEMPORAL else noun, {})
    field.more, field.less = list(adjectives.get("more", [])), list(adjectives.get("less", []))
    if not column.rows:
        field.remarks.append("empty in every row")
    return field


_RESERVED_WORDS = """
    all and any array as asc at between by case cast check column constraint create cross date default desc distinct else end except exists
    false for foreign from full group having in inner into is join left like limit not null offset on or order outer primary references
    right select table then time timestamp to true union unique user using values when where window with year month day hour rank
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def _is_reserved(name: str) -> bool:
    """Whether SQL would take the bare name for something else than a column: a keyword, or the beginning of a call ("map")."""
    if name.lower() in _RESERVED:
        return True
    try:
        return not isinstance(sqlglot.parse_one(name, dialect="duckdb"), exp.Column)
    except sqlglot.errors.ParseError:
        return True


def _expression(column: Column, column_sql: str) -> tuple[str, list[str]]:
    """Texts that are numbers or days in truth are read as such."""
    if not column.is_text_of:
        return column_sql, []
    every = "every value that is not blank" if column.blanks else "every value"
    if column.date_format is not None:
        read = f"{'TRY_STRPTIME' if column.blanks else 'STRPTIME'}({column_sql}, '{column.date_format}')"
        remark = (
            f"text in the database; {every} is a {'day' if column.holds is Datatype.DATE else 'time'} written like {column.date_format}"
        )
        return (f"CAST({read} AS DATE)" if column.holds is Datatype.DATE else read), [remark.replace("%", "")]
    kind = "BIGINT" if column.holds is Datatype.INTEGER else "DOUBLE"
    return f"TRY_CAST({column_sql} AS {kind})", [f"text in the database; {every} is a number"]


def _number(field: DraftField, column: Column) -> None:
    last = field.label.split()[-1]
    tokens = set(field.label.split()) | set(words(column.name).split())
    years = column.looks_like_years and "year" in tokens
    whole = column.low is None or (column.low == int(column.low) and column.high == int(column.high or 0))
    counts = last in ("count", "amount") or field.label.startswith("number of ")
    field.is_dimension = years or (whole and bool(CODES & tokens) and not counts)
    field.is_measure = not field.is_dimension or years
    field.added_up = not NOT_ADDED & tokens and not years
    if field.is_dimension and not years:
        field.remarks.append("a number that names something: grouped by, not added up; drop `dimension` if it is an amount")


def _text(field: DraftField, column: Column, is_people: bool) -> None:
    personal = looks_personal(column.name) or looks_personal(field.label)
    if personal and is_people:
        field.index_values = False
        field.remarks.append("personal data? its values cannot be named in questions; see also policy.yaml")
    elif column.longest > LONG_TEXT or column.distinct > MANY_VALUES:
        field.index_values = False
        field.remarks.append("long or very many texts: its values cannot be named in questions")
    elif personal:
        field.index_values = True


# -- telling apart -------------------------------------------------------------------------------------


def _tell_apart(datasets: Sequence[DraftDataset]) -> None:
    """Labels that two things share, or that say nothing alone, take the thing's own: "name" becomes "store name"."""
    counted = Counter(f.label for d in datasets for f in d.fields)
    nouns = {noun for d in datasets for noun in (d.label, d.plural)}
    for dataset in datasets:
        for field in dataset.fields:
            shared = counted[field.label] > 1 or field.label in _GENERIC or field.label in nouns
            if shared and singular(field.label) != dataset.label and not field.label.startswith(f"{dataset.label} "):
                field.label = f"{dataset.label} {field.label}"


def _say_plainly(datasets: Sequence[DraftDataset]) -> None:
    """Synonyms for the names of numbers: without their unit, and "max wind speed" also as "maximum wind speed"."""
    labels = {singular(f.label) for d in datasets for f in d.fields} | {d.label for d in datasets}
    for field in (f for d in datasets for f in d.fields if f.datatype in NUMERIC and not f.is_key):
        words_of = field.label.split()
        plain = words_of[:-1] if len(words_of) > 1 and words_of[-1] in UNITS and field.is_measure else words_of
        plain = plain[:-1] if len(plain) > 1 and plain[-1] == "in" else plain  # "rating in percent"
        first = MEASURED.get(plain[0], []) if len(plain) > 1 else []
        said = [" ".join(plain), *(" ".join((start, *plain[1:])) for start in first)]
        field.synonyms += [phrase for phrase in said if phrase != field.label and singular(phrase) not in labels]


# -- relationships -------------------------------------------------------------------------------------


def _relationships(references: Sequence[Reference], names: dict[str, str]) -> list[DraftRelationship]:
    found: list[DraftRelationship] = []
    for reference in references:
        start, end = names[reference.table], names[reference.to_table]
        name = f"{start}_to_{end}"
        if any(r.name == name for r in found):
            name = f"{name}_by_{snake(reference.columns[0])}"
        each = DraftRelationship(
            name=name, from_dataset=start, to_dataset=end, from_columns=reference.columns, to_columns=reference.to_columns
        )
        if not reference.declared:
            each.remarks.append("guessed from names and values")
        if _closes_circle(each, found):
            each.used = False
            each.remarks.append("left out, since it closes a circle; give one end a dataset of its own over the same source")
        elif any(r.used and (r.from_dataset, r.to_dataset) == (start, end) for r in found):
            each.used = False
            each.remarks.append(f"left out, since there is another way to {end}; give this role a dataset of its own over the same source")
        found.append(each)
    return found


def _closes_circle(each: DraftRelationship, found: Sequence[DraftRelationship]) -> bool:
    return leads_to(each.to_dataset, each.from_dataset, [(r.from_dataset, r.to_dataset) for r in found if r.used])
