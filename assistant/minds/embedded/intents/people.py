"""Whom the step before was about: the people that "they" are, as conditions that any next step can take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.minds.embedded.anaphora import the_best
from assistant.minds.embedded.values import key_field, said
from assistant.turn import MindContext, Step
from tools.core.query.metric_query import EntityCondition, Filter, Measure, MetricQuery

if TYPE_CHECKING:
    from assistant.minds.embedded.mind import QuestionReader

AT_RISK = Filter(field="churn.churn_risk", op="in", values=("medium", "high"))
"""Whom a list of likely leavers is about, for a step that says "they"."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Customers by their fields and by what they did."""

    filters: tuple[Filter, ...] = ()
    entity_conditions: tuple[EntityCondition, ...] = ()
    carried: tuple[str, ...] = ()
    """The conditions in words."""
    lost: tuple[str, ...] = ()
    """What the step was restricted to besides, in words: it says nothing of who the people are."""
    unsure: str = ""
    """Why it is not sure that they are meant."""

    @property
    def known(self) -> bool:
        return bool(self.filters or self.entity_conditions)

    @property
    def doubt(self) -> str:
        """What an answer about them must say; empty when they are just those of the step before."""
        lost = f"I did not keep {', '.join(self.lost)} of the question before" if self.lost else ""
        return "; ".join(part for part in (self.unsure, lost) if part)


NOBODY = People()


def people_before(reader: QuestionReader, context: MindContext) -> People:
    """Whom the last step of the turn before was about; `NOBODY` when it was about everybody, or about something else.

    Of a turn that was only offered they are taken, and said to be unconfirmed.
    """
    previous, customer = context.previous, reader.model.settings.customer
    if previous is None or customer is None:
        return NOBODY
    offered = [option.plan[-1] for option in previous.pending if option.plan] if not previous.steps else []
    steps = [previous.steps[-1]] if previous.steps else offered
    try:
        found = [_people_of(step, reader, customer) for step in steps]
    except ValidationError:
        return NOBODY
    if previous.missed or (offered and any(people != found[0] for people in found)):
        return replace(found[0] if previous.steps and found else NOBODY, unsure="whom you mean is not clear from the question before")
    if not found:
        return NOBODY
    return replace(found[0], unsure="the question before was offered and not confirmed") if offered else found[0]


def as_counted(people: People, reader: QuestionReader) -> MetricQuery | None:
    """How many they are: the plan that a question about figures of theirs can go on from."""
    counted = reader.lexicon.count_metrics.get(reader.model.settings.customer or "")
    if counted is None or not people.known:
        return None
    return MetricQuery(metrics=(Measure(metric=counted),), filters=people.filters, entity_conditions=people.entity_conditions)


def _people_of(step: Step, reader: QuestionReader, customer: str) -> People:
    arguments = dict(step.arguments)
    filters = [Filter.model_validate(f) for f in arguments.get("filters", ())]
    conditions = [EntityCondition.model_validate(c) for c in arguments.get("entity_conditions", ())]
    named = _by_key(arguments, reader, customer)
    filters += named
    if _lists_leavers(step) and not named:
        filters = [*(f for f in filters if f.field != AT_RISK.field), AT_RISK]
    theirs = [f for f in filters if f.op != "not_null" and reader.world(None).reaches(customer, f.field.split(".")[0])]
    lost = [said(f, reader.model) for f in filters if f not in theirs and f.op != "not_null"]
    people = [c for c in conditions if c.entity == customer]
    lost += [f"the {reader.model.datasets[c.entity].plural}" for c in conditions if c not in people]
    if step.tool == "query_metrics":
        best, missed = _ranked(MetricQuery.model_validate(arguments), reader, customer)
        people += best
        lost += missed
        if best:  # Its conditions are those of the ranking.
            theirs, lost = [], []
    plural = reader.model.datasets[customer].plural
    carried = [said(f, reader.model) for f in theirs] + ([f"the {plural} of the question before"] if people else [])
    return People(filters=tuple(theirs), entity_conditions=tuple(people), carried=tuple(carried), lost=tuple(dict.fromkeys(lost)))


def _by_key(arguments: dict[str, Any], reader: QuestionReader, customer: str) -> list[Filter]:
    """Customers that were named by their number."""
    key = key_field(reader.model, customer)
    one = arguments.get("customer_id")
    named = (*arguments.get("customer_ids", ()), *((one,) if one is not None else ()))
    return [Filter(field=key.id, op="in", values=named)] if named and key is not None else []


def _ranked(query: MetricQuery, reader: QuestionReader, customer: str) -> tuple[list[EntityCondition], list[str]]:
    """(the customers that a ranking kept, what else kept rows away)."""
    key = key_field(reader.model, customer)
    listed = key is not None and any(d.field == key.id for d in query.dimensions)
    if query.listing is not None or not listed:
        return [], ["the first of the list"] if query.listing is not None and query.limit is not None else []
    best = the_best(query, customer)
    cut = query.limit is not None or bool(query.having)
    return ([best], []) if best is not None else ([], ["which of them were listed"] if cut else [])


def _lists_leavers(step: Step) -> bool:
    return step.tool == "churn" and step.arguments.get("show") == "customers" and step.arguments.get("of", "orders") == "orders"
