"""attribution: which channels share the credit for orders, and whether campaigns worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.minds.embedded.account import Account
from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues, Plan
from assistant.minds.embedded.intents.figure import read_figure
from assistant.minds.embedded.intents.steps import cohort
from assistant.minds.embedded.intents.words import word_file, words_of
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import Token, atoms
from assistant.minds.embedded.wordlists import filler_words, grammar_words
from assistant.turn import Step
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.model import CampaignRoles

_CAMPAIGN = "campaign named"
_CHANNEL = "channel named"
_UNITS = frozenset({"day", "week", "weekend", "month", "quarter", "season", "year"})
"""Words of time in names of campaigns."""
_SPLIT = frozenset({"by", "per", "each"})
"""Before "campaign": a figure of each is wanted."""


class AttributionIntent:
    name = "attribution"
    tool = "attribution"
    needs: tuple[str, ...] = ()
    follows = frozenset({"attribution"})

    def cues(self, asked: Asked) -> Cues | None:
        """Credit is asked for by name; of a campaign, whether it worked or what it did. "Campaign lift by campaign" is a figure."""
        found = word_file(self.name).find(asked.tokens)
        if found.has("credit"):
            touchpoints = asked.reader.model.settings.roles.touchpoints
            return _with_channels(found, asked, touchpoints.channel) if touchpoints is not None else None
        roles = asked.reader.model.settings.roles.campaigns
        if roles is None or not found.has("work", "effect"):
            return None
        named = _named_campaigns(asked, roles, found.found)
        split_by = _SPLIT if found.has("work") else _SPLIT | {"which"}  # "Which campaigns worked" is asked of all of them.
        split = any(asked.tokens[c.start - 1].text in split_by for c in (*found.all("campaign"), *named) if c.start)
        if split or not (found.has("campaign") or named):
            return None
        return Cues(found=tuple(sorted((*found.found, *named), key=lambda cue: cue.start)))

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        return _credit(cues, rest) if cues.has("credit") else _lift(cues, rest)

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the North?", "and last quarter?" """
        if cues.has("work", "effect") or rest.metrics or rest.dimensions or not (rest.filters or rest.window):
            return None
        return Plan(arguments={**previous.arguments, **_cohort_and_window(rest)}, uses=frozenset({"window"}))


def _with_channels(cues: Cues, asked: Asked, field: str) -> Cues:
    """The cues with the names of channels: "who deserves the credit, email or display"."""
    names = words_of((f"{_CHANNEL} {name}", " ".join(atoms(str(name)))) for name in asked.reader.values.values_of(field))
    more = [c for c in names.find(asked.tokens).found if not any(o.start < c.end and c.start < o.end for o in cues.found)]
    return Cues(found=tuple(sorted((*cues.found, *more), key=lambda cue: cue.start)))


def _credit(cues: Cues, rest: Rest) -> Plan | None:
    """Orders are what the credit is for: the rest says which of them, and when."""
    figure = read_figure(rest.asked, cues)
    arguments: dict[str, Any] = {"show": "credit"}
    named = [cue.text for cue in cues.found if cue.role.startswith(_CHANNEL)]
    notes = (
        (f"credit is shared among all channels: {' and '.join(named)} {'is' if len(named) == 1 else 'are'} among them",) if named else ()
    )
    if figure is None or figure.absent:
        return None
    if figure.query is None:
        if figure.account.leftover:
            return None
        return Plan(arguments=arguments | _cohort_and_window(rest), uses=frozenset({"window"}), notes=notes)
    query = figure.query
    if not _only_filtered(query):
        return None
    arguments |= _filters_and_window(query)
    return Plan(arguments=arguments, notes=(*figure.notes, *notes), doubts=figure.doubts, account=figure.account)


def _cohort_and_window(rest: Rest) -> dict[str, Any]:
    window = {"window": rest.window.model_dump(mode="json", exclude_defaults=True)} if rest.window is not None else {}
    return {name: value for name, value in cohort(rest).items() if name == "filters"} | window


