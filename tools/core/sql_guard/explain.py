"""A user's rights in words, for `assistant policy explain` and for help texts."""

from __future__ import annotations

from collections.abc import Iterable

from tools.core.sql_guard.policy import ColumnClass, Policy
from tools.core.sql_guard.rights import Rights

_WORDS = {
    ColumnClass.PLAIN: "plain facts",
    ColumnClass.KEY: "record numbers",
    ColumnClass.QUASI: "traits that identify together with others",
    ColumnClass.PROTECTED: "protected traits",
    ColumnClass.FREE_TEXT: "customers' own words",
    ColumnClass.DIRECT_IDENTIFIER: "direct identifiers",
    ColumnClass.SECRET: "secrets",
}


def explain_rights(policy: Policy, rights: Rights) -> str:
    """What the asker may see, row by row and column by column, as plain text. Holds no data value but the user's own attributes."""
    role = policy.roles[rights.role]
    lines = [f"{rights.user} has the role {rights.role}" + (f": {role.description}" if role.description else "."), ""]
    lines.append(f"- Sees {_listed(_WORDS[kind] for kind in ColumnClass if kind in role.sees)}.")
    closed = [kind for kind in ColumnClass if kind not in role.sees]
    lines.append(
        f"- Does not see {_listed(_WORDS[kind] for kind in closed)}: such columns cannot be shown, filtered, grouped or sorted by."
    )
    if rights.may_list_individuals:
        lines.append("- May see individual people.")
    else:
        lines.append(f"- Sees groups of at least {rights.min_group_size} people; smaller groups are left out.")
    lines += [f"- Rows: {words}." for words in rights.narrowed] or ["- Rows: all."]
    lines.append("- May run SQL of their own." if rights.free_sql else "- May ask in words; may not run SQL of their own.")
    if role.purposes:
        lines.append(f"- For these purposes: {_listed(role.purposes)}.")
    lines += ["", "Tables:"]
    lines += [_table_line(policy, rights, table) for table in policy.classes]
    if policy.request_access:
        lines += ["", policy.request_access]
    return "\n".join(lines)


def _table_line(policy: Policy, rights: Rights, table: str) -> str:
    granted = rights.columns.get(table, frozenset())
    if not granted:
        return f"- {table}: closed"
    closed = [column for column in policy.classes[table] if column not in granted]
    words = "all listed columns" if not closed else f"without {', '.join(closed)}"
    rule = f"; only rows where {rights.row_rules[table]}" if table in rights.row_rules else ""
    return f"- {table}: {words}{rule}"


def _listed(words: Iterable[str]) -> str:
    items = list(words)
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else (items[0] if items else "nothing")
