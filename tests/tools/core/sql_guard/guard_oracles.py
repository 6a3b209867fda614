"""Three oracles that need no list of attacks.

Non-interference: scramble what a role may not see in a copy of the data; if any answer, error or order changes, something leaked.
Few people: on data about fewer people than the minimum group size, someone who sees groups only must see what they would see if there
were nobody at all.
Scoped copy: a scoped user's answer on the full data must equal the raw answer on a copy that holds that user's rows and columns only.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from guard_people import POLICY, build_people

from tools.core.errors import NotAllowed, SqlRefused
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard import CheckedSql, Rights, check_sql, read_policy

SCOPED_ROLE = "regional_manager"
ROLES = ("business_user", "regional_manager", "marketer", "administrator")
VIEWS = ("all_customers",)
MAX_ROWS = 2_000
MAX_SECONDS = 1.0
DIGITS = 9
"""Floats summed in another order differ in the last digits."""


@dataclass
class Tally:
    """What a run did, and what it found."""

    counts: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number:,}" for name, number in sorted(self.counts.items())) + f", leaks {len(self.leaks)}"


class Oracles:
    """The shop's data, its scrambled and scoped copies, and rights by role; everything in `folder`."""

    def __init__(self, folder: Path, *, seed: int = 1) -> None:
        self._full_file = folder / "full.duckdb"
        build_people(self._full_file)
        self.full = _open(self._full_file)
        self.catalog = Catalog.from_duckdb(self.full)
        policy = read_policy(POLICY, catalog=self.catalog)
        self.rights: dict[str, Rights] = {r: policy.rights_for(r, r, {"region": "EMEA"} if r == SCOPED_ROLE else {}) for r in ROLES}
        self.scrambled = {role: self._scrambled_copy(folder, role, seed) for role in ROLES}
        self.scoped_rows, self.scoped_raw = self._scoped_copies(folder)
        self.few = [self._copy_of_few(folder, ids) for ids in ((), (1, 2, 3, 4), (7, 23, 42, 58))]

    def check(self, statement: str, tally: Tally, *, roles: tuple[str, ...] = ROLES) -> None:
        """Hold one statement against both oracles under every role."""
        for role in roles:
            checked = self._checked(statement, role)
            if checked is None:
                tally.counts["refused"] += 1
                continue
            tally.counts["passed"] += 1
            answer = _run(self.full, checked.text)
            tally.counts[{"rows": "ran", "error": "failed when run"}.get(answer[0], "slow")] += 1
            if _differ(answer, _run(self.scrambled[role], checked.text)):
                tally.leaks.append(f"{role}: closed values change the answer: {statement}")
            if role == SCOPED_ROLE:
                self._check_scope(statement, checked, answer, tally)
            if self.rights[role].min_group_size > len((1, 2, 3, 4)):
                self._check_few(statement, checked, tally)

    def _check_few(self, statement: str, checked: CheckedSql, tally: Tally) -> None:
        nobody, *few = (_run(connection, checked.text) for connection in self.few)
        tally.counts["the same with few people as with none"] += 1
        if any(_differ(nobody, answer) for answer in few):
            tally.leaks.append(f"fewer people than the minimum change the answer: {statement}")

    def _check_scope(self, statement: str, checked: CheckedSql, answer: tuple[str, object], tally: Tally) -> None:
        if _differ(_unordered(answer), _unordered(_run(self.scoped_rows, checked.text))):
            tally.leaks.append(f"rows outside the scope change the answer: {statement}")
        raw = _run(self.scoped_raw, statement)
        if raw[0] == answer[0] == "rows":
            tally.counts["equal to the scoped copy"] += 1
            if _unordered(answer) != _unordered(raw):
                tally.leaks.append(f"differs from the raw answer on the scoped copy: {statement}")

    def _checked(self, statement: str, role: str) -> CheckedSql | None:
        try:
            return check_sql(statement, catalog=self.catalog, rights=self.rights[role])
        except (SqlRefused, NotAllowed):
            return None

    def _scrambled_copy(self, folder: Path, role: str, seed: int) -> duckdb.DuckDBPyConnection:
        """The full data with everything closed to the role replaced by other values of the same type."""
        target = folder / f"scrambled_{role}.duckdb"
        shutil.copy(self._full_file, target)
        connection = duckdb.connect(str(target))
        draw = random.Random(seed)
        for table, columns in self.catalog.tables.items():
            for column, kind in columns.items():
                if table not in VIEWS and not self.rights[role].may_read(table, column):
                    connection.execute(f"UPDATE {table} SET {column} = {_other_value(kind, draw)}")
        connection.execute("CHECKPOINT")
        connection.close()
        return _open(target)

    def _copy_of_few(self, folder: Path, ids: tuple[int, ...]) -> duckdb.DuckDBPyConnection:
        """Only these customers and what belongs to them."""
        target = folder / f"few_{len(ids)}_{sum(ids)}.duckdb"
        shutil.copy(self._full_file, target)
        connection = duckdb.connect(str(target))
        connection.execute(f"DELETE FROM customers WHERE customer_id NOT IN ({', '.join(map(str, (0, *ids)))})")
        _drop_orphans(connection)
        connection.close()
        return _open(target)

    def _scoped_copies(self, folder: Path) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
        """Only EMEA's rows; the second copy also lacks the columns that the role may not see."""
        rows, raw = folder / "scoped_rows.duckdb", folder / "scoped_raw.duckdb"
        shutil.copy(self._full_file, rows)
        connection = duckdb.connect(str(rows))
        connection.execute("DELETE FROM customers WHERE region IS DISTINCT FROM 'EMEA'")
        _drop_orphans(connection)
        connection.close()
        shutil.copy(rows, raw)
        connection = duckdb.connect(str(raw))
        connection.execute("DROP VIEW all_customers")
        for table, columns in self.catalog.tables.items():
            granted = self.rights[SCOPED_ROLE].columns.get(table, frozenset())
            for column in columns if granted and table not in VIEWS else ():
                if column not in granted:
                    connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE app_users")
        connection.execute("CHECKPOINT")
        connection.close()
        return _open(rows), _open(raw)


