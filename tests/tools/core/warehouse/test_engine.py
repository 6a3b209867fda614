"""The engine: right values, bounded time and memory, and a service that outlives every question."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from tools.core.errors import AnswerError, InternalError, QueryTooHeavy, SqlRefused, WarehouseUnavailable, WorkerLost
from tools.core.sql_guard import CheckedSql
from tools.core.warehouse.engine import DuckDbEngine, ResultRows

GRACE_S = 1.0
"""What the engine may take past a deadline; tests add a little for a busy machine."""
SLACK_S = 1.0


def sql(text: str) -> CheckedSql:
    """A statement as if the guard had let it through: the engine must hold by itself."""
    return CheckedSql(text=text, tables=(), verdict="allowed")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "shop.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute(
        "CREATE TABLE sales AS SELECT range AS id, (range % 100)::DECIMAL(10, 2) AS amount, 'canary' || range AS name FROM range(50000)"
    )
    connection.execute("CHECKPOINT")
    connection.close()
    return path


@pytest.fixture
def engine(file: Path) -> Iterator[DuckDbEngine]:
    with_limits = DuckDbEngine(file, memory_mb=512, deadline_s=20)
    yield with_limits
    with_limits.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_values_arrive_as_plain_python(engine: DuckDbEngine) -> None:
    result = engine.execute(
        sql("SELECT 1::TINYINT, 2::HUGEINT, 1.5::DECIMAL(10, 2), 0.1::DOUBLE, 'é', TRUE, NULL, DATE '2024-02-29', "
            "TIMESTAMP '2024-02-29 10:00:01', [1, 2], {'a': 1}, "
            "TIME '10:00', INTERVAL 1 DAY, 'x'::BLOB, 123456789012345.67::DECIMAL(18, 2)")
    )  # fmt: skip
    assert result.rows == (
        (1, 2, 1.5, 0.1, "é", True, None, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 10, 0, 1),
         "[1, 2]", '{"a": 1}', "10:00:00", "1 day, 0:00:00", "78", 123456789012000.0),
    )  # fmt: skip
    assert result.types[:3] == ("TINYINT", "HUGEINT", "DECIMAL(10,2)")
    assert not result.truncated


def test_dates_without_a_python_value_stay_text(engine: DuckDbEngine) -> None:
    (row,) = engine.execute(sql("SELECT DATE 'infinity', CAST(NULL AS DATE), TIMESTAMPTZ '2024-01-01 00:00:00+00'")).rows
    assert row[1:] == (None, dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


def test_rows_beyond_the_cap_are_cut_and_said(engine: DuckDbEngine) -> None:
    exact = engine.execute(sql("SELECT id FROM sales ORDER BY id LIMIT 3"), row_cap=3)
    cut = engine.execute(sql("SELECT id FROM sales ORDER BY id"), row_cap=3)
    assert (exact.rows, exact.truncated) == (((0,), (1,), (2,)), False)
    assert (cut.rows, cut.truncated) == (((0,), (1,), (2,)), True)
    assert len(engine.execute(sql("SELECT * FROM sales")).rows) == 10_000


def test_a_result_of_too_much_text_is_refused(engine: DuckDbEngine) -> None:
    with pytest.raises(QueryTooHeavy, match="too large") as error:
        engine.execute(sql("SELECT repeat('x', 100000) || id FROM sales"))
    assert error.value.public_code == "result_too_large"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT CAST(name AS INTEGER) FROM sales", "sql_data"),
        ("SELECT error(name) FROM sales", "sql_data"),
        ("SELECT canary FROM sales", "sql_invalid"),
        ("SELECT id FROM canary", "sql_invalid"),
        ("SELECT canary(", "sql_invalid"),
        ("SELECT id, count(*) FROM sales", "sql_invalid"),
        ("SELECT 9223372036854775807 + id FROM sales", "sql_data"),
    ],
)
def test_errors_are_fixed_texts_without_values(statement: str, code: str, engine: DuckDbEngine) -> None:
    with pytest.raises(SqlRefused) as error:
        engine.execute(sql(statement))
    assert error.value.public_code == code
    assert "canary" not in str(error.value) + error.value.try_instead + repr(error.value.__context__)


ESCAPES = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_duckdb('{file}', table_name='sales')",
    "ATTACH '{file}' AS again",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/out'",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/*')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "INSERT INTO sales VALUES (1, 1, 'x')",
    "CREATE TABLE t (a INTEGER)",
    "DROP TABLE sales",
    "WITH d AS (DELETE FROM sales RETURNING 1) SELECT * FROM d",
    "SELECT * FROM sys",
]


@pytest.mark.parametrize("statement", ESCAPES)
def test_the_lock_holds_without_the_guard(statement: str, engine: DuckDbEngine, file: Path) -> None:
    before = sorted(path.name for path in file.parent.iterdir())
    with pytest.raises(AnswerError):
        engine.execute(sql(statement.format(file=file, folder=file.parent)))
    assert sorted(path.name for path in file.parent.iterdir()) == before


def test_nothing_that_a_question_leaves_behind_is_seen_by_the_next(file: Path) -> None:
    engine = DuckDbEngine(file, workers=1)
    try:
        for statement in ("CREATE TEMP TABLE sales AS SELECT 1 AS id", "CREATE TEMP VIEW v AS SELECT 1", "SET VARIABLE x = 1", "BEGIN"):
            try:
                engine.execute(sql(statement))
            except AnswerError:
                continue
        assert engine.execute(sql("SELECT count(*) FROM sales")).rows == ((50_000,),)
        assert engine.execute(sql("SELECT getvariable('x')")).rows == ((None,),)
    finally:
        engine.close()


BOMBS = {
    "cross join": "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11",
    "recursion": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "sort": "SELECT * FROM (SELECT hash(range) AS h FROM range(200000000) ORDER BY h) LIMIT 1 OFFSET 199999999",
    "padding": "SELECT length(lpad('x', 2000000000, 'y'))",
    "repetition": "SELECT length(repeat(repeat('x', 100000), 30000))",
    "levenshtein": "SELECT levenshtein(repeat('ab', 100000), repeat('ba', 100000))",
    "regular expression": "SELECT regexp_replace(repeat('a', 400000000), '(a|aa)+b', '')",
    "list": "SELECT len(list_distinct(range(300000000)))",
    "series": "SELECT count(*) FROM (SELECT unnest(range(1000000000)) AS x) WHERE x % 2 = 0",
    "pivot": "PIVOT (SELECT range AS a, range % 20000 AS b FROM range(60000000)) ON b USING sum(a)",
    "big group": "SELECT count(*) FROM (SELECT range, list(range) FROM range(100000000) GROUP BY 1)",
    "string aggregate": "SELECT length(string_agg(repeat('x', 1000), '')) FROM range(10000000)",
    "map": "SELECT map_from_entries(list_zip(range(30000000), range(30000000)))",
}


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_end_in_time_with_bounded_memory_and_the_service_alive(bomb: str, engine: DuckDbEngine) -> None:
    assert engine.execute(sql("SELECT 1")).rows == ((1,),)
    (worker,) = engine.worker_ids()
    peak = Watch(worker)
    started = time.monotonic()
    with pytest.raises((QueryTooHeavy, WorkerLost, InternalError)):
        engine.execute(sql(BOMBS[bomb]), deadline_s=1.5)
    assert time.monotonic() - started < 1.5 + GRACE_S + SLACK_S
    assert peak.stop() < 512 + 700, "buffers, plus the headroom for values outside them"
    assert engine.execute(sql("SELECT count(*) FROM sales")).rows == ((50_000,),)


class Watch:
    """Greatest resident size of a process, in MB, sampled until `stop`."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._going = pid, 0.0, True
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while self._going:
            try:
                self._peak = max(self._peak, resident_mb(self._pid))
            except (OSError, StopIteration):
                return
            time.sleep(0.02)

    def stop(self) -> float:
        self._going = False
        self._thread.join()
        return self._peak


