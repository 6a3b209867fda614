"""Questions that go on from a tool's answer, about the same customers; each is read back before it is shown.

`{people}` is filled with the conditions of the step, as the canonical sentences write them: ", region is North".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.turn import MindContext, RanStep
from tools.core.errors import AnswerError
from tools.core.query import Filter, ListingSpec, MetricQuery, compile_query

_WHY_LEAVE = ("Why they may leave", "Why are customers likely to leave{people}?")
_WHO_LEAVES = ("Who may leave", "Which customers are likely to leave{people}?")
_COMPLAINTS = ("What they complain about", "What do customers complain about{people}?")
_ACTIONS = ("What to do", "What should we do about customers{people}?")
_WORTH = ("What they are worth", "What is the lifetime value of customers{people}?")
_CONTACT = ("Whom to contact", "Which 20 customers should we contact{people}?")
_CREDIT = ("Credit by channel", "Attribution by channel")
_NEGATIVE = ("Negative share by month", "Negative share of feedback by month{people}")
_TOGETHER = ("Bought together", "Which products are bought together?")

# By tool, or by tool and what it was asked to show.
_NEXT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "churn": (_WHO_LEAVES, _COMPLAINTS, _ACTIONS, _WORTH),
    "churn customers": (_WHY_LEAVE, _COMPLAINTS, _ACTIONS, _WORTH),
    "lifetime_value": (_WHO_LEAVES, _ACTIONS, _COMPLAINTS),
    "segments": (_WHO_LEAVES, _WORTH, _ACTIONS),
    "next_best_action": (_WHY_LEAVE, _COMPLAINTS, _WORTH),
    "next_best_action summary": (_CONTACT, _WHY_LEAVE, _COMPLAINTS, _WORTH),
    "recommendations": (_TOGETHER, _CONTACT, _WORTH),
    "attribution": (_CREDIT, _CONTACT, _WHO_LEAVES),
    "explain_change": (_COMPLAINTS, _WHO_LEAVES),
    "search_feedback": (
        _NEGATIVE,
        ("Which products", "Which products do customers complain about{people}?"),
        ("Against competitors", "How do we compare with competitors in what customers say{people}?"),
        _ACTIONS,
    ),
}
# About one customer, by the tool that the question goes to.
_ONE: Mapping[str, tuple[str, str]] = {
    "customer_profile": ("Everything about them", "Tell me about customer {key}"),
    "next_best_action": ("What to do", "What should we do about customer {key}?"),
    "lifetime_value": ("What they are worth", "What is customer {key} worth?"),
    "recommendations": ("What they will buy", "What will customer {key} buy next?"),
}
_FILTERS = TypeAdapter(tuple[Filter, ...])


def next_questions(ran: RanStep, context: MindContext) -> Iterator[tuple[str, str]]:
    """(label, question) for the answer of a step, the most telling first; none for a tool that has no natural next question."""
    one = ran.arguments.get("customer_id") or _only(ran.arguments.get("customer_ids"))
    if one is not None:
        yield from ((label, question.format(key=one)) for tool, (label, question) in _ONE.items() if tool != ran.tool)
        return
    people = _people(ran.arguments, context)
    if people is None:
        return
    shown = f"{ran.tool} {ran.arguments.get('show', '')}"
    for label, question in _NEXT.get(shown, _NEXT.get(ran.tool, ())):
        yield label, question.format(people=people)


def _only(keys: Any) -> Any:
    return keys[0] if isinstance(keys, (list, tuple)) and len(keys) == 1 else None


def _people(arguments: Mapping[str, Any], context: MindContext) -> str | None:
    """The step's conditions on customers in words, to end a question with; None when they are more than conditions can say."""
    model = context.warehouse.model
    customer = model.settings.customer
    if customer is None or arguments.get("entity_conditions") or arguments.get("customer_ids") or arguments.get("search"):
        return None
    try:
        filters = _FILTERS.validate_python(tuple(arguments.get("filters") or ()))
    except ValidationError:
        return None
    query = MetricQuery(listing=ListingSpec(entity=customer), filters=filters)
    try:
        clauses = compile_query(query, model, rights=context.rights, as_of=context.as_of).reading.filters
    except AnswerError:
        return None
    return f", {' and '.join(clauses)}" if clauses else ""
