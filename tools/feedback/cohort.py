"""The texts that a question is about, chosen by SQL under the asker's rights: everything is counted and quoted inside of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tools.core.contract import ToolContext
from tools.core.customers.scored import Answered, ask, require_card, with_columns
from tools.core.errors import QueryUnsupported, UnknownName
from tools.core.query import Comparison, DimensionRef, EntityCondition, Filter, ListingSpec, MetricQuery, Order, TimeWindow
from tools.core.semantics.model import Datatype, SemanticModel
from tools.core.warehouse.intelligence import SCHEMA
from tools.feedback.search import MAX_MATCHES, About, resolve_about, search
from tools.feedback.store import NAME, FeedbackStore, open_store

if TYPE_CHECKING:
    from tools.feedback.tool import SearchFeedbackInput

TABLE = f"{SCHEMA}.{NAME}"
METRICS = ("feedback_count", "negative_feedback", "average_sentiment")
_SHOWN = ("source", "created_at", "sentiment", "sentiment_label", "topic")
_NEAREST = 200
"""Nearest texts that are asked for first; only in a narrow cohort are they not enough."""
_HIDDEN = {"text": Datatype.STRING, "centrality": Datatype.FLOAT}


@dataclass(frozen=True, kw_only=True)
class Text:
    """A stored text as the asker may see it."""

    record_id: str
    source: str
    date: dt.date
    sentiment: float
    label: str
    topic: str
    text: str
    centrality: float


@dataclass(kw_only=True)
class Cohort:
    """Runs queries over the chosen texts; keeps what ran."""

    context: ToolContext
    card: dict[str, Any]
    store: FeedbackStore
    model: SemanticModel
    filters: tuple[Filter, ...]
    entity_conditions: tuple[EntityCondition, ...]
    window: TimeWindow | None
    about: About | None = None
    meant: Filter | None = None
    """Which of the filters came of `about`."""
    ran: list[Answered] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: SearchFeedbackInput, context: ToolContext) -> Cohort:
        """The chosen texts.

        Raises:
            QueryUnsupported: The semantic model names no texts.
            NeedsPerson: Feedback was not prepared, or its store is damaged.
            UnknownName: There is no such topic or source.
        """
        if context.warehouse.model.settings.roles.feedback is None:
            raise QueryUnsupported(
                "There are no words of customers in this data.", try_instead="Ask for what they do: figures by group or over time."
            )
        card = require_card(context.warehouse, NAME)
        store = open_store(context.warehouse.data_folder)
        known = {t["label"].lower(): t["label"] for t in store.topics}
        missing = [topic for topic in arguments.topics if topic.lower() not in known]
        if missing:
            raise UnknownName("There is no such topic in the feedback.", try_instead=f"Topics: {', '.join(sorted(known.values())[:30])}.")
        about = resolve_about(arguments.about, store) if arguments.about else None
        topics = about.topics if about else tuple(known[t.lower()] for t in arguments.topics)
        meant = Filter(field=f"{NAME}.topic", op="in", values=topics) if topics else None
        if about and not topics:
            meant = Filter(field=f"{NAME}.record_id", op="in", values=about.record_ids or ("-",))
        filters = [*arguments.filters, *([meant] if meant else [])]
        filters += [Filter(field=f"{NAME}.sentiment_label", op="in", values=arguments.sentiment)] if arguments.sentiment else []
        filters += [Filter(field=f"{NAME}.source", op="in", values=arguments.sources)] if arguments.sources else []
        return cls(
            context=context,
            card=card,
            store=store,
            model=with_columns(context.warehouse.model, NAME, _HIDDEN),
            filters=tuple(filters),
            entity_conditions=arguments.entity_conditions,
            window=arguments.window,
            about=about,
            meant=meant,
        )

    @property
    def as_of(self) -> dt.date:
        return self.context.as_of or self.context.warehouse.as_of

    @property
    def may_quote(self) -> bool:
        """Single texts need the right to free text and to individuals."""
        rights = self.context.rights
        return rights.may_list_individuals and rights.may_read(TABLE, "text") and rights.may_read(TABLE, "record_id")

    def wider(self, *, without: Sequence[str] = (), entities: bool = True) -> Cohort:
        """The same question without the conditions on these fields (or on entities); what ran is kept together."""
        kept = tuple(f for f in self.filters if f.field not in without)
        return replace(self, filters=kept, entity_conditions=self.entity_conditions if entities else ())

    def narrower(self, *filters: Filter, window: TimeWindow | None = None) -> Cohort:
        return replace(self, filters=(*self.filters, *filters), window=window or self.window)

    def count(self, *by: str, metrics: Sequence[str] = METRICS, previous: bool = False) -> list[dict[str, Any]]:
        """Figures by the fields, one dict per row, ordered by the first figure; a figure that rests on too few people is None.

        With a minimum group size each figure is asked for by itself: a topic that many write of and two complain of has a count.
        """
        if not self.context.rights.min_group_size or len(metrics) == 1:
            return self._figures(by, metrics, previous)
        names = [name.split(".")[1] for name in by]
        parts = [self._figures(by, (metric,), previous) for metric in metrics]
        found = [dict.fromkeys(metrics) | row for row in parts[0]]
        for part in parts[1:]:
            shown = {tuple(row[name] for name in names): row for row in part}
            for row in found:
                row.update(shown.get(tuple(row[name] for name in names), {}))
        return found

    def _figures(self, by: Sequence[str], metrics: Sequence[str], previous: bool) -> list[dict[str, Any]]:
        query = MetricQuery(
            metrics=tuple({"metric": m} for m in metrics),
            dimensions=tuple(DimensionRef(field=name) for name in by),
            filters=self.filters,
            entity_conditions=self.entity_conditions,
            window=self.window,
            comparison=Comparison(kind="previous_period") if previous else None,
        )
        return self._ask(query).records()

    def texts(self, *filters: Filter, limit: int) -> list[Text]:
        """Single texts, the most typical first; none when the asker may not read them."""
        return [text for text, _ in self._listed(filters, limit)]

    def texts_by(self, name: str, values: Sequence[str], *filters: Filter, each: int, enough: int) -> dict[str, list[Text]]:
        """Up to `each` texts for every value of a field, in one statement; the most typical first.

        Values of which others' more typical texts left fewer than `enough` are asked for once more without those.
        """
        found: dict[str, list[Text]] = {value: [] for value in values}
        if not values:
            return found
        limit = each * len(values)
        listed = self._listed((Filter(field=name, op="in", values=tuple(values)), *filters), limit, name)
        for text, value in listed:
            found[value].append(text)
        # The limit holds `enough` for all, so at least one has enough, and this ends.
        short = [value for value in values if len(found[value]) < enough] if len(listed) == limit else []
        return {value: texts[:each] for value, texts in found.items()} | self.texts_by(name, short, *filters, each=each, enough=enough)

    def nearest(self, words: str, wanted: int) -> list[Text]:
        """The texts that fit the words best, best first, whether or not they are near enough to count as being about them.

        Args:
            wanted: How many are enough; more may come.
        """
        everything = replace(self, filters=tuple(f for f in self.filters if f is not self.meant))
        for depth in (_NEAREST, MAX_MATCHES):
            ids = [self.store.record_ids[hit.record] for hit in search(words, self.store, depth)]
            found = everything.texts(Filter(field=f"{NAME}.record_id", op="in", values=tuple(ids)), limit=depth) if ids else []
            if len(found) >= wanted:
                place = {record_id: i for i, record_id in enumerate(ids)}
                return sorted(found, key=lambda text: place[text.record_id])
        return everything.best_first(everything.texts(limit=MAX_MATCHES), words)

    def best_first(self, texts: Sequence[Text], words: str) -> list[Text]:
        """The texts by how well they fit the words."""
        position = self.store.position
        known = [position[text.record_id] for text in texts if text.record_id in position]
        order = {hit.record: place for place, hit in enumerate(search(words, self.store, len(known), known))} if known else {}
        return sorted(texts, key=lambda text: (order.get(position.get(text.record_id, -1), len(order)), text.record_id))

    def _listed(self, filters: Sequence[Filter], limit: int, by: str = f"{NAME}.source") -> list[tuple[Text, str]]:
        """Texts, each with what it has of the field `by`."""
        if not self.may_quote:
            return []
        names = dict.fromkeys((*(f"{NAME}.{name}" for name in (*_SHOWN, *_HIDDEN)), by))
        query = MetricQuery(
            listing=ListingSpec(entity=NAME, fields=tuple(names)),
            filters=(*self.filters, *filters),
            entity_conditions=self.entity_conditions,
            window=self.window,
            time_field=f"{NAME}.created_at" if self.window else None,
            order=(Order(by=f"{NAME}.centrality", direction="desc"), Order(by=f"{NAME}.record_id", direction="asc")),
            limit=limit,
        )
        # The key comes first, then the fields in their order.
        place = list(names).index(by) + 1
        return [(_text(row), str(row[place])) for row in self._ask(query).rows]

    def _ask(self, query: MetricQuery) -> Answered:
        answered = ask(self.context, self.model, query)
        self.ran.append(answered)
        return answered


def _text(row: tuple[Any, ...]) -> Text:
    record_id, source, date, sentiment, label, topic, text, centrality = row[: len(_SHOWN) + len(_HIDDEN) + 1]
    day = date.date() if isinstance(date, dt.datetime) else date
    return Text(
        record_id=str(record_id), source=str(source), date=day, sentiment=float(sentiment or 0.0), label=str(label), topic=str(topic),
        text=str(text), centrality=float(centrality or 0.0),
    )  # fmt: skip
