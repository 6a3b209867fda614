"""Answer -> Slack blocks, within Slack's limits.

Only block elements that Slack shows literally are used (`rich_text`, `plain_text`): customers' words, stored values and headings can
neither mention people, link, nor format. The figures are those of every other surface, character for character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.render import words
from assistant.render.markdown import plain
from assistant.render.numbers import format_cell, heading, is_numeric
from assistant.turn import Answer, FollowUp, Status
from tools.core.contract import Table

MAX_BLOCKS = 50
MAX_TEXT = 3000
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_FALLBACK = 3000
MAX_BUTTONS = 5
TABLE_ROWS = 15
TABLE_WIDTH = 90
CELL_WIDTH = 28

ASK, CHOOSE, JUDGE = "ask", "choose", "judge"
"""First part of the action ids of the buttons."""

Block = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SlackMessage:
    """What is posted."""

    text: str
    """For notifications and screen readers."""
    blocks: list[Block]


def render_slack(answer: Answer) -> SlackMessage:
    """The whole answer; its table as text if it fits, else the first rows (the file has them all)."""
    blocks = [_rich(_section(plain(answer.headline), bold=True))] if answer.headline else []
    blocks += [_rich(_section(plain(line))) for line in (words.more_than_headline(answer), words.help_line(answer)) if line]
    if words.worth_a_table(answer):
        blocks += _table(answer.tables[0])
    blocks += [_rich(_quote(answer, number)) for number in range(len(answer.quotes))][:10]
    blocks += _reading(answer)
    blocks += _choices(answer)
    blocks += _judging(answer)
    return SlackMessage(text=escape(plain(answer.headline))[:MAX_FALLBACK], blocks=blocks[:MAX_BLOCKS])


def needs_file(answer: Answer) -> bool:
    """Whether the table is too large to be shown in a message as a whole."""
    return words.worth_a_table(answer) and (len(answer.tables[0].rows) > TABLE_ROWS or _width(answer.tables[0]) > TABLE_WIDTH)


def notice(text: str) -> SlackMessage:
    """A message of one line of our own words."""
    return SlackMessage(text=escape(plain(text))[:MAX_FALLBACK], blocks=[_rich(_section(plain(text)))])


def home_page(welcome: str, about: Sequence[str], starters: Sequence[FollowUp]) -> dict[str, Any]:
    """The view of the app's home tab: what the data is, questions to start with, how the person is known."""
    blocks = [_header("Candor"), _rich(_section(plain(welcome))), *_buttons(starters, "Questions to start with"), {"type": "divider"}]
    blocks += [_context(line) for line in about]
    return {"type": "home", "blocks": blocks[:MAX_BLOCKS]}


def escape(text: str) -> str:
    """`text` for the fallback, which Slack reads as markup: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- parts --------------------------------------------------------------------------------------------------------------------


def _table(table: Table) -> list[Block]:
    text = text_table(table)
    # Below the heading and its rule.
    note = words.rows_line(table, max(0, text.count("\n") - 1))
    shown = [_rich({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]})]
    return [*shown, *([_context(note)] if note else [])]


def text_table(table: Table) -> str:
    """The first rows in columns of equal width, numbers to the right; cut to what a message holds."""
    lines = [[plain(heading(column)) for column in table.columns]]
    lines += [[plain(format_cell(v, c)) for v, c in zip(row, table.columns, strict=True)] for row in table.rows[:TABLE_ROWS]]
    # A figure is never cut: half a number would be another number.
    short = [[text if is_numeric(c) else _cut(text, CELL_WIDTH) for text, c in zip(line, table.columns, strict=True)] for line in lines]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    laid_out = [
        "  ".join(
            text.rjust(width) if is_numeric(column) else text.ljust(width)
            for text, width, column in zip(line, widths, table.columns, strict=True)
        ).rstrip()
        for line in short
    ]
    laid_out.insert(1, "  ".join("-" * width for width in widths))
    while len(laid_out) > 1 and len("\n".join(laid_out)) > MAX_TEXT:
        laid_out.pop()
    return _cut("\n".join(laid_out), MAX_TEXT)


def _width(table: Table) -> int:
    return max(map(len, text_table(table).splitlines()), default=0)


def _quote(answer: Answer, number: int) -> Block:
    quote = answer.quotes[number]
    about = f"{plain(quote.about)}, " if quote.about else ""
    source = {"type": "text", "text": f"\n{_cut(f'{about}{plain(words.source_line(quote))}', 220)}", "style": {"italic": True}}
    return {"type": "rich_text_quote", "elements": [{"type": "text", "text": _cut(plain(quote.text), 1000)}, source]}


def _reading(answer: Answer) -> list[Block]:
    """How the question was read, how far to trust it, and what to keep in mind."""
    if answer.status not in (Status.ANSWERED, Status.OFFERED):
        return []
    lines = [f"Read as: {words.reading_line(answer)}" if answer.reading is not None else "", words.carried_line(answer)]
    badge = words.badge(answer)
    if badge is not None and answer.status is Status.ANSWERED:
        checks = words.check_line(answer)
        lines.append(f"{badge.mark} {badge.label}: {words.trust_line(answer)}" + (f" {checks}." if checks else ""))
    lines += [f"Note: {caveat}" for caveat in answer.caveats]
    return [_context(line) for line in lines if line]


def _choices(answer: Answer) -> list[Block]:
    blocks: list[Block] = []
    if answer.options:
        buttons = [
            _button(option.label, f"{CHOOSE}:{number}", f"{answer.id}:{number}")
            for number, option in enumerate(answer.options[:MAX_BUTTONS])
        ]
        title = "Other readings" if answer.status is Status.ANSWERED else "Choose one, or answer with its number"
        # The whole label: a button shows its first 75 characters.
        listed = [_context(f"{number}. {plain(option.label)}") for number, option in enumerate(answer.options[:MAX_BUTTONS], start=1)]
        blocks += [_context(title), *listed, {"type": "actions", "elements": buttons}]
    return blocks + _buttons(answer.follow_ups, words.next_title(answer))


def _buttons(follow_ups: Sequence[FollowUp], title: str) -> list[Block]:
    fitting = [f for f in follow_ups if len(f.question) <= MAX_VALUE][:MAX_BUTTONS]
    if not fitting:
        return []
    buttons = [_button(f.question, f"{ASK}:{number}", f.question) for number, f in enumerate(fitting)]
    return [_context(title), {"type": "actions", "elements": buttons}]


def _judging(answer: Answer) -> list[Block]:
    if answer.status not in (Status.ANSWERED, Status.OFFERED, Status.DECLINED):
        return []
    thumbs = (("Helpful", "up"), ("Not helpful", "down"))
    return [{"type": "actions", "elements": [_button(label, f"{JUDGE}:{way}", f"{answer.id}:{way}") for label, way in thumbs]}]


# --- elements -----------------------------------------------------------------------------------------------------------------


def _rich(element: Block) -> Block:
    return {"type": "rich_text", "elements": [element]}


def _section(text: str, *, bold: bool = False) -> Block:
    element: Block = {"type": "text", "text": _cut(text, MAX_TEXT)}
    return {"type": "rich_text_section", "elements": [element | {"style": {"bold": True}} if bold else element]}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain_text(text, 150)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain_text(plain(text), 2000)]}


def _button(label: str, action: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": _plain_text(plain(label), MAX_BUTTON), "value": value}


def _plain_text(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": _cut(text, most), "emoji": False}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
