"""The value model of one warehouse: the winner of the back-test, refitted on everything known, with its intervals and its card."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers import Orders, day_number, to_date
from tools.lifetime_value.backtest import Backtest, backtest, fit_report, spend_report
from tools.lifetime_value.candidates import LABELS, Fit, fit_all, predict
from tools.lifetime_value.purchasing import probability_alive
from tools.lifetime_value.season import Season, season_of
from tools.lifetime_value.spending import LARGE_CORRELATION

Floats = NDArray[np.float64]

DEFAULT_HORIZON_DAYS = 365
_TEST_DAYS = 91
_SLICES = 12
LARGE_TOTAL_ERROR = 0.2


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a lifetime value is a value of; without them the figure means nothing."""

    horizon_days: int
    currency: str
    basis: str
    """revenue or margin: which amount of an order was added up."""
    yearly_discount: float = 0.0
    """0.1 means that money a year from now counts for 1 / 1.1."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """One entry per customer with an order."""

    customer: NDArray[np.int64]
    clv: Floats
    clv_low: Floats
    clv_high: Floats
    """8 of 10 customers like these ended between low and high in the back-test."""
    expected_orders: Floats
    probability_alive: Floats
    repeat_orders: Floats
    days_first_to_last_order: Floats
    days_observed: Floats
    average_spend: Floats


@dataclass(frozen=True, kw_only=True)
class ValueModel:
    """Ready to value every customer."""

    fit: Fit
    backtest: Backtest
    season: Season
    terms: Terms
    trained_from: dt.date
    as_of: dt.date

    @property
    def winner(self) -> str:
        return self.backtest.winner

    def values(self) -> Values:
        """What every customer is worth over the horizon, after the as-of day."""
        spend, purchases = self._discounted()
        low, high = self._interval(spend)
        customers = self.fit.customers
        # Naive rules know no dropout; the modified model answers for P(alive) whoever wins.
        alive = probability_alive(self.fit.purchases["mbg_nbd"], customers)
        return Values(
            customer=customers.customer,
            clv=spend,
            clv_low=low,
            clv_high=high,
            expected_orders=purchases,
            probability_alive=alive,
            repeat_orders=customers.x,
            days_first_to_last_order=np.rint(customers.t_x * 7),
            days_observed=np.rint(customers.T * 7),
            average_spend=self.fit.average_spend,
        )

    def _discounted(self) -> tuple[Floats, Floats]:
        """Spend and purchases over the horizon; each twelfth of it discounted from its middle."""
        horizon, rate = self.terms.horizon_days, self.terms.yearly_discount
        whole = predict(self.fit, self.winner, horizon)
        if rate == 0:
            return whole.spend * self.season.factor, whole.purchases * self.season.factor
        spend, before = np.zeros_like(whole.spend), np.zeros_like(whole.spend)
        for i in range(1, _SLICES + 1):
            until = predict(self.fit, self.winner, horizon * i / _SLICES).spend
            middle_years = horizon * (i - 0.5) / _SLICES / 365.0
            spend += (until - before) / (1.0 + rate) ** middle_years
            before = until
        return spend * self.season.factor, whole.purchases * self.season.factor

    def _interval(self, spend: Floats) -> tuple[Floats, Floats]:
        # Bands were cut for the tested horizon; a longer one has proportionally higher predictions for the same customers.
        scale = self.backtest.horizon_days / self.terms.horizon_days
        low, high = self.backtest.interval(spend * scale)
        return np.minimum(low / scale, spend), np.maximum(high / scale, spend)

    def caveats(self) -> tuple[str, ...]:
        """What must be said with any figure of this model."""
        mean = self.backtest.mean(self.winner)
        naive = min(("last_window", "past_rate"), key=lambda name: self.backtest.mean(name).spend_mae)
        naive_mean = self.backtest.mean(naive)
        found = [
            f"Chosen by back-test over {len(self.backtest.windows)} windows of {self.backtest.horizon_days} days: {LABELS[self.winner]}, "
            f"mean error {mean.spend_mae:,.2f} {self.terms.currency} per customer and total error {mean.spend_total_error:+.1%}, "
            f"beside {naive_mean.spend_mae:,.2f} and {naive_mean.spend_total_error:+.1%} for the best naive rule ({LABELS[naive]})."
        ]
        if self.season.sentence:
            found.append(self.season.sentence)
        if abs(mean.spend_total_error) > LARGE_TOTAL_ERROR:
            found.append(
                "Do not add these values up into a forecast: in the back-test totals were more than 20 % off. Rankings hold better."
            )
        if self.terms.horizon_days > self.backtest.horizon_days:
            found.append(
                f"The horizon of {self.terms.horizon_days} days is longer than the {self.backtest.horizon_days} days that could be tested; "
                "intervals are carried over from there."
            )
        if not self.fit.purchases["mbg_nbd"].dropout_identified:
            found.append("The history shows no dropout: nobody is seen to leave for good, so P(alive) is 1 for all.")
        if abs(self.fit.spend.frequency_correlation) > LARGE_CORRELATION:
            found.append(
                f"Average spend and number of orders are correlated ({self.fit.spend.frequency_correlation:+.2f}), "
                "which the spend model assumes they are not."
            )
        return tuple(found)

    def card(self) -> dict[str, Any]:
        """The model card: plain values, as kept with the scores."""
        values = self.values()
        return {
            "model": self.winner,
            "label": LABELS[self.winner],
            "terms": asdict(self.terms),
            "trained_from": self.trained_from.isoformat(),
            "trained_to": self.as_of.isoformat(),
            "n_customers": len(self.fit.customers),
            "parameters": {**{name: fit_report(self.fit, name) for name in self.fit.purchases}, "gamma_gamma": spend_report(self.fit)},
            "backtest": backtest_json(self.backtest),
            "season": asdict(self.season),
            "total_value": float(values.clv.sum()),
            "average_value": float(values.clv.mean()),
            "caveats": list(self.caveats()),
        }


def fit_value_model(orders: Orders, *, as_of: dt.date, terms: Terms) -> ValueModel:
    """Back-test, choose, refit.

    Raises:
        NeedsPerson: Too few customers (`too_few_customers`), or too short a history (`history_too_short`).
    """
    end = day_number(as_of)
    known = orders.until(end)
    days = window_days(known, end, terms.horizon_days)
    return ValueModel(
        fit=fit_all(known, end, days),
        backtest=backtest(known, end=end, horizon_days=days),
        season=season_of(known, end=end, horizon_days=terms.horizon_days),
        terms=terms,
        trained_from=to_date(known.first_day),
        as_of=as_of,
    )


def window_days(orders: Orders, end: int, horizon_days: int | None = None) -> int:
    """How long a back-test window is: a quarter of a year, less when the history is short."""
    span = end - orders.first_day + 1
    return max(7, min(_TEST_DAYS, horizon_days or _TEST_DAYS, span // 3))


def backtest_json(result: Backtest) -> dict[str, Any]:
    """The back-test as plain values."""
    return {
        "horizon_days": result.horizon_days,
        "winner": result.winner,
        "mean_rank": dict(result.mean_rank),
        "best_naive_spend_mae": result.best_naive_mae,
        "windows": [
            {
                "cut_off": w.cut_off.isoformat(),
                "until": w.until.isoformat(),
                "n_customers": w.n_customers,
                "scores": {s.candidate: {k: v for k, v in asdict(s).items() if k != "candidate"} for s in w.scores},
                "parameters": w.parameters,
            }
            for w in result.windows
        ],
        "deciles": [asdict(band) for band in result.bands],
        "by_repeats": [asdict(row) for row in result.by_repeats],
    }
