"""The embedded mind: guards, verified questions, reading, and one of four outcomes. The flow on one screen."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.minds.embedded import outcomes
from assistant.minds.embedded.anaphora import unresolved
from assistant.minds.embedded.arbiter import judge
from assistant.minds.embedded.assemble import Reading, draft_of, interpret, read_assuming
from assistant.minds.embedded.background import Proper, restated, without_asides, without_background, without_remark
from assistant.minds.embedded.choices import Means, meaning_of
from assistant.minds.embedded.clauses import read_clauses
from assistant.minds.embedded.complete import Completer, complete
from assistant.minds.embedded.cut import Cut, cut_into_items
from assistant.minds.embedded.followup import edits_the_plan, new_topic, previous_queries, read_follow_up
from assistant.minds.embedded.frames import Unwrapped, unwrapped
from assistant.minds.embedded.grammar.draft import Draft, World
from assistant.minds.embedded.guards import refuse_text, refuse_tokens
from assistant.minds.embedded.help import help_with
from assistant.minds.embedded.intents import can_answer, read_intent
from assistant.minds.embedded.intents.run import run_intent
from assistant.minds.embedded.learner import FILE_NAME as LEARNER_FILE_NAME
from assistant.minds.embedded.learner import Learner, LearnerFile
from assistant.minds.embedded.learner.masking import Part, masked, words_of
from assistant.minds.embedded.lexicon import Kind, Lexicon
from assistant.minds.embedded.numbers import read_number
from assistant.minds.embedded.patterns import Names
from assistant.minds.embedded.ratios import ratios
from assistant.minds.embedded.segment import Mention, segment
from assistant.minds.embedded.spelling import repair
from assistant.minds.embedded.temporal import is_everything, read_times
from assistant.minds.embedded.tokens import Token, tokenize, typed
from assistant.minds.embedded.values import FILE_NAME, ValueIndex, visible_values
from assistant.minds.embedded.verified import VerifiedQuestions
from assistant.turn import Decline, MindContext, Question, Step, Suggestion, Thinking
from tools.core.errors import AnswerError
from tools.core.query import compile_query
from tools.core.query.calendar import Calendar, long_date
from tools.core.query.metric_query import MetricQuery
from tools.core.semantics.graph import JoinGraph
from tools.core.semantics.model import Field, SemanticModel

if TYPE_CHECKING:
    from tools.core.sql_guard import Rights
    from tools.core.warehouse import Warehouse


_REMEMBERED = 2_000
_FAINT = 0.02
"""Less of a chance than this, and a word and an item of the model have a few letters in common by accident."""
_NO_DAY = dt.date(9998, 12, 31)
"""Where only the place of a date in the text matters, and the model does not say where its data end."""
_AFTER_LOST_NOUN = frozenset({"have", "has", "had", "do", "did", "are", "were", "is", "was", "of"})
"""After "how many" these show that its noun was named before."""


class EmbeddedMind:
    """Reads questions about one warehouse. Safe to call from several threads: nothing is changed after it is built."""

    name = "embedded"

    def __init__(self, warehouse: Warehouse) -> None:
        """Loads the value index that `prepare` left in the generation's folder; without one, stored values are not recognised."""
        path = Path(warehouse.data_folder) / "mind" / FILE_NAME
        values = ValueIndex.load(path) if path.exists() else ValueIndex.empty()
        self._reader = QuestionReader(warehouse.model, values, warehouse.as_of, LearnerFile(path.with_name(LEARNER_FILE_NAME)))
        self._scoped: dict[str, QuestionReader] = {}

    def is_answerable(self, text: str, context: MindContext) -> bool:
        """Whether a question would be answered without doubt: for suggestions, before they are shown."""
        return self.reader_for(context).is_answerable(text, context)

    def complete(self, prefix: str, context: MindContext) -> tuple[Suggestion, ...]:
        """What the typed text may go on to, under the asker's rights."""
        return complete(prefix, self.reader_for(context), context)

    def values_of(self, field: str, context: MindContext) -> tuple[str | int | float | bool, ...]:
        """Values of a field that the asker may see, the frequent ones first."""
        values = self.reader_for(context).values
        return tuple(sorted(values.values_of(field), key=lambda value: -values.rows(field, value)))

    def over(self, model: SemanticModel) -> EmbeddedMind:
        """The same mind over another model of the same data: to see what a change would do."""
        reader = self._reader
        return EmbeddedMind.from_reader(QuestionReader(model, reader.values, reader._as_of, reader._learner))

    def sentence_of(self, plan: tuple[Step, ...], context: MindContext) -> str | None:
        """A plan of one metric query in words."""
        if not plan or plan[-1].tool != outcomes.TOOL:
            return None
        return self.reader_for(context).sentence(MetricQuery.model_validate(dict(plan[-1].arguments)), context)

    def unplaced(self, text: str, context: MindContext) -> tuple[str, ...]:
        """The words of a question that no part of a plan accounts for."""
        reader = self.reader_for(context)
        return reader.readings(reader.prepared(text, context.as_of)[0], context)[0].account.leftover

    def masked(self, text: str, context: MindContext, *, keep: str) -> str:
        """A question without its values, numbers, dates and unknown words, but for one of them."""
        reader = self.reader_for(context)
        reading = reader.readings(reader.prepared(text, context.as_of)[0], context)[0]
        hidden = set(reading.account.leftover) - {keep}
        return " ".join("..." if word in hidden else word for word in words_of(masked(reading.items)))

    def choice_in(self, text: str, plan: Sequence[Step], context: MindContext) -> tuple[str, Means] | None:
        """(phrase, what it means) that a chosen plan decides for an ambiguous question; None when it decides no single thing."""
        reader = self.reader_for(context)
        readings = reader.readings(reader.prepared(text, context.as_of)[0], context)
        if not plan or plan[-1].tool != outcomes.TOOL or not readings[0].ambiguous:
            return None
        chosen = MetricQuery.model_validate(dict(plan[-1].arguments))
        plans = [reading.query for reading in readings if reading.query is not None]
        others = [query for query in plans if query != chosen]
        means = meaning_of(chosen, others) if others and chosen in plans else None
        return (readings[0].ambiguous, means) if means is not None else None

    def meanings_of(self, word: str, limit: int = 5) -> tuple[str, ...]:
        """What of the model a word may mean, by its letters: to choose from, never to decide."""
        learner = self._reader.learner
        items = learner.expect((Part(words=(word,)),)).items if learner is not None else {}
        likely = sorted((name for name in items if items[name] > _FAINT), key=lambda name: -items[name])[:limit]
        values = [f"{hit.field}={hit.value}" for hit in self._reader.values.partial(word)]
        return (*likely, *values)

    def reader_for(self, context: MindContext) -> QuestionReader:
        """The reader that knows no more values than the asker may see: a name that exists elsewhere must read like any unknown word."""
        rights = context.rights
        if rights is None or not (rights.row_rules or rights.min_group_size):
            return self._reader
        key = repr((rights.policy_version, rights.role, sorted(rights.row_rules.items()), rights.min_group_size))
        if key not in self._scoped:
            context.progress("Looking up the values that you may see")
            self._scoped[key] = self._reader.with_values(visible_values(context.warehouse, rights))
        return self._scoped[key]

    @classmethod
    def from_reader(cls, reader: QuestionReader) -> EmbeddedMind:
        """A mind over a model without a warehouse: for tests and for checks of a model."""
        mind = cls.__new__(cls)
        mind._reader = reader
        mind._scoped = {}
        return mind

    def think(self, question: Question, context: MindContext) -> Thinking:
        reader = self.reader_for(context)
        declined = refuse_text(question.text)
        if declined is not None:
            return outcomes.with_examples(declined, reader, context)
        told = help_with(question.text, reader, context)
        if told is not None:
            return told
        verified = reader.verified.exact(question.text)
        if verified is not None and context.previous is None:
            return (yield from outcomes.run_verified(verified, question))
        tokens, notes, asked = reader.prepared(question.text, context.as_of)
        words = reader.unwrapped(tokenize(question.text)).tokens
        declined = refuse_tokens(question.text, words, reader.known_words(words), in_thread=bool(previous_queries(context)))
        idle = declined is not None and declined.code == "not_a_question" and context.previous is not None and bool(tokens)
        named = declined is not None and declined.code == "write_request" and reader.lexicon.has_exact(tuple(t.text for t in words[:2]))
        if declined is not None and not (idle or named):
            return outcomes.with_examples(declined, reader, context)
        readings = reader.readings(tokens, context)
        if readings[0].query is None or readings[0].is_guess:
            tokens, readings, left = reader.said_again(tokens, readings, context)
            notes = (*notes, *left)
        intent = None if edits_the_plan(tokens, context) else read_intent(tokens, readings, reader, context)
        if intent is not None:
            return (yield from run_intent(intent, notes, reader, context))
        clauses = read_clauses(tokens, reader, context)
        if clauses is not None:
            return (yield from outcomes.run_clauses(clauses, notes, reader, replace(question, text=asked)))
        follow_up = read_follow_up(tokens, readings, reader, context)
        if follow_up is not None:
            return (yield from outcomes.run_follow_up(follow_up, notes, reader, replace(question, text=asked), context))
        if verified is not None:
            return (yield from outcomes.run_verified(verified, question))
        lost = unresolved(tokens, reader, in_thread=bool(previous_queries(context)))
        # "Sort all horse names by their age": read word by word, it says itself whose. What was cut off before it may be meant instead.
        says_whose = bool(readings[0].by_fields) and asked == question.text
        if lost and readings[0].query is not None and not says_whose:
            readings = [replace(reading, doubts=(*reading.doubts, f"whom or what '{lost}' means is not said")) for reading in readings]
        notes = (*notes, *new_topic(readings[0].query, context))
        return (yield from outcomes.run_readings(readings, notes, reader, replace(question, text=asked), context))


