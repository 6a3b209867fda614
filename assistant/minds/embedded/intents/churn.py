"""churn: who is likely not to come back, why, what would change it, and how far the scores can be trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.minds.embedded.inflection import stem
from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues, Plan
from assistant.minds.embedded.intents.people import AT_RISK
from assistant.minds.embedded.intents.steps import DEEDS, WHOM, card_of, cohort, horizon_notes
from assistant.minds.embedded.intents.words import word_file, words_of
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import atoms
from assistant.minds.embedded.wordlists import filler_words, grammar_words, word_set
from assistant.turn import Step

_LEAVING = ("leave", "leaving", "leaves", "left")
_BY = word_set("by their highest greatest biggest")
_LISTING = word_set("which who whom list name show give identify find")
_RANKING = word_set("top rank ranked sort sorted order ordered first highest")
_DETERMINERS = word_set("our the a an their its my this that these those")


class ChurnIntent:
    name = "churn"
    tool = "churn"
    needs: tuple[str, ...] = ("churn",)
    follows = frozenset({"churn"})

    def cues(self, asked: Asked) -> Cues | None:
        """ "Churn" alone, by region or by month, is a figure; why, who, what if and how sure are not."""
        found = word_file(self.name).find(asked.tokens)
        found = Cues(found=tuple(c for c in found.found if not (c.role in ("leaving", "topic") and _leaves_a_place(c, asked))))
        if not found.has("leaving", "topic", "risky"):
            return None
        if found.has("if") and (found.has("what_if") or "what" in found.all("if")[0].text.lower()):
            return _with_driver(found, asked)
        if found.has("risky") and _lists_people(asked):
            found = Cues(found=tuple(replace(c, role="leaving") if c.role == "risky" else c for c in found.found))
        found = _kept(found, {"leaving", "topic", "why", "reliability", "horizon", "subscriptions", "rank"})
        return found if found.has("leaving", "why", "reliability") or _ranks(found, asked) else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics or rest.dimensions:
            return None  # "Revenue of customers likely to leave, by region" is about revenue.
        if cues.has("if"):
            return _what_if(cues, rest)
        of = "subscriptions" if cues.has("subscriptions") else "orders"
        if cues.has("reliability"):
            return Plan(arguments={"show": "reliability", "of": of})
        counted = not _asks_who(rest.asked)
        listed = rest.asks_for_people or not cues.has("why")  # By risk, or as those who leave.
        people = bool(rest.customer_ids) or (listed and not counted)
        arguments: dict[str, Any] = {"show": "customers" if people else "drivers", "of": of, **cohort(rest)}
        if people and rest.n:
            arguments["limit"] = min(rest.n, 1000)
        notes, doubts = horizon_notes(cues, rest.asked, "churn" if of == "orders" else "subscription_churn")
        return Plan(
            arguments=arguments,
            uses=frozenset({"ranking", "count"}) | DEEDS,
            notes=notes,
            doubts=doubts,
            yields=counted,
            individuals=people,
            cohort=(AT_RISK,) if of == "orders" and "churn" in rest.asked.reader.model.datasets else (),
        )

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "Why?", "show me the customers", "and in the South?", "how sure is that?" """
        if rest.metrics or rest.dimensions or cues.has("topic"):
            return None
        arguments = {k: v for k, v in previous.arguments.items() if k not in (*WHOM, "what_if")}
        if cues.has("reliability"):
            return Plan(arguments={"show": "reliability", "of": arguments.get("of", "orders")})
        shown = arguments.get("show", "drivers")
        if cues.has("why"):
            shown = "drivers"
        elif rest.asks_for_people:
            shown = "customers"
        elif rest.is_empty or shown == "what_if":
            return None
        arguments = {**arguments, "show": shown, **cohort(rest)}
        if rest.n and shown == "customers":
            arguments["limit"] = min(rest.n, 1000)
        return Plan(arguments=arguments, uses=frozenset({"ranking"}) | DEEDS, individuals=shown == "customers")


