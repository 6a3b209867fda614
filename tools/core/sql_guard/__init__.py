"""The gate before the warehouse: text or tree in, `CheckedSql` or a refusal out; and the policy that it applies."""

from tools.core.sql_guard.check import check_sql
from tools.core.sql_guard.explain import explain_rights
from tools.core.sql_guard.policy import ColumnClass, Policy, Role
from tools.core.sql_guard.policy_reader import read_policy, validate_policy
from tools.core.sql_guard.rights import CheckedSql, People, Rights, open_rights
from tools.core.sql_guard.users import User, read_users, rights_of, validate_users

__all__ = [
    "CheckedSql",
    "ColumnClass",
    "People",
    "Policy",
    "Rights",
    "Role",
    "User",
    "check_sql",
    "explain_rights",
    "open_rights",
    "read_policy",
    "read_users",
    "rights_of",
    "validate_policy",
    "validate_users",
]
