"""API keys: who calls, as which user or role, until when. Only a hash of each key's secret is kept.

    HOME/api_keys.json      read again whenever it changes, so a key that is revoked here is refused by every process at once

A key reads `candor_<id>_<secret>`; the id is public and finds the line, the secret has 256 random bits and needs no slow hash.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.errors import NotAllowed, SetupProblem, UnknownName
from tools.core.sql_guard import User

FILE_NAME = "api_keys.json"
_KEY = re.compile(r"candor_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


class ApiKey(BaseModel):
    """One key as it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    """What the operator calls it: "reporting-job"."""
    user: str | None = None
    """A user of users.yaml; without one, `role`."""
    role: str | None = None
    attributes: dict[str, str] = {}
    secret_hash: str
    """SHA-256 of the secret, in hex."""
    created_at: dt.datetime
    expires_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None

    @property
    def runs_as(self) -> str:
        """The user name that questions with this key run as."""
        return self.user or f"key:{self.name}"

    def state(self, now: dt.datetime) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[ApiKey, ...] = ()


class ApiKeys:
    """The keys of one home folder. Safe to use from several threads and processes."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME
        self._lock = threading.Lock()
        self._read_at: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}

    def add(
        self,
        name: str,
        *,
        user: str | None = None,
        role: str | None = None,
        attributes: dict[str, str] | None = None,
        expires_at: dt.datetime | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key; its text, which is shown once and never kept, and its line.

        Raises:
            SetupProblem: The name is taken or unfit, or the file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise SetupProblem(
                "A key's name is up to 40 letters, digits, dots, dashes and underscores.",
                try_instead="Choose another name.",
                code="key_name",
            )
        secret = secrets.token_urlsafe(32)
        made = ApiKey(
            id=secrets.token_hex(4),
            name=name,
            user=user,
            role=role,
            attributes=attributes or {},
            secret_hash=_hash(secret),
            created_at=_now(),
            expires_at=expires_at,
        )
        with self._changing() as keys:
            if any(key.name == name and key.state(_now()) == "active" for key in keys.values()):
                raise SetupProblem(
                    f"There is an active key named {name!r}.", try_instead="Revoke it first, or choose another name.", code="key_name"
                )
            keys[made.id] = made
        return f"candor_{made.id}_{secret}", made

    def revoke(self, name_or_id: str) -> ApiKey:
        """Shut a key for good, by its id or, while it is the active one of that name, by its name; raises UnknownName."""
        with self._changing() as keys:
            found = [key for key in keys.values() if key.revoked_at is None and name_or_id in (key.id, key.name)]
            if not found:
                raise UnknownName(f"There is no open key {name_or_id!r}.", try_instead="See `assistant keys list`.", code="key_unknown")
            revoked = found[-1].model_copy(update={"revoked_at": _now()})
            keys[revoked.id] = revoked
        return revoked

    def all(self) -> tuple[ApiKey, ...]:
        """Every key, the oldest first."""
        with self._lock:
            return tuple(self._current().values())

    def check(self, text: str) -> ApiKey:
        """The key that this text is.

        Raises:
            NotAllowed: `key_invalid`, `key_expired` or `key_revoked`.
        """
        match = _KEY.fullmatch(text.strip())
        with self._lock:
            key = self._current().get(match[1]) if match else None
        if match is None or key is None or not hmac.compare_digest(key.secret_hash, _hash(match[2])):
            raise NotAllowed(
                "This API key is not valid.", try_instead="The operator makes one: assistant keys add NAME", code="key_invalid"
            )
        state = key.state(_now())
        if state != "active":
            raise NotAllowed(
                f"This API key is {state}.", try_instead="The operator makes a new one: assistant keys add NAME", code=f"key_{state}"
            )
        return key

    def _current(self) -> dict[str, ApiKey]:
        """The keys of the file as it is now; read again only when it has changed."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._read_at, self._keys = None, {}
            return self._keys
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp != self._read_at:
            self._keys, self._read_at = self._read(), stamp
        return self._keys

    def _read(self) -> dict[str, ApiKey]:
        try:
            kept = _KeyFile.model_validate_json(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError):
            # Without their text: it would quote the file.
            raise SetupProblem(
                f"{FILE_NAME} cannot be read, so no API key is accepted.",
                try_instead="The operator restores it from a backup.",
                code="keys_damaged",
            ) from None
        return {key.id: key for key in kept.keys}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, ApiKey]]:
        """The keys, to be changed while no other process changes them; written as a whole at the end."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock, self._lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                keys = dict(self._current())
                yield keys
                _write(self._path, _KeyFile(keys=tuple(keys.values())))
                self._read_at = None
        except OSError:
            raise SetupProblem(
                "The API keys cannot be stored.",
                try_instead="Check that ASSISTANT_HOME can be written to, with free space.",
                code="home_unwritable",
            ) from None


def user_of(key: ApiKey) -> User | None:
    """Whom a key with a role of its own speaks for; None for one that speaks for a user of users.yaml."""
    return User(name=key.runs_as, role=key.role, attributes=key.attributes) if key.role is not None else None


def _write(path: Path, kept: _KeyFile) -> None:
    text = json.dumps(kept.model_dump(mode="json"), indent=1)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    # mkstemp makes the file readable by its owner alone, and the rename keeps that.
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(draft, path)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
