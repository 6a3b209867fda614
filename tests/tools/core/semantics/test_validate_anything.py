"""Whatever stands in a document, validation tells problems and never breaks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core.semantics import Catalog
from tools.core.semantics.validate import validate_text

DOCUMENT = yaml.safe_load(Path(__file__).with_name("bookshop.yaml").read_text(encoding="utf-8"))
CATALOG = Catalog(tables={"order_lines": {"order_id": "INTEGER", "amount": "DOUBLE"}, "books": {"book_id": "INTEGER"}})

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, child in children for place in places(child, (*here, key)))]


PLACES = places(DOCUMENT)[1:]


@given(place=st.sampled_from(PLACES), value=junk, remove=st.booleans())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_part_replaced_or_removed_is_told_and_not_a_crash(place: tuple[Any, ...], value: object, remove: bool) -> None:
    document = copy.deepcopy(DOCUMENT)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    if remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    for problem in validate_text(Path("semantic_model.yaml"), text, CATALOG):
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.message


@given(text=st.text(max_size=200))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_at_all_is_told_and_not_a_crash(text: str) -> None:
    assert validate_text(Path("semantic_model.yaml"), text, None)


@given(sql=st.text(alphabet="()'\"*.,;+-/ abcSELCTFROMsum12_%$:{}[]", max_size=40))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_expression_is_told_and_not_a_crash(sql: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["semantic_model"][0]["metrics"][0]["expression"]["dialects"][0]["expression"] = sql
    validate_text(Path("semantic_model.yaml"), yaml.safe_dump(document, sort_keys=False), CATALOG)
