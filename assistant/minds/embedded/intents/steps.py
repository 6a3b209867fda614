"""What intents share when they fill in the arguments of their tools."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues
from tools.core.warehouse.intelligence import read_card

_FAR_OFF = 1.5
"""A horizon that is so many times longer or shorter than the scores' own is another question."""
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


WHOM = ("filters", "entity_conditions", "customer_ids")
"""Arguments that say whom a step is about."""
DEEDS = frozenset({"condition", "threshold"})
"""Parts of the rest that a tool takes which has `entity_conditions`."""


def cohort(rest: Rest) -> dict[str, Any]:
    """The arguments `WHOM`, as far as the question says whom it is about."""
    found: dict[str, Any] = {}
    if rest.filters:
        found["filters"] = [f.model_dump(mode="json", exclude_defaults=True) for f in rest.filters]
    if rest.entity_conditions:
        found["entity_conditions"] = [c.model_dump(mode="json", exclude_defaults=True) for c in rest.entity_conditions]
    if rest.customer_ids:
        found["customer_ids"] = list(rest.customer_ids)
    return found


def card_of(asked: Asked, part: str) -> dict[str, Any] | None:
    """The model card of a part of the intelligence layer; None where it is not computed."""
    warehouse = asked.context.warehouse
    return read_card(warehouse.data_folder, part) if warehouse is not None else None


def horizon_days(cue: Cue) -> int | None:
    """Days of "the next 6 weeks", "next quarter"; None for "soon"."""
    unit = next((days for name, days in _DAYS.items() if f"{name}s" in cue.text.lower() or name in cue.text.lower().split()), None)
    if unit is None:
        return None
    return round((cue.numbers[0] if cue.numbers else 1) * unit)


def horizon_notes(cues: Cues, asked: Asked, part: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(notes, doubts) about a period ahead: the scores have a horizon of their own."""
    cue, card = cues.first("horizon"), card_of(asked, part)
    if cue is None or card is None:
        return (), ()
    terms = card.get("terms", card)
    own, scored_on = int(terms["horizon_days"]), card.get("as_of") or card["trained_to"]
    wanted = horizon_days(cue)
    if wanted is not None and not 1 / _FAR_OFF <= wanted / own <= _FAR_OFF:
        return (), (f"The scores look {own} days ahead and not over '{cue.text}'",)
    return (f"'{cue.text}' was taken as the horizon of the scores: {own} days after {scored_on}",), ()
