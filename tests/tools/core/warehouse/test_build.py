from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tools.core.errors import ModelInvalid, SetupProblem, WarehouseUnavailable
from tools.core.warehouse import Warehouse, build_warehouse, open_warehouse
from tools.core.warehouse.generations import current_generation, generation_numbers, warehouse_home

Script = Callable[[str], Path]
WRITE_ALL = "def build(target, *, progress, **options):\n    with duckdb.connect(str(target)) as c:\n        c.execute(LOAD)\n"


def drafts(home: Path) -> list[str]:
    return [path.name for path in (warehouse_home(home, "bookshop") / "generations").glob("building-*")]


def build(folder: Path, home: Path, **options: object) -> int:
    return build_warehouse(str(folder), home=home, **options).number


class TestWhatIsBuilt:
    def test_manifest_holds_sizes_checksums_rows_and_versions(self, folder: Path, home: Path) -> None:
        manifest = build_warehouse(str(folder), home=home).manifest
        assert {name: table.rows for name, table in manifest.tables.items()} == {"books": 2, "lines": 4}
        assert manifest.tables["lines"].columns["amount"] == "DECIMAL(8,2)"
        (database,) = manifest.files
        assert database.path == "warehouse.duckdb"
        assert database.size == current_generation(home, "bookshop").database.stat().st_size
        assert len(database.sha256) == 64
        assert manifest.made_with["duckdb"] == duckdb.__version__

    def test_the_last_day_is_that_of_the_data_when_the_model_declares_none(self, folder: Path, home: Path) -> None:
        assert build_warehouse(str(folder), home=home).manifest.as_of.isoformat() == "2024-05-03"

    def test_the_database_is_left_without_a_write_ahead_log(self, folder: Path, home: Path) -> None:
        generation = build_warehouse(str(folder), home=home)
        assert sorted(path.name for path in generation.folder.iterdir()) == ["manifest.json", "warehouse.duckdb"]

    def test_progress_rises_to_one(self, folder: Path, home: Path) -> None:
        seen: list[float] = []
        build_warehouse(str(folder), home=home, progress=lambda step, fraction=None, /: seen.append(fraction or 0.0))
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_what_minds_prepare_is_part_of_the_generation(self, folder: Path, home: Path) -> None:
        def prepare(warehouse: Warehouse, target: Path, progress: object) -> None:
            target.mkdir()
            (target / "words.txt").write_text(",".join(sorted(warehouse.catalog.tables)))

        generation = build_warehouse(str(folder), home=home, after_build=[prepare])
        assert (generation.folder / "mind" / "words.txt").read_text() == "books,lines"
        assert [record.path for record in generation.manifest.files] == ["mind/words.txt", "warehouse.duckdb"]


class TestSources:
    def test_a_build_script_gets_its_options(self, with_script: Script, home: Path) -> None:
        script = WRITE_ALL + "        c.execute(f\"UPDATE lines SET amount = {options['size']}\")\n"
        generation = build_warehouse(str(with_script(script)), home=home, size=7)
        with duckdb.connect(str(generation.database), read_only=True) as connection:
            assert connection.execute("SELECT sum(amount) FROM lines").fetchall() == [(28,)]
        assert generation.manifest.options == {"size": 7}

    def test_csv_files_become_tables_of_their_name(self, folder: Path, home: Path) -> None:
        (folder / "load.sql").unlink()
        (folder / "books.csv").write_text("book_id,genre\n1,crime\n")
        (folder / "lines.csv").write_text("line_id,book_id,sold_on,amount\n1,1,2024-05-01,10.5\n")
        assert {name: t.rows for name, t in build_warehouse(str(folder), home=home).manifest.tables.items()} == {"books": 1, "lines": 1}

    def test_a_ready_database_is_copied_and_left_alone(self, folder: Path, home: Path) -> None:
        script = (folder / "load.sql").read_text()
        (folder / "load.sql").unlink()
        with duckdb.connect(str(folder / "shop.duckdb")) as connection:
            connection.execute(script)
        before = (folder / "shop.duckdb").read_bytes()
        assert build_warehouse(str(folder), home=home).manifest.tables["lines"].rows == 4
        assert (folder / "shop.duckdb").read_bytes() == before

    def test_a_folder_without_data_says_what_to_put_there(self, folder: Path, home: Path) -> None:
        (folder / "load.sql").unlink()
        with pytest.raises(WarehouseUnavailable, match="holds no data") as caught:
            build(folder, home)
        assert "build.py, load.sql" in caught.value.try_instead

    def test_options_are_refused_where_nothing_takes_them(self, folder: Path, home: Path) -> None:
        with pytest.raises(SetupProblem, match="takes no build options, got size"):
            build(folder, home, size=3)

    def test_options_that_a_script_does_not_take_are_refused_by_name(self, with_script: Script, home: Path) -> None:
        script = WRITE_ALL.replace("**options", "seed=1")
        with pytest.raises(SetupProblem, match="takes seed, got size") as caught:
            build(with_script(script), home, size=3)
        assert caught.value.public_code == "unknown_option"


