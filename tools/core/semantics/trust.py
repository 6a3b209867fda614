"""Why an answer is `modelled`: which predictions it rests on, how old they are, and whether they may still be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from tools.core.semantics.model import Modelled, SemanticModel


@dataclass(frozen=True, kw_only=True)
class ModelledReason:
    """For the trust grade of an answer, and its caveats."""

    reason: str
    caveats: tuple[str, ...]


def modelled_reason(model: SemanticModel, tables: Iterable[str], as_of: dt.date) -> ModelledReason | None:
    """The reason when any of the base tables that a statement reads holds predictions, else None."""
    used = {table.removeprefix("main.") for table in tables}
    found = [d.modelled for d in model.datasets.values() if d.modelled is not None and d.source.removeprefix("main.") in used]
    if not found:
        return None
    stale = tuple(_stale(one, as_of) for one in found if (as_of - one.scored_on).days > one.good_for_days)
    return ModelledReason(reason="; ".join(_in_words(one, as_of) for one in found), caveats=stale)


def _in_words(one: Modelled, as_of: dt.date) -> str:
    age = max((as_of - one.scored_on).days, 0)
    aged = "of the same day" if age == 0 else f"{age} day{'' if age == 1 else 's'} old"
    trained = f"trained on {_day(one.trained_from)}"
    if one.trained_to != one.trained_from:
        trained += f" to {_day(one.trained_to)}"
    said = f"rests on {one.what}: {one.model}, {trained}, scores as of {_day(one.scored_on)} ({aged})"
    return f"{said}; {one.reliability}" if one.reliability else said


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _stale(one: Modelled, as_of: dt.date) -> str:
    age = (as_of - one.scored_on).days
    return f"Do not act on these {one.what}: they are {age} days old, and good for {one.good_for_days}. Run `assistant warehouse refresh`."
