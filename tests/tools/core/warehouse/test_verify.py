from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.core.errors import ModelInvalid, WarehouseUnavailable
from tools.core.warehouse import VerifyReport, build_warehouse, verify_warehouse
from tools.core.warehouse.generations import current_generation
from tools.core.warehouse.verify import Expectation


@pytest.fixture
def built(folder: Path, home: Path) -> Path:
    build_warehouse(str(folder), home=home)
    return folder


def lines(report: VerifyReport, kind: str) -> list[tuple[str, str, str]]:
    return [(check.subject, check.status, check.detail) for check in report.checks if check.kind == kind]


def test_reports_rows_keys_dates_and_orphans(built: Path, home: Path) -> None:
    report = verify_warehouse(str(built), home=home)
    assert report.ok
    assert lines(report, "rows") == [("books", "ok", "2 rows"), ("lines", "ok", "4 rows")]
    assert lines(report, "keys") == [("lines (line_id)", "ok", "unique and filled"), ("books (book_id)", "ok", "unique and filled")]
    assert lines(report, "nulls") == [("lines.sold_on", "ok", "1 of 4 empty (25.0%)")]
    assert lines(report, "dates") == [("lines.sold_on", "ok", "2024-05-01 to 2024-05-03, 3 different days")]
    assert lines(report, "orphans") == [("line_to_book (lines -> books)", "warning", "1 row without a partner")]
    assert lines(report, "last day") == [("lines", "ok", "1 row on 2024-05-03, 1 on the median day")]


def test_the_report_reads_well_and_is_json(built: Path, home: Path) -> None:
    report = verify_warehouse(str(built), home=home)
    text = report.as_text()
    assert text.startswith("bookshop (bookshop-g1-")
    assert "Keys\n  ok       lines (line_id): unique and filled" in text
    assert text.endswith("Sound: 9 ok, 1 warning, 0 errors.\n")
    assert json.loads(json.dumps(report.as_json()))["checks"][0]["kind"] == "files"


def test_known_orphans_are_fine_and_others_are_not(built: Path, home: Path) -> None:
    (built / "expectations.yaml").write_text("orphans: {line_to_book: 1}\n")
    assert lines(verify_warehouse(str(built), home=home), "orphans")[0][1:] == ("ok", "1 row without a partner, as known")
    (built / "expectations.yaml").write_text("orphans: {line_to_book: 0}\n")
    report = verify_warehouse(str(built), home=home)
    assert lines(report, "orphans")[0][1:] == ("error", "1 row without a partner, 0 are known")
    assert not report.ok


def test_a_repeated_key_that_nothing_is_joined_to_is_only_a_warning(folder: Path, home: Path) -> None:
    load = folder / "load.sql"
    load.write_text(load.read_text() + "INSERT INTO lines VALUES (1, 1, DATE '2024-05-03', 1);")
    build_warehouse(str(folder), home=home)
    assert lines(verify_warehouse(str(folder), home=home), "keys")[0] == ("lines (line_id)", "warning", "1 repeated")


def test_expectations_are_checked_with_what_was_found(built: Path, home: Path) -> None:
    (built / "expectations.yaml").write_text(
        "expectations:\n"
        "  - {name: revenue, sql: SELECT sum(amount) FROM lines, equals: 35.5}\n"
        "  - {name: genres, sql: SELECT count(DISTINCT genre) FROM books, at_least: 3}\n"
        "  - {name: first genre, sql: SELECT min(genre) FROM books, equals: crime}\n"
        "  - {name: typo, sql: SELECT count(*) FROM bookz, equals: 2}\n"
    )
    report = verify_warehouse(str(built), home=home)
    found = {subject: (status, detail) for subject, status, detail in lines(report, "expectation")}
    assert found["revenue"] == ("ok", "35.5")
    assert found["genres"] == ("error", "expected at least 3, found 2")
    assert found["first genre"] == ("ok", "crime")
    assert found["typo"][0] == "error"


def test_one_flipped_byte_is_found_by_the_checksum(built: Path, home: Path) -> None:
    database = current_generation(home, "bookshop").database
    data = bytearray(database.read_bytes())
    data[len(data) // 2] ^= 1
    database.write_bytes(bytes(data))
    report = verify_warehouse(str(built), home=home)
    assert not report.ok
    assert lines(report, "files") == [("generation 1", "error", "warehouse.duckdb has changed since it was built")]


def test_a_database_that_another_process_writes_is_told_without_its_path(built: Path, home: Path) -> None:
    database = current_generation(home, "bookshop").database
    program = f"import duckdb, time; c = duckdb.connect({str(database)!r}); print('open', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(WarehouseUnavailable, match="open for writing in another process") as caught:
            verify_warehouse(str(built), home=home)
        writer.kill()
    assert caught.value.public_code == "warehouse_locked"
    assert str(home) not in caught.value.message


def test_junk_in_place_of_the_database_is_found(built: Path, home: Path) -> None:
    database = current_generation(home, "bookshop").database
    database.write_bytes(b"x" * database.stat().st_size)
    report = verify_warehouse(str(built), home=home)
    assert not report.ok
    assert "Not sound" in report.as_text()


def test_a_thin_last_day_is_a_warning(folder: Path, home: Path) -> None:
    load = folder / "load.sql"
    more = "INSERT INTO lines SELECT 100 + i, 1, DATE '2024-06-01' + CAST(i % 10 AS INTEGER), 1 FROM range(400) t(i);"
    load.write_text(load.read_text() + more + "INSERT INTO lines VALUES (999, 1, DATE '2024-06-11', 1);")
    build_warehouse(str(folder), home=home)
    (check,) = lines(verify_warehouse(str(folder), home=home), "last day")
    assert check == ("lines", "warning", "1 row on 2024-06-11, 40 on the median day")


def test_values_that_the_model_names_and_the_data_lacks_are_a_warning(folder: Path, home: Path) -> None:
    model = folder / "semantic_model.yaml"
    field = "expression: genre}]}}"
    model.write_text(
        model.read_text().replace(field, "expression: genre}]}, ai_context: {value_synonyms: {crime: [thriller], sf: [space]}}}")
    )
    build_warehouse(str(folder), home=home)
    assert lines(verify_warehouse(str(folder), home=home), "values") == [("books.genre", "warning", "not in the data: sf")]


@pytest.mark.parametrize("text", ["expectations: [{name: x, sql: SELECT 1}]", "orphan: {}", "orphans: [", "expectations: 3"])
def test_expectations_that_cannot_be_read_are_told(built: Path, home: Path, text: str) -> None:
    (built / "expectations.yaml").write_text(text)
    with pytest.raises(ModelInvalid, match=r"expectations\.yaml cannot be used"):
        verify_warehouse(str(built), home=home)


@pytest.mark.parametrize(
    ("expectation", "value", "fault"),
    [
        ({"equals": 4596039.58}, 4596039.58, None),
        ({"equals": 100, "tolerance": 0.01}, 100.9, None),
        ({"equals": 100}, 101, "expected 100, found 101"),
        ({"at_least": 1, "at_most": 5}, 5, None),
        ({"at_least": 1, "at_most": 5}, 6, "expected at least 1 and at most 5, found 6"),
        ({"at_least": 1}, None, "expected at least 1, found None"),
        ({"equals": "2017-12-31"}, "2017-12-31", None),
    ],
)
def test_an_expectation_says_what_is_wrong(expectation: dict[str, object], value: object, fault: str | None) -> None:
    assert Expectation.model_validate({"name": "x", "sql": "SELECT 1", **expectation}).fault(value) == fault