class TestGenerations:
    def test_numbers_rise_and_the_newest_three_are_kept(self, folder: Path, home: Path) -> None:
        assert [build(folder, home) for _ in range(5)] == [1, 2, 3, 4, 5]
        assert generation_numbers(home, "bookshop") == [3, 4, 5]
        assert current_generation(home, "bookshop").number == 5

    def test_a_reader_finishes_on_the_generation_that_it_opened(self, folder: Path, home: Path) -> None:
        build(folder, home)
        with duckdb.connect(str(current_generation(home, "bookshop").database), read_only=True) as reader:
            for _ in range(4):
                build(folder, home)
            assert reader.execute("SELECT count(*) FROM lines").fetchall() == [(4,)]

    def test_versions_tell_generations_and_models_apart(self, folder: Path, home: Path) -> None:
        build(folder, home)
        with open_warehouse(str(folder), home=home) as first:
            pass
        model = folder / "semantic_model.yaml"
        model.write_text(model.read_text() + "# a remark\n")
        with open_warehouse(str(folder), home=home) as edited:
            pass
        assert first.data_version.startswith("bookshop-g1-")
        assert edited.data_version.startswith("bookshop-g1-")
        assert first.data_version != edited.data_version


class TestFaults:
    """Whatever fails, what was served before is served after, and nothing is left lying about."""

    @pytest.fixture(autouse=True)
    def _served_before(self, folder: Path, home: Path) -> Iterator[None]:
        build(folder, home)
        yield
        assert drafts(home) == []
        assert current_generation(home, "bookshop").number == 1

    def test_a_script_that_fails_half_way(self, with_script: Script, home: Path) -> None:
        with pytest.raises(WarehouseUnavailable, match="could not be built: no more ink") as caught:
            build(with_script(WRITE_ALL + "    raise RuntimeError('no more ink')\n"), home)
        assert caught.value.public_code == "build_failed"

    def test_a_script_that_writes_nothing(self, with_script: Script, home: Path) -> None:
        with pytest.raises(WarehouseUnavailable, match="without writing a database"):
            build(with_script("def build(target, *, progress, **options): ...\n"), home)

    def test_a_script_without_build(self, with_script: Script, home: Path) -> None:
        with pytest.raises(WarehouseUnavailable, match="has no function `build`"):
            build(with_script(""), home)

    def test_data_that_does_not_fit_the_model(self, folder: Path, home: Path) -> None:
        load = folder / "load.sql"
        load.write_text(load.read_text().replace("genre", "kind"))
        with pytest.raises(ModelInvalid, match=r"semantic_model.yaml:\d+: field 'books.genre': table 'books' has no column 'genre'"):
            build(folder, home)

    def test_a_model_that_is_no_model(self, folder: Path, home: Path) -> None:
        (folder / "semantic_model.yaml").write_text("nonsense: true\n")
        with pytest.raises(ModelInvalid, match="unknown key 'nonsense' in the document"):
            build(folder, home)

    def test_data_that_breaks_an_expectation(self, folder: Path, home: Path) -> None:
        (folder / "expectations.yaml").write_text("expectations:\n  - {name: revenue, sql: SELECT sum(amount) FROM lines, equals: 99}\n")
        with pytest.raises(WarehouseUnavailable, match=r"revenue: expected 99, found 35\.5") as caught:
            build(folder, home)
        assert caught.value.public_code == "data_unfit"

    def test_keys_that_repeat(self, folder: Path, home: Path) -> None:
        load = folder / "load.sql"
        load.write_text(load.read_text() + "INSERT INTO books VALUES (1, 'crime');")
        with pytest.raises(WarehouseUnavailable, match=r"books \(book_id\): 1 repeated"):
            build(folder, home)

    def test_another_build_under_way(self, folder: Path, home: Path) -> None:
        import fcntl

        with (warehouse_home(home, "bookshop") / "build.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(SetupProblem, match="Another process is building") as caught:
                build(folder, home)
        assert caught.value.public_code == "build_running"

    def test_a_disk_that_fills_up_says_so(self, with_script: Script, home: Path) -> None:
        script = (
            "import errno, os\ndef build(target, *, progress, **options):\n    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))\n"
        )
        with pytest.raises(SetupProblem, match="The disk is full") as caught:
            build(with_script(script), home)
        assert caught.value.public_code == "disk_full"

    def test_a_kill_in_the_middle_leaves_the_old_one_and_the_next_build_clears_up(self, with_script: Script, home: Path) -> None:
        folder = with_script(WRITE_ALL + "    import time; print('half', flush=True); time.sleep(60)\n")
        program = (
            "import sys; from pathlib import Path; from tools.core.warehouse import build_warehouse;"
            f"build_warehouse({str(folder)!r}, home=Path({str(home)!r}))"
        )
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as builder:
            assert builder.stdout is not None
            assert builder.stdout.readline() == b"half\n"
            builder.send_signal(signal.SIGKILL)
            builder.wait(10)
        assert len(drafts(home)) == 1
        assert current_generation(home, "bookshop").number == 1
        with pytest.raises(WarehouseUnavailable):
            build(with_script("def build(target, *, progress, **options): ...\n"), home)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 3 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs rights that this user lacks")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_really_full_disk_keeps_what_was_served(with_script: Script, small_disk: Path) -> None:
    build(with_script(WRITE_ALL), small_disk)
    fill = WRITE_ALL + "        c.execute('CREATE TABLE filler AS SELECT random() AS r FROM range(2_000_000)')\n"
    with pytest.raises(SetupProblem, match="The disk is full") as caught:
        build(with_script(fill), small_disk)
    assert caught.value.public_code == "disk_full"
    assert drafts(small_disk) == []
    assert current_generation(small_disk, "bookshop").number == 1


def test_a_home_that_cannot_be_written_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(SetupProblem) as caught:
        build(folder, tmp_path / "home")
    assert caught.value.public_code == "home_not_writable"
    assert str(tmp_path) not in caught.value.message
