"""The answers of search_feedback: each a table that is counted by SQL, and quotes out of the texts that were counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.core.contract import Cell, Check, Column, Finding, Grade, Quote, Reading, Table
from tools.core.customers.scored import plain_column, reason_of
from tools.core.errors import NeedsPerson, NotAllowed, QueryUnsupported
from tools.core.query import Filter, TimeWindow
from tools.feedback.cohort import METRICS, Cohort, Text
from tools.feedback.quotes import as_quote, choose, distinct
from tools.feedback.statistics import FEWEST_OF_ALL, FEWEST_OF_ONE, Share, change_between, distinctive_themes, share_of
from tools.feedback.store import NAME
from tools.feedback.topics import NO_TOPIC_LABEL

if TYPE_CHECKING:
    from tools.feedback.tool import SearchFeedbackInput

_TOPIC = f"{NAME}.topic"
_RECENT_DAYS = 90
_CANDIDATES = 60
_ENOUGH = 10
"""Candidates from which quotes of different sources and months can be chosen."""
_VOICES = 30
_MOST_QUOTED = 4
"""Themes that are quoted; the table has the rest."""
_OPPOSITE = {"negative": ("positive",), "mixed": ("positive",), "positive": ("negative", "mixed"), "neutral": ("negative", "positive")}


def themes(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """What the texts are about: n of N per topic, its share and its change, with quotes."""
    rows = _by_topic(cohort)
    total = _total(cohort)
    changes, span = _changes(cohort)
    # Who names a topic wants to see it whatever it is; else "no particular topic" is no theme.
    told = [row for row in rows if row["topic"] != NO_TOPIC_LABEL or len(rows) == 1][: arguments.limit]
    shares = {row["topic"]: share_of(int(row["feedback_count"]), total) for row in told}
    table = Table(
        title="What the texts are about",
        columns=(
            plain_column("topic", "string", "topic", role="dimension", form="text"),
            plain_column("texts", "integer", "texts", unit="texts", decimals=0),
            *_share_columns("share of all chosen texts"),
            plain_column("negative_share", "number", "negative share", unit="share", role="share", form="rate", decimals=1),
            plain_column("sentiment", "number", "average sentiment", role="average", decimals=2),
            plain_column("before", "number", f"share in the {span} before", unit="share", role="previous", form="rate", decimals=1),
            plain_column("now", "number", f"share in the {span}", unit="share", role="share", form="rate", decimals=1),
            plain_column("change", "string", "change", role="note", form="text"),
        ),
        rows=tuple(_theme_row(row, shares[row["topic"]], changes.get(row["topic"])) for row in told),
    )
    quoted, table_of_quotes = _quotes_by_theme(cohort, [row["topic"] for row in told], arguments)
    facts = {
        "total": total,
        "topics": len(rows),
        "too_few": total < FEWEST_OF_ALL,
        "rising": [r["topic"] for r in told if changes.get(r["topic"], (None, None, ""))[2] == "more"],
        "falling": [r["topic"] for r in told if changes.get(r["topic"], (None, None, ""))[2] == "less"],
        "span": span,
        "new_topics": [t["label"] for t in cohort.card["topics"] if t["state"] == "new"],
    }
    checks = [_sums_check([row["feedback_count"] for row in rows], total, "topics")] if not cohort.context.rights.min_group_size else []
    return _finding(arguments, cohort, "what the texts are about", (table, *table_of_quotes), quoted, facts, checks)


def distinctive(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """What the chosen customers say more often than all others."""
    chosen_fields = [f.field for f in arguments.filters if not f.field.startswith(f"{NAME}.")]
    if not chosen_fields and not arguments.entity_conditions:
        raise QueryUnsupported(
            "the filters choose texts and not customers, so there are no others to compare with",
            try_instead="filter a field of the customers",
        )
    everybody = cohort.wider(without=chosen_fields, entities=False)
    mine, all_of_them = (
        {row["topic"]: int(row["feedback_count"]) for row in _ordered(one.count(_TOPIC, metrics=METRICS[:1]), "topic")}
        for one in (cohort, everybody)
    )
    others = {topic: n - mine.get(topic, 0) for topic, n in all_of_them.items()}
    least = cohort.context.rights.min_group_size
    # What is left of a total must not tell about a few people either.
    hidden = {topic for topic, n in others.items() if 0 < n < least or (least and topic not in mine)}
    mine, others = ({t: n for t, n in one.items() if t not in hidden and t != NO_TOPIC_LABEL} for one in (mine, others))
    n_mine, n_others = sum(mine.values()), sum(others.values())
    found = distinctive_themes(mine, others)
    told = [d for d in found if d.log_odds > 0][: arguments.limit]
    table = Table(
        title="What they say more often than all others",
        columns=(
            plain_column("topic", "string", "topic", role="dimension", form="text"),
            plain_column("share", "number", "share of their texts", unit="share", form="rate", decimals=1),
            plain_column("share_others", "number", "share of the others' texts", unit="share", form="rate", decimals=1),
            plain_column("texts", "integer", "texts", unit="texts", role="count", decimals=0),
            plain_column("texts_others", "integer", "texts of the others", unit="texts", role="count", decimals=0),
            plain_column("odds_ratio", "number", "odds against the others", role="average", decimals=2),
            plain_column("verdict", "string", "how sure", role="note", form="text"),
        ),
        rows=tuple(
            (d.theme, share_of(mine.get(d.theme, 0), n_mine).share, share_of(others.get(d.theme, 0), n_others).share, mine.get(d.theme, 0),
             others.get(d.theme, 0), round(d.ratio, 2), _sureness(d.sure, mine.get(d.theme, 0), n_mine))
            for d in told
        ),
    )  # fmt: skip
    sure = [d.theme for d in told if d.sure and mine.get(d.theme, 0) >= FEWEST_OF_ONE]
    quoted, table_of_quotes = _quotes_by_theme(cohort, sure or [d.theme for d in told[:1]], arguments)
    facts = {"total": n_mine, "others": n_others, "sure": sure, "too_few": n_mine < FEWEST_OF_ALL}
    return _finding(arguments, cohort, "what the chosen customers say that others do not", (table, *table_of_quotes), quoted, facts, [])


def _sureness(sure: bool, n: int, of: int) -> str:
    if of < FEWEST_OF_ALL or n < FEWEST_OF_ONE:
        return "too few to tell"
    return "clearly more" if sure else "could be chance"


def products(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """Products by how many of the chosen texts they get, and what share of their own texts that is."""
    roles = cohort.model.settings.roles.feedback
    if roles is None or roles.product is None:
        raise NeedsPerson(
            "The semantic model does not say which products feedback is about.",
            try_instead="Its operator names roles.feedback.product.",
            code="roles_missing",
        )
    name = roles.product.split(".")[1]
    known = Filter(field=roles.product, op="not_null")
    rows = _ordered(cohort.narrower(known).count(roles.product), name)
    all_texts = _all_texts(cohort).narrower(known).count(roles.product, metrics=METRICS[:1])
    everything = {row[name]: int(row["feedback_count"]) for row in all_texts}
    total = sum(int(row["feedback_count"]) for row in rows)
    told = rows[: arguments.limit]
    table = Table(
        title="Products by number of such texts",
        columns=(
            plain_column("product", "string", "product", role="dimension", form="text"),
            plain_column("texts", "integer", "such texts", unit="texts", decimals=0),
            plain_column("all_texts", "integer", "all texts about it", unit="texts", role="count", decimals=0),
            *_share_columns("share of the product's texts"),
            plain_column("sentiment", "number", "average sentiment", role="average", decimals=2),
        ),
        rows=tuple(_product_row(row, name, everything) for row in told),
    )
    quoted_of = [str(row[name]) for row in told[:_MOST_QUOTED]] if arguments.quotes else []
    shown: list[tuple[str, Text]] = []
    for product, candidates in _candidates_by(cohort, arguments, roles.product, quoted_of).items():
        shown += [(product, text) for text in choose(candidates, arguments.quotes, [text for _, text in shown])]
    quoted = [as_quote(text) for _, text in shown]
    facts = {"total": total, "products": len(rows), "too_few": total < FEWEST_OF_ALL}
    return _finding(arguments, cohort, "products by texts about them", (table, *_records_table(shown, "product")), quoted, facts, [])


def _product_row(row: Mapping[str, Any], name: str, everything: Mapping[Any, int]) -> tuple[Cell, ...]:
    n = int(row["feedback_count"])
    share = share_of(n, max(everything.get(row[name], n), n))
    return (row[name], n, share.of, *_share_cells(share), _rounded(row["average_sentiment"]))


def competitors(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """Competitors that are named, who comes out better, and in what."""
    named = Filter(field=f"{NAME}.competitor", op="not_null")
    if arguments.competitor is not None:
        named = Filter(field=f"{NAME}.competitor", op="in", values=(_known_competitor(arguments.competitor, cohort),))
    chosen = cohort.narrower(named)
    rows = _ordered(chosen.count(f"{NAME}.competitor"), "competitor")
    compared = chosen.narrower(Filter(field=f"{NAME}.better", op="not_null"))
    stances = compared.count(f"{NAME}.competitor", f"{NAME}.better", metrics=METRICS[:1])
    better = {(row["competitor"], row["better"]): int(row["feedback_count"]) for row in stances}
    table = Table(
        title="Competitors named, and who comes out better",
        columns=(
            plain_column("competitor", "string", "competitor", role="dimension", form="text"),
            plain_column("texts", "integer", "texts that name it", unit="texts", decimals=0),
            plain_column("they_better", "integer", "they come out better", unit="texts", role="count", decimals=0),
            plain_column("we_better", "integer", "we come out better", unit="texts", role="count", decimals=0),
            *_share_columns("share of comparisons that we win"),
            plain_column("negative_share", "number", "negative share", unit="share", role="share", form="rate", decimals=1),
        ),
        rows=tuple(_competitor_row(row, better) for row in rows[: arguments.limit]),
    )
    aspects = compared.count(f"{NAME}.compared", f"{NAME}.better", metrics=METRICS[:1])
    shown: list[tuple[str, Text]] = []
    for stance, candidates in _candidates_by(chosen, arguments, f"{NAME}.better", ("them", "us") if arguments.quotes else ()).items():
        picked = choose(candidates, arguments.quotes, [text for _, text in shown])
        shown += [("they come out better" if stance == "them" else "we come out better", text) for text in picked]
    total = sum(int(row["feedback_count"]) for row in rows)
    wins, losses = (sum(n for (_, who), n in better.items() if who == side) for side in ("us", "them"))
    facts = {
        "total": total,
        "wins": wins,
        "losses": losses,
        "too_few": wins + losses < FEWEST_OF_ALL,
        "of_competitor": arguments.competitor,
    }
    tables = (table, *_aspect_table(aspects), *_records_table(shown, "comparison"))
    what = f"how we compare with {rows[0]['competitor']}" if arguments.competitor and rows else "how we compare with competitors"
    return _finding(arguments, chosen, what, tables, [as_quote(text) for _, text in shown], facts, [])


def _known_competitor(name: str, cohort: Cohort) -> str:
    known = [str(row["competitor"]) for row in cohort.count(f"{NAME}.competitor", metrics=METRICS[:1]) if row["competitor"]]
    found = next((one for one in known if one.lower() == name.strip().lower()), None)
    if found is None:
        raise QueryUnsupported(
            "that competitor is not named in these texts", try_instead=f"named are: {', '.join(sorted(known)) or 'none'}"
        )
    return found


def _competitor_row(row: Mapping[str, Any], better: Mapping[tuple[Any, Any], int]) -> tuple[Cell, ...]:
    n, name = int(row["feedback_count"]), row["competitor"]
    them, us = better.get((name, "them"), 0), better.get((name, "us"), 0)
    return (name, n, them, us, *_share_cells(share_of(us, us + them)), _share_or_none(row["negative_feedback"], n))


def _aspect_table(rows: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    by_aspect: dict[str, dict[str, int]] = {}
    for row in rows:
        by_aspect.setdefault(str(row["compared"]), {})[str(row["better"])] = int(row["feedback_count"])
    if not by_aspect:
        return ()
    columns = (
        plain_column("compared", "string", "compared in", role="dimension", form="text"),
        plain_column("they_better", "integer", "they come out better", unit="texts", decimals=0),
        plain_column("we_better", "integer", "we come out better", unit="texts", decimals=0),
    )
    ordered = sorted(by_aspect.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    cells = tuple((aspect, found.get("them", 0), found.get("us", 0)) for aspect, found in ordered)
    return (Table(title="What is compared", columns=columns, rows=cells),)


def before_after(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """The share of such texts before and after a day, over spans of equal length."""
    day = arguments.changed_on
    assert day is not None
    days = arguments.span_days or min(_RECENT_DAYS, (cohort.as_of - day).days + 1)
    if day > cohort.as_of or days < 1:
        raise QueryUnsupported("there are no texts after that day", try_instead=f"name a day up to {cohort.as_of.isoformat()}")
    spans = (
        ("before", TimeWindow(start=day - dt.timedelta(days=days), end=day - dt.timedelta(days=1))),
        ("after", TimeWindow(start=day, end=min(day + dt.timedelta(days=days - 1), cohort.as_of))),
    )
    found: dict[str, Share] = {}
    for name, window in spans:
        one = cohort.narrower(window=window)
        found[name] = share_of(_total(one), _total(_all_texts(one)))
    verdict = change_between(found["before"], found["after"])
    table = Table(
        title=f"Before and after {day.isoformat()}, {days} days each",
        columns=(
            plain_column("period", "string", "period", role="dimension", form="text"),
            *_share_columns("share of all texts", role="metric"),
            plain_column("texts", "integer", "such texts", unit="texts", role="count", decimals=0),
            plain_column("all_texts", "integer", "all texts", unit="texts", role="count", decimals=0),
        ),
        rows=tuple((name, *_share_cells(share), share.n, share.of) for name, share in found.items()),
    )
    after = cohort.narrower(window=spans[1][1])
    picked = choose(_candidates(after, arguments), arguments.quotes)
    facts = {
        "changed_on": day, "days": days, "verdict": verdict, "before": found["before"].share, "after": found["after"].share,
        "n_before": found["before"].n, "n_after": found["after"].n, "of_before": found["before"].of, "of_after": found["after"].of,
        "too_few": verdict == "too few to tell",
    }  # fmt: skip
    tables = (table, *_records_table([("after", t) for t in picked], "period"))
    what = f"such texts before and after {day.isoformat()}"
    caveats = ["A share that moved after a day need not have moved because of it."]
    return _finding(arguments, cohort, what, tables, [as_quote(t) for t in picked], facts, [], caveats)


def records(arguments: SearchFeedbackInput, cohort: Cohort) -> Finding:
    """The texts themselves."""
    if not cohort.may_quote:
        raise NotAllowed(
            "Your role sees what is said by groups, and no single texts.",
            try_instead=cohort.context.rights.request_access or "Ask for themes and their shares.",
            code="free_text",
        )
    total = _total(cohort)
    if _says_more(cohort):
        # Not only those that count: what is looked for may be said in other words than it is asked for.
        found = distinct(cohort.nearest(str(arguments.about), _CANDIDATES))[: arguments.limit]
    else:
        found = choose(cohort.texts(limit=_CANDIDATES), arguments.limit)
    shown = [(text.topic, text) for text in found]
    table = _records_table(shown, "topic") or (Table(title="Texts", columns=_record_columns("topic"), rows=()),)
    facts = {"total": total, "listed": len(found), "nearest": _says_more(cohort), "too_few": False}
    return _finding(arguments, cohort, "texts", table, [as_quote(t) for t in found[: arguments.quotes]], facts, [])


def _by_topic(cohort: Cohort) -> list[dict[str, Any]]:
    return _ordered(cohort.count(_TOPIC), "topic")


def _ordered(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return sorted((row for row in rows if row["feedback_count"]), key=lambda row: (-int(row["feedback_count"]), str(row[key])))


def _total(cohort: Cohort) -> int:
    rows = cohort.count(metrics=METRICS[:1])
    return int(rows[0]["feedback_count"] or 0) if rows else 0


def _all_texts(cohort: Cohort) -> Cohort:
    """The same customers, days and sources, whatever the texts are about, however they sound, and whom they name."""
    said = {f.field for f in cohort.filters if f.field.startswith(f"{NAME}.")} - {f"{NAME}.source", f"{NAME}.language"}
    return cohort.wider(without=tuple(said))


def _changes(cohort: Cohort) -> tuple[dict[str, tuple[Share, Share, str]], str]:
    """Per topic: its share in the window before and in the window, and the verdict; the window in words."""
    span = f"{_RECENT_DAYS} days" if cohort.window is None else "window"
    window = cohort.window or TimeWindow(last_n=_RECENT_DAYS, unit="day")
    if window.start is None and window.period is None and window.last_n is None:
        return {}, span
    now = replace(cohort, window=window)
    rows = now.count(_TOPIC, metrics=METRICS[:1], previous=True)
    # Each text has one topic, so the topics add up to all; unless small ones are hidden.
    totals = now.count(metrics=METRICS[:1], previous=True) if cohort.context.rights.min_group_size else rows
    all_now, all_before = (sum(int(one[name] or 0) for one in totals) for name in ("feedback_count", "feedback_count_previous"))
    found = {}
    for row in rows if totals else ():
        after, before = share_of(int(row["feedback_count"] or 0), all_now), share_of(int(row["feedback_count_previous"] or 0), all_before)
        found[row["topic"]] = (before, after, change_between(before, after))
    return found, span


def _theme_row(row: Mapping[str, Any], share: Share, change: tuple[Share, Share, str] | None) -> tuple[Cell, ...]:
    n = int(row["feedback_count"])
    negative = _share_or_none(row["negative_feedback"], n)
    before, now = (change[0].share, change[1].share) if change else (None, None)
    verdict = "too few to tell" if share.of < FEWEST_OF_ALL or n < FEWEST_OF_ONE else change[2] if change else "not compared"
    return (row["topic"], n, *_share_cells(share), negative, _rounded(row["average_sentiment"]), before, now, verdict)


def _share_columns(label: str, role: str = "share") -> tuple[Column, ...]:
    return (
        plain_column("share", "number", label, unit="share", role=role, form="rate", decimals=1),
        plain_column("share_low", "number", "at least (95 %)", unit="share", role="bound", form="rate", decimals=1),
        plain_column("share_high", "number", "at most (95 %)", unit="share", role="bound", form="rate", decimals=1),
    )


def _share_cells(share: Share) -> tuple[float, float, float]:
    return (share.share, round(share.low, 6), round(share.high, 6))


def _share_or_none(part: Any, of: int) -> float | None:
    """None where the part may not be told."""
    return share_of(int(part), of).share if part is not None else None


def _rounded(value: Any) -> float | None:
    return round(float(value), 4) if value is not None else None


def _candidates(cohort: Cohort, arguments: SearchFeedbackInput) -> list[Text]:
    """Texts that may be quoted, best first."""
    return _best_first(cohort.texts(limit=_CANDIDATES), cohort, arguments)


def _candidates_by(cohort: Cohort, arguments: SearchFeedbackInput, name: str, values: Sequence[str]) -> dict[str, list[Text]]:
    """The same for each value of a field."""
    found = cohort.texts_by(name, values, each=_CANDIDATES, enough=_ENOUGH)
    return {value: _best_first(texts, cohort, arguments) for value, texts in found.items()}


def _best_first(found: list[Text], cohort: Cohort, arguments: SearchFeedbackInput) -> list[Text]:
    """By the words of the question where they say more than the topic, else the most typical."""
    return cohort.best_first(found, str(arguments.about)) if _says_more(cohort) else found


def _says_more(cohort: Cohort) -> bool:
    """The words say what is looked for, and are not just the name of a topic."""
    return cohort.about is not None and not cohort.about.by_name


def _quotes_by_theme(cohort: Cohort, topics: Sequence[str], arguments: SearchFeedbackInput) -> tuple[list[Quote], tuple[Table, ...]]:
    """Typical quotes per theme, and one that disagrees with how most of them sound."""
    candidates = _candidates_by(cohort, arguments, _TOPIC, topics[:_MOST_QUOTED] if arguments.quotes else ())
    main = {topic: _prevailing(texts) for topic, texts in candidates.items()}
    dissent = {topic: [t for t in texts if t.label in _OPPOSITE[main[topic]]] for topic, texts in candidates.items()}
    dissent |= _dissent(cohort, {topic: main[topic] for topic, texts in dissent.items() if not texts}, arguments)
    shown: list[tuple[str, Text]] = []
    for topic, texts in candidates.items():
        seen = [text for _, text in shown]
        picked = choose([t for t in texts if t.label == main[topic]] or texts, arguments.quotes, seen)
        shown += [(topic, text) for text in picked]
        shown += [(f"{topic}: a different voice", text) for text in choose(dissent[topic], 1, [*seen, *picked])]
    return [as_quote(text, about=name) for name, text in shown], _records_table(shown, "topic")


def _prevailing(texts: Sequence[Text]) -> str:
    labels = [text.label for text in texts]
    return max(sorted(set(labels)), key=labels.count) if labels else "neutral"


def _dissent(cohort: Cohort, main: Mapping[str, str], arguments: SearchFeedbackInput) -> dict[str, list[Text]]:
    """Per topic, texts that sound unlike most of it. Where the question chose one sentiment, they are looked for outside of it."""
    other = cohort.wider(without=(f"{NAME}.sentiment_label",)) if arguments.sentiment else cohort
    found: dict[str, list[Text]] = {}
    for opposite in sorted({_OPPOSITE[label] for label in main.values()}):
        topics = [topic for topic, label in main.items() if _OPPOSITE[label] == opposite]
        voices = Filter(field=f"{NAME}.sentiment_label", op="in", values=opposite)
        found |= other.texts_by(_TOPIC, topics, voices, each=_VOICES, enough=1)
    return found


def _record_columns(group: str) -> tuple[Column, ...]:
    return (
        plain_column(group, "string", group, role="dimension", form="text"),
        plain_column("record_id", "string", "record", role="dimension", form="text"),
        plain_column("source", "string", "source", role="dimension", form="text"),
        plain_column("date", "date", "date", role="dimension", form="date"),
        plain_column("sentiment", "string", "sentiment", role="dimension", form="text"),
        plain_column("text", "string", "text", role="dimension", form="text"),
    )


def _records_table(shown: Sequence[tuple[str, Text]], group: str) -> tuple[Table, ...]:
    """The quoted records, by what they stand for."""
    if not shown:
        return ()
    rows = tuple((name, t.record_id, t.source, t.date, t.label, as_quote(t).text) for name, t in shown)
    return (Table(title="Records quoted", columns=_record_columns(group), rows=rows),)


def _sums_check(parts: Sequence[Any], total: int, what: str) -> Check:
    found = sum(int(part) for part in parts)
    return Check(name=f"{what} add up to all texts", passed=found == total, detail=f"{found} in {what}, {total} in all")


def _stored_check(cohort: Cohort, quotes: Sequence[Quote]) -> list[Check]:
    if not quotes:
        return []
    known = sum(quote.record_id in cohort.store.position for quote in quotes)
    return [Check(name="quotes belong to stored records", passed=known == len(quotes), detail=f"{known} of {len(quotes)} quotes")]


def _finding(
    arguments: SearchFeedbackInput,
    cohort: Cohort,
    what: str,
    tables: tuple[Table, ...],
    quotes: Sequence[Quote],
    facts: Mapping[str, Any],
    checks: Sequence[Check],
    caveats: Sequence[str] = (),
) -> Finding:
    reason = reason_of(cohort.context, NAME)
    first = cohort.ran[0] if cohort.ran else None
    notes = [f"{cohort.about.in_words[:1].upper()}{cohort.about.in_words[1:]}."] if cohort.about else []
    if facts.get("too_few"):
        notes.append(f"Fewer than {FEWEST_OF_ALL} texts: too few to tell.")
    if arguments.quotes and not cohort.may_quote:
        notes.append("Your role sees what is said by groups, and no single texts, so there are no quotes.")
    if first is not None:
        notes += first.notes
    return Finding(
        tool="search_feedback",
        tables=tables,
        reading=_reading(arguments, cohort, what),
        grade=Grade.MODELLED,
        grade_reason=reason.reason,
        sql=tuple(answered.sql for answered in cohort.ran),
        definitions=tuple(first.compiled.definitions) if first is not None else (),
        checks=(*checks, *_stored_check(cohort, quotes)),
        caveats=tuple(dict.fromkeys([*notes, *reason.caveats, *caveats])),
        quotes=tuple(quotes),
        narrowed=first.narrowed if first is not None else (),
        as_of=cohort.as_of,
        data_version=cohort.context.warehouse.data_version,
        facts={**facts, "show": arguments.show, "sentiment": list(arguments.sentiment), "about": arguments.about},
    )


def _reading(arguments: SearchFeedbackInput, cohort: Cohort, what: str) -> Reading:
    own = next((a.compiled.reading for a in cohort.ran), None)
    said = what
    if arguments.about:
        said += f", about “{arguments.about}”"
    clauses = [c for c in own.filters if "record" not in c and c not in own.conditions] if own else []
    if clauses:
        said += f", where {' and '.join(clauses)}"
    if own and own.conditions:
        said += f", of {' and '.join(own.conditions)}"
    if own and own.window:
        said += f", {own.window.label or f'from {own.window.start} to {own.window.end}'}"
    return Reading(
        sentence=said[:1].upper() + said[1:],
        filters=(*clauses, *(own.conditions if own else ())),
        conditions=own.conditions if own else (),
        window=own.window if own else None,
        comparison=None,
        as_of=cohort.as_of,
    )