class QuestionReader:
    """One semantic model, its words and its values: everything that reading needs, without any data access."""

    def __init__(self, model: SemanticModel, values: ValueIndex, as_of: dt.date | None = None, learner: LearnerFile | None = None) -> None:
        """
        Args:
            as_of: The data's last complete day, when the model does not declare it.
            learner: The second reader; without one, intricate readings are always offered.
        """
        self._learner = learner
        self.model = model
        self._as_of = as_of or model.settings.as_of
        self.values = values
        self.lexicon = Lexicon(model)
        self.verified = VerifiedQuestions(model)
        self._graph = JoinGraph(model)
        self._ratios = ratios(model)
        self._answerable: dict[object, bool] = {}
        self._runs: dict[object, bool] = {}
        self._completer: Completer | None = None

    @property
    def learner(self) -> Learner | None:
        """The second reader; read from its file at the first question."""
        return self._learner.learner if self._learner is not None else None

    @property
    def completer(self) -> Completer:
        """Built when somebody types: a question on the command line does not need it."""
        if self._completer is None:
            self._completer = Completer(self)
        return self._completer

    def with_values(self, values: ValueIndex) -> QuestionReader:
        """The same words over other values."""
        scoped = copy.copy(self)
        scoped.values = values
        scoped._answerable, scoped._runs, scoped._completer = {}, {}, None
        return scoped

    def tokens(self, text: str, as_of: dt.date | None = None) -> tuple[tuple[Token, ...], tuple[str, ...]]:
        """The tokens of the question proper with their spelling repaired, and a note for each thing done to them."""
        tokens, notes, _ = self.prepared(text, as_of)
        return tokens, notes

    def prepared(self, text: str, as_of: dt.date | None = None) -> tuple[tuple[Token, ...], tuple[str, ...], str]:
        """As `tokens`, and the question proper as it was typed."""
        calendar = self._calendar(as_of)
        says = partial(self._says_something, calendar=calendar)
        dates = partial(_past_periods, calendar=calendar)
        everything = tokenize(text)
        again, replaced = restated(without_asides(everything, self._names(as_of)), says)
        framed = self.unwrapped(again, as_of)
        whole, remark = without_remark(framed.tokens, says)
        proper = without_background(whole, dates)
        dated, carried = _with_date(proper, dates)
        tokens, notes = repair(self._with_nouns(dated, proper.background), self.lexicon, self.values)
        said = [f"read as background: '{words}'" for words in (*framed.said, replaced, proper.said, remark) if words]
        return (
            tokens,
            (*said, *([f"took the period from '{carried}'"] if carried else []), *notes),
            text if dated == everything else typed(dated),
        )

    def _says_something(self, tokens: Sequence[Token], calendar: Calendar) -> bool:
        """Whether the words hold a phrase of the model, a stored value, a number or a time."""
        if any(t.kind in ("number", "clock") or read_number(tokens, at) for at, t in enumerate(tokens)):
            return True
        return bool(self.mentions(tokens)) or bool(read_times(tokens, calendar))

    def unwrapped(self, tokens: Sequence[Token], as_of: dt.date | None = None) -> Unwrapped:
        """The question without the words that only ask for it."""
        return unwrapped(tokens, self._names(as_of))

    def _names(self, as_of: dt.date | None) -> Names:
        calendar = self._calendar(as_of)
        return Names(
            any=lambda words: bool(self.mentions(words)),
            is_dated=lambda words: bool(_past_periods(words, calendar)),
            is_stored=lambda word: bool(self.values.lookup((word.text,))),
            is_phrase=self.lexicon.has_exact,
        )

    def _calendar(self, as_of: dt.date | None) -> Calendar:
        return Calendar(self.model.settings, as_of or self.model.settings.as_of or _NO_DAY)

    def mentions(self, tokens: Sequence[Token]) -> tuple[Mention, ...]:
        """The phrases of the model and the stored values among the words."""
        return segment(tokens, [False] * len(tokens), self.lexicon, self.values, lambda _: True)

    def _with_nouns(self, tokens: Sequence[Token], background: Sequence[Token]) -> tuple[Token, ...]:
        """Nouns of the background in place of the pronouns that stand for them.

        "Some of our sites are small, so how many of them ..."; "Store 12 was packed, so how many visits do they get"; "we have
        hundreds of shops, so how many have we got".
        """
        named = [m for m in self.mentions(background) if self._is_named(m)] if background else []
        if not named:
            return tuple(tokens)
        noun = tuple(replace(t, opens=False) for t in background[named[-1].start : self._end_of_name(background, named[-1])])
        specific = bool(named[-1].of(Kind.VALUE)) or noun[-1].kind == "number"
        found: list[Token] = []
        for at, token in enumerate(tokens):
            before = tokens[at - 1].text if at else ""
            stands_for = token.text in ("them", "those", "it") and before == "of"
            if specific and token.text in ("it", "they", "them", "there", "their", "its"):
                stands_for, specific = True, False
            has_noun = token.text == "those" and any(s.kind is Kind.DATASET for s in self.lexicon.lookup((_text(tokens, at + 1),)))
            counts_nothing = before == "many" and token.text in _AFTER_LOST_NOUN
            found.extend([*noun, token] if counts_nothing else noun if stands_for and not has_noun else [token])
        return tuple(found)

    @staticmethod
    def _end_of_name(tokens: Sequence[Token], mention: Mention) -> int:
        """The 12 of "store 12" belongs to the name."""
        return mention.end + (mention.end < len(tokens) and tokens[mention.end].kind == "number" and not mention.of(Kind.VALUE))

    def _is_named(self, mention: Mention) -> bool:
        """Whether a pronoun can stand for the phrase: an entity's noun, or a stored value."""
        return bool(mention.of(Kind.VALUE)) or any(self.model.datasets[s.target].is_entity for s in mention.of(Kind.DATASET))

    def known_words(self, tokens: tuple[Token, ...]) -> int:
        return sum(1 for t in tokens if t.kind == "word" and (self.lexicon.knows_word(t.text) or self.values.knows_word(t.text)))

    def world(self, as_of: dt.date | None) -> World:
        calendar = Calendar(self.model.settings, as_of or self._as_of)
        return World(model=self.model, lexicon=self.lexicon, values=self.values, calendar=calendar, graph=self._graph, ratios=self._ratios)

    def readings(self, tokens: tuple[Token, ...], context: MindContext) -> list[Reading]:
        readable = may_read(self.model, context.rights)
        return interpret(tokens, self.world(context.as_of), readable, lambda query: self.compile_error(query, context) is None)

    def reading_assuming(self, tokens: tuple[Token, ...], measure: str, context: MindContext) -> Reading:
        """The reading of a question that names no figure, with this one."""
        return read_assuming(self.cut(tokens, context), self.world(context.as_of), measure)

    def said_again(
        self, tokens: tuple[Token, ...], readings: list[Reading], context: MindContext
    ) -> tuple[tuple[Token, ...], list[Reading], tuple[str, ...]]:
        """The closing sentence and its readings, when it says by itself what those before it only led up to: "Does the programme pay
        off? Revenue per customer by tier for 2025."; else what was given. A number or date before it is never cut off, and a condition
        makes a doubt."""
        at = max((i for i, token in enumerate(tokens) if token.opens), default=0)
        lead = tokens[:at]
        named = self.mentions(lead) if lead else ()
        dated = any(t.kind in ("number", "clock") for t in lead) or read_times(lead, self._calendar(context.as_of))
        if not lead or dated:
            return tokens, readings, ()
        last = (replace(tokens[at], opens=False), *tokens[at + 1 :])
        again = self.readings(last, context)
        if not again[0].is_whole or len(again) > 1:
            return tokens, readings, ()
        if any(m.of(Kind.VALUE, Kind.FILTER) for m in named):
            again = [replace(again[0], doubts=("what you said before the last sentence may narrow it; this is the answer without it",))]
        return last, again, (f"read as background: '{' '.join(t.raw for t in lead)}'",)

    def cut(self, tokens: Sequence[Token], context: MindContext) -> Cut:
        """The items of a question or of a part of one, as far as the asker may read them."""
        return cut_into_items(tokens, self.world(context.as_of), may_read(self.model, context.rights))

    def draft(self, tokens: Sequence[Token], context: MindContext, previous: MetricQuery | None = None) -> Draft:
        """The slots that a fragment fills, for an edit of the plan before."""
        return draft_of(self.cut(tokens, context), self.world(context.as_of), is_fragment=True, previous=previous)

    def compile_error(self, query: MetricQuery, context: MindContext) -> AnswerError | None:
        """Why the query cannot run, or None when it can."""
        try:
            compile_query(query, self.model, rights=context.rights, as_of=context.as_of)
        except AnswerError as error:
            return error
        return None

    def can_run(self, query: MetricQuery, context: MindContext) -> bool:
        """Whether the query compiles for this asker. Remembered, since completing asks it again at every key."""
        key = (query, context.as_of, _asker(context.rights))
        if key not in self._runs:
            if len(self._runs) >= _REMEMBERED:
                self._runs.clear()
            self._runs[key] = self.compile_error(query, context) is None
        return self._runs[key]

    def outside_data(self, query: MetricQuery, context: MindContext) -> str:
        """Why the query's window has no data at all; empty when it has some."""
        settings = self.model.settings
        data_start = settings.data_start or self.values.first_day
        calendar = Calendar(settings, context.as_of)
        baseline = query.comparison.baseline if query.comparison is not None else None
        for window in (query.window, baseline, *(c.window for c in query.entity_conditions)):
            if window is None:
                continue
            span = calendar.resolve(window)
            before = data_start is not None and span.end < data_start
            if before or span.start > context.as_of:
                first = f"from {long_date(data_start)} " if data_start else ""
                period = span.label or "that period"
                which = period if period.startswith(("up to", "from")) else f"for {period}"
                return f"There is no data {which}: it runs {first}to {long_date(context.as_of)}."
        return ""

    def sentence(self, query: MetricQuery, context: MindContext) -> str | None:
        """The query in words; None when it cannot run."""
        try:
            return compile_query(query, self.model, rights=context.rights, as_of=context.as_of).reading.sentence
        except AnswerError:
            return None

    def is_answerable(self, text: str, context: MindContext) -> bool:
        """Whether the question reads back to one plan without doubt, and the plan compiles. Remembered: the same ones are offered often."""
        key = (text, context.as_of, _asker(context.rights))
        if key not in self._answerable:
            if len(self._answerable) >= _REMEMBERED:
                self._answerable.clear()
            self._answerable[key] = self._reads_back(text, context)
        return self._answerable[key]

    def _reads_back(self, text: str, context: MindContext) -> bool:
        tokens, notes, asked = self.prepared(text, context.as_of)
        readings = [] if notes else self.readings(tokens, context)
        intent = read_intent(tokens, readings, self, context) if readings else None
        if intent is not None:
            return can_answer(intent, context)
        if len(readings) != 1 or readings[0].query is None or judge(asked, readings[0], self.model, self.learner).doubt:
            return False
        return self.compile_error(readings[0].query, context) is None and not self.outside_data(readings[0].query, context)


