"""search_feedback: what customers say, how many say it, in whose words, and how sure that is."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.core.contract import Finding, ToolContext
from tools.core.errors import NeedsPerson
from tools.core.query import EntityCondition, Filter, TimeWindow
from tools.core.warehouse import Warehouse

Sentiment = Literal["negative", "mixed", "neutral", "positive"]


class SearchFeedbackInput(BaseModel):
    """A question about what people say in their own words. Plain figures (negative share by month) are a query_metrics question."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    show: Literal["themes", "distinctive", "products", "competitors", "before_after", "records"] = "themes"
    """themes: what the chosen texts are about, each with its count, share, change and quotes. distinctive: what the chosen customers say
    more often than all others. products: which products get such texts most. competitors: how we compare with those that are named.
    before_after: whether there were more or fewer such texts after `changed_on`. records: the texts themselves, one by one."""
    about: str | None = Field(default=None, min_length=2, max_length=200)
    """What the texts are about, in a few words: "fit", "late parcels", "rude staff". Leave out for everything."""
    topics: tuple[str, ...] = Field(default=(), max_length=20)
    """Instead of `about`: topics by their exact name (values of feedback.topic)."""
    sentiment: tuple[Sentiment, ...] = ()
    """Only texts that sound like this: "complaints" and "unhappy" = negative and mixed; "praise" = positive."""
    sources: tuple[str, ...] = ()
    """Only texts of these kinds (values of feedback.source), such as review or call."""
    filters: tuple[Filter, ...] = ()
    """Whose or which texts: conditions on any field that feedback reaches, of the customer (region, churn risk), the product, the shop, or
    the text itself."""
    entity_conditions: tuple[EntityCondition, ...] = ()
    """Only texts of customers whose own facts pass: who bought deli, the top 10 % of spenders."""
    window: TimeWindow | None = None
    """The days on which the texts were written; without it all of them."""
    competitor: str | None = None
    """With show="competitors": this one only."""
    changed_on: dt.date | None = None
    """With show="before_after": the day of the change; equal spans before and from that day on are compared."""
    span_days: int | None = Field(default=None, ge=7, le=730)
    """With show="before_after": days on either side; default 90, or as many as there are data after the change."""
    limit: int = Field(default=6, ge=1, le=50)
    """How many themes, products or records."""
    quotes: int = Field(default=2, ge=0, le=5)
    """Quotes per theme."""

    @model_validator(mode="after")
    def _parts_go_together(self) -> Self:
        if self.about is not None and self.topics:
            raise ValueError("give about or topics, not both")
        if (self.show == "before_after") != (self.changed_on is not None):
            raise ValueError('changed_on goes with show="before_after"')
        if self.span_days is not None and self.show != "before_after":
            raise ValueError('span_days goes with show="before_after"')
        if self.competitor is not None and self.show != "competitors":
            raise ValueError('competitor goes with show="competitors"; elsewhere filter feedback.competitor')
        if self.show == "distinctive" and not (self.filters or self.entity_conditions):
            raise ValueError("say whose feedback is to be set against that of all others: filters or entity_conditions")
        if self.show == "before_after" and self.window is not None:
            raise ValueError('show="before_after" makes its own windows')
        return self


class SearchFeedback:
    """Answers from the feedback table of the intelligence layer, and the store beside it."""

    name: ClassVar[str] = "search_feedback"
    summary: ClassVar[str] = "What customers say in their own words: themes with counts and quotes, changes, comparisons."
    input_model: ClassVar[type[BaseModel]] = SearchFeedbackInput

    def warm_up(self, warehouse: Warehouse) -> None:
        """Open the store and load the model that turns words into vectors, which takes seconds: for servers, before the first question.

        Without a usable store nothing is loaded; the question says what is the matter.
        """
        from tools.feedback.embedding import encode_query
        from tools.feedback.store import open_store

        with suppress(NeedsPerson):
            store = open_store(warehouse.data_folder)
            store.nearest(encode_query(self.summary), 1)

    def run(self, arguments: SearchFeedbackInput, context: ToolContext) -> Finding:
        """Choose the texts as the asker may see them, count, compare and quote.

        Raises:
            NeedsPerson: No texts were prepared, or what was prepared is damaged (`feedback_unavailable`).
            NotAllowed: Listing single texts without the right to it.
            UnknownName, QueryUnsupported: Filters that do not exist, or do not belong to feedback.
        """
        from tools.feedback import answers
        from tools.feedback.cohort import Cohort

        cohort = Cohort.of(arguments, context)
        answer = {
            "themes": answers.themes,
            "distinctive": answers.distinctive,
            "products": answers.products,
            "competitors": answers.competitors,
            "before_after": answers.before_after,
            "records": answers.records,
        }[arguments.show]
        return answer(arguments, cohort)
