"""The arbiter: whether a reading is answered or offered, and how likely it is the one that was meant.

Three kinds of evidence meet here. Words that nothing accounts for always make an offer: no agreement outvotes an unknown noun. So do
shaping words without a trace in the plan. For what is left, the learner's expectation is held against the plan, signs are looked for that
a word got into the wrong slot (`slots.py`), and a logistic scale fitted on labelled questions (`data/confidence.json`, by
`scripts/calibrate_confidence.py`) turns them into a chance; with too low a one, the reading is offered.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.learner import Learner
from assistant.minds.embedded.learner.agreement import Agreement, agreement
from assistant.minds.embedded.learner.masking import masked
from assistant.minds.embedded.learner.parts import parts_of
from assistant.minds.embedded.slots import slot_evidence
from assistant.minds.reflection import unreflected
from tools.core.query.metric_query import EntityCondition, MetricQuery
from tools.core.semantics.model import SemanticModel

_EDGE = 0.02
"""Chances are not trusted beyond 2 and 98 %."""
_DISAGREES = 0.25
_ROLE_DOUBTS = {
    "limit": "how many rows are asked for",
    "condition": "which limit on the figures is meant",
    "baseline": "which period it is compared with",
    "within": "within which groups it is counted",
    "negation": "what is left out, or did not happen",
    "split": "what it is split by",
}
_TOGETHER = "This has several parts, and I may have put them together differently than you meant"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What becomes of a reading that runs."""

    doubt: str | None
    """Why it is an offer; None = it is answered."""
    confidence: float | None
    """Chance that it is the one meant; None without a learner."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The fitted scale."""

    weights: Mapping[str, float]
    """By name of the evidence."""
    intercept: float
    answer_at: float
    """From this chance on, a plain reading is answered."""
    answer_intricate_at: float
    """The same for readings of an intricate shape, which are got wrong more often than the evidence tells."""

    def chance(self, evidence: Mapping[str, float]) -> float:
        return 1.0 / (1.0 + math.exp(-self.intercept - sum(self.weights[name] * value for name, value in evidence.items())))


def judge(text: str, reading: Reading, model: SemanticModel, learner: Learner | None) -> Judgement:
    """Answer or offer.

    Args:
        text: The question as typed, without its background.
        reading: One with a query.
    """
    query = reading.query
    if query is None:
        raise ValueError("a reading without a query has no outcome to judge")
    lost = lost_words(text, reading, model)
    second = learner if not reading.by_fields else None  # It has never heard of rows and their fields.
    found = agreement(second.expect(masked(reading.items)), parts_of(query, model)) if second is not None else None
    confidence = calibration().chance(evidence_of(reading, found, lost)) if found is not None else None
    doubt = unplaced(reading) or (f"I am not sure that this answers {_listed(lost)}" if lost else None)
    enough = calibration().answer_intricate_at if is_intricate(query) else calibration().answer_at
    if doubt is None and confidence is not None and confidence < enough:
        doubt = _least_agreed(found) if found is not None else None
    if doubt is None and confidence is None and is_intricate(query) and not reading.by_fields:
        doubt = _TOGETHER  # Without a second reader, readings of these shapes are not to be trusted.
    return Judgement(doubt=doubt, confidence=round(confidence, 3) if confidence is not None else None)


def unplaced(reading: Reading) -> str | None:
    """Why the reading does not hold every word; None when it does."""
    leftover = reading.account.leftover
    if leftover:
        return f"I could not place {_listed(leftover)}; this is the answer without {'it' if len(leftover) == 1 else 'them'}"
    return "; ".join(reading.doubts) or None


def lost_words(text: str, reading: Reading, model: SemanticModel) -> tuple[str, ...]:
    """Shaping words without a trace in the plan, but for those that became a filter in another form: the 45 of "under 45"."""
    if reading.query is None:
        return ()
    banded = " ".join(words for words, part in reading.account.consumed if part == "filter").split()
    banded += [word.partition(":")[0].rstrip("apm") for word in banded if word[0].isdigit()]  # the 20 of "until 20:00"
    return tuple(w for w in unreflected(text, reading.query, model) if w.lower() not in banded)


def evidence_of(reading: Reading, found: Agreement, lost: Sequence[str]) -> dict[str, float]:
    """What the chance rests on, each a number of about -4 to 4."""
    query = reading.query
    intricate = float(query is not None and is_intricate(query))
    return {
        "shape": _log_odds(found.shape),
        "likeliest": float(found.likeliest),
        "elsewhere": found.elsewhere,
        "role": _log_odds(found.role),
        "metric": found.metric,
        "field": found.field,
        "unused": found.unused,
        "intricate": intricate,
        "intricate_unlikely": intricate * (1.0 - found.shape),
        "unplaced": float(min(2, len(reading.account.leftover))),
        "doubts": float(bool(reading.doubts)),
        "lost": float(min(2, len(lost))),
        "ignored": min(4, len(reading.account.ignored)) / 4,
        "filled_in": min(3, len(reading.notes)) / 3,
        "parts": math.log(len(reading.account.consumed) or 1),
        **slot_evidence(reading),
    }


@cache
def calibration() -> Calibration:
    """The scale that the last fit left."""
    document = json.loads((files(__package__) / "data" / "confidence.json").read_text(encoding="utf-8"))
    return Calibration(**{name: document[name] for name in ("weights", "intercept", "answer_at", "answer_intricate_at")})


def is_intricate(query: MetricQuery) -> bool:
    """Whether the reading combines parts in a way that is often got wrong.

    On questions that nobody had tuned for, readings of these shapes were right two times in three, all others nine times in ten: so were
    those with one condition on how often something was done, or that it never was (23 of 25).
    A concentration names its entities, its figure and its share: there is one way to put them together.
    """
    conditions = query.entity_conditions
    of_entities = bool(conditions) and not (len(conditions) == 1 and _is_how_often(conditions[0]))
    of_measures = any(m.per or m.entity_conditions or (m.filters and not m.as_share) for m in query.metrics)
    shaped = query.cohort or query.distribution or query.pairs or query.lifecycle or query.top_per_group
    return bool(of_entities or of_measures or shaped or query.having or (query.comparison and query.dimensions))


def _is_how_often(condition: EntityCondition) -> bool:
    return condition.fact is not None and condition.distinct is None and condition.every is None


def _least_agreed(found: Agreement) -> str:
    """The part that a second reader would not have expected, in words."""
    if found.role < _DISAGREES:
        return f"A second reader of your words is not sure {_ROLE_DOUBTS[found.role_name]}"
    return _TOGETHER


def _listed(words: Sequence[str]) -> str:
    return " and ".join(f"'{word}'" for word in words)


def _log_odds(chance: float) -> float:
    bounded = min(max(chance, _EDGE), 1.0 - _EDGE)
    return math.log(bounded / (1.0 - bounded))
