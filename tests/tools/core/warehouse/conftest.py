"""A tiny warehouse in a folder of the user's own: a bookshop of four lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MODEL = """
version: "0.2.0.dev0"
semantic_model:
  - name: bookshop
    datasets:
      - name: lines
        source: lines
        primary_key: [line_id]
        fields:
          - {name: sold_on, datatype: Date, expression: {dialects: [{dialect: ANSI_SQL, expression: sold_on}]}}
          - {name: amount, datatype: Decimal, expression: {dialects: [{dialect: ANSI_SQL, expression: amount}]}}
      - name: books
        source: books
        primary_key: [book_id]
        fields:
          - {name: genre, datatype: String, expression: {dialects: [{dialect: ANSI_SQL, expression: genre}]}}
    relationships:
      - {name: line_to_book, from: lines, to: books, from_columns: [book_id], to_columns: [book_id]}
    metrics:
      - {name: revenue, expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(lines.amount)}]}}
"""

LOAD = """
CREATE TABLE books (book_id INTEGER, genre VARCHAR);
INSERT INTO books VALUES (1, 'crime'), (2, 'poetry');
CREATE TABLE lines (line_id INTEGER, book_id INTEGER, sold_on DATE, amount DECIMAL(8, 2));
INSERT INTO lines VALUES (1, 1, DATE '2024-05-01', 10), (2, 1, DATE '2024-05-02', 12.5), (3, 2, DATE '2024-05-03', 8), (4, 9, NULL, 5);
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Definition of the bookshop."""
    folder = tmp_path / "bookshop"
    folder.mkdir()
    (folder / "semantic_model.yaml").write_text(MODEL, encoding="utf-8")
    (folder / "load.sql").write_text(LOAD, encoding="utf-8")
    return folder


@pytest.fixture
def with_script(folder: Path) -> Callable[[str], Path]:
    """Replaces the bookshop's SQL by a build script; `LOAD` is at hand in it."""

    def write(script: str) -> Path:
        (folder / "load.sql").unlink(missing_ok=True)
        (folder / "build.py").write_text(f"import duckdb\nLOAD = {LOAD!r}\n{script}", encoding="utf-8")
        return folder

    return write
