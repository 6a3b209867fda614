"""Answer -> a page in the terminal. Rich is imported when something is printed; without a terminal it prints plain text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from assistant.render import words
from assistant.render.markdown import plain
from assistant.render.numbers import format_cell, heading, is_numeric
from assistant.turn import Answer, Status
from tools.core.contract import Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

MAX_ROWS = 20
PIPED_WIDTH = 120

_STYLES = {"verified": "bold green", "governed": "green", "modelled": "yellow", "free_sql": "red"}


def print_answer(answer: Answer, file: TextIO | None = None) -> None:
    """Write the answer as a page: headline, table, reading, trust, caveats, next questions.

    Colours and boxes only on a terminal; texts are printed as they are, never read as markup or control codes.
    """
    from rich.console import Console

    out = file or sys.stdout
    is_terminal = out.isatty()
    console = Console(file=out, highlight=False, markup=False, emoji=False, width=None if is_terminal else PIPED_WIDTH)
    _print_opening(console, answer)
    if words.worth_a_table(answer):
        _print_table(console, answer.tables[0])
    for theme, quotes in words.quotes_by_theme(answer):
        if theme:
            console.print(_text(f"  {plain(theme)}", "bold"))
        for quote in quotes:
            console.print(_text(f"  “{plain(quote.text)}” ({plain(words.source_line(quote))})", "italic"))
    _print_reading(console, answer)
    _print_choices(console, answer)


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)


def _print_opening(console: Console, answer: Answer) -> None:
    failed = answer.status in (Status.FAILED, Status.REFUSED)
    console.print(_text(plain(answer.headline), "bold red" if failed else "bold"))
    for line in (words.more_than_headline(answer), words.help_line(answer)):
        if line:
            console.print(_text(plain(line)))
    if failed and answer.error is not None:
        console.print(_text(f"[{answer.error.code}]", "dim"))


def _print_table(console: Console, table: Table) -> None:
    console.print()
    console.print(_grid(table))
    note = words.rows_line(table, min(MAX_ROWS, len(table.rows)))
    if note:
        console.print(_text(note, "dim"))


def _grid(table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable

    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    shown = [[plain(format_cell(value, column)) for value, column in zip(row, table.columns, strict=True)] for row in table.rows[:MAX_ROWS]]
    for index, column in enumerate(table.columns):
        figures = is_numeric(column)
        grid.add_column(
            _text(plain(heading(column))),
            justify="right" if figures else "left",
            overflow="fold",
            # A long heading breaks between its words, a figure never does.
            min_width=max((len(row[index]) for row in shown), default=0) if figures else None,
        )
    for row in shown:
        grid.add_row(*map(_text, row))
    return grid


def _print_reading(console: Console, answer: Answer) -> None:
    if answer.status not in (Status.ANSWERED, Status.OFFERED):
        return
    console.print()
    if line := words.reading_line(answer):
        console.print(_labelled("Read as  ", plain(line)))
    if carried := words.carried_line(answer):
        console.print(_text(plain(carried)))
    badge = words.badge(answer)
    if badge is not None and answer.trust is not None and answer.status is Status.ANSWERED:
        trust = _labelled(f"{badge.mark} {badge.label}  ", plain(words.trust_line(answer)), _STYLES.get(answer.trust.grade, "bold"))
        checks = words.check_line(answer)
        console.print(trust.append(f" {plain(checks)}." if checks else "", style="dim"))
    for caveat in answer.caveats:
        console.print(_labelled("Note  ", plain(caveat), "dim"))


def _labelled(label: str, text: str, style: str = "dim") -> Text:
    return _text(label, style).append(text, style="default")


def _print_choices(console: Console, answer: Answer) -> None:
    if answer.options:
        console.print()
        for number, option in enumerate(answer.options, start=1):
            console.print(_text(f"  {number}. {plain(option.label)}"))
    if answer.follow_ups:
        console.print()
        console.print(_text(words.next_title(answer), "dim"))
        for follow_up in answer.follow_ups:
            console.print(_text(f"  {plain(follow_up.question)}"))
