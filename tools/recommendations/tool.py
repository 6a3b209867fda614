"""recommendations: what customers are likely to buy next, what goes with what, and when they can be reached."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from tools.core.contract import Finding, Reading, Table, ToolContext
from tools.core.customers.scored import (
    Answered,
    ChosenCustomers,
    ask,
    customer_key,
    hindsight,
    modelled_finding,
    plain_column,
    require_card,
    with_dataset,
    with_metrics,
)
from tools.core.errors import NeedsPerson, UnknownName
from tools.core.query import Filter, MetricQuery
from tools.core.query.calendar import long_date
from tools.core.semantics.model import Dataset, Datatype, Metric, MetricFormat, SemanticModel
from tools.core.semantics.model import Field as ModelField
from tools.core.semantics.problems import did_you_mean

_CARD = "recommendations"


class RecommendationsInput(ChosenCustomers):
    """A question about what customers will want next. What was bought is a query_metrics question."""

    show: Literal["categories", "products", "time", "pairs", "reliability"] = "products"
    """categories: how likely purchases from each category are within the horizon; with `category`, the customers most likely to buy from
    it. products: the next products to offer, with the popularity of each beside it. time: weekday and hour at which people react to
    messages. pairs: what is bought together, with lift. reliability: how good all this was on the last window."""
    category: str | None = Field(default=None, max_length=100)
    """Only this category, by its name."""
    item: str | None = Field(default=None, max_length=200)
    """For pairs: only those with this product."""
    limit: int = Field(default=20, ge=1, le=1000)


class Recommendations:
    """Explains the recommendations of the intelligence layer."""

    name: ClassVar[str] = "recommendations"
    summary: ClassVar[str] = "What customers are likely to buy next, what is bought together, and when people can be reached."
    input_model: ClassVar[type[BaseModel]] = RecommendationsInput

    def run(self, arguments: RecommendationsInput, context: ToolContext) -> Finding:
        """Answer from the recommendations of the last refresh.

        Raises:
            NeedsPerson: They have not been, or could not be, computed.
            NotAllowed: Individuals without the right to see them.
            UnknownName: A category that does not exist.
        """
        card = require_card(context.warehouse, _CARD)
        show = {"categories": _categories, "products": _products, "time": _times, "pairs": _pairs, "reliability": _reliability}[
            arguments.show
        ]
        return show(arguments, context, card)


# -- tables that only this tool reads ---------------------------------------------------------------


def _with(model: SemanticModel, table: str, columns: dict[str, tuple[Datatype, str]]) -> SemanticModel:
    """The model with one of the tables as a fact of the customers, for this query only: people are not offered its columns."""
    key = model.datasets[str(model.settings.customer)].primary_key[0]
    kinds = {key: (Datatype.OPAQUE, key), **columns}
    fields = {
        name: ModelField(dataset=table, name=name, expression=name, datatype=kind, label=label, plural=label)
        for name, (kind, label) in kinds.items()
    }
    return with_dataset(model, Dataset(name=table, source=f"intelligence.{table}", fields=fields, label=table, plural=table), key)


def _counted(model: SemanticModel, table: str, name: str = "people") -> Metric:
    people = model.datasets[str(model.settings.customer)]
    return Metric(
        name=name, expression=f"COUNT(DISTINCT {table}.{people.primary_key[0]})", label=people.plural, unit=people.plural, decimals=0
    )


# -- views ------------------------------------------------------------------------------------------


def _categories(arguments: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """Expected buyers by category; the likeliest buyers of one category, one by one."""
    base = context.warehouse.model
    model = _with(base, "category_interest", {"category": (Datatype.STRING, "category"), "purchase_chance": (Datatype.FLOAT, "chance")})
    chance = Metric(
        name="chance",
        expression="AVG(category_interest.purchase_chance)",
        label="chance to buy",
        unit="share",
        format=MetricFormat.RATE,
        decimals=1,
    )
    buyers = Metric(name="buyers", expression="SUM(category_interest.purchase_chance)", label="expected buyers", decimals=0)
    if arguments.category is None:
        query = {
            "metrics": ["chance", "buyers"],
            "dimensions": [{"field": "category_interest.category"}],
            **arguments.within(base),
            "order": [{"by": "chance"}],
        }
        sentence = f"Chance to buy from each category within {card['horizon_days']} days"
    else:
        name = _known(arguments.category, card["categories"])
        one = Filter(field="category_interest.category", op="in", values=(name,))
        query = {
            "metrics": ["chance"],
            "dimensions": [{"field": customer_key(base)}],
            **arguments.within(base, one),
            "order": [{"by": "chance"}],
            "limit": arguments.limit,
        }
        sentence = (
            f"{base.datasets[str(base.settings.customer)].plural.capitalize()} most likely to buy {name} within {card['horizon_days']} days"
        )
    answered = ask(context, with_metrics(model, [chance, buyers]), MetricQuery.model_validate(query))
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows)
    facts = {"view": "categories", "category": arguments.category, "single": bool(arguments.customer_ids)}
    return _finding(context, card, (table,), _read(sentence, arguments, context, card), answered, [], facts)


def _known(name: str, categories: list[str]) -> str:
    found = next((c for c in categories if c.lower() == name.lower()), None)
    if found is None:
        raise UnknownName(
            f"there is no category named {name} with enough buyers",
            try_instead=did_you_mean(name, categories) or f"such as {categories[0]}",
        )
    return found


def _products(arguments: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """For named customers their products; for a group how often each product is the first to offer."""
    columns = {
        "item": (Datatype.STRING, "product"),
        "because_of": (Datatype.STRING, "because they bought"),
        "rank": (Datatype.INTEGER, "rank"),
        "similarity": (Datatype.FLOAT, "similarity"),
        "popularity": (Datatype.FLOAT, "popularity"),
    }
    model = _with(context.warehouse.model, "next_product", columns)
    popular = Metric(
        name="popularity",
        expression="MAX(next_product.popularity)",
        label="bought by of all customers",
        unit="share",
        format=MetricFormat.RATE,
        decimals=1,
    )
    similar = Metric(name="similarity", expression="MAX(next_product.similarity)", label="similarity", decimals=2)
    people = _counted(model, "next_product")
    if arguments.customer_ids:
        dimensions = [{"field": customer_key(model)}, {"field": "next_product.item"}, {"field": "next_product.because_of"}]
        query = {
            "metrics": ["similarity", "popularity"],
            "dimensions": dimensions,
            **arguments.within(model),
            "order": [{"by": "similarity"}],
            "limit": 250,
        }
        sentence = "Next products to offer"
    else:
        first = Filter(field="next_product.rank", op="in", values=(1,))
        query = {
            "metrics": ["people", "popularity"], "dimensions": [{"field": "next_product.item"}], **arguments.within(model, first),
            "order": [{"by": "people"}], "limit": arguments.limit,
        }  # fmt: skip
        sentence = "Products by how many customers they are the best next offer for"
    answered = ask(context, with_metrics(model, [people, similar, popular]), MetricQuery.model_validate(query))
    judged = card["next_product"]
    caveats = [
        f"Of ten such suggestions {judged['similarity']:.1%} were bought within {card['horizon_days']} days; "
        f"of the ten most popular products {judged['popularity']:.1%}."
    ]
    table = Table(title=sentence, columns=answered.columns, rows=answered.rows)
    facts = {"view": "products", "single": bool(arguments.customer_ids), "judged": judged}
    return _finding(context, card, (table,), _read(sentence, arguments, context, card), answered, caveats, facts)


def _times(arguments: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    """For named customers their best day and hour; for everybody or a group the hours at which most are best reached."""
    if card["reach"] is None:
        raise NeedsPerson(
            "When customers react to messages is not known: the semantic model names no reactions (`roles.contact_time`, "
            "`roles.contact_response`), or there are too few.",
            try_instead="Name them in the model's custom_extensions and refresh.",
            code="roles_missing",
        )
    columns = {
        "best_weekday": (Datatype.STRING, "best weekday"),
        "best_hour": (Datatype.INTEGER, "best hour"),
        "reactions": (Datatype.INTEGER, "reactions"),
    }
    model = _with(context.warehouse.model, "reach_time", columns)
    people = _counted(model, "reach_time")
    reactions = Metric(name="past_reactions", expression="SUM(reach_time.reactions)", label="past reactions", decimals=0)
    split = [{"field": "reach_time.best_weekday"}, {"field": "reach_time.best_hour"}]
    by = [{"field": customer_key(model)}, *split] if arguments.customer_ids else split
    names = ["past_reactions"] if arguments.customer_ids else ["people", "past_reactions"]
    query = {
        "metrics": names,
        "dimensions": by,
        **arguments.within(model),
        "order": [{"by": names[0]}],
        "limit": arguments.limit,
    }
    answered = ask(context, with_metrics(model, [people, reactions]), MetricQuery.model_validate(query))
    sentence = "Best weekday and hour to reach them, by past reactions"
    reach = card["reach"]
    days = Table(
        title="All reactions by weekday",
        columns=(
            plain_column("weekday", "string", "weekday", role="dimension", form="text", own_words=True),
            plain_column("share", "number", "share of reactions", unit="share", form="rate", decimals=1),
        ),
        rows=tuple(zip(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), reach["weekdays"], strict=True)),
    )
    caveats = [
        "It says when people reacted, which also depends on when messages were sent.",
        "With few reactions of their own, everybody's habits decide.",
        "Hours are those that the data stores.",
    ]
    facts = {"view": "time", "single": bool(arguments.customer_ids), "reactions": reach["reactions"]}
    tables = (Table(title=sentence, columns=answered.columns, rows=answered.rows), days)
    return _finding(context, card, tables, _read(sentence, arguments, context, card), answered, caveats, facts)


def _pairs(arguments: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    wanted = (arguments.item or "").lower()
    found = [p for p in card["pairs"] if wanted in p["first"].lower() or wanted in p["second"].lower()]
    columns = (
        plain_column("first", "string", "product", role="dimension", form="text"),
        plain_column("second", "string", "bought together with", role="dimension", form="text"),
        plain_column("baskets", "integer", "baskets with both", unit="baskets", decimals=0),
        plain_column("share", "number", "of the baskets with the first", unit="share", form="rate", decimals=1),
        plain_column("lift", "number", "lift", decimals=2),
    )
    rows = tuple(tuple(p[c.name] for c in columns) for p in found[: arguments.limit])
    about = f" with {arguments.item}" if arguments.item else ""
    sentence = f"Products bought together{about} over the past year"
    caveats = [
        "A lift of 2 means twice as often together as if the two had nothing to do with each other.",
        "Pairs in under 20 baskets are left out.",
    ]
    if not arguments.everybody:
        caveats.append("Pairs are those of all customers: your conditions do not narrow them.")
    tables = (Table(title=sentence, columns=columns, rows=rows),)
    return _finding(context, card, tables, _plainly(sentence, card), None, caveats, {"view": "pairs"})


def _reliability(_: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Finding:
    interest, judged = card["interest"], card["next_product"]
    methods = Table(
        title=f"Judged on the last {card['horizon_days']} days",
        columns=(
            plain_column("what", "string", "what", role="dimension", form="text", own_words=True),
            plain_column("measure", "string", "measure", role="dimension", form="text", own_words=True),
            plain_column("ours", "number", "ours", decimals=3),
            plain_column("baseline", "number", "simplest rule", decimals=3),
        ),
        rows=(
            ("purchases by category", "AUC, against the category's popularity", interest["auc"], interest["baseline_auc"]),
            ("next product", "bought of ten suggested, against the ten most popular", judged["similarity"], judged["popularity"]),
        ),
    )
    deciles = Table(
        title="Chance to buy from a category, predicted and observed",
        columns=(
            plain_column("tenth", "integer", "tenth of pairs, lowest chance first", role="dimension", decimals=0, own_words=True),
            plain_column("predicted", "number", "predicted", unit="share", form="rate"),
            plain_column("observed", "number", "observed", unit="share", form="rate"),
        ),
        rows=tuple((i, d["predicted"], d["observed"]) for i, d in enumerate(interest["deciles"], start=1)),
    )
    sentence = "How good the recommendations were on the last window"
    return _finding(context, card, (methods, deciles), _plainly(sentence, card), None, [], {"view": "reliability", "ece": interest["ece"]})


def _read(sentence: str, arguments: RecommendationsInput, context: ToolContext, card: dict[str, Any]) -> Reading:
    return arguments.read(sentence, context, as_of=dt.date.fromisoformat(card["as_of"]), scored_on=card["as_of"])


def _plainly(sentence: str, card: dict[str, Any]) -> Reading:
    """Of what is about everybody."""
    day = dt.date.fromisoformat(card["as_of"])
    return Reading(sentence=f"{sentence}, as of {long_date(day)}", as_of=day)


def _finding(
    context: ToolContext,
    card: dict[str, Any],
    tables: tuple[Table, ...],
    reading: Reading,
    answered: Answered | None,
    caveats: list[str],
    facts: dict[str, Any],
) -> Finding:
    scored_on = dt.date.fromisoformat(card["as_of"])
    said = [*caveats, *hindsight(context, scored_on)]
    if answered is not None and not answered.rows:
        said.append("The group is too small to be shown with your rights, or nobody in it has an order.")
    return modelled_finding(
        Recommendations.name,
        context,
        tables=tables,
        reading=reading,
        reason=f"learned from orders up to {long_date(scored_on)}, judged on the last {card['horizon_days']} days",
        scored_on=scored_on,
        answered=answered,
        caveats=said,
        facts={**facts, "horizon_days": card["horizon_days"]},
    )