def _drop_orphans(connection: duckdb.DuckDBPyConnection) -> None:
    """Take away what belongs to customers who are not there."""
    connection.execute("DELETE FROM orders WHERE customer_id NOT IN (SELECT customer_id FROM customers)")
    connection.execute("DELETE FROM order_lines WHERE order_id NOT IN (SELECT order_id FROM orders)")
    connection.execute("DELETE FROM tickets WHERE customer_id NOT IN (SELECT customer_id FROM customers)")
    connection.execute("CHECKPOINT")


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True, config={"threads": 1})


def _other_value(kind: str, draw: random.Random) -> str:
    if kind == "VARCHAR":
        return f"'{draw.choice(('zz', 'aa', '7', ''))}' || md5(cast(rowid * {draw.randrange(1, 99)} AS VARCHAR))"
    if kind == "DATE":
        return f"DATE '1990-01-01' + CAST(rowid * {draw.randrange(1, 9)} AS INTEGER)"
    return "TRUE" if kind == "BOOLEAN" else f"CAST(rowid * {draw.randrange(2, 9)} AS INTEGER)"


def _run(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[str, object]:
    """("rows", cells in order), ("error", its class: the message never leaves the engine), or ("slow", None) past the time for one."""
    stop = threading.Timer(MAX_SECONDS, connection.interrupt)
    stop.start()
    try:
        rows = connection.execute(text).fetchmany(MAX_ROWS + 1)
        # Which rows come first is not decided; that there are many is.
        return "rows", [tuple(_rounded(cell) for cell in row) for row in rows] if len(rows) <= MAX_ROWS else "many"
    except duckdb.InterruptException:
        return "slow", None
    except duckdb.Error as error:
        return "error", type(error).__name__
    finally:
        stop.cancel()


def _differ(one: tuple[str, object], other: tuple[str, object]) -> bool:
    """Whether two answers differ; how long a statement takes is not compared."""
    return "slow" not in (one[0], other[0]) and one != other


def _rounded(cell: object) -> object:
    return f"{cell:.{DIGITS}g}" if isinstance(cell, float) else cell


def _unordered(answer: tuple[str, object]) -> tuple[str, object]:
    kind, rows = answer
    return (kind, Counter(map(repr, rows))) if kind == "rows" and isinstance(rows, list) else answer
