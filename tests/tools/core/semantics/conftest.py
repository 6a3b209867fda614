from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.core.semantics import Catalog

BOOKSHOP = Path(__file__).with_name("bookshop.yaml")


@pytest.fixture
def bookshop() -> str:
    """Text of a small, faultless document."""
    return BOOKSHOP.read_text(encoding="utf-8")


@pytest.fixture
def bookshop_catalog() -> Catalog:
    return Catalog(
        tables={
            "order_lines": {
                "order_id": "INTEGER",
                "book_id": "INTEGER",
                "customer_id": "INTEGER",
                "order_date": "DATE",
                "amount": "DECIMAL(10,2)",
            },
            "books": {"book_id": "INTEGER", "genre": "VARCHAR"},
            "customers": {"customer_id": "INTEGER", "city": "VARCHAR"},
        }
    )


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a text to semantic_model.yaml and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "semantic_model.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
