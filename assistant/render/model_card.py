"""A model card as a readable page (Markdown), from what the refresh recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def card_page(name: str, card: dict[str, Any]) -> str:
    """The page of one card; an unknown kind is shown key by key."""
    pages = {"churn": _churn, "subscription_churn": _churn, "lifetime_value": _lifetime_value, "segments": _segments}
    body = pages[name](card) if name in pages else [f"- {key}: {value}" for key, value in card.items()]
    return "\n".join([f"# Model card: {name.replace('_', ' ')}", "", *body]) + "\n"


def _churn(card: dict[str, Any]) -> list[str]:
    test = card["backtest"]
    best = test["results"][test["winner"]]
    lines = [
        f"- Predicts: {card['outcome']} after {card['as_of']}, per customer, as a probability",
        f"- Model: {card['label']} (version {card['version']}), chosen on {test['tested_on']} to {test['until']}",
        f"- Trained on: what was known on {', '.join(card['trained_on'])}; {card['training_rows']:,} rows",
        f"- History from {card['trained_from']}",
        f"- Scored: {card['n_customers']:,} customers",
        f"- Expected to leave: {card['expected_leavers']:,.0f} ({card['average_probability']:.1%})",
        f"- Risk bands: high {card['risk_bands']['high']}, medium {card['risk_bands']['medium']}, low less",
        "",
        "## How good it was on a later window",
        "",
        *_table(
            ("model", "AUC", "Brier", "slope", "intercept", "ECE", "ECE by chance", "lift at 10 %"),
            (
                (kind, *(f"{r[k]:.3f}" for k in ("auc", "brier", "slope", "intercept", "ece", "ece_by_chance", "lift_at_10")))
                for kind, r in test["results"].items()
            ),
        ),
        "",
        f"Naive rule (longest without an order first): AUC {test['naive_recency_auc']:.3f}.",
        "",
        *_table(
            ("tenth by risk", "customers", "predicted", "observed"),
            ((str(i), f"{d['n']:,}", f"{d['predicted']:.1%}", f"{d['observed']:.1%}") for i, d in enumerate(best["deciles"], start=1)),
        ),
        "",
        "## What moves it",
        "",
        *_table(("driver", "mean size of the effect on log-odds"), ((d["label"], f"{d['mean_push']:.3f}") for d in card["drivers"])),
    ]
    if card["effects"]:
        effects = ((e["label"], f"{e['log_odds_per_unit']:+.2f}", f"{e['low']:+.2f} to {e['high']:+.2f}") for e in card["effects"])
        lines += ["", *_table(("signal", "log-odds per unit", "95 % interval"), effects)]
    return [*lines, "", "## Do not use when", "", *_bullets(card["do_not_use"] or ["nothing found in this run"]), *_standing_limits()]


def _standing_limits() -> list[str]:
    return [
        "- as a cause: drivers say what goes with leaving",
        "- for customers without an order in the past year or so: they left long ago and are not scored",
        "- when the scores are older than half their horizon",
    ]


def _lifetime_value(card: dict[str, Any]) -> list[str]:
    terms, test = card["terms"], card["backtest"]
    rate = terms["yearly_discount"]
    columns = ("spend_total_error", "spend_mae", "spend_rmse", "spend_spearman", "top_decile_share")
    lines = [
        f"- Predicts: {terms['basis']} per customer over {terms['horizon_days']} days after {card['trained_to']}, in {terms['currency']}, "
        + (f"discounted by {rate:.0%} a year" if rate else "not discounted"),
        f"- Model: {card['label']} (version {card['version']}), chosen by {len(test['windows'])} back-tests of {test['horizon_days']} days",
        f"- Trained on: {card['trained_from']} to {card['trained_to']}, {card['n_customers']:,} customers",
        f"- Total {card['total_value']:,.0f}, {card['average_value']:,.2f} per customer",
        "",
        "## Parameters (time in weeks)",
        "",
        *_table(("model", "parameters", "log-likelihood"), (_parameter_row(name, p) for name, p in card["parameters"].items())),
        "",
        "## Back-tests",
        "",
        *_table(
            ("predicted on", "model", "total error", "mean error", "RMSE", "Spearman", "top tenth"),
            (
                (w["cut_off"], name, *(f"{s[c]:+.1%}" if c == "spend_total_error" else f"{s[c]:,.3f}" for c in columns))
                for w in test["windows"]
                for name, s in w["scores"].items()
            ),
        ),
        "",
        "## To say with every figure",
        "",
    ]
    return [*lines, *_bullets(card["caveats"])]


def _parameter_row(name: str, found: dict[str, Any]) -> tuple[str, str, str]:
    values = ", ".join(f"{key} {found[key]:.3f}" for key in ("r", "alpha", "a", "b", "p", "q", "gamma") if key in found)
    dropout = "" if found.get("dropout_identified", True) else " (no dropout identified)"
    return name, values + dropout, f"{found['log_likelihood']:,.2f}"


def _segments(card: dict[str, Any]) -> list[str]:
    lines = [
        f"- {card['n_customers']:,} customers with an order in the {card['window_days']} days up to {card['as_of']}, cut into fifths",
        "",
        *_table(
            ("segment", "customers", "rule", "meaning"),
            ((r["name"], f"{card['sizes'].get(r['name'], 0):,}", r["rule"], r["meaning"]) for r in card["rules"]),
        ),
    ]
    clusters = card["clusters"]
    if clusters is None:
        return [*lines, "", "Too few customers for behavioural clusters."]
    lines += [
        "",
        "## Behavioural clusters",
        "",
        *_table(("cluster", "customers"), ((n, f"{k:,}") for n, k in clusters["sizes"].items())),
        "",
    ]
    choices = ((str(c["k"]), f"{c['silhouette']:.3f}", f"{c['stability']:.3f}") for c in clusters["choices"])
    verdict = "stable" if clusters["stable"] else "not stable: do not build on them"
    return [
        *lines,
        *_table(("clusters", "silhouette", "adjusted Rand over resamples"), choices),
        "",
        f"Chosen: {clusters['chosen']['k']}, {verdict}.",
    ]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _bullets(texts: Iterable[str]) -> list[str]:
    return [f"- {text}" for text in texts]