def _only_filtered(query: MetricQuery) -> bool:
    plain = set(query.model_dump(exclude_defaults=True)) <= {"metrics", "filters", "window", "order", "limit", "dimensions"}
    return plain and len(query.metrics) <= 1


def _filters_and_window(query: MetricQuery) -> dict[str, Any]:
    plain = query.model_dump(mode="json", exclude_defaults=True)
    own = plain["metrics"][0].get("filters", []) if plain.get("metrics") else []
    filters = [*plain.get("filters", []), *own]
    found: dict[str, Any] = {"filters": filters} if filters else {}
    return found | ({"window": plain["window"]} if "window" in plain else {})


def _lift(cues: Cues, rest: Rest) -> Plan | None:
    if rest.metrics or rest.dimensions:
        return None
    arguments: dict[str, Any] = {"show": "lift"}
    names = [cue.role.removeprefix(f"{_CAMPAIGN} ") for cue in cues.found if cue.role.startswith(_CAMPAIGN)]
    names = list(dict.fromkeys(name for joined in names for name in joined.split("\n")))
    notes: tuple[str, ...] = ()
    if names:
        arguments["campaigns"] = names
        said = " ".join(cue.text for cue in cues.found if cue.role.startswith(_CAMPAIGN))
        if len(names) > 1:
            notes = (f"'{said}' fits {' and '.join(names)}: all of them are shown",)
    arguments |= _cohort_and_window(rest)
    return Plan(arguments=arguments, notes=notes, uses=frozenset({"window", "ranking"}), account=_without_seasons(rest.account, names))


def _without_seasons(account: Account, names: Sequence[str]) -> Account:
    """Words of a campaign's name that were read with it are no leftover."""
    words = {word for name in names for word in atoms(name)}
    return replace(account, leftover=tuple(w for w in account.leftover if w.lower() not in words))


def _named_campaigns(asked: Asked, roles: CampaignRoles, taken: Sequence[Cue]) -> list[Cue]:
    """A cue for the words that name campaigns, with the names: "spring" of "the spring campaign" fits every campaign of that word."""
    covered = {at for cue in taken for at in range(cue.start, cue.end)}
    free = [(at, t) for at, t in enumerate(asked.tokens) if at not in covered and _may_name(t) and not _begins_a_figure(asked, at)]
    names = {str(name): {*atoms(str(name))} for name in asked.reader.values.values_of(roles.campaign)}
    numbered = asked.reader.model.field(roles.campaign).datatype.value == "Integer"
    if numbered:
        found = [(at, t) for at, t in free if t.text.isdigit() and asked.tokens[at - 1].text in ("campaign", "number")]
        return [Cue(start=at, end=at + 1, role=f"{_CAMPAIGN} {t.text}", text=t.raw) for at, t in found]
    said = {token.text for _, token in free}
    fits = {name: len(words & said) for name, words in names.items() if words & said}
    if not fits:
        return []
    best = [name for name, n in fits.items() if n == max(fits.values())]
    if all(names[name] & said <= _UNITS for name in best):
        return []  # "Next year" is no campaign, though one of them has the year in its name.
    words = {word for name in best for word in names[name]}
    joined = "\n".join(best)
    return [Cue(start=at, end=at + 1, role=f"{_CAMPAIGN} {joined}", text=t.raw) for at, t in free if t.text in words]


def _begins_a_figure(asked: Asked, at: int) -> bool:
    """The "new" of "new customers" names no campaign, though one may have the word in its name."""
    senses = (s for end in (2, 3) for s in asked.reader.lexicon.lookup(tuple(t.text for t in asked.tokens[at : at + end])))
    return any(s.kind is Kind.METRIC for s in senses)


def _may_name(token: Token) -> bool:
    return token.text not in filler_words() and token.text not in grammar_words() and token.kind != "mark"
