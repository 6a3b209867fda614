"""Attribution against two worked examples in exact fractions, and what must hold for any paths."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.attribution.model import MODELS, conversion_rate, credit, removal_effects
from tools.attribution.paths import Path, count, decay_weights, position_weights

SHORT = (
    Path(channels=("c1", "c2", "c3"), conversions=1, value=10),
    Path(channels=("c1",), nulls=1),
    Path(channels=("c2", "c3"), nulls=1),
)
SHOP = (
    Path(channels=("Search",), conversions=30, nulls=170),
    Path(channels=("Email",), conversions=20, nulls=80),
    Path(channels=("Display", "Search"), conversions=25, nulls=175),
    Path(channels=("Display", "Email", "Search"), conversions=15, nulls=35),
    Path(channels=("Social", "Display"), conversions=10, nulls=190),
    Path(channels=("Social", "Search"), conversions=20, nulls=130),
    Path(channels=("Display",), conversions=0, nulls=100),
)
NAMES = ("a", "b", "c", "d")
paths = st.lists(
    st.builds(
        lambda channels, conversions, nulls: Path(
            channels=tuple(channels),
            conversions=conversions,
            nulls=nulls,
            value=3.0 * conversions,
            days_before=tuple(range(len(channels), 0, -1)),
        ),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=5),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=8,
)


def close(found: dict[str, float], wanted: dict[str, float], tolerance: float = 1e-9) -> bool:
    return found.keys() == wanted.keys() and all(math.isclose(found[k], wanted[k], rel_tol=tolerance, abs_tol=tolerance) for k in wanted)


def test_the_short_example_is_exact() -> None:
    journeys = count(SHORT)
    assert conversion_rate(journeys) == pytest.approx(1 / 3, rel=1e-12)
    assert close(dict(removal_effects(journeys)), {"c1": 1 / 2, "c2": 1.0, "c3": 1.0})
    assert close(dict(credit(journeys, "markov")), {"c1": 1 / 5, "c2": 2 / 5, "c3": 2 / 5})


def test_the_shop_example_is_exact() -> None:
    journeys = count(SHOP)
    assert journeys.conversions == 120
    assert conversion_rate(journeys) == pytest.approx(0.12, rel=1e-12)
    effects = {"Display": 59 / 144, "Email": 11 / 48, "Search": 3 / 4, "Social": 533 / 1584}
    assert close(dict(removal_effects(journeys)), effects)
    markov = {"Display": 28.496, "Email": 15.939, "Search": 52.162, "Social": 23.403}
    assert close(dict(credit(journeys, "markov")), markov, tolerance=5e-5)
    assert close(dict(credit(journeys, "shapley")), {"Display": 22.5, "Email": 25.0, "Search": 57.5, "Social": 15.0})
    assert close(dict(credit(journeys, "last")), {"Search": 90.0, "Email": 20.0, "Display": 10.0, "Social": 0.0})
    assert close(dict(credit(journeys, "first")), {"Search": 30.0, "Email": 20.0, "Display": 40.0, "Social": 30.0})


def test_the_transitions_of_the_shop_example() -> None:
    steps = count(SHOP).steps
    started = {target: times for (source, target), times in steps.items() if source is None}
    assert started == {"Search": 200, "Email": 100, "Display": 350, "Social": 350}
    assert (steps["Display", "Search"], steps["Display", "Email"], steps["Social", "Display"]) == (200, 50, 200)


@given(paths)
def test_credits_sum_to_the_conversions_and_to_their_value(given_paths: list[Path]) -> None:
    journeys = count(given_paths)
    for model in MODELS:
        assert math.fsum(credit(journeys, model).values()) == pytest.approx(journeys.conversions, abs=1e-6)
        assert math.fsum(credit(journeys, model, of="value").values()) == pytest.approx(journeys.value, abs=1e-6)


@given(paths)
def test_the_chain_converts_at_the_observed_rate(given_paths: list[Path]) -> None:
    journeys = count(given_paths)
    observed = journeys.conversions / journeys.ended if journeys.ended else 0.0
    assert conversion_rate(journeys) == pytest.approx(observed, abs=1e-9)


@given(paths)
def test_a_channel_on_no_converting_path_gets_no_shapley_credit(given_paths: list[Path]) -> None:
    journeys = count([*given_paths, Path(channels=("idle",), nulls=5)])
    assert credit(journeys, "shapley")["idle"] == 0.0
    assert credit(journeys, "markov")["idle"] == pytest.approx(0.0, abs=1e-12)


def test_symmetric_channels_get_equal_credit() -> None:
    journeys = count([Path(channels=("x", "y"), conversions=3, nulls=2), Path(channels=("y", "x"), conversions=3, nulls=2)])
    for model in MODELS:
        found = credit(journeys, model)
        assert found["x"] == pytest.approx(found["y"], rel=1e-12), model


@given(paths, paths)
def test_shapley_adds_up_over_parts_of_the_paths(some: list[Path], others: list[Path]) -> None:
    whole = credit(count([*some, *others]), "shapley")
    one, two = credit(count(some), "shapley"), credit(count(others), "shapley")
    assert close(dict(whole), {c: one.get(c, 0.0) + two.get(c, 0.0) for c in whole})


@given(paths)
def test_shapley_is_the_equal_split_over_the_distinct_channels_of_each_path(given_paths: list[Path]) -> None:
    """The formula of Shapley itself, over all coalitions, against the closed form."""
    channels = sorted({c for p in given_paths for c in p.channels})

    def worth(coalition: frozenset[str]) -> float:
        return sum(p.conversions for p in given_paths if set(p.channels) <= coalition)

    def value(channel: str) -> float:
        rest, n = [c for c in channels if c != channel], len(channels)
        found = 0.0
        for bits in range(2 ** len(rest)):
            coalition = frozenset(c for i, c in enumerate(rest) if bits >> i & 1)
            weight = math.factorial(len(coalition)) * math.factorial(n - len(coalition) - 1) / math.factorial(n)
            found += weight * (worth(coalition | {channel}) - worth(coalition))
        return found

    assert close(dict(credit(count(given_paths), "shapley")), {c: value(c) for c in channels}, tolerance=1e-7)


@given(paths)
def test_the_same_data_twice_doubles_every_credit(given_paths: list[Path]) -> None:
    once, twice = count(given_paths), count([*given_paths, *given_paths])
    for model in MODELS:
        single, double = credit(once, model), credit(twice, model)
        assert close(dict(double), {c: 2 * v for c, v in single.items()}, tolerance=1e-7), model


def test_repeats_do_not_change_shapley() -> None:
    once = credit(count([Path(channels=("a", "b"), conversions=4)]), "shapley")
    repeated = credit(count([Path(channels=("a", "a", "b", "a"), conversions=4)]), "shapley")
    assert once == repeated == {"a": 2.0, "b": 2.0}


def test_removing_the_only_channel_loses_everything() -> None:
    journeys = count([Path(channels=("only",), conversions=3, nulls=7)])
    assert removal_effects(journeys) == {"only": 1.0}
    assert credit(journeys, "markov") == {"only": 3.0}


@pytest.mark.parametrize("name", ["start", "conversion", "null", "(conv)", "C", "None", ""])
def test_channels_may_be_called_like_states(name: str) -> None:
    plain = count(SHORT)
    renamed = count([replace(p, channels=tuple(name if c == "c1" else c for c in p.channels)) for p in SHORT])
    assert conversion_rate(renamed) == pytest.approx(conversion_rate(plain), rel=1e-12)
    assert credit(renamed, "markov")[name] == pytest.approx(0.2, rel=1e-9)


def test_the_rules_share_one_path_as_they_say() -> None:
    path = Path(channels=("a", "b", "c", "d"), conversions=1, days_before=(14.0, 7.0, 7.0, 0.0))
    journeys = count([path])
    assert close(dict(credit(journeys, "linear")), dict.fromkeys("abcd", 0.25))
    assert close(dict(credit(journeys, "position")), {"a": 0.4, "b": 0.1, "c": 0.1, "d": 0.4})
    assert close(dict(credit(journeys, "time_decay")), {"a": 0.25 / 2.25, "b": 0.5 / 2.25, "c": 0.5 / 2.25, "d": 1 / 2.25})
    assert position_weights(1) == (1.0,)
    assert position_weights(2) == (0.5, 0.5)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 400), min_size=1, max_size=8))
def test_weights_of_one_conversion_sum_to_one(days: list[float]) -> None:
    assert math.fsum(decay_weights(tuple(days))) == pytest.approx(1.0)
    assert math.fsum(position_weights(len(days))) == pytest.approx(1.0)


def test_nothing_at_all_gives_no_credit() -> None:
    journeys = count([])
    assert conversion_rate(journeys) == 0.0
    assert credit(journeys, "markov") == {}
