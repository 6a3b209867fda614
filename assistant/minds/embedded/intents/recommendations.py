"""recommendations: what to offer next, who will buy what, what goes together, and when people can be reached."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues, Plan
from assistant.minds.embedded.intents.steps import DEEDS, WHOM, card_of, cohort, horizon_notes
from assistant.minds.embedded.intents.words import word_file, words_of
from assistant.minds.embedded.tokens import atoms
from assistant.turn import Step

_CATEGORY = "category "
_ITEM = "item "


class RecommendationsIntent:
    name = "recommendations"
    tool = "recommendations"
    needs: tuple[str, ...] = ("recommendations",)
    follows = frozenset({"recommendations"})

    def cues(self, asked: Asked) -> Cues | None:
        """What was bought is a figure; what will be, what goes with what, and when to write are not."""
        found = _with_names(word_file(self.name).find(asked.tokens), asked)
        counted = [t.text for t in asked.tokens[:2]] in (["how", "much"], ["how", "many"])
        if counted and any(c.text.lower().startswith("do ") for c in found.all("offer")):
            return None  # "how much do we sell per day", "how many products do we sell"
        ahead = found.has("next") or (found.has("will") and found.has("buy"))
        return found if ahead or found.has("offer", "pairs", "time", "reliability") else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics:
            return None
        if cues.has("reliability"):
            return Plan(arguments={"show": "reliability"})
        shown = "pairs" if cues.has("pairs") else "time" if cues.has("time") else _products_or_categories(cues)
        category, item = _named(cues, _CATEGORY), _named(cues, _ITEM)
        arguments: dict[str, Any] = {"show": shown, **cohort(rest)}
        if shown == "categories" and category is not None:
            arguments["category"] = category
        if shown == "pairs" and (item or category):
            arguments["item"] = item or category
        if rest.n:
            arguments["limit"] = min(rest.n, 1000)
        notes, doubts = horizon_notes(cues, rest.asked, "recommendations")
        people = bool(rest.customer_ids) or "category" in arguments
        uses = frozenset({"ranking", "grouping"}) | DEEDS
        return Plan(arguments=arguments, uses=uses, notes=notes, doubts=doubts, yields=shown == "pairs", individuals=people)

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the South?", "and customer 12?", "and for Garden?" """
        if rest.metrics or cues.has("offer", "next", "pairs", "time"):
            return None
        fuller = _with_names(cues, rest.asked)
        category = _named(fuller, _CATEGORY)
        if rest.is_empty and category is None:
            return None
        kept = {k: v for k, v in previous.arguments.items() if k not in WHOM}
        arguments = {**kept, **cohort(rest)}
        if category is not None and kept.get("show") == "categories":
            arguments["category"] = category
        return Plan(
            arguments=arguments, uses=frozenset({"ranking"}) | DEEDS, individuals=bool(rest.customer_ids) or "category" in arguments
        )


def _products_or_categories(cues: Cues) -> str:
    """ "Who will buy garden things" is about a category, "what will they buy next" about products."""
    return "categories" if _named(cues, _CATEGORY) or (_ahead(cues) and cues.has("people")) or _chances(cues) else "products"


def _ahead(cues: Cues) -> bool:
    return cues.has("next") or cues.has("will")


def _chances(cues: Cues) -> bool:
    words = {word for cue in cues.all("next") for word in cue.text.lower().split()}
    return bool(words & {"likely", "probable", "chance", "chances", "likelihood", "probability", "probabilities", "interest", "interested"})


def _with_names(cues: Cues, asked: Asked) -> Cues:
    """The cues with the categories and the paired products of this warehouse, as they are called."""
    card = card_of(asked, "recommendations")
    if card is None:
        return cues
    items = dict.fromkeys(name for pair in card["pairs"] for name in (pair["first"], pair["second"]))
    named = [(f"{_CATEGORY}{c}", form) for c in card["categories"] for form in _forms(c)] + [
        (f"{_ITEM}{i}", " ".join(_plain(i))) for i in items if _plain(i)
    ]
    names = words_of(named).find(asked.tokens).found
    # "Garden products" is a category, although "products" alone says what is asked for.
    kept = [c for c in cues.found if c.role != "thing" or not any(_overlap(c, name) for name in names)]
    more = [name for name in names if not any(_overlap(c, name) for c in kept)]
    return Cues(found=tuple(sorted((*kept, *more), key=lambda cue: cue.start)))


def _overlap(one: Cue, other: Cue) -> bool:
    return one.start < other.end and other.start < one.end


def _forms(category: str) -> set[str]:
    """ "Garden" is also "garden products"."""
    words = " ".join(_plain(category))
    return {words, *(f"{words} {noun}" for noun in ("products", "items", "things", "articles", "category"))} if words else set()


def _plain(name: str) -> list[str]:
    return [atom for atom in atoms(name) if not set(atom) & set("|()<>")]


def _named(cues: Cues, prefix: str) -> str | None:
    return next((cue.role.removeprefix(prefix) for cue in cues.found if cue.role.startswith(prefix)), None)
