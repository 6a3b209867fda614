"""The sentences around an answer that every surface says alike: its reading, its trust grade, what was carried over, its proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from assistant.render.numbers import format_count, format_day, format_span
from assistant.turn import Answer, Status
from tools.core.contract import Quote, Reading, Table


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A trust grade as people see it."""

    mark: str
    label: str


BADGES = {
    "verified": Badge(mark="✓✓", label="Verified"),
    "governed": Badge(mark="✓", label="Governed"),
    "modelled": Badge(mark="≈", label="Modelled"),
    "free_sql": Badge(mark="!", label="Free SQL"),
}


def badge(answer: Answer) -> Badge | None:
    """The badge of the answer's grade; None for an answer that rests on no data."""
    if answer.trust is None or answer.status not in (Status.ANSWERED, Status.OFFERED):
        return None
    return BADGES.get(answer.trust.grade, Badge(mark="?", label=answer.trust.grade))


def worth_a_table(answer: Answer) -> bool:
    """Whether the result is to be shown: a single number is in the headline already, unless that only asks whether it is meant."""
    if not answer.tables or not answer.tables[0].rows or answer.status not in (Status.ANSWERED, Status.OFFERED):
        return False
    table = answer.tables[0]
    return answer.status is Status.OFFERED or len(table.rows) > 1 or len(table.columns) > 1


def quotes_by_theme(answer: Answer) -> Iterator[tuple[str, tuple[Quote, ...]]]:
    """Customers' own words under what they stand for, in their order; the heading is empty where they stand for nothing in particular."""
    for about, quotes in groupby(answer.quotes, key=lambda quote: quote.about):
        yield about[:1].upper() + about[1:], tuple(quotes)


def source_line(quote: Quote) -> str:
    """Where a quote is stored: "review 914, 4 Mar 2026"."""
    record = quote.record_id.removeprefix(f"{quote.source}:")
    return f"{quote.source} {record}" + (f", {format_day(quote.date)}" if quote.date else "")


def next_title(answer: Answer) -> str:
    """What stands over the questions that can be asked instead or next."""
    if answer.status is Status.ANSWERED:
        return "Next questions"
    if answer.error is not None and answer.error.code == "being_prepared":
        return "Once more"
    return "Or ask" if answer.options else "I can answer"


def more_than_headline(answer: Answer) -> str:
    """What `text` says beyond the headline; empty when it repeats it."""
    return answer.text.removeprefix(answer.headline).strip()


def help_line(answer: Answer) -> str:
    """What to do about an answer that failed or was refused; empty when the text says so already, or all is well."""
    if answer.error is None or not answer.error.try_instead:
        return ""
    if answer.error.try_instead in answer.text or (answer.status is Status.DECLINED and answer.follow_ups):
        return ""
    return answer.error.try_instead


def reading_line(answer: Answer) -> str:
    """How the question was read, with exact days: no silent default."""
    reading = answer.reading
    if reading is None:
        return ""
    parts = [reading.sentence]
    days = _exact_days(reading)
    if days:
        parts.append(days)
    if reading.comparison:
        parts.append(f"compared with {format_span(reading.comparison)}")
    as_of = reading.as_of or answer.as_of
    said = " ".join((reading.sentence, *answer.caveats))
    if as_of and format_day(as_of, long=True) not in said:
        parts.append(f"data up to {format_day(as_of)}")
    return " · ".join(parts)


def trust_line(answer: Answer) -> str:
    """Why the answer can be trusted, as a sentence."""
    if answer.trust is None:
        return ""
    reason = answer.trust.reason.strip().rstrip(".")
    return f"{reason[:1].upper()}{reason[1:]}."


def carried_line(answer: Answer) -> str:
    """What came from the question before, and what was not used."""
    parts = []
    if answer.carried_over:
        parts.append(f"Kept from your last question: {', '.join(answer.carried_over)}.")
    if answer.left_out:
        parts.append(f"Not used: {', '.join(f'“{word}”' for word in answer.left_out)}.")
    return " ".join(parts)


def check_line(answer: Answer) -> str:
    """How many checks ran, and which failed."""
    if not answer.checks:
        return ""
    failed = [check for check in answer.checks if not check.passed]
    if not failed:
        return f"{format_count(len(answer.checks), 'check')} ran, all passed"
    return f"{len(failed)} of {format_count(len(answer.checks), 'check')} did not pass: {'; '.join(c.detail or c.name for c in failed)}"


def rows_line(table: Table, shown: int) -> str:
    """Said under a table that shows only its first rows, or that was cut by the row cap; else empty."""
    total = len(table.rows)
    if table.truncated:
        return f"First {shown:,} of more than {total:,} rows; the result was cut at {total:,}."
    return f"First {shown:,} of {total:,} rows." if shown < total else ""


def made_by_line(answer: Answer) -> str:
    """What an analyst needs to trace the answer."""
    parts = [f"read by {answer.mind}" if answer.mind else "", f"data {answer.data_version}" if answer.data_version else ""]
    parts += [f"{answer.elapsed_ms:,.0f} ms" if answer.elapsed_ms else "", f"answer {answer.id}" if answer.id else ""]
    return " · ".join(part for part in parts if part)


def _exact_days(reading: Reading) -> str:
    """First and last day of the window, unless the sentence gives them."""
    if reading.window is None:
        return ""
    ends = (reading.window.start, reading.window.end)
    given = all(format_day(day) in reading.sentence or format_day(day, long=True) in reading.sentence for day in ends)
    return "" if given else format_span(reading.window)