def test_a_killed_worker_loses_its_question_only(file: Path) -> None:
    engine = DuckDbEngine(file, workers=1)
    try:
        engine.execute(sql("SELECT 1"))
        (worker,) = engine.worker_ids()
        threading.Timer(0.3, os.kill, (worker, signal.SIGKILL)).start()
        with pytest.raises(WorkerLost):
            engine.execute(sql("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11"), deadline_s=10)
        assert engine.execute(sql("SELECT 2")).rows == ((2,),)
        assert engine.worker_ids() != (worker,)
    finally:
        engine.close()


def test_a_worker_that_died_between_questions_is_replaced(engine: DuckDbEngine) -> None:
    engine.execute(sql("SELECT 1"))
    os.kill(engine.worker_ids()[0], signal.SIGKILL)
    time.sleep(0.1)
    assert engine.execute(sql("SELECT 2")).rows == ((2,),)


def test_a_cancelled_question_ends_at_once(engine: DuckDbEngine) -> None:
    threading.Timer(0.5, engine.cancel, ("mine",)).start()
    started = time.monotonic()
    with pytest.raises(QueryTooHeavy) as error:
        engine.execute(sql("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11"), ticket="mine")
    assert error.value.public_code == "cancelled"
    assert time.monotonic() - started < 0.5 + GRACE_S + SLACK_S


def test_a_question_cancelled_while_its_worker_starts_never_runs(file: Path) -> None:
    engine = DuckDbEngine(file, workers=1)
    canceller = threading.Thread(target=lambda: [engine.cancel("mine") or time.sleep(0.01) for _ in range(30)])
    try:
        canceller.start()
        with pytest.raises(QueryTooHeavy) as error:
            engine.execute(sql("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11"), ticket="mine")
        assert error.value.public_code == "cancelled"
        canceller.join()
        assert engine.execute(sql("SELECT 1"), ticket="mine").rows == ((1,),)
    finally:
        engine.close()


