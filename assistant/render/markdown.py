"""Answer -> the chat's Markdown, in the parts that the page shows one below the other.

Nothing in an Answer is Markdown: every text may hold a customer's words or a stored value, so all of it is neutralised
and can be neither link, image, HTML, heading nor code. Only this module writes markup.
"""

from __future__ import annotations

import re
import unicodedata

from assistant.render import words
from assistant.render.numbers import format_cell, heading, is_numeric
from assistant.turn import Answer, Status
from tools.core.contract import Table

_WORD_JOINER = "\u2060"
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&!])")
# `remark-directive` swallows ":name", and an emoji shortcode starts the same way.
_DIRECTIVE = re.compile(r":(?=[A-Za-z:])")
_BLOCK_START = re.compile(r"^([#=>]|[-+](?=\s|-|$)|\d+(?=[.)](?:\s|$)))")
# The page links bare addresses after it has resolved escapes, so only a character in between keeps them plain.
_ADDRESS = re.compile(r"(?i)(https?|ftp)(?=\\?:)|\bwww(?=\.)|@(?=\w)")


def plain(text: str) -> str:
    """One line without control, invisible and direction-changing characters."""
    kept = (" " if c.isspace() or unicodedata.category(c) in ("Zl", "Zp") else c for c in text)
    visible = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return " ".join(visible.split())


def neutral(text: str) -> str:
    """`text` as Markdown that shows exactly its own characters, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", plain(text))
    escaped = _DIRECTIVE.sub(r"\\:", escaped)
    escaped = _BLOCK_START.sub(lambda m: m[0] + "\\" if m[0][0].isdigit() else "\\" + m[0], escaped)
    return _ADDRESS.sub(lambda m: m[0] + _WORD_JOINER, escaped)


def code_block(text: str, language: str = "") -> str:
    """A fenced block that its own backticks cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    clean = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return f"{fence}{language}\n{clean}\n{fence}"


def pretty_sql(sql: str) -> str:
    """The statement that ran, laid out for reading; as it is when it cannot be parsed."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        laid_out: str = sqlglot.parse_one(sql, read="duckdb").sql(dialect="duckdb", pretty=True)
    except SqlglotError:
        return sql
    return laid_out


def opening(answer: Answer) -> str:
    """The headline and what goes with it; for a failure, what to do and its code."""
    lines = [f"### {neutral(answer.headline)}"] if answer.headline else []
    lines += [neutral(line) for line in (words.more_than_headline(answer), words.help_line(answer)) if line]
    if answer.error is not None and answer.status in (Status.FAILED, Status.REFUSED):
        lines.append(f"`{answer.error.code}`")
    return "\n\n".join(lines)


def reading(answer: Answer) -> str:
    """How the question was read, why the answer can be trusted, and what to keep in mind."""
    lines = []
    if answer.reading is not None and answer.status in (Status.ANSWERED, Status.OFFERED):
        lines.append(f"**Read as** {neutral(words.reading_line(answer))}")
    if carried := words.carried_line(answer):
        lines.append(neutral(carried))
    shown = words.badge(answer)
    if shown is not None and answer.status is Status.ANSWERED:
        checks = words.check_line(answer)
        reason = neutral(words.trust_line(answer)) + (f" *{neutral(checks)}.*" if checks else "")
        lines.append(f"`{shown.mark} {shown.label}` {reason}")
    if answer.caveats and answer.status in (Status.ANSWERED, Status.OFFERED):
        lines.append("\n".join(f"- {neutral(caveat)}" for caveat in answer.caveats))
    return "\n\n".join(lines)


def quotes(answer: Answer) -> str:
    """Customers' own words, each with its source, under what they stand for."""
    blocks = []
    for theme, quoted in words.quotes_by_theme(answer):
        if theme:
            blocks.append(f"**{neutral(theme)}**")
        blocks += [f"> {neutral(quote.text)}\n>\n> *{neutral(words.source_line(quote))}*" for quote in quoted]
    return "\n\n".join(blocks)


def table(result: Table, *, max_rows: int = 12) -> str:
    """The first rows as a Markdown table, with a line that says so when there are more."""
    if not result.columns:
        return ""
    head = " | ".join(neutral(heading(c)) for c in result.columns)
    rule = " | ".join("---:" if is_numeric(c) else ":---" for c in result.columns)
    rows = [" | ".join(neutral(format_cell(v, c)) for v, c in zip(row, result.columns, strict=True)) for row in result.rows[:max_rows]]
    lines = [f"| {line} |" for line in (head, rule, *rows)]
    note = words.rows_line(result, min(max_rows, len(result.rows)))
    return "\n".join(lines) + (f"\n\n*{neutral(note)}*" if note else "")


def details(answer: Answer, *, with_sql: bool = True) -> str:
    """ "How I got this": definitions, checks that ran, the SQL (for those who can read it), and what made it."""
    parts = []
    if answer.definitions:
        items = "\n".join(f"- **{neutral(label)}**: {neutral(text)}" for label, text in answer.definitions)
        parts.append(f"**What the words mean**\n\n{items}")
    if answer.checks:
        items = "\n".join(f"- {'✓' if c.passed else '✗'} {neutral(c.name)}: {neutral(c.detail)}" for c in answer.checks)
        parts.append(f"**Checks that ran**\n\n{items}")
    for number, step in enumerate(answer.steps, start=1):
        title = "**The query**" if len(answer.steps) == 1 else f"**Query {number}**"
        facts = f"{neutral(step.tool)} · {step.row_count:,} rows · {step.elapsed_ms:,.0f} ms"
        if step.sql and with_sql:
            parts.append(f"{title} · {facts}\n\n{code_block(pretty_sql(step.sql[0].sql), 'sql')}")
    if made_by := words.made_by_line(answer):
        parts.append(f"*{neutral(made_by)}*")
    return "\n\n".join(parts)


def render_markdown(answer: Answer) -> str:
    """The whole answer as one page of Markdown."""
    parts = [opening(answer)]
    if words.worth_a_table(answer):
        parts.append(table(answer.tables[0]))
    parts += [quotes(answer), reading(answer)]
    if answer.options:
        parts.append("\n".join(f"{n}. {neutral(option.label)}" for n, option in enumerate(answer.options, start=1)))
    if answer.follow_ups:
        parts.append(f"**{words.next_title(answer)}**\n\n" + "\n".join(f"- {neutral(f.question)}" for f in answer.follow_ups))
    if answer.status is Status.ANSWERED:
        parts.append(details(answer))
    return "\n\n".join(part for part in parts if part)
