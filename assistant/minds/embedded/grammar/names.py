"""Names in part: "sales of cutting boards", "revenue from thermos flasks", where the stored names hold these words among others.

Such words are never known for certain, so what they were taken for is always asked about.
"""

from __future__ import annotations

from assistant.minds.embedded.grammar.draft import Draft
from assistant.minds.embedded.grammar.values import add_filter
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.values import Stored
from assistant.minds.embedded.wordlists import filler_words, ordinary_words, word_set
from tools.core.query.metric_query import Filter

_BEFORE = word_set("of for from many much buy bought sell sold buying selling and vs versus")
_AFTER = word_set(
    "in on by at for during this last since per did do does we , ? and vs versus was were have has are is from compared to with"
)
_SHORTEST = 3
_MOST = 8
"""More names than this, and the words say too little."""
_SHOWN = 3


def read_names_in_part(draft: Draft) -> None:
    """Words that nobody has claimed and that stand where a name would: the values that hold them, of the coarsest field that has any."""
    facts = draft.measured_facts()
    if not facts:
        return
    at = 0
    while at < len(draft.items):
        end = at
        while end < len(draft.items) and _is_plain(draft, end):
            end += 1
        found = _held_by(draft, at, end, facts) if end > at and _stands_as_name(draft, at, end) else None
        if found is None:
            at = max(end, at + 1)
            continue
        field, values = found
        said = " ".join(item.text for item in draft.items[at:end])
        draft.claim(at, end, "filter")
        add_filter(draft, Filter(field=field, op="in", values=values), at)
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        named = ", ".join(str(v) for v in values[:_SHOWN])
        draft.doubts.append(f"'{said}' is taken for each {draft.model.field(field).label} with it in its name: {named}{more}")
        at = end


def _stands_as_name(draft: Draft, begin: int, end: int) -> bool:
    before, after = draft.items[begin - 1].text if begin else "", draft.item(end)
    counted = begin > 1 and draft.items[begin - 2].text in ("number", "numbers", "amount")
    if counted or not _ends_there(draft, end):
        return False  # "by number of cars" splits by what nobody knows
    figure_follows = after is not None and after.has(Kind.METRIC)
    return before in _BEFORE or figure_follows or (begin == 0 and after is not None and after.text in (":", ","))


def _ends_there(draft: Draft, at: int) -> bool:
    """Whether no other noun follows, which the words would only describe: "on hot days"."""
    after = draft.item(at)
    return after is None or after.has(Kind.METRIC) or after.text in _AFTER or (after.time is not None and after.time.window is not None)


def _is_plain(draft: Draft, at: int) -> bool:
    """A word that is nothing of the model, or a value of something that the figures do not reach."""
    item = draft.items[at]
    if not draft.free(at) or item.number is not None or item.time is not None or len(item.text) < _SHORTEST:
        return False
    if item.mention is not None:
        only_values = all(s.kind is Kind.VALUE for s in item.mention.senses)
        return only_values and not any(
            draft.world.reaches(fact, s.target.split(".")[0]) for fact in draft.measured_facts() for s in item.mention.senses
        )
    return item.text.isalpha() and item.text not in filler_words() and item.text not in ordinary_words()


def _held_by(draft: Draft, begin: int, end: int, facts: list[str]) -> tuple[str, tuple[Stored, ...]] | None:
    """(field, its values that hold the words); the coarsest of the fields within reach."""
    words = tuple(w for item in draft.items[begin:end] for w in item.text.split())
    within = [
        (hit.field_values, hit.field, hit.value)
        for hit in draft.world.values.holding(words)
        if all(draft.world.reaches(fact, hit.field.split(".")[0]) for fact in facts)
    ]
    if not within:
        return None
    _, field, _ = min(within)
    values = tuple(dict.fromkeys(value for _, f, value in within if f == field))
    return (field, values) if len(values) <= _MOST else None