def _leaves_a_place(cue: Cue, asked: Asked) -> bool:
    """ "Leave our shops": what is left is something in the data, such as a shop or a basket, and not the company."""
    if not cue.text.lower().endswith(_LEAVING):
        return False
    after = [t.text for t in asked.tokens[cue.end : cue.end + 3]]
    noun = next((text for text in after if text not in _DETERMINERS), "")
    return any(sense.kind in (Kind.DATASET, Kind.FIELD) for sense in asked.reader.lexicon.lookup((noun,)))


def _ranks(cues: Cues, asked: Asked) -> bool:
    """ "Top 10 customers by churn risk": they are put in the order of their risk; "customers by churn risk" counts them."""
    topic = cues.first("topic")
    if topic is None:
        return False
    by = topic.start and asked.tokens[topic.start - 1].text in _BY
    before = asked.tokens[: topic.start]
    people = any(s.target == asked.reader.model.settings.customer for t in before for s in asked.reader.lexicon.lookup((t.text,)))
    return bool(by) and people and any(t.text in _RANKING or t.kind == "number" for t in before)


def _lists_people(asked: Asked) -> bool:
    """ "Which customers in the South are at risk", "list the gold customers at risk": people are wanted, and not their number."""
    words = [t.text for t in asked.tokens]
    return bool(set(words[:3]) & _LISTING) and _asks_who(asked) and not {"by", "per", "each"} & set(words)


def _asks_who(asked: Asked) -> bool:
    """A list of people and no figure of them: "how many are likely to leave" is a figure."""
    words = {t.text for t in asked.tokens}
    return not words & {"many", "much", "number", "average", "share", "percentage", "count", "total", "revenue"}


def _kept(cues: Cues, roles: set[str]) -> Cues:
    return Cues(found=tuple(cue for cue in cues.found if cue.role in roles))


# -- what if ----------------------------------------------------------------------------------------


def _with_driver(cues: Cues, asked: Asked) -> Cues | None:
    """The cues with the words that name a driver; None when the clause names none."""
    card = card_of(asked, "churn")
    begin = next(cue.end for cue in cues.found if cue.role == "if")
    if card is None:
        return cues
    named = words_of((f"driver {d['name']}", word) for d in card["drivers"] for word in _words_of_driver(d))
    tokens = [replace(t, text=stem(t.text) if at >= begin else "") for at, t in enumerate(asked.tokens)]
    drivers = [c for c in named.find(tokens).found if not any(o.start <= c.start < o.end for o in cues.found)]
    if not drivers and not cues.has("last_order", "frequency"):
        return None
    return Cues(found=tuple(sorted((*cues.found, *drivers), key=lambda cue: cue.start)))


def _words_of_driver(driver: dict[str, Any]) -> set[str]:
    words = {*atoms(driver["name"].replace("_", " ")), *atoms(driver["label"])}
    return {stem(w) for w in words if w not in filler_words() and w not in grammar_words() and w not in ("since", "last", "order")}


def _what_if(cues: Cues, rest: Rest) -> Plan | None:
    change = _change(cues)
    if change is None:
        return None
    return Plan(arguments={"show": "what_if", "what_if": change, **cohort(rest)})


def _change(cues: Cues) -> dict[str, Any] | None:
    ago, often = cues.first("days_ago"), cues.first("frequency")
    if cues.has("last_order") and ago is not None and ago.numbers:
        return {"driver": "recency", "set_to": ago.numbers[0]}
    if often is not None:
        return {"driver": "frequency", "change_by": often.numbers[0] if often.numbers else 1.0}
    counted: dict[str, int] = {}
    for cue in cues.found:
        if cue.role.startswith("driver "):
            name = cue.role.removeprefix("driver ")
            counted[name] = counted.get(name, 0) + 1
    if not counted:
        return None
    driver = max(counted, key=lambda name: counted[name])
    return {"driver": driver, "set_to": 0.0 if cues.has("none") else 1.0}
