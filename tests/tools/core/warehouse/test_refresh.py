"""Refreshing a warehouse: what is computed, what is kept, and what a refresh that dies leaves behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tools.core.errors import ModelInvalid, NeedsPerson
from tools.core.semantics import ModelAddition
from tools.core.semantics.additions import PolicyAddition
from tools.core.sql_guard import check_sql, open_rights
from tools.core.warehouse import build_warehouse, open_warehouse, refresh_warehouse
from tools.core.warehouse.intelligence import read_card, read_contributions
from tools.core.warehouse.refresh import Contributed, NewTable, RefreshReport, RefreshWork


def dataset(name: str) -> dict[str, object]:
    field = {"name": "score", "datatype": "Float", "expression": {"dialects": [{"dialect": "ANSI_SQL", "expression": "score"}]}}
    return {"name": name, "source": f"intelligence.{name}", "primary_key": ["book_id"], "fields": [field]}


class Scores:
    """Scores every book; counts how often it was asked to."""

    reads: tuple[str, ...] = ()

    def __init__(self, name: str = "scores", version: str = "1", *, wait: float = 0.0, log: Path | None = None) -> None:
        self.name, self.version, self.wait, self.log = name, version, wait, log

    def compute(self, work: RefreshWork) -> Contributed:
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{self.name}\n")
        time.sleep(self.wait)
        books = work.connection.execute("SELECT book_id FROM books ORDER BY 1").fetchnumpy()["book_id"]
        table = NewTable(name=self.name, columns={"book_id": ("INTEGER", books), "score": ("DOUBLE", np.arange(len(books)) / 2)})
        return Contributed(
            tables=(table,),
            model=ModelAddition(datasets=(dataset(self.name),)),
            policy=PolicyAddition(tables={table.full_name: {"plain": ("book_id", "score")}}),
            card={"books": len(books)},
        )


class Impossible:
    name, version = "impossible", "1"
    reads: tuple[str, ...] = ()

    def compute(self, work: RefreshWork) -> Contributed:
        raise NeedsPerson("There are no customers here.", try_instead="Add some.")


@pytest.fixture
def refresh(folder: Path, home: Path) -> Callable[..., RefreshReport]:
    build_warehouse(str(folder), home=home)

    def run(*contributions: object, **options: object) -> RefreshReport:
        return refresh_warehouse(str(folder), home=home, contributions=contributions, **options)  # type: ignore[arg-type]

    return run


def test_scores_are_served_as_tables_of_the_next_generation(refresh: Callable[..., RefreshReport], folder: Path, home: Path) -> None:
    report = refresh(Scores())
    assert (report.generation, report.unchanged) == (2, False)
    with open_warehouse(str(folder), home=home) as warehouse:
        assert warehouse.generation == 2
        assert warehouse.model.datasets["scores"].fields["score"].id == "scores.score"
        checked = check_sql(
            "SELECT sum(score) AS s FROM intelligence.scores", catalog=warehouse.catalog, rights=open_rights(warehouse.catalog)
        )
        assert warehouse.engine.execute(checked).rows == ((0.5,),)
        assert read_card(warehouse.data_folder, "scores") == {"books": 2, "version": "1"}


def test_a_second_refresh_of_the_same_data_does_nothing(refresh: Callable[..., RefreshReport], tmp_path: Path) -> None:
    log = tmp_path / "log"
    first, second = (refresh(Scores(log=log)) for _ in range(2))
    assert (first.generation, second.generation) == (2, 2)
    assert second.unchanged
    assert log.read_text(encoding="utf-8").splitlines() == ["scores"]
    assert not refresh(Scores(log=log), force=True).unchanged


def test_only_what_changed_is_computed_again(refresh: Callable[..., RefreshReport], tmp_path: Path) -> None:
    log = tmp_path / "log"
    refresh(Scores("one", log=log), Scores("two", log=log))
    report = refresh(Scores("one", log=log), Scores("two", "2", log=log))
    assert report.generation == 3
    assert log.read_text(encoding="utf-8").split() == ["one", "two", "two"]


def test_what_reads_another_is_computed_again_with_it(refresh: Callable[..., RefreshReport], tmp_path: Path) -> None:
    log = tmp_path / "log"
    reader = Scores("reader", log=log)
    reader.reads = ("one",)
    refresh(Scores("one", log=log), reader)
    refresh(Scores("one", "2", log=log), reader)
    assert log.read_text(encoding="utf-8").split() == ["one", "reader", "one", "reader"]


def test_what_takes_no_part_any_more_is_gone(refresh: Callable[..., RefreshReport], folder: Path, home: Path) -> None:
    refresh(Scores("one"), Scores("two"))
    refresh(Scores("two"))
    with open_warehouse(str(folder), home=home) as warehouse:
        assert "intelligence.one" not in warehouse.catalog.tables
        assert [c.name for c in read_contributions(warehouse.data_folder)] == ["two"]


def test_one_that_cannot_be_computed_says_why_and_the_rest_works(refresh: Callable[..., RefreshReport]) -> None:
    report = refresh(Impossible(), Scores())
    assert [(c.name, c.done) for c in report.contributions] == [("impossible", False), ("scores", True)]
    assert report.contributions[0].reason == "There are no customers here. Add some."
    assert refresh(Impossible(), Scores()).unchanged


def test_an_addition_that_clashes_with_the_model_leaves_what_was_served(
    refresh: Callable[..., RefreshReport], folder: Path, home: Path
) -> None:
    with pytest.raises(ModelInvalid, match="dataset 'lines' is defined twice"):
        refresh(Scores("lines"))
    with open_warehouse(str(folder), home=home) as warehouse:
        assert warehouse.generation == 1


def _refresh_slowly(folder: str, home: Path, log: Path) -> None:
    os.setsid()
    parts = [Scores(f"part{i}", wait=0.15, log=log) for i in range(4)]
    refresh_warehouse(folder, home=home, contributions=parts)


@pytest.mark.slow
def test_killed_at_random_the_old_generation_answers_and_a_rerun_completes(
    refresh: Callable[..., RefreshReport], folder: Path, home: Path, tmp_path: Path
) -> None:
    rng, log = random.Random(7), tmp_path / "log"
    context = multiprocessing.get_context("fork")
    kills = 0
    for _ in range(20):
        process = context.Process(target=_refresh_slowly, args=(str(folder), home, log))
        process.start()
        process.join(rng.uniform(0.05, 0.5))
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.join()
        with open_warehouse(str(folder), home=home) as warehouse:
            checked = check_sql("SELECT count(*) AS n FROM books", catalog=warehouse.catalog, rights=open_rights(warehouse.catalog))
            assert warehouse.engine.execute(checked).rows == ((2,),)
    assert kills >= 3
    report = refresh(*(Scores(f"part{i}", wait=0.15, log=log) for i in range(4)))
    assert [c.done for c in report.contributions] == [True] * 4
    with open_warehouse(str(folder), home=home) as warehouse:
        assert {f"intelligence.part{i}" for i in range(4)} <= set(warehouse.catalog.tables)
    # Taken up where it stopped: finished parts were not computed once per attempt.
    computed = log.read_text(encoding="utf-8").split()
    assert computed.count("part0") < 20