def _past_periods(tokens: Sequence[Token], calendar: Calendar) -> tuple[tuple[int, int], ...]:
    """(start, end) of the past periods that the words name; "this week" says when somebody speaks."""
    named = (t for t in read_times(tokens, calendar) if t.window is not None and not is_everything(t.window) and t.window.period != "this")
    return tuple((t.start, t.end) for t in named if t.window and calendar.resolve(t.window).start <= calendar.as_of)


def _with_date(proper: Proper, dates: Callable[[Sequence[Token]], Sequence[tuple[int, int]]]) -> tuple[tuple[Token, ...], str]:
    """The question with the period that only its background names, and that period's words."""
    named = dates(proper.background)
    if not named or dates(proper.tokens):
        return proper.tokens, ""
    moved = proper.background[slice(*named[-1])]
    return (*proper.tokens, *(replace(t, opens=False) for t in moved)), " ".join(t.raw for t in moved)


def _asker(rights: Rights | None) -> tuple[str, ...]:
    """What tells one asker's readable columns from another's."""
    return (rights.user, rights.role, rights.policy_version) if rights is not None else ()


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if at < len(tokens) else ""


def may_read(model: SemanticModel, rights: Rights | None) -> Callable[[str], bool]:
    """Whether the asker may refer to a field: values and names of the others are not recognised."""
    if rights is None:
        return lambda _: True
    known: dict[str, bool] = {}

    def check(field_id: str) -> bool:
        if field_id not in known:
            field = model.field(field_id)
            known[field_id] = all(rights.may_read(model.datasets[field.dataset].source, c) for c in _columns(field))
        return known[field_id]

    return check


def _columns(field: Field) -> tuple[str, ...]:
    """The columns that a field's expression refers to."""
    if field.expression.isidentifier():
        return (field.expression,)
    import sqlglot
    from sqlglot import exp

    return tuple(c.name for c in sqlglot.parse_one(field.expression, dialect="duckdb").find_all(exp.Column))


__all__ = ["Decline", "EmbeddedMind", "QuestionReader", "may_read"]
