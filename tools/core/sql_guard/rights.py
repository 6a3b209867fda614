"""What one asker may see, and what the guard hands to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tools.core.semantics.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class People:
    """Whose privacy the minimum group size protects, and how each table's rows belong to them."""

    table: str
    """One row per person."""
    key: str
    paths: Mapping[str, str]
    """Table -> scalar SQL over it that gives the person's key; a table in neither map counts as personal with no path."""
    unrelated: frozenset[str] = frozenset()
    """Tables that hold nothing about a person."""
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Table -> columns that single out a person or one record; with a minimum group size they may be joined and counted only."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """One asker's rights on one warehouse; immutable for the length of a question."""

    user: str
    role: str
    policy_version: str
    columns: Mapping[str, frozenset[str]]
    """Table -> columns that may be referenced in any way; a table not in it does not exist for the asker."""
    row_rules: Mapping[str, str] = field(default_factory=dict)
    """Table -> boolean SQL over it; rows for which it is not true do not exist for the asker."""
    narrowed: tuple[str, ...] = ()
    """The row rules in words: "your view: region EMEA"."""
    min_group_size: int = 0
    """Fewest people that a figure may cover; 0 = may see individuals."""
    may_list_individuals: bool = False
    free_sql: bool = True
    request_access: str = ""
    """Who can grant more, and how to ask."""
    people: People | None = None
    purposes: tuple[str, ...] = ()
    """What the role may use data for; empty = not restricted."""
    consent_filters: Mapping[str, str] = field(default_factory=dict)
    """Purpose -> boolean SQL over the people table that holds for who agreed."""

    def may_read(self, table: str, column: str) -> bool:
        """Whether the column may be referenced at all."""
        return column in self.columns.get(table, frozenset())


def open_rights(catalog: Catalog) -> Rights:
    """Everything readable: for tests and build-time work, never for a person."""
    return Rights(
        user="local",
        role="open",
        policy_version="none",
        columns={table: frozenset(columns) for table, columns in catalog.tables.items()},
        may_list_individuals=True,
    )


@dataclass(frozen=True, kw_only=True)
class CheckedSql:
    """A statement that may run: regenerated text, never the text given."""

    text: str
    tables: tuple[str, ...]
    """Base tables that it reads, sorted."""
    verdict: Literal["allowed", "rewritten"]
    """"rewritten" when rights changed what it can return."""
    narrowed: tuple[str, ...] = ()
    """What rights left out, in words."""
