"""Who asks, and what they may see: user name -> role -> rights, from the warehouse's policy and `users.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tools.core.errors import NotAllowed
from tools.core.semantics import Catalog
from tools.core.sql_guard import Policy, Rights, User, open_rights, read_users, rights_of

LOCAL = "local"
"""The user, and the role, of the command line on the machine itself."""


class RightsBook:
    """The rights of every user on one warehouse. A change of `users.yaml` holds from the next question on."""

    def __init__(self, *, policy: Policy | None, catalog: Catalog, users_file: Path, default_user: str = LOCAL) -> None:
        """Raises ModelInvalid when `users_file` exists and does not fit the policy."""
        self._policy = policy
        self._catalog = catalog
        self._default_user = default_user
        self._users_file = users_file
        self._read_at: tuple[int, int] | None = None
        self._listed: Mapping[str, User] = {}
        self._admitted: dict[str, User] = {}
        self._users  # noqa: B018 (a faulty file is to be known at the start)

    @property
    def _users(self) -> Mapping[str, User]:
        """Everybody in the file as it is now; raises ModelInvalid while it is wrong, so that nobody is served by an older one."""
        try:
            state = self._users_file.stat()
        except OSError:
            self._read_at, self._listed = None, {}
            return self._listed
        now = (state.st_mtime_ns, state.st_size)
        if now != self._read_at:
            self._listed = read_users(self._users_file, self._policy)
            self._read_at = now
        return self._listed

    @property
    def policy_version(self) -> str:
        return self._policy.version if self._policy is not None else "none"

    def name_of(self, user: str | None) -> str:
        """The user that a question without a name runs as."""
        return user or self._default_user

    def admit(self, user: User) -> None:
        """Serve somebody whom another directory vouches for: an API key, a Slack workspace. Whoever `users.yaml` lists keeps that role.

        Raises:
            NotAllowed: The policy does not know the role, or the user lacks an attribute that it needs; or there is no policy.
        """
        if self._policy is None:
            raise self._unserved()
        self._policy.rights_for(user.name, user.role, user.attributes)
        self._admitted[user.name] = user

    def take_over(self, other: RightsBook) -> None:
        """Admit whom another book of the same directories admitted, as far as this policy knows their roles."""
        for user in tuple(other._admitted.values()):
            with suppress(NotAllowed):
                self.admit(user)

    def least_role(self) -> str | None:
        """The role of the policy that shows least, and needs no attribute of its user; None without a policy or such a role."""
        roles = [r for r in self._policy.roles.values() if r.name != LOCAL and not r.attributes] if self._policy else []
        least = min(roles, key=lambda r: (r.individuals, len(r.sees), r.free_sql, -len(r.row_rules), len(r.purposes), r.name), default=None)
        return least.name if least is not None else None

    def rights_for(self, user: str | None) -> Rights:
        """The rights of a user.

        Raises:
            NotAllowed: Not listed in `users.yaml`, or anybody but the local user of a warehouse without a policy.
        """
        name = self.name_of(user)
        if self._policy is None:
            if name != LOCAL:
                raise self._unserved()
            return open_rights(self._catalog)
        if name == LOCAL and name not in self._users:
            return self._policy.rights_for(LOCAL, LOCAL)
        return rights_of(name, self._users if name in self._users else self._admitted, self._policy)

    def starters_of(self, rights: Rights) -> tuple[str, ...]:
        """The questions that the policy names for somebody's role."""
        role = self._policy.roles.get(rights.role) if self._policy is not None else None
        return role.starters if role is not None else ()

    @staticmethod
    def _unserved() -> NotAllowed:
        return NotAllowed(
            "This warehouse has no policy, so it is served to nobody but the local command line.",
            try_instead="Its operator writes a policy.yaml beside the semantic model.",
        )

    def explain(self, user: str | None) -> str:
        """What the user may see, in words."""
        rights = self.rights_for(user)
        if self._policy is None:
            return "There is no policy: the local command line sees everything, and nobody else is served."
        from tools.core.sql_guard import explain_rights

        return explain_rights(self._policy, rights)
