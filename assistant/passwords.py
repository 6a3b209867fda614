"""Passwords of a small team: one file of salted scrypt hashes, and a brake on guessing.

The file says only who may log in; what they may see is the role in `users.yaml`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.core.errors import SetupProblem

MIN_LENGTH = 10
MAX_LENGTH = 1024
"""Longer than any passphrase; hashing more would be work that a stranger can order."""
_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
"""scrypt: 32 MB and some 60 ms for each try."""
_MEMORY = 128 * _COST * _BLOCK * 2
FREE_TRIES = 5
"""Wrong tries for one name before waiting begins."""
LONGEST_WAIT_S = 900.0


class PasswordFile:
    """Who may log in with which password. Safe to use from several threads; a change by another process is seen at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._nobody = _hashed(secrets.token_urlsafe(12))

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody with a password, sorted."""
        return tuple(sorted(self._read()))

    def set(self, name: str, password: str) -> None:
        """Give or change a password.

        Raises:
            SetupProblem: The password is too short, too long, or the name itself; or the file cannot be written.
        """
        problem = _weakness(name, password)
        if problem:
            raise SetupProblem(problem, try_instead="Choose another: four random words are good.", code="password_weak")
        self._write({**self._read(), name: _hashed(password)})

    def remove(self, name: str) -> bool:
        """Take the password away; False when there was none."""
        kept = self._read()
        known = kept.pop(name, None) is not None
        if known:
            self._write(kept)
        return known

    def check(self, name: str, password: str) -> bool:
        """Whether the password is right. An unknown name takes as long as a known one."""
        stored = self._read().get(name)
        right = _matches(password[:MAX_LENGTH], stored or self._nobody)
        return right and stored is not None

    def stamp(self, name: str) -> str | None:
        """Changes with the password, so that a new one ends old sessions; None for somebody without."""
        stored = self._read().get(name)
        return hashlib.sha256(stored.encode()).hexdigest()[:16] if stored else None

    def _read(self) -> dict[str, str]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            document = None
        if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
            raise SetupProblem(
                "The password file cannot be read.",
                try_instead=f"The operator restores {self._path.name}, or removes it and sets new ones with `assistant users password`.",
                code="passwords_unreadable",
            )
        return document

    def _write(self, hashes: dict[str, str]) -> None:
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                json.dump(dict(sorted(hashes.items())), out, indent=1)
            draft.replace(self._path)
        except OSError as error:
            raise SetupProblem(
                f"The password file cannot be written ({error.strerror}).",
                try_instead="Check that ASSISTANT_HOME is a folder that can be written to, with free space.",
                code="home_unwritable",
            ) from None


@dataclass(kw_only=True)
class Brake:
    """Slows down guessing: after some wrong tries for a name, each further one doubles the wait. Known to one process only."""

    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, name: str) -> float:
        """Seconds until this name may try again; 0 = now."""
        with self._lock:
            tries, last = self._wrong.get(name, (0, 0.0))
        if tries < FREE_TRIES:
            return 0.0
        return max(0.0, last + min(LONGEST_WAIT_S, 2.0 ** (tries - FREE_TRIES)) - time.monotonic())

    def note(self, name: str, *, right: bool) -> None:
        """A try was made."""
        with self._lock:
            if right:
                self._wrong.pop(name, None)
                return
            tries, _ = self._wrong.get(name, (0, 0.0))
            # Strangers choose the names, so the list of them is bounded; the oldest go first.
            while len(self._wrong) >= 10_000:
                self._wrong.pop(next(iter(self._wrong)))
            self._wrong[name] = (tries + 1, time.monotonic())


def _weakness(name: str, password: str) -> str:
    if len(password) < MIN_LENGTH:
        return f"The password is too short: {MIN_LENGTH} characters at least."
    if len(password) > MAX_LENGTH:
        return f"The password is too long: {MAX_LENGTH} characters at most."
    if password.lower() == name.lower() or len(set(password)) < 4:
        return "The password is too easy to guess."
    return ""


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, _COST, _BLOCK, _PARALLEL)
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${_text(salt)}${_text(made)}"


def _matches(password: str, stored: str) -> bool:
    try:
        kind, cost, block, parallel, salt, wanted = stored.split("$")
        made = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
        return kind == "scrypt" and hmac.compare_digest(made, base64.b64decode(wanted))
    except ValueError:
        return False


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode("utf-8"), salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
