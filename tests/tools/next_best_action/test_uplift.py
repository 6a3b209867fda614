"""Uplift on customers whose true effect is known: facts that any next best action must meet."""

from __future__ import annotations

import numpy as np
import pytest

from tools.core.semantics.model import ActionKind
from tools.next_best_action.choice import NOTHING, best_actions, eligibility, score
from tools.next_best_action.evidence import Feature, Trial
from tools.next_best_action.uplift import Effect, inverse_propensity_value, measure, qini

# persuadable, sure thing, lost cause, do not disturb: chance without the action, and what it changes
BASE = np.array([0.12, 0.45, 0.03, 0.25])
TAU = np.array([0.12, 0.01, 0.0, -0.08])
FEATURES = tuple(Feature(name=f"is_{i}", label=f"group {i}", is_count=False) for i in range(3))
CALL = ActionKind(name="call", label="a call", channels=("phone",), cost=0.5)


def people(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(segment, features that tell it) of n customers."""
    segment = np.random.default_rng(seed).choice(4, n, p=[0.3, 0.3, 0.25, 0.15])
    return segment, np.column_stack([(segment == i).astype(float) for i in range(3)])


def trial(n: int = 20_000, seed: int = 0, tau: np.ndarray = TAU) -> tuple[Trial, np.ndarray, np.ndarray]:
    segment, features = people(n, seed)
    rng = np.random.default_rng(1000 + seed)
    treated = rng.random(n) < 0.6
    outcome = (rng.random(n) < BASE[segment] + tau[segment] * treated).astype(float)
    made = Trial(
        action="call", source="trial", customer=np.arange(n), day=np.zeros(n, dtype=np.int64), treated=treated, outcome=outcome,
        chance_of_treatment=np.full(n, 0.6), randomised=True, days=30.0,
    )  # fmt: skip
    return made, features, segment


def measured(**options: object) -> tuple[Effect, np.ndarray, np.ndarray]:
    made, features, segment = trial(**options)  # type: ignore[arg-type]
    effect = measure(made, features)
    assert effect is not None
    return effect, features, segment


def test_the_average_effect_is_recovered_with_its_error() -> None:
    truth = float((TAU * [0.3, 0.3, 0.25, 0.15]).sum())
    hits = 0
    for seed in range(12):
        effect, _, _ = measured(n=8_000, seed=seed)
        hits += abs(effect.average - truth) < 1.96 * effect.error
    assert hits >= 10


def test_those_whom_contacts_put_off_never_get_the_action() -> None:
    effect, features, segment = measured()
    found = score(CALL, effect, features, features, np.full(len(segment), 60.0), FEATURES)
    allowed = eligibility([CALL], {"phone": np.ones(len(segment), dtype=bool)}, {}, np.zeros(len(segment), dtype=np.int64), 1)
    action, _ = best_actions([found], allowed)
    assert set(action[segment == 3]) == {NOTHING}
    assert set(action[segment == 0]) == {"call"}


def test_persuadables_outrank_sure_things_who_order_more_often() -> None:
    effect, features, segment = measured()
    uplift = effect.uplift(features)
    assert uplift[segment == 0].min() > uplift[segment == 1].max()
    assert BASE[1] + TAU[1] > BASE[0] + TAU[0]


def test_ranking_by_chance_to_order_is_worse_than_ranking_by_uplift() -> None:
    effect, _, _ = measured()
    fresh, fresh_features, _ = trial(seed=99)
    chance = effect.arms[0].chance((fresh_features - effect.centre) / effect.scale)
    by_uplift = qini(effect.uplift(fresh_features), fresh.treated, fresh.outcome)
    assert by_uplift > 0
    assert by_uplift > qini(chance, fresh.treated, fresh.outcome)


def test_the_highest_tenth_gains_more_than_the_lowest_and_tenths_add_up_to_the_average() -> None:
    effect, _, _ = measured()
    assert effect.deciles[0][1] - effect.deciles[-1][1] > 0
    total = sum(n for n, _ in effect.deciles)
    assert sum(n * value for n, value in effect.deciles) / total == pytest.approx(effect.average, abs=1e-9)


def test_differences_that_are_none_are_not_believed() -> None:
    effect, features, _ = measured(tau=np.full(4, 0.04))
    assert effect.belief < 0.6
    assert np.ptp(effect.uplift(features)) < 0.05


def test_inverse_propensity_covers_the_truth() -> None:
    """A logged tenth of random choices tells what another rule would have brought."""
    covered = 0
    for seed in range(60):
        segment, _ = people(4_000, seed)
        rng = np.random.default_rng(500 + seed)
        rule = np.where(segment < 2, "call", "nothing").astype(object)
        explores = rng.random(len(segment)) < 0.2
        action = np.where(explores, rng.choice(np.array(["call", "nothing"], dtype=object), len(segment)), rule).astype(object)
        propensity = np.where(action == rule, 0.9, 0.1)
        outcome = (rng.random(len(segment)) < BASE[segment] + TAU[segment] * (action == "call")).astype(float)
        best = np.where(segment == 0, "call", "nothing").astype(object)
        truth = float((BASE[segment] + TAU[segment] * (best == "call")).mean())
        mean, error = inverse_propensity_value(best, action, propensity, outcome)
        covered += abs(mean - truth) < 1.96 * error
    assert covered >= 54


def test_too_few_in_an_arm_measure_nothing() -> None:
    made, features, _ = trial(n=150)
    assert measure(made, features) is None


def test_the_same_data_give_the_same_effect() -> None:
    one, features, _ = measured()
    other, _, _ = measured()
    assert one.average == other.average
    assert (one.uplift(features) == other.uplift(features)).all()


def test_every_reason_moves_the_score() -> None:
    """Were a customer average in what a reason names, the gain would move the way that the reason says."""
    effect, features, segment = measured()
    value = np.where(segment == 0, 90.0, 30.0)
    found = score(CALL, effect, features, features, value, FEATURES)
    for i in (int(np.flatnonzero(segment == s)[0]) for s in range(4)):
        for said in str(found.reasons[i]).split("; "):
            if said.startswith("group "):
                which = int(said.split()[1].rstrip(":"))
                changed = features[i : i + 1].copy()
                changed[0, which] = effect.centre[which]
                moved = found.gain[i] - (effect.uplift(changed)[0] * value[i] - CALL.cost)
                assert (moved > 0) == ("raises" in said)


@pytest.mark.parametrize(
    ("consent", "blocked", "contacts", "possible", "why"),
    [
        (True, False, 0, True, ""),
        (False, False, 0, True, "no consent"),
        (True, True, 0, True, "an open complaint"),
        (True, False, 1, True, "contacted too recently"),
        (True, False, 0, False, "not possible for them"),
        (False, True, 3, False, "no consent"),
    ],
)
def test_eligibility_comes_first(consent: bool, blocked: bool, contacts: int, possible: bool, why: str) -> None:
    found = eligibility(
        [CALL],
        {"phone": np.array([consent])},
        {"an open complaint": np.array([blocked])},
        np.array([contacts]),
        1,
        {"call": np.array([possible])},
    )
    assert list(found.why_not["call"]) == [why]
