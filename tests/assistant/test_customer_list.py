"""Reading the ids of a file: whatever people export, and nothing that is no list of ids."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.customer_list import MAX_IDS, read_list
from tools.core.errors import QueryUnsupported
from tools.core.semantics.model import Datatype


def model(datatype: Datatype = Datatype.INTEGER) -> Any:
    """As much of a semantic model as a list needs."""
    key = SimpleNamespace(name="customer_id", expression="customer_id", id="customers.customer_id", datatype=datatype)
    dataset = SimpleNamespace(primary_key=("customer_id",), fields={"customer_id": key}, plural="customers")
    return SimpleNamespace(settings=SimpleNamespace(customer="customers"), datasets={"customers": dataset})


@pytest.mark.parametrize(
    "text",
    [
        "1\n2\n3\n",
        "customer_id\n1\n2\n3\n",
        "name;Customer ID;city\nA;1;x\nB;2;y\nC;3;z\n",
        "\ufeffid,note\r\n1,\r\n2,x\r\n3,\r\n2,again\r\n",
        'city\tid\n"a\tb"\t1\nb\t2\nc\t3\n',
    ],
)
def test_ids_are_found_whatever_the_shape(text: str):
    found = read_list(text.encode("utf-8"), model())
    assert (found.field, found.ids, found.noun, found.unusable) == ("customers.customer_id", (1, 2, 3), "customers", 0)


def test_lines_without_an_id_are_counted():
    assert read_list(b"id\n1\nx\n2\n\n ", model()).unusable == 1
    assert read_list(b"id\nA-1\nx\n", model(Datatype.STRING)).ids == ("A-1", "x")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no id"),
        (b"name\nAnna\n", "no id"),
        (b"\xff\xfe\x00x", "not text"),
        (b"PK\x03\x04\x00\x00", "not text"),
        (b"1\n" * 600_000, "larger than"),
        ("\n".join(map(str, range(MAX_IDS + 1))).encode(), "is the most"),
    ],
)
def test_a_file_that_is_no_list_is_said(raw: bytes, said: str):
    with pytest.raises(QueryUnsupported, match=said) as caught:
        read_list(raw, model())
    assert caught.value.public_code == "list_unusable"


def test_a_warehouse_without_customers_takes_no_list():
    empty: Any = SimpleNamespace(settings=SimpleNamespace(customer=None), datasets={})
    with pytest.raises(QueryUnsupported, match="no customers"):
        read_list(b"1", empty)
