"""Reads and validates `policy.yaml`. Nothing is served until a policy has no error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import sqlglot
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlglot.errors import SqlglotError

from tools.core.errors import AnswerError, ModelInvalid
from tools.core.semantics.additions import PolicyAddition
from tools.core.semantics.catalog import Catalog
from tools.core.semantics.model import SemanticModel
from tools.core.semantics.problems import Issues, Problem, Where, did_you_mean, load_yaml, locate, repeated_keys
from tools.core.sql_guard.grammar import check_tree
from tools.core.sql_guard.policy import ColumnClass, Link, PeopleSpec, Policy, Role, full_name, rule_attributes
from tools.core.sql_guard.rights import Rights
from tools.core.sql_guard.scope import Resolver

LOCAL_ROLE = "local"
DEFAULT_GROUP_SIZE = 5
_IDENTIFYING = frozenset({ColumnClass.DIRECT_IDENTIFIER, ColumnClass.FREE_TEXT})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class PeoplePart(_Strict):
    table: str
    key: str
    paths: dict[str, str] = {}
    unrelated: Names = ()


class RolePart(_Strict):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    description: str = ""
    sees: Names
    hidden: Names = ()
    individuals: bool = False
    minimum_group_size: int | None = Field(default=None, ge=2, le=1000)
    free_sql: bool = True
    row_rules: dict[str, str] = {}
    view: str = ""
    attributes: Names = ()
    purposes: Names = ()
    starters: tuple[str, ...] = ()


class PolicyPart(_Strict):
    """The document as written."""

    version: int = Field(ge=1, le=1)
    minimum_group_size: int = Field(default=DEFAULT_GROUP_SIZE, ge=2, le=1000)
    request_access: str
    audit: bool = True
    people: PeoplePart | None = None
    purposes: dict[str, str] = {}
    consent: dict[str, str] = {}
    tables: dict[str, dict[str, Names]]
    roles: dict[str, RolePart]


def read_policy(
    path: Path, model: SemanticModel | None = None, catalog: Catalog | None = None, additions: Sequence[PolicyAddition] = ()
) -> Policy:
    """The policy of a warehouse.

    Args:
        additions: Classes and paths of computed tables.
    Raises:
        ModelInvalid: Every error as "file:line: message (suggestion)".
    """
    policy, problems = _read(path, model, catalog, additions)
    errors = [problem for problem in problems if problem.severity == "error"]
    if policy is None or errors:
        raise ModelInvalid(
            "\n".join(map(str, errors)), try_instead="Correct the policy; nothing is served until then.", code="policy_invalid"
        )
    return policy


def validate_policy(path: Path, model: SemanticModel | None = None, catalog: Catalog | None = None) -> list[Problem]:
    """All problems, in the order of the document."""
    return _read(path, model, catalog)[1]


def load_document(path: Path, issues: Issues) -> tuple[str, Any]:
    """Text and plain values of a YAML document, repeated keys noted in `issues`. Raises ModelInvalid when it is no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
        document = load_yaml(text)
    except (OSError, UnicodeDecodeError):
        raise ModelInvalid(
            f"{path.name} cannot be read.", try_instead="Check that the file exists and is UTF-8 text.", code="policy_invalid"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise ModelInvalid(
            f"{path.name}:{line}: not YAML", try_instead="Check indentation and quotation marks.", code="policy_invalid"
        ) from None
    issues.found.extend(repeated_keys(text))
    return text, document


def note_shape_errors(error: ValidationError, issues: Issues, known: Mapping[str, type[BaseModel]]) -> None:
    """What pydantic found, as issues; unknown keys get the nearest known one."""
    for fault in error.errors(include_input=False, include_url=False):
        where: Where = tuple(fault["loc"])
        if fault["type"] == "extra_forbidden":
            part = known.get(str(where[0]) if len(where) > 1 else "", None)
            issues.error(where, f"unknown key '{where[-1]}'", did_you_mean(str(where[-1]), part.model_fields if part else ()))
        elif fault["type"] == "missing":
            issues.error(where[:-1], f"'{where[-1]}' is missing", "add it")
        else:
            issues.error(where, fault["msg"][:1].lower() + fault["msg"][1:])


def _read(
    path: Path, model: SemanticModel | None, catalog: Catalog | None, additions: Sequence[PolicyAddition] = ()
) -> tuple[Policy | None, list[Problem]]:
    issues = Issues()
    text, document = load_document(path, issues)
    try:
        part = _extended(PolicyPart.model_validate(document), additions)
    except ValidationError as error:
        note_shape_errors(error, issues, {"": PolicyPart, "people": PeoplePart, "roles": RolePart})
        return None, locate(text, path, issues.found)
    reader = _Reader(part, issues, catalog, hashlib.sha256(text.encode()).hexdigest()[:16])
    policy = reader.policy(model)
    return policy, locate(text, path, issues.found)


def _extended(part: PolicyPart, additions: Sequence[PolicyAddition]) -> PolicyPart:
    tables, people = dict(part.tables), part.people
    for addition in additions:
        tables = {**addition.tables, **tables}
        if people is not None:
            fresh = {table: path for table, path in addition.paths.items() if table not in people.unrelated}
            unrelated = (*people.unrelated, *(t for t in addition.unrelated if t not in people.unrelated and t not in people.paths))
            people = people.model_copy(update={"paths": {**fresh, **people.paths}, "unrelated": unrelated})
    return part.model_copy(update={"tables": tables, "people": people})


class _Reader:
    """Turns the document's parts into a Policy, noting whatever does not fit."""

    def __init__(self, part: PolicyPart, issues: Issues, catalog: Catalog | None, version: str) -> None:
        self._part = part
        self._issues = issues
        self._catalog = catalog
        self._version = version
        self._classes: dict[str, dict[str, ColumnClass]] = {}

    def policy(self, model: SemanticModel | None) -> Policy | None:
        self._read_classes()
        if model is not None:
            self._check_model(model)
        people = self._read_people()
        roles = {name: self._read_role(name, role) for name, role in self._part.roles.items()}
        if LOCAL_ROLE not in roles:
            self._issues.error(
                ("roles",), "the role 'local' is missing", "the command line without --user runs as 'local'; declare what it sees"
            )
        self._check_consent(people)
        if self._issues.has_errors:
            return None
        return Policy(
            version=self._version,
            classes=self._classes,
            roles=roles,
            people=people,
            request_access=self._part.request_access,
            audit=self._part.audit,
            purposes=self._part.purposes,
            consent=self._part.consent,
        )

    # -- tables ----------------------------------------------------------------------------------------------------

    def _read_classes(self) -> None:
        for table, by_class in self._part.tables.items():
            known = self._known_columns(table)
            columns: dict[str, ColumnClass] = {}
            for class_name, names in by_class.items():
                where: Where = ("tables", table, class_name)
                kind = self._class(class_name, where)
                for name in names:
                    if name in columns:
                        self._issues.error(where, f"column '{name}' of '{table}' is in two classes", "keep the stricter one")
                    elif known is not None and name not in known:
                        self._issues.error(where, f"table '{table}' has no column '{name}'", did_you_mean(name, known))
                    elif kind is not None:
                        columns[name] = kind
            self._classes[table] = columns

    def _known_columns(self, table: str) -> Mapping[str, str] | None:
        if self._catalog is None:
            return None
        if table not in self._catalog.tables:
            self._issues.error(("tables", table), f"the warehouse has no table '{table}'", did_you_mean(table, self._catalog.tables))
            return None
        return self._catalog.tables[table]

    def _class(self, name: str, where: Where) -> ColumnClass | None:
        try:
            return ColumnClass(name)
        except ValueError:
            self._issues.error(where, f"unknown class '{name}'", did_you_mean(name, [c.value for c in ColumnClass]))
            return None

    def _check_model(self, model: SemanticModel) -> None:
        for dataset in model.datasets.values():
            source = dataset.source.removeprefix("main.")
            if source not in self._classes and " " not in source:
                self._issues.error(
                    ("tables",), f"table '{source}' of the semantic model is not listed", "list its columns by class; unlisted is closed"
                )
        customer = model.settings.customer
        if customer and self._part.people and customer in model.datasets:
            source = model.datasets[customer].source.removeprefix("main.")
            if source != self._part.people.table:
                self._issues.error(("people", "table"), f"the semantic model's customers are in '{source}'", f"write table: {source}")

    # -- people ----------------------------------------------------------------------------------------------------

    def _read_people(self) -> PeopleSpec | None:
        part = self._part.people
        if part is None:
            protective = [name for name, role in self._part.roles.items() if not role.individuals]
            if protective:
                self._issues.error(("roles", protective[0]), f"role '{protective[0]}' has a minimum group size, but 'people' is missing",
                                   "say in 'people' which table holds the persons")  # fmt: skip
            return None
        self._need_column(part.table, part.key, ("people", "key"))
        paths = {table: link for table, text in part.paths.items() if (link := self._link(table, text)) is not None}
        for table in self._classes:
            mentions = [table == part.table, table in part.paths, table in part.unrelated]
            if sum(mentions) == 0:
                self._issues.error(("tables", table), f"how rows of '{table}' belong to a person is not said",
                                   "give it a path in people.paths, or list it in people.unrelated")  # fmt: skip
            elif sum(mentions) > 1:
                self._issues.error(
                    ("people",), f"table '{table}' is mentioned twice", "it has a path, or is unrelated, or is the people themselves"
                )
        for table in part.unrelated:
            if table not in self._classes:
                self._issues.error(("people", "unrelated"), f"unknown table '{table}'", did_you_mean(table, self._classes))
        self._check_cycles(paths)
        return PeopleSpec(table=part.table, key=part.key, paths=paths, unrelated=frozenset(part.unrelated))

    def _link(self, table: str, text: str) -> Link | None:
        where: Where = ("people", "paths", table)
        column, arrow, target = (piece.strip() for piece in text.partition("->"))
        if not self._need_column(table, column, where):
            return None
        if not arrow:
            return Link(column=column)
        next_table, _, next_column = target.rpartition(".")
        assert self._part.people is not None
        if next_table not in self._part.people.paths and next_table != self._part.people.table:
            self._issues.error(where, f"the path goes to '{next_table}', which has no path of its own",
                               did_you_mean(next_table, [*self._part.people.paths, self._part.people.table]))  # fmt: skip
            return None
        if not self._need_column(next_table, next_column, where):
            return None
        return Link(column=column, next_table=next_table, next_column=next_column)

    def _check_cycles(self, paths: Mapping[str, Link]) -> None:
        for start in paths:
            seen, table = {start}, paths[start].next_table
            while table is not None and table in paths:
                if table in seen:
                    self._issues.error(
                        ("people", "paths", start), f"the path of '{start}' goes in a circle", "let it end at the people's table"
                    )
                    break
                seen.add(table)
                table = paths[table].next_table

    def _need_column(self, table: str, column: str, where: Where) -> bool:
        if table not in self._classes:
            self._issues.error(where, f"table '{table}' is not listed under 'tables'", did_you_mean(table, self._classes))
        elif column not in self._classes[table]:
            self._issues.error(where, f"column '{column}' of '{table}' is not listed", did_you_mean(column, self._classes[table]))
        else:
            return True
        return False

    # -- roles -----------------------------------------------------------------------------------------------------

    def _read_role(self, name: str, part: RolePart) -> Role:
        where: Where = ("roles", name)
        sees = {kind for text in part.sees if (kind := self._class(text, (*where, "sees"))) is not None}
        if not part.sees:
            self._issues.error(
                where, f"role '{name}' has no rules: it sees no class of columns", "list classes under 'sees', or remove the role"
            )
        self._check_contradictions(name, part, sees)
        for hidden in part.hidden:
            table, _, column = hidden.rpartition(".")
            if hidden not in self._classes and not (table in self._classes and column in self._classes[table]):
                names = [*self._classes, *(f"{t}.{c}" for t, columns in self._classes.items() for c in columns)]
                self._issues.error((*where, "hidden"), f"'{hidden}' is not a listed table or column", did_you_mean(hidden, names))
        for purpose in part.purposes:
            if purpose not in self._part.purposes:
                self._issues.error((*where, "purposes"), f"unknown purpose '{purpose}'", did_you_mean(purpose, self._part.purposes))
        used = {a for table, rule in part.row_rules.items() for a in self._check_rule(table, rule, (*where, "row_rules", table))}
        self._check_attributes(name, part, used)
        group_size = part.minimum_group_size or self._part.minimum_group_size
        return Role(
            name=name,
            description=part.description,
            sees=frozenset(sees),
            hidden=frozenset(part.hidden),
            individuals=part.individuals,
            minimum_group_size=group_size,
            free_sql=part.free_sql,
            row_rules=part.row_rules,
            view=part.view,
            attributes=tuple(dict.fromkeys((*part.attributes, *sorted(used)))),
            purposes=part.purposes,
            starters=part.starters,
        )

    def _check_contradictions(self, name: str, part: RolePart, sees: set[ColumnClass]) -> None:
        where: Where = ("roles", name)
        if ColumnClass.SECRET in sees:
            self._issues.error(
                (*where, "sees"), f"role '{name}' sees 'secret', which is for nobody", "give the columns another class, or leave it out"
            )
        if part.individuals and part.minimum_group_size is not None:
            self._issues.error(
                (*where, "minimum_group_size"), f"role '{name}' may see individuals, yet has a minimum group size", "keep one of the two"
            )
        if not part.individuals and sees & _IDENTIFYING:
            kinds = ", ".join(sorted(sees & _IDENTIFYING))
            self._issues.error(
                (*where, "sees"),
                f"role '{name}' sees {kinds}, yet may not see individuals",
                "set individuals: true, or leave the class out",
            )
        if part.row_rules and not part.view:
            self._issues.error(where, f"role '{name}' has row rules without 'view'", 'say them in words, as in view: "region {region}"')

    def _check_attributes(self, name: str, part: RolePart, used: set[str]) -> None:
        for attribute in part.attributes:
            if attribute not in used:
                self._issues.error(
                    ("roles", name, "attributes"), f"attribute '{attribute}' is in no row rule", did_you_mean(attribute, sorted(used))
                )
        for attribute in _placeholders(part.view):
            if attribute not in used:
                self._issues.error(("roles", name, "view"), f"'{{{attribute}}}' is in no row rule", did_you_mean(attribute, sorted(used)))

    def _check_rule(self, table: str, rule: str, where: Where) -> frozenset[str]:
        """Parse a row rule and place its columns; returns the user attributes that it needs."""
        if table not in self._classes:
            self._issues.error(where, f"table '{table}' is not listed under 'tables'", did_you_mean(table, self._classes))
            return frozenset()
        try:
            attributes = rule_attributes(rule)
            probe = rule
            for attribute in attributes:
                probe = probe.replace(f":{attribute}", "'x'").replace(f"${attribute}", "'x'")
            tree = sqlglot.parse_one(f"SELECT 1 FROM {full_name(table)} WHERE ({probe})", dialect="duckdb")
        except (SqlglotError, RecursionError):
            self._issues.error(where, f"the rule on '{table}' is not a boolean expression", "write it as in WHERE, attributes as :name")
            return frozenset()
        try:
            check_tree(tree)
            Resolver(self._listed_catalog(), self._listed_rights(), trusted=False).resolve(tree)
        except AnswerError as error:
            self._issues.error(where, f"the rule on '{table}' cannot be used: {error.message}", error.try_instead)
        return attributes

    def _check_consent(self, people: PeopleSpec | None) -> None:
        for purpose, rule in self._part.consent.items():
            where: Where = ("consent", purpose)
            if purpose not in self._part.purposes:
                self._issues.error(where, f"unknown purpose '{purpose}'", did_you_mean(purpose, self._part.purposes))
            if people is None:
                self._issues.error(where, "consent needs 'people'", "say in 'people' which table holds the persons")
            elif self._check_rule(people.table, rule, where):
                self._issues.error(where, "consent may not depend on the user", "leave out :attributes")

    def _listed_catalog(self) -> Catalog:
        return Catalog(tables={table: dict.fromkeys(columns, "") for table, columns in self._classes.items()})

    def _listed_rights(self) -> Rights:
        columns = {table: frozenset(columns) for table, columns in self._classes.items()}
        return Rights(user="", role="", policy_version="", columns=columns, request_access="List the column under 'tables' first.")


def _placeholders(view: str) -> Iterator[str]:
    rest = view
    while "{" in rest and "}" in rest.partition("{")[2]:
        name, _, rest = rest.partition("{")[2].partition("}")
        yield name
