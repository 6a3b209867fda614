"""next_best_action: whom to approach with what, what to do about a group or a customer, and how sure the effects are."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cues, Plan
from assistant.minds.embedded.intents.steps import DEEDS, WHOM, card_of, cohort
from assistant.minds.embedded.intents.words import word_file, words_of
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import filler_words
from assistant.turn import Step

_MOST = 10_000
_CHANNEL = "channel "
_ACTION = "action "


class NextBestActionIntent:
    name = "next_best_action"
    tool = "next_best_action"
    needs: tuple[str, ...] = ("next_best_action",)
    follows = frozenset({"next_best_action"})

    def cues(self, asked: Asked) -> Cues | None:
        """Calls and e-mails are figures; what should be done, and whether it works, are not."""
        found = _with_actions(word_file(self.name).find(asked.tokens), asked)
        acts = found.has("approach", "do") or bool(_roles(found, _CHANNEL) or _roles(found, _ACTION))
        named = bool(_roles(found, _CHANNEL) or _roles(found, _ACTION)) or found.has("actions")
        does_it_work = found.has("effect") and named and not found.has("approach", "do")
        return found if found.has("best", "left") or (found.has("should") and acts) or does_it_work else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics or rest.dimensions:
            return None
        if cues.has("effect"):
            return Plan(arguments={"show": "reliability"})
        action = _action(cues, rest.asked)
        groups = rest.counts or cues.has("left")
        listed = not groups and (bool(rest.customer_ids) or rest.asks_for_people or action is not None)
        arguments: dict[str, Any] = {"show": "list" if listed else "blocked" if cues.has("left") else "summary", **cohort(rest)}
        if action is not None:
            arguments["action"] = action
        return Plan(
            arguments={**arguments, **_limits(cues, rest, listed=listed)},
            uses=frozenset({"ranking", "count"}) | DEEDS,
            notes=_unknown_channel(cues, action),
            yields=cues.has("best") and not listed,
            individuals=listed,
        )

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the South?", "with a budget of 500", "and by e-mail?", "show me the customers", "how sure is that?" """
        if rest.metrics or rest.dimensions or cues.has("should", "best"):
            return None
        if cues.has("effect"):
            return Plan(arguments={"show": "reliability"})
        fuller = _with_actions(cues, rest.asked)
        action, budget = _action(fuller, rest.asked), cues.first("budget")
        if rest.is_empty and action is None and budget is None and not rest.asks_for_people:
            return None
        kept = {k: v for k, v in previous.arguments.items() if k not in WHOM}
        listed = kept.get("show", "list") == "list" or rest.asks_for_people or bool(rest.customer_ids)
        arguments = {**kept, "show": "list" if listed else kept["show"], **cohort(rest), **_limits(cues, rest, listed=listed)}
        if action is not None:
            arguments["action"] = action
        return Plan(arguments=arguments, uses=frozenset({"ranking"}) | DEEDS, individuals=listed)


def _limits(cues: Cues, rest: Rest, *, listed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    budget = cues.first("budget")
    if listed and (rest.n or budget is not None):
        found["limit"] = min(rest.n or _MOST, _MOST)
    if listed and budget is not None and budget.numbers:
        found["budget"] = budget.numbers[0]
    return found


def _roles(cues: Cues, prefix: str) -> list[str]:
    return [cue.role.removeprefix(prefix) for cue in cues.found if cue.role.startswith(prefix)]


def _with_actions(cues: Cues, asked: Asked) -> Cues:
    """The cues with the names of this warehouse's own actions: "coupon"."""
    card = card_of(asked, "next_best_action")
    if card is None:
        return cues
    named = words_of((f"{_ACTION}{a['name']}", phrase) for a in card["actions"] for phrase in _names(a))
    more = [c for c in named.find(asked.tokens).found if not any(o.start < c.end and c.start < o.end for o in cues.found)]
    return Cues(found=tuple(sorted((*cues.found, *more), key=lambda cue: cue.start)))


def _names(action: dict[str, Any]) -> set[str]:
    """The action's name and label as phrases, in the singular and plural."""
    phrases = {" ".join(atoms(action["name"])), " ".join(w for w in atoms(action["label"]) if w not in filler_words())}
    return {form for phrase in phrases if phrase for form in (phrase, f"{phrase}s")}


def _action(cues: Cues, asked: Asked) -> str | None:
    """The action that is named, or the one that goes through the channel that is named."""
    named = _roles(cues, _ACTION)
    if named:
        return named[0]
    channels = _roles(cues, _CHANNEL)
    card = card_of(asked, "next_best_action")
    if not channels or card is None:
        return None
    through = [a for a in card["actions"] if channels[0] in a["channels"]]
    return min(through, key=lambda a: len(a["channels"]))["name"] if through else None


def _unknown_channel(cues: Cues, action: str | None) -> tuple[str, ...]:
    channels = _roles(cues, _CHANNEL)
    return (
        (f"no action goes by {channels[0]} in this warehouse: each customer's best action is shown",) if channels and action is None else ()
    )
