"""Which role each user has: `users.yaml` in the assistant's home folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.errors import ModelInvalid, NotAllowed
from tools.core.semantics.problems import Issues, Problem, did_you_mean, locate
from tools.core.sql_guard.policy import Policy
from tools.core.sql_guard.policy_reader import load_document, note_shape_errors
from tools.core.sql_guard.rights import Rights


@dataclass(frozen=True, kw_only=True)
class User:
    """One person who may ask."""

    name: str
    role: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class UserPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    role: str
    attributes: dict[str, str] = {}


class UsersPart(BaseModel):
    """The document as written: `users: {name: {role, attributes}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: dict[str, UserPart]


def read_users(path: Path, policy: Policy | None = None) -> Mapping[str, User]:
    """All users; with a policy, their roles and attributes are held against it.

    Raises:
        ModelInvalid: Every error as "file:line: message (suggestion)".
    """
    users, problems = _read(path, policy)
    if users is None or problems:
        raise ModelInvalid(
            "\n".join(map(str, problems)), try_instead="Correct users.yaml; nobody is served until then.", code="users_invalid"
        )
    return users


def validate_users(path: Path, policy: Policy | None = None) -> list[Problem]:
    """All problems, in the order of the document."""
    return _read(path, policy)[1]


def rights_of(user: str, users: Mapping[str, User], policy: Policy) -> Rights:
    """The rights of a named user. Raises NotAllowed for a user who is not listed."""
    known = users.get(user)
    if known is None:
        raise NotAllowed("This user has no role here.", try_instead=policy.request_access or "The operator adds the user to users.yaml.")
    return policy.rights_for(user, known.role, known.attributes)


def _read(path: Path, policy: Policy | None) -> tuple[Mapping[str, User] | None, list[Problem]]:
    issues = Issues()
    text, document = load_document(path, issues)
    try:
        part = UsersPart.model_validate(document)
    except ValidationError as error:
        note_shape_errors(error, issues, {"": UsersPart, "users": UserPart})
        return None, locate(text, path, issues.found)
    if policy is not None:
        for name, user in part.users.items():
            _check(name, user, policy, issues)
    users = {name: User(name=name, role=user.role, attributes=user.attributes) for name, user in part.users.items()}
    return users, locate(text, path, issues.found)


def _check(name: str, user: UserPart, policy: Policy, issues: Issues) -> None:
    role = policy.roles.get(user.role)
    if role is None:
        issues.error(("users", name, "role"), f"user '{name}' has the unknown role '{user.role}'", did_you_mean(user.role, policy.roles))
        return
    for attribute in role.attributes:
        if not user.attributes.get(attribute, "").strip():
            issues.error(
                ("users", name),
                f"user '{name}' needs the attribute '{attribute}' of role '{user.role}'",
                f"add attributes: {{{attribute}: ...}}",
            )
    for attribute in user.attributes:
        if attribute not in role.attributes:
            hint = did_you_mean(attribute, role.attributes) or "remove it"
            issues.error(("users", name, "attributes", attribute), f"role '{user.role}' has no attribute '{attribute}'", hint)
