"""Contributions are exact whatever the cells; the Simpson case is told; findings are judged together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.contract import Column
from tools.core.semantics.model import Datatype, Field
from tools.explain_change.cells import NOTHING, Contrast, Key, Split
from tools.explain_change.decomposition import decompose
from tools.explain_change.parts import Amounts
from tools.explain_change.significance import deviation, discoveries, mix_deviation, p_value

REGION = Field(
    dataset="customers", name="region", expression="region", datatype=Datatype.STRING, label="region", plural="regions", index_values=False
)


def split_of(cells: Mapping[str, tuple[float, float, float, float]], *, rest: Contrast = NOTHING, adds_up: bool = True) -> Split:
    """name -> (top before, bottom before, top now, bottom now), as if every unit were one row of 0 or 1."""
    return Split(
        fields=(REGION,),
        columns=(Column(name="region", type="string", label="region"),),
        cells={
            (name,): Contrast(before=rows(top0, bottom0), now=rows(top1, bottom1)) for name, (top0, bottom0, top1, bottom1) in cells.items()
        },
        rest=rest,
        adds_up=adds_up,
    )


def rows(top: float, bottom: float) -> Amounts:
    return Amounts(top=top, bottom=bottom, top2=abs(top), cross=top, bottom2=bottom)


amounts = st.integers(0, 1000)
cells = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=6)


@given(cells, st.booleans(), st.booleans())
def test_contributions_sum_to_the_change(given_cells: dict[str, tuple[int, int, int, int]], is_ratio: bool, adds_up: bool) -> None:
    rest = Contrast(before=rows(3, 7), now=rows(5, 9))
    found = decompose(split_of(given_cells, rest=rest, adds_up=adds_up), is_ratio=is_ratio)
    assert math.fsum(part.contribution for part in found.parts) == pytest.approx(found.change, abs=1e-9)
    for part in found.parts:
        if part.mix is not None and part.rate is not None:
            assert part.mix + part.rate == pytest.approx(part.contribution, abs=1e-9)


def test_a_returned_article_that_was_not_sold_in_the_window_is_not_lost() -> None:
    found = decompose(split_of({"old": (2, 0, 4, 0), "new": (1, 10, 2, 10)}), is_ratio=True)
    assert found.change == pytest.approx(0.3)
    assert {part.key[0]: part.contribution for part in found.parts} == pytest.approx({"old": 0.2, "new": 0.1})


def test_rate_and_mix_effects_of_a_ratio() -> None:
    """One cell's rate moves, the weights stay: all of it is rate. The weights move, the rates stay: all of it is mix."""
    rate = decompose(split_of({"a": (50, 100, 30, 100), "b": (50, 100, 50, 100)}), is_ratio=True)
    assert (rate.change, rate.rate, rate.mix) == pytest.approx((-0.1, -0.1, 0.0))
    assert rate.parts[0].key == ("a",)
    mix = decompose(split_of({"a": (90, 100, 45, 50), "b": (10, 100, 15, 150)}), is_ratio=True)
    assert (mix.change, mix.rate, mix.mix) == pytest.approx((-0.2, 0.0, -0.2))


def test_the_simpson_case_is_recognised() -> None:
    """Better in both regions, worse overall: the worse one answers more often."""
    found = decompose(split_of({"North": (20, 100, 90, 300), "South": (240, 300, 85, 100)}), is_ratio=True)
    assert found.change < 0 < found.rate
    assert found.moved_against == (2, 2)
    assert found.is_simpson
    assert mix_deviation(found).z < -5
    plain = decompose(split_of({"North": (20, 100, 10, 100), "South": (240, 300, 230, 300)}), is_ratio=True)
    assert not plain.is_simpson


def test_a_cell_stands_out_only_against_the_others() -> None:
    alike = {"a": (1000.0, 0.0, 2000.0, 0.0), "b": (500.0, 0.0, 1000.0, 0.0)}
    split = split_of(alike)
    total = split.total()
    for cell in split.cells.values():
        assert deviation(cell, total - cell, total, is_ratio=False).z == pytest.approx(0.0, abs=1e-9)
    fallen = split_of(alike | {"c": (500.0, 0.0, 800.0, 0.0)})
    cell = fallen.cells["c",]
    found = deviation(cell, fallen.total() - cell, fallen.total(), is_ratio=False)
    assert found.beyond == pytest.approx(-200.0)
    assert found.z < -3


def test_returns_of_what_is_new_are_not_missed_before_they_can_come() -> None:
    """Numerator and denominator of two facts: a new batch looks better than it is, so only a worse one is told."""

    def with_new(returns: float) -> float:
        cells: dict[Key, Contrast] = {
            ("old",): Contrast(before=_two_facts(40, 1000), now=_two_facts(40, 1000)),
            ("new",): Contrast(before=Amounts(), now=_two_facts(returns, 200)),
        }
        split = Split(fields=(REGION,), columns=(Column(name="region", type="string"),), cells=cells, rest=NOTHING, adds_up=True)
        return deviation(cells["new",], split.total() - cells["new",], split.total(), is_ratio=True).z

    assert with_new(0) == 0.0
    assert with_new(36) > 3


def _two_facts(top: float, bottom: float) -> Amounts:
    return Amounts(top=top, bottom=bottom, top2=top, cross=0.0, bottom2=bottom)


def test_findings_are_judged_together() -> None:
    """The example of Benjamini and Hochberg (1995), section 3: four of fifteen at 5 %."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(discoveries(p, rate=0.05)) == 4
    assert discoveries([], rate=0.05) == ()
    assert p_value(1.959964) == pytest.approx(0.05, abs=1e-6)
