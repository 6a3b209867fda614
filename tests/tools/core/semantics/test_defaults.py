from __future__ import annotations

import pytest

from tools.core.semantics.defaults import datatype_of, guess_datatype, looks_personal, plural, singular, words
from tools.core.semantics.model import Datatype


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("visit", "visits"),
        ("category", "categories"),
        ("day", "days"),
        ("basket line", "basket lines"),
        ("branch", "branches"),
        ("status", "statuses"),
        ("person", "people"),
        ("date of sale", "dates of sale"),
        ("household", "households"),
    ],
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("order lines", "order line"),
        ("categories", "category"),
        ("branches", "branch"),
        ("addresses", "address"),
        ("people", "person"),
        ("status", "status"),
        ("purchases", "purchase"),
        ("address", "address"),
        ("boxes", "box"),
    ],
)
def test_singular(many: str, one: str) -> None:
    assert singular(many) == one


@pytest.mark.parametrize(("name", "label"), [("ship_date", "ship date"), ("shipDate", "ship date"), ("dim_store", "store"), ("dim", "dim")])
def test_words_of_a_name(name: str, label: str) -> None:
    assert words(name) == label


@pytest.mark.parametrize("name", ["email", "customer_email", "first_name", "phoneNumber", "dob", "street"])
def test_likely_personal_columns(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize("name", ["department", "store_id", "brand", "amount"])
def test_unlikely_personal_columns(name: str) -> None:
    assert not looks_personal(name)


@pytest.mark.parametrize(
    ("stored", "datatype"),
    [
        ("VARCHAR", Datatype.STRING),
        ("ENUM('a', 'b')", Datatype.STRING),
        ("UBIGINT", Datatype.INTEGER),
        ("DECIMAL(10,2)", Datatype.DECIMAL),
        ("DOUBLE", Datatype.FLOAT),
        ("TIMESTAMP", Datatype.DATETIME),
        ("TIMESTAMP_S", Datatype.DATETIME),
        ("TIMESTAMP WITH TIME ZONE", Datatype.DATETIME_TZ),
        ("DATE", Datatype.DATE),
        ("INTEGER[]", Datatype.OPAQUE),
        ("STRUCT(a INTEGER)", Datatype.OPAQUE),
    ],
)
def test_datatype_of_a_duckdb_type(stored: str, datatype: Datatype) -> None:
    assert datatype_of(stored) is datatype


@pytest.mark.parametrize(
    ("name", "is_time", "datatype"),
    [
        ("created_at", None, Datatype.DATETIME),
        ("order_date", None, Datatype.DATE),
        ("quarter_name", True, Datatype.STRING),
        ("city", None, Datatype.STRING),
        ("order_date", False, Datatype.STRING),
    ],
)
def test_guessed_datatype(name: str, is_time: bool | None, datatype: Datatype) -> None:
    assert guess_datatype(name, is_time=is_time, summed=False) is datatype