def test_cancelling_another_ticket_stops_nothing(engine: DuckDbEngine) -> None:
    threading.Timer(0.05, engine.cancel, ("other",)).start()
    assert engine.execute(sql("SELECT count(*) FROM range(20000000)"), ticket="mine").rows == ((20_000_000,),)


def test_many_threads_share_few_workers(file: Path) -> None:
    engine = DuckDbEngine(file, workers=2)
    results: list[ResultRows] = []
    try:
        threads = [
            threading.Thread(target=lambda n=n: results.append(engine.execute(sql(f"SELECT {n}, count(*) FROM sales")))) for n in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(r.rows[0] for r in results) == [(n, 50_000) for n in range(24)]
        assert len(engine.worker_ids()) <= 2
    finally:
        engine.close()


def test_a_full_queue_answers_busy_instead_of_waiting(file: Path) -> None:
    engine = DuckDbEngine(file, workers=1, queue=1, admission_s=0.3)
    slow = sql("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11")

    def hold() -> None:
        with suppress(AnswerError):
            engine.execute(slow, deadline_s=2)

    holder = threading.Thread(target=hold)
    try:
        engine.execute(sql("SELECT 1"))
        holder.start()
        time.sleep(0.3)
        started = time.monotonic()
        with pytest.raises(QueryTooHeavy) as error:
            engine.execute(sql("SELECT 1"))
        assert error.value.public_code == "busy"
        assert time.monotonic() - started < 1.5
    finally:
        engine.close()
        holder.join()


def test_close_leaves_no_process_and_refuses_later_questions(file: Path) -> None:
    engine = DuckDbEngine(file)
    engine.execute(sql("SELECT 1"))
    workers = engine.worker_ids()
    engine.close()
    engine.close()
    assert not any(is_running(worker) for worker in workers)
    with pytest.raises(WarehouseUnavailable):
        engine.execute(sql("SELECT 1"))


@pytest.mark.parametrize(
    "ending", ["pass", "raise SystemExit(3)", "import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_no_process_outlives_its_parent(ending: str, file: Path) -> None:
    program = (
        "import sys\nfrom tools.core.warehouse.engine import DuckDbEngine\nfrom tools.core.sql_guard import CheckedSql\n"
        "engine = DuckDbEngine(sys.argv[1])\nengine.execute(CheckedSql(text='SELECT 1', tables=(), verdict='allowed'))\n"
        f"print(*engine.worker_ids(), flush=True)\n{ending}\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[4]
    )
    worker = int(run.stdout.split()[0])
    give_up = time.monotonic() + 3
    while is_running(worker) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not is_running(worker)


def test_files_that_cannot_be_served_say_so_without_their_path(tmp_path: Path, file: Path) -> None:
    junk, empty, half = tmp_path / "junk.duckdb", tmp_path / "empty.duckdb", tmp_path / "half.duckdb"
    junk.write_bytes(b"not a database" * 1000)
    empty.write_bytes(b"")
    half.write_bytes(file.read_bytes()[:6000])
    for path, word in ((tmp_path / "missing.duckdb", "missing"), (junk, "damaged"), (half, "damaged")):
        engine = DuckDbEngine(path)
        with pytest.raises(WarehouseUnavailable, match=word) as error:
            engine.execute(sql("SELECT 1"))
        assert str(tmp_path) not in str(error.value) + error.value.try_instead
        engine.close()


def test_a_file_held_by_a_writer_is_waited_for_then_reported(file: Path, tmp_path: Path) -> None:
    held = tmp_path / "held.duckdb"
    held.write_bytes(file.read_bytes())
    program = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(30)"
    writer = subprocess.Popen([sys.executable, "-c", program, str(held)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        engine = DuckDbEngine(held)
        with pytest.raises(WarehouseUnavailable, match="written by another process"):
            engine.execute(sql("SELECT 1"))
    finally:
        writer.kill()
        writer.wait()
    assert engine.execute(sql("SELECT 1")).rows == ((1,),)
    engine.close()


def test_workers_get_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("ASSISTANT_API_KEY", "canary-key")
    engine = DuckDbEngine(file)
    try:
        engine.execute(sql("SELECT 1"))
        assert b"canary-key" not in Path(f"/proc/{engine.worker_ids()[0]}/environ").read_bytes()
    finally:
        engine.close()


def test_first_answer_comes_quickly(file: Path) -> None:
    """The cold path's share of the engine; a quarter of a second alone, with room for a busy machine."""
    engine = DuckDbEngine(file)
    started = time.monotonic()
    try:
        engine.execute(sql("SELECT count(*) FROM sales"))
        assert time.monotonic() - started < 1.5
    finally:
        engine.close()
