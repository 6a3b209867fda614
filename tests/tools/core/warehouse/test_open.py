from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools.core.errors import ModelInvalid, WarehouseUnavailable
from tools.core.sql_guard import check_sql, open_rights
from tools.core.warehouse import build_warehouse, list_warehouses, open_warehouse, warehouse_status
from tools.core.warehouse.generations import current_generation, warehouse_home


@pytest.fixture
def built(folder: Path, home: Path) -> Path:
    build_warehouse(str(folder), home=home)
    return folder


def code_of(name: str, home: Path) -> str:
    with pytest.raises(WarehouseUnavailable) as caught:
        open_warehouse(name, home=home)
    assert caught.value.try_instead
    assert str(home) not in caught.value.message
    return caught.value.public_code


def test_answers_from_the_current_generation(built: Path, home: Path) -> None:
    with open_warehouse(str(built), home=home, engine_options={"workers": 1}) as warehouse:
        checked = check_sql("SELECT sum(amount) AS total FROM lines", catalog=warehouse.catalog, rights=open_rights(warehouse.catalog))
        assert warehouse.engine.execute(checked).rows == ((35.5,),)
        assert warehouse.policy is None
        assert warehouse.model.name == "bookshop"
        assert warehouse.data_folder == current_generation(home, "bookshop").folder


def test_an_unknown_name_lists_what_there_is(home: Path) -> None:
    with pytest.raises(WarehouseUnavailable, match="no warehouse named 'completejurney'") as caught:
        open_warehouse("completejurney", home=home)
    assert caught.value.public_code == "warehouse_unknown"
    assert "Did you mean 'completejourney'?" in caught.value.try_instead


def test_a_warehouse_that_was_never_built_names_the_command(home: Path) -> None:
    with pytest.raises(WarehouseUnavailable) as caught:
        open_warehouse("completejourney", home=home)
    assert caught.value.public_code == "warehouse_not_built"
    assert caught.value.try_instead == "Run `assistant warehouse build completejourney`."


def test_a_folder_without_a_model_is_no_warehouse(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert code_of(str(tmp_path / "empty"), home) == "warehouse_undefined"


def test_a_missing_file_is_noticed_at_once(built: Path, home: Path) -> None:
    current_generation(home, "bookshop").database.unlink()
    assert code_of(str(built), home) == "warehouse_damaged"


def test_a_truncated_file_is_noticed_at_once(built: Path, home: Path) -> None:
    """DuckDB itself opens such a file and counts what is left as if it were all."""
    database = current_generation(home, "bookshop").database
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2)
    with pytest.raises(WarehouseUnavailable, match="bytes instead of") as caught:
        open_warehouse(str(built), home=home)
    assert caught.value.public_code == "warehouse_damaged"


@pytest.mark.parametrize("junk", ["", "{", '{"generation": "x"}', '{"generation": 7}', "[]"])
def test_a_junk_pointer_is_damage(built: Path, home: Path, junk: str) -> None:
    (warehouse_home(home, "bookshop") / "current.json").write_text(junk)
    assert code_of(str(built), home) == "warehouse_damaged"


@pytest.mark.parametrize("junk", ["", "{}", "not json"])
def test_a_junk_manifest_is_damage(built: Path, home: Path, junk: str) -> None:
    (current_generation(home, "bookshop").folder / "manifest.json").write_text(junk)
    assert code_of(str(built), home) == "warehouse_damaged"


def test_an_edited_model_is_validated_before_it_is_used(built: Path, home: Path) -> None:
    model = built / "semantic_model.yaml"
    model.write_text(model.read_text().replace("SUM(lines.amount)", "SUM(lines.amont)"))
    with pytest.raises(ModelInvalid, match="did you mean 'amount'"):
        open_warehouse(str(built), home=home)


def test_another_folder_of_the_same_name_does_not_get_this_data(built: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "elsewhere" / "bookshop")
    assert code_of(str(tmp_path / "elsewhere" / "bookshop"), home) == "warehouse_not_built"


def test_a_folder_may_not_take_the_name_of_a_shipped_warehouse(folder: Path, home: Path) -> None:
    renamed = folder.rename(folder.parent / "completejourney")
    assert code_of(str(renamed), home) == "warehouse_unknown"


def test_status_is_json_with_the_path_of_the_database(built: Path, home: Path) -> None:
    status = json.loads(json.dumps(warehouse_status(str(built), home=home).as_json()))
    assert Path(status["path"]).name == "warehouse.duckdb"
    assert Path(status["path"]).is_file()
    assert status["rows"] == {"books": 2, "lines": 4}
    assert (status["generation"], status["generations"]) == (1, [1])
    assert status["as_of"] == "2024-05-03"
    assert status["model_changed"] is False
    assert status["policy"] is False


def test_status_tells_a_model_that_was_edited_after_the_build(built: Path, home: Path) -> None:
    model = built / "semantic_model.yaml"
    model.write_text(model.read_text() + "# a remark\n")
    assert warehouse_status(str(built), home=home).model_changed


def test_the_list_shows_shipped_and_own_warehouses(built: Path, home: Path) -> None:
    entries = {entry.name: entry for entry in list_warehouses(home)}
    assert not entries["completejourney"].built
    assert entries["completejourney"].shipped
    own = entries["bookshop"]
    assert (own.built, own.shipped, own.generation, own.rows, own.fault) == (True, False, 1, 6, "")


def test_the_list_shows_damage_instead_of_failing(built: Path, home: Path) -> None:
    current_generation(home, "bookshop").database.unlink()
    (entry,) = [entry for entry in list_warehouses(home) if entry.name == "bookshop"]
    assert not entry.built
    assert "warehouse.duckdb is missing" in entry.fault


def test_opening_imports_neither_duckdb_nor_a_parser(built: Path, home: Path) -> None:
    """The cold start of a question pays for what it imports; the engine's own process opens the data."""
    import subprocess
    import sys

    program = (
        "import sys; from pathlib import Path; from tools.core.warehouse import open_warehouse;"
        f"open_warehouse({str(built)!r}, home=Path({str(home)!r})).close();"
        "print([name for name in ('duckdb', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
