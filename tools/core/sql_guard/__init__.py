"""The gate before the warehouse: text or tree in, `CheckedSql` or a refusal out; and the policy that it applies."""

from tools.core.sql_guard.check import check_sql
from tools.core.sql_guard.rights import CheckedSql, People, Rights, open_rights

__all__ = ["CheckedSql", "People", "Rights", "check_sql", "open_rights"]
