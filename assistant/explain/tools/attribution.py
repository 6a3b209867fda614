"""Credit of channels, always called credit; and lift, only where chance held somebody out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.explain.phrases import capitalised, during, join_words
from assistant.render.numbers import format_count, format_money, format_number, format_points, format_rate
from tools.core.contract import Finding

_NAMED = 3


def tell(finding: Finding) -> tuple[str, ...]:
    """Who gets the credit and what trials say against it, or what campaigns caused."""
    return _credit(finding) if finding.facts["show"] == "credit" else _lift(finding)


def _credit(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    leader, credited, whole = facts["leader"], facts["credited"], facts["with_contact"]
    by = {model: format_number(credited[model], decimals=0) for model in ("markov", "shapley", "last")}
    share = format_rate(credited["markov"] / whole)
    which = f"{by['markov']} of {format_count(round(whole), 'conversion')} {during(facts['window'])} ({share})"
    counted, met = format_count(round(facts["conversions"]), "conversion"), format_number(round(whole))
    said = [
        f"{capitalised(leader)} gets the most credit: {which} by the Markov model, {by['shapley']} by Shapley and {by['last']} as the last "
        "contact.",
        f"{counted} in all, {met} of them with a contact in the {facts['lookback_days']} days before.",
    ]
    if facts["first_leader"] != facts["last_leader"]:
        said.append(f"The rules disagree: first contact favours {facts['first_leader']}, last contact {facts['last_leader']}.")
    said.append("Credit is not effect.")
    if facts["trials"]:
        told = [f"{t['name']} ({t['channel']}) {_interval(t)}" for t in facts["trials"][:_NAMED]]
        said.append(f"Trials with a held-out group say: {join_words(told)}.")
    if facts["untested"]:
        said.append(f"Never tested with a held-out group: {join_words(facts['untested'][: _NAMED + 1])}; so what they cause is not known.")
    return tuple(said)


def _interval(trial: Mapping[str, Any]) -> str:
    return f"{format_points(trial['lift'])} ({format_points(trial['low'])} to {format_points(trial['high'])})"


def _lift(finding: Finding) -> tuple[str, ...]:
    facts = finding.facts
    told, untold = facts["told"], facts["untold"]
    if len(told) == 1:
        return (_one(told[0]), _rates(told[0]), *_untold(facts, untold))
    if not told:
        return _untold(facts, untold)
    sure = [t for t in told if t["is_sure"]]
    up = [t for t in sure if t["lift"] > 0]
    best = sorted(up or told, key=lambda t: -t["lift"])[:_NAMED]
    head = f"Of {len(told)} campaigns with a held-out group, {len(up)} raised conversion beyond chance"
    down = len(sure) - len(up)
    head += f" and {down} lowered it" if down else ""
    named = join_words([f"{t['name']} {_interval(t)}" for t in best])
    return (f"{head}{'; ' if up else '; the largest differences, all within chance, are '}{named}.", *_untold(facts, untold))


def _one(trial: Mapping[str, Any]) -> str:
    name, lift = trial["name"], format_points(trial["lift"])
    span = f"95% interval {format_points(trial['low'])} to {format_points(trial['high'])}"
    if not trial["is_sure"]:
        return f"Whether {name} worked cannot be told: the lift is {lift}, within what chance does ({span})."
    if trial["lift"] > 0:
        return f"Yes, {name} worked: it raised conversion by {lift} ({span})."
    return f"No, {name} did harm: it lowered conversion by {lift} ({span})."


def _rates(trial: Mapping[str, Any]) -> str:
    treated, held = format_count(trial["treated"], "customer"), format_count(trial["held_out"], "customer")
    return (
        f"{format_rate(trial['treated_rate'], decimals=1)} of {treated} who were treated converted, "
        f"against {format_rate(trial['held_out_rate'], decimals=1)} of {held} held out at random."
    )


def _untold(facts: Mapping[str, Any], untold: list[Mapping[str, Any]]) -> tuple[str, ...]:
    if not untold:
        return ()
    names = join_words([str(u["name"]) for u in untold[:_NAMED]])
    more = f" and {len(untold) - _NAMED} others" if len(untold) > _NAMED else ""
    alone = "campaign" if len(untold) == 1 else "campaigns"
    said = [f"What {alone} {names}{more} caused cannot be told: targeting was not random and nobody was held out by chance."]
    compared = next((u for u in untold if u["spent_before"]), None)
    if compared is not None:
        targeted, others = (format_money(v, facts["currency"]) for v in compared["spent_before"])
        said.append(
            f"Those targeted by {compared['name']} had spent {targeted} each in the {facts['days_before']} days before it began, all "
            f"others {others}: they differed already, so comparing them afterwards says nothing about the campaign."
        )
    return tuple(said)
