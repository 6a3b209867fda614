"""Who may see what in one warehouse: classes of columns, roles, row rules, people. `docs/policy.md` describes the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import sqlglot
from sqlglot import exp

from tools.core.errors import NotAllowed
from tools.core.sql_guard.rights import People, Rights


class ColumnClass(StrEnum):
    """What a column tells about a person."""

    PLAIN = "plain"
    """Nothing by itself: amounts, dates, products."""
    KEY = "key"
    """A made-up number of a person or record: joined and counted by everyone, listed by those who may see individuals."""
    QUASI = "quasi"
    """Identifies together with others: age band, postcode, household size."""
    PROTECTED = "protected"
    """Special categories and what is close to them: health, religion, gender."""
    FREE_TEXT = "free_text"
    """Customers' own words: may hold anything."""
    DIRECT_IDENTIFIER = "direct_identifier"
    """Name, e-mail, telephone, street, account."""
    SECRET = "secret"
    """For nobody: passwords, tokens."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """How a row of one table leads to its person: by the key itself, or through a row of another table."""

    column: str
    next_table: str | None = None
    next_column: str | None = None


@dataclass(frozen=True, kw_only=True)
class PeopleSpec:
    """Whose privacy the minimum group size protects."""

    table: str
    key: str
    paths: Mapping[str, Link] = field(default_factory=dict)
    unrelated: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Role:
    """What people in one function may see."""

    name: str
    description: str
    sees: frozenset[ColumnClass]
    hidden: frozenset[str] = frozenset()
    """`table` or `table.column` closed to this role although its class is open."""
    individuals: bool = False
    minimum_group_size: int = 0
    free_sql: bool = True
    row_rules: Mapping[str, str] = field(default_factory=dict)
    """Table -> boolean SQL, `:attribute` standing for an attribute of the user."""
    view: str = ""
    """The row rules in words, `{attribute}` filled in: "region {region}"."""
    attributes: tuple[str, ...] = ()
    """What every user of the role must have."""
    purposes: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    """Questions that people of this role begin with."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One reviewed policy; whatever it does not list is closed."""

    version: str
    """Hash of the document: part of every answer."""
    classes: Mapping[str, Mapping[str, ColumnClass]]
    """Table -> column -> class."""
    roles: Mapping[str, Role]
    people: PeopleSpec | None = None
    request_access: str = ""
    audit: bool = True
    purposes: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, str] = field(default_factory=dict)
    """Purpose -> boolean SQL over the people table that is true for who agreed."""

    def rights_for(self, user: str, role: str, attributes: Mapping[str, str] | None = None) -> Rights:
        """The rights of one user.

        Raises:
            NotAllowed: The role does not exist, or the user lacks an attribute that its row rules need.
        """
        described = self.roles.get(role)
        if described is None:
            raise NotAllowed("This user's role is not in the policy.", try_instead=self.request_access or "Ask the operator for a role.")
        given = dict(attributes or {})
        missing = [name for name in described.attributes if not given.get(name, "").strip()]
        if missing:
            raise NotAllowed(
                f"This user lacks the attribute {missing[0]} that the role needs.", try_instead="The operator sets it in users.yaml."
            )
        return Rights(
            user=user,
            role=role,
            policy_version=self.version,
            columns=self._columns(described),
            row_rules=self._row_rules(described, given),
            narrowed=_in_words(described, given),
            min_group_size=0 if described.individuals else described.minimum_group_size,
            may_list_individuals=described.individuals,
            free_sql=described.free_sql,
            request_access=self.request_access,
            people=self._people(),
            purposes=described.purposes,
            consent_filters=self.consent,
        )

    def _columns(self, role: Role) -> Mapping[str, frozenset[str]]:
        open_columns = {
            table: frozenset(c for c, kind in columns.items() if kind in role.sees and f"{table}.{c}" not in role.hidden)
            for table, columns in self.classes.items()
            if table not in role.hidden
        }
        return {table: columns for table, columns in open_columns.items() if columns}

    def _row_rules(self, role: Role, attributes: Mapping[str, str]) -> Mapping[str, str]:
        rules = {table: fill_rule(rule, attributes) for table, rule in role.row_rules.items()}
        if self.people is None:
            return rules
        # A rule on the people reaches their orders, tickets, ... along the paths, unless the table has a rule of its own.
        for table in self.people.paths:
            if table not in rules and (inherited := self._inherited_rule(table, rules)):
                rules[table] = inherited
        return rules

    def _inherited_rule(self, table: str, rules: Mapping[str, str]) -> str | None:
        assert self.people is not None
        link = self.people.paths[table]
        target, column = link.next_table or self.people.table, link.next_column or self.people.key
        rule = rules.get(target) or (self._inherited_rule(target, rules) if link.next_table in self.people.paths else None)
        return f"{quoted(link.column)} IN (SELECT {quoted(column)} FROM {full_name(target)} WHERE ({rule}))" if rule else None

    def _people(self) -> People | None:
        if self.people is None:
            return None
        spec = self.people
        single = (ColumnClass.KEY, ColumnClass.DIRECT_IDENTIFIER, ColumnClass.FREE_TEXT)
        return People(
            table=spec.table,
            key=spec.key,
            paths={spec.table: quoted(spec.key), **{table: self._person(table) for table in spec.paths}},
            unrelated=spec.unrelated,
            keys={t: frozenset(c for c, kind in columns.items() if kind in single) for t, columns in self.classes.items()},
        )

    def _person(self, table: str) -> str:
        """Scalar SQL over `table` that gives the key of the person whom a row belongs to."""
        assert self.people is not None
        link = self.people.paths[table]
        if link.next_table is None:
            return quoted(link.column)
        inner = self._person(link.next_table) if link.next_table in self.people.paths else quoted(self.people.key)
        bare = table.rpartition(".")[2]
        return (
            f"(SELECT min({inner}) FROM {full_name(link.next_table)} "
            f"WHERE {quoted(link.next_table.rpartition('.')[2])}.{quoted(link.next_column or '')} = {quoted(bare)}.{quoted(link.column)})"
        )


def quoted(name: str) -> str:
    return str(exp.to_identifier(name, quoted=not (name.isascii() and name.isidentifier() and name == name.lower())).sql("duckdb"))


def full_name(table: str) -> str:
    schema, _, name = table.rpartition(".")
    return f"{quoted(schema or 'main')}.{quoted(name)}"


def rule_attributes(rule: str) -> frozenset[str]:
    """Names of the user attributes that a rule asks for."""
    return frozenset(str(node.this) for node in sqlglot.parse_one(rule, dialect="duckdb").find_all(exp.Placeholder))


def fill_rule(rule: str, attributes: Mapping[str, str]) -> str:
    """The rule with the user's attributes as string literals; in an IN list, a comma-separated attribute becomes several."""
    holder = exp.Paren(this=sqlglot.parse_one(rule, dialect="duckdb"))
    for node in list(holder.find_all(exp.Placeholder)):
        value = attributes[str(node.this)]
        if isinstance(node.parent, exp.In):
            values = [exp.Literal.string(part.strip()) for part in value.split(",") if part.strip()]
            node.parent.set("expressions", values)
        else:
            node.replace(exp.Literal.string(value.strip()))
    return str(holder.this.sql("duckdb"))


def _in_words(role: Role, attributes: Mapping[str, str]) -> tuple[str, ...]:
    if not role.row_rules:
        return ()
    words = role.view
    for name in role.attributes:
        words = words.replace("{" + name + "}", attributes.get(name, ""))
    return (f"your view: {words}",)
