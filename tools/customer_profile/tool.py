"""customer_profile: who one customer is, their value, history, channels, own words, scores, consent, open issues and next best action."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tools.core.contract import Finding, Grade, Reading, Table, ToolContext
from tools.core.customers.scored import Answered, ask, customer_key
from tools.core.errors import NotAllowed, QueryUnsupported, UnknownName
from tools.core.query import Filter, ListingSpec, MetricQuery
from tools.core.semantics.model import Datatype
from tools.core.semantics.model import Field as ModelField
from tools.customer_profile.history import history
from tools.customer_profile.people import contact_data, customers_called
from tools.customer_profile.sections import Facts, fact_table, scores
from tools.customer_profile.words import own_words

_MOST_FOUND = 20


class CustomerProfileInput(BaseModel):
    """A question about one customer: by key, by name, or by conditions that only one meets."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    customer_id: str | int | None = None
    """The customer's key."""
    search: str | None = Field(default=None, min_length=2, max_length=100)
    """A name or e-mail address, whole or in part: looked for in what the asker may see of it."""
    filters: tuple[Filter, ...] = ()
    """Conditions on customers; with several who meet them, the list of them to choose from."""


class CustomerProfile:
    """One customer on one page."""

    name: ClassVar[str] = "customer_profile"
    summary: ClassVar[str] = "One customer on one page: who, value, history, own words, scores, consent, open issues, next best action."
    input_model: ClassVar[type[BaseModel]] = CustomerProfileInput

    def run(self, arguments: CustomerProfileInput, context: ToolContext) -> Finding:
        """Put the page together from what the asker may see; parts that are not computed are left out and named.

        Raises:
            NotAllowed: The asker may not see individuals.
            UnknownName: Nobody is found, under the asker's rights.
            QueryUnsupported: Neither key, search nor conditions, or no dataset of customers.
        """
        model = context.warehouse.model
        if model.settings.customer is None:
            raise QueryUnsupported("the semantic model names no customers", try_instead="name their dataset as `customer` in the model")
        if context.rights.min_group_size or not context.rights.may_list_individuals:
            raise NotAllowed(
                "Your role sees groups of customers and no individuals.",
                try_instead=context.rights.request_access or "Ask for figures about a group instead.",
            )
        found = _found(arguments, context)
        return _page(found[0], context) if len(found) == 1 else _choice(found, arguments, context)


def _found(arguments: CustomerProfileInput, context: ToolContext) -> list[Any]:
    """Keys of the customers that are meant, as far as the asker may see them."""
    key = customer_key(context.warehouse.model)
    filters = list(arguments.filters)
    if arguments.customer_id is not None:
        filters.append(Filter(field=key, op="in", values=(arguments.customer_id,)))
    if arguments.search is not None:
        called = customers_called(arguments.search, context, _MOST_FOUND)
        if not called:
            raise _nobody("that is called so, in what you may see of names")
        filters.append(Filter(field=key, op="in", values=tuple(called)))
    if not filters:
        raise QueryUnsupported("whose profile is wanted is not said", try_instead="give the customer's number, or a name")
    customer = str(context.warehouse.model.settings.customer)
    answered = ask(
        context, context.warehouse.model, MetricQuery(listing=ListingSpec(entity=customer), filters=tuple(filters), limit=_MOST_FOUND)
    )
    if not answered.rows:
        raise _nobody("with that number or those properties, among those that you may see")
    return [row[0] for row in answered.rows]


def _nobody(which: str) -> UnknownName:
    return UnknownName(f"there is no customer {which}", try_instead="check the number or the spelling")


def _choice(found: list[Any], arguments: CustomerProfileInput, context: ToolContext) -> Finding:
    """Several: with what tells them apart, to choose from."""
    model = context.warehouse.model
    customer = str(model.settings.customer)
    fields = tuple(f.id for f in _readable(context) if f.id != customer_key(model))[:5]
    query = MetricQuery(
        listing=ListingSpec(entity=customer, fields=fields), filters=(Filter(field=customer_key(model), op="in", values=tuple(found)),)
    )
    answered = ask(context, model, query)
    sentence = f"{model.datasets[customer].plural[:1].upper()}{model.datasets[customer].plural[1:]} who may be meant"
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows, truncated=len(found) == _MOST_FOUND)
    more = " at least" if len(found) == _MOST_FOUND else ""
    return _finding(context, (table,), sentence, answered, [], {"found": len(found), "more": more, "asked": arguments.search is not None})


def _readable(context: ToolContext) -> list[ModelField]:
    """Properties of customers that the asker may see, in the order of the model."""
    model, rights = context.warehouse.model, context.rights
    dataset = model.datasets[str(model.settings.customer)]
    plain = [f for f in dataset.fields.values() if f.expression.isidentifier() and f.datatype is not Datatype.OPAQUE]
    return [f for f in plain if rights.may_read(dataset.source, f.expression)]


def _page(key: Any, context: ToolContext) -> Finding:
    model = context.warehouse.model
    customer = str(model.settings.customer)
    this = Filter(field=customer_key(model), op="in", values=(key,))
    who = ask(
        context, model, MetricQuery(listing=ListingSpec(entity=customer, fields=tuple(f.id for f in _readable(context))), filters=(this,))
    )
    facts: Facts = [(column.label or column.name, value) for column, value in zip(who.columns, who.rows[0], strict=True)]
    contact = contact_data(key, context)
    scored, score_facts, missing = scores(this, context)
    page = history(this, context)
    quotes, words = own_words(key, context)
    label = model.datasets[customer].label
    sentence = f"Profile of {label} {key}"
    tables = [fact_table("Who", [*contact, *facts]), *scored, *page.tables, *words]
    caveats = [f"Not computed, or not visible to you: {', '.join(missing)}."] if missing else []
    found = {"key": key, "label": label, "who": dict(facts), "scores": score_facts, "history": page.facts, "quoted": len(quotes)}
    finding = _finding(context, tuple(tables), sentence, who, caveats, found)
    from dataclasses import replace

    modelled = Grade.MODELLED if score_facts else Grade.GOVERNED
    reason = "its scores rest on predictions of the last refresh" if score_facts else finding.grade_reason
    return replace(finding, quotes=quotes, grade=modelled, grade_reason=reason, sql=(*finding.sql, *page.sql))


def _finding(
    context: ToolContext, tables: tuple[Table, ...], sentence: str, answered: Answered, caveats: list[str], facts: dict[str, Any]
) -> Finding:
    as_of: dt.date = context.as_of or context.warehouse.as_of
    return Finding(
        tool=CustomerProfile.name,
        tables=tables,
        reading=Reading(sentence=sentence, as_of=as_of),
        grade=Grade.GOVERNED,
        grade_reason="recorded facts of one customer, through the semantic model",
        sql=(answered.sql,),
        caveats=tuple(caveats),
        narrowed=answered.narrowed,
        as_of=as_of,
        data_version=context.warehouse.data_version,
        facts=facts,
    )
