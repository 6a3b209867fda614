from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

from assistant.render.terminal import print_answer
from tools.core.contract import Column, Table


def printed(answer) -> str:
    out = io.StringIO()
    print_answer(answer, out)
    return out.getvalue()


def test_a_piped_answer_has_no_colours_and_says_everything(answered):
    page = printed(answered)
    assert "\x1b" not in page
    assert page.startswith("GROCERY has the highest revenue: $2,316,393.90, 50.4% of the total in March 2017.\n")
    assert "GROCERY      $2,316,393.90            50.4%" in page
    assert "Read as  Revenue by department, March 2017, highest first · 1 Mar 2017 to 31 Mar 2017" in page
    assert "✓ Governed  Compiled from the semantic model. 1 check ran, all passed." in page
    assert "Note  The data ends on 31 December 2017." in page
    assert page.endswith("Next questions\n  revenue by month in 2017\n")


def test_a_terminal_gets_colours(answered):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    print_answer(answered, out)
    assert "\x1b[1m" in out.getvalue()


def test_options_are_numbered_so_that_a_reply_can_name_one(unclear):
    assert "  1. By revenue\n  2. By visits" in printed(unclear)


def test_a_decline_lists_what_can_be_answered(declined):
    assert printed(declined).endswith("I can answer\n  revenue by month in 2017\n")


def test_a_failure_ends_with_its_code(failed):
    page = printed(failed)
    assert page.count("Ask for a shorter time, or for fewer groups.") == 1
    assert page.endswith("[query_too_heavy]\n")


def test_neither_markup_nor_escape_codes_in_data_take_effect(answered):
    table = Table(
        title="t", columns=(Column(name="a", type="string"), Column(name="b", type="string")), rows=(("[red]x[/red]", "\x1b[31my"),)
    )
    page = printed(replace(answered, tables=(table,)))
    assert "[red]x[/red]" in page
    assert "\x1b" not in page


def test_a_long_table_says_how_much_it_shows(answered):
    table = Table(
        title="t",
        columns=(Column(name="n", type="integer", role="metric"), Column(name="m", type="integer", role="metric")),
        rows=tuple((i, i) for i in range(2000)),
    )
    assert "First 20 of 2,000 rows." in printed(replace(answered, tables=(table,)))


def test_long_headings_break_between_words_and_figures_never(answered):
    names = (
        "customers needed",
        "customers in all",
        "share of customers",
        "revenue that they make",
        "revenue of all customers",
        "share of revenue",
    )
    columns = tuple(Column(name=f"c{i}", type="number", role="metric", label=name) for i, name in enumerate(names))
    page = printed(replace(answered, tables=(Table(title="t", columns=columns, rows=((1_060_723.12,) * 6,) * 2),)))
    assert page.count("1,060,723.12") == 12
    assert all(word in page for name in names for word in name.replace("c", "C", 1).split()[1:])


def test_one_number_is_not_repeated_as_a_table(answered):
    one = Table(title="t", columns=(Column(name="revenue", type="number", role="metric", label="revenue"),), rows=((5.0,),))
    assert "Revenue\n" not in printed(replace(answered, tables=(one,)))


def test_rich_is_not_imported_before_something_is_printed():
    code = "import sys, assistant.render.terminal; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
