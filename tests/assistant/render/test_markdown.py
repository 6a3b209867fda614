"""The chat's Markdown: what stands where, and that no data can become markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.render import markdown
from tools.core.contract import Column, Table

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
INLINE = {"text", "text_special", "softbreak"}


def inline_tokens(source: str) -> list[str]:
    return [child.type for token in PARSER.parse(source) if token.type == "inline" for child in token.children or []]


def shown_text(source: str) -> str:
    return "".join(child.content for token in PARSER.parse(source) if token.type == "inline" for child in token.children or [])


HOSTILE = [
    "[click](http://evil.example)",
    "![x](http://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "a | b | c",
    "`code` and ```fence```",
    "# heading",
    "- item",
    "1. item",
    "12) item",
    "> quote",
    "***bold***",
    "~~gone~~",
    "snake_case_name_",
    "line\nbreak\r\n\n# next",
    "tab\there",
    "&lt;b&gt; &amp;",
    "[ref]: http://evil.example",
    "<http://evil.example>",
    "back\\slash \\[x\\]",
    "===",
    "---",
    "    indented code",
    "$1,200 and $300",
    ":warning: ::leaf{a=b} :::note",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_shows_as_its_own_characters(text):
    source = markdown.neutral(text)
    assert set(inline_tokens(source)) <= INLINE
    assert [t.type for t in PARSER.parse(source)] == ["paragraph_open", "inline", "paragraph_close"]
    assert shown_text(source).replace("\u2060", "") == markdown.plain(text)


@given(st.text())
def test_any_text_shows_as_its_own_characters(text):
    source = markdown.neutral(text)
    assert set(inline_tokens(source)) <= INLINE
    assert shown_text(source).replace("\u2060", "") == markdown.plain(text)


@given(st.text(alphabet="|[]()!<>`*_#-\\\n &;:x1.", max_size=30))
def test_any_text_stays_in_its_table_cell(text):
    table = Table(title="t", columns=(Column(name="a", type="string"), Column(name="b", type="string")), rows=((text, "end"),))
    tokens = PARSER.parse(markdown.table(table))
    cells = [token for token in tokens if token.type == "td_open"]
    assert len(cells) == 2
    assert tokens[-1].type == "table_close"


@pytest.mark.parametrize(
    "text", ["see http://evil.example", "HTTPS://evil.example", "www.evil.example", "mail a@evil.example", "ftp://x.example"]
)
def test_addresses_are_not_linked(text):
    """The page's Markdown links bare addresses by these patterns, after escapes are gone."""
    shown = shown_text(markdown.neutral(text))
    assert not re.search(r"(https?://|www(?=\.))[-.\w]+", shown, re.IGNORECASE)
    assert not re.search(r"[-.\w+]+@[-\w]+(?:\.[-\w]+)+", shown)


@pytest.mark.parametrize("text", ["Ratio 3:many", "a::b", ":::note", ":smile:"])
def test_directives_are_not_swallowed(text):
    assert not re.search(r"(?<!\\):[A-Za-z:]", markdown.neutral(text))


def test_control_invisible_and_direction_changing_characters_are_dropped():
    assert markdown.plain("a\u202eb\u200bc\x07d\ufeffe\x1b[31m\u2028f") == "abcde[31m f"


@given(st.text())
def test_a_code_block_cannot_be_closed_by_its_content(text):
    tokens = PARSER.parse(markdown.code_block(text, "sql"))
    assert [token.type for token in tokens] == ["fence"]


def test_an_answer_says_headline_table_reading_trust_caveats_and_how(answered):
    page = markdown.render_markdown(answered)
    order = [
        "### GROCERY has the highest revenue: $2,316,393.90, 50.4% of the total in March 2017.",
        "| Department | Revenue | Share of total |\n| :--- | ---: | ---: |\n| GROCERY | $2,316,393.90 | 50.4% |",
        "| Unknown | $12.50 | 0.0003% |",
        "**Read as** Revenue by department, March 2017, highest first · 1 Mar 2017 to 31 Mar 2017",
        "`✓ Governed` Compiled from the semantic model. *1 check ran, all passed.*",
        "- The data ends on 31 December 2017.",
        "- revenue by month in 2017",
        "- **revenue**: What customers paid, after discounts, all lines.",
        "- ✓ Parts sum to the total: 3 groups add up to $2,913,232.85.",
        "```sql\nSELECT\n  department,\n  SUM(sales_value) AS revenue\nFROM lines\n```",
        "*read by embedded · data 000001 · 42 ms · answer q1*",
    ]
    places = [page.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_a_headline_is_not_said_twice(answered):
    assert markdown.opening(answered) == f"### {answered.headline}"


def test_an_offer_says_its_doubt_and_lists_its_reading(offered):
    page = markdown.render_markdown(offered)
    assert "### Did you mean: Revenue by department, March 2017?" in page
    assert "I could not place “splendid”." in page
    assert "1. Yes, that is what I meant" in page
    assert "Governed" not in page


def test_a_clarification_lists_its_options(unclear):
    page = markdown.render_markdown(unclear)
    assert page == "### What should “best” mean?\n\nSo far I understood: customers.\n\n1. By revenue\n2. By visits"


def test_a_decline_offers_what_can_be_answered_instead(declined):
    page = markdown.render_markdown(declined)
    assert page.startswith("### The data holds no costs, so margin cannot be computed.\n\nI could not place “margin”.")
    assert page.endswith("**I can answer**\n\n- revenue by month in 2017")
    assert "absent" not in page


def test_a_failure_says_what_to_do_and_its_code(failed):
    assert markdown.opening(failed) == (
        "### That took longer than 5 seconds and was stopped.\n\nAsk for a shorter time, or for fewer groups.\n\n`query_too_heavy`"
    )


def test_a_quote_is_shown_word_for_word_with_its_source(quoted):
    source = markdown.quotes(quoted)
    assert "link_open" not in inline_tokens(source)
    assert "The <b>queue</b> was [long](http" in shown_text(source)
    assert "review r-7, 4 Mar 2017" in shown_text(source)


def test_quotes_stand_under_their_theme_and_name_their_source_once(quoted):
    quotes = tuple(
        replace(quoted.quotes[0], record_id=f"review:{n}", about=about)
        for n, about in enumerate(["late", "late", "late: a different voice"])
    )
    blocks = markdown.quotes(replace(quoted, quotes=quotes)).split("\n\n")
    assert [block for block in blocks if block.startswith("**")] == ["**Late**", "**Late: a different voice**"]
    assert "review 2, 4 Mar 2017" in shown_text(blocks[-1])


def test_a_long_table_says_how_much_it_shows():
    table = Table(title="t", columns=(Column(name="n", type="integer", role="metric"),), rows=tuple((i,) for i in range(2000)))
    assert markdown.table(table).endswith("*First 12 of 2,000 rows.*")
    cut = Table(title="t", columns=table.columns, rows=table.rows, truncated=True)
    assert markdown.table(cut).endswith("*First 12 of more than 2,000 rows; the result was cut at 2,000.*")


def test_a_failed_check_is_named_where_trust_is_claimed(answered):
    from tools.core.contract import Check

    checks = (*answered.checks, Check(name="total", passed=False, detail="parts are 3 more than the total"))
    assert "1 of 2 checks did not pass: parts are 3 more than the total" in markdown.reading(replace(answered, checks=checks))


def test_the_last_day_of_the_data_is_said_once(answered):
    assert "data up to" not in markdown.reading(answered)
    assert "1 Mar 2017 to 31 Mar 2017 · data up to 31 Dec 2017" in markdown.reading(replace(answered, caveats=()))


def test_exact_days_are_not_repeated_after_a_sentence_that_gives_them(answered):
    reading = replace(answered.reading, sentence="Revenue, 1 March 2017 to 31 March 2017")
    assert "**Read as** Revenue, 1 March 2017 to 31 March 2017\n" in markdown.reading(replace(answered, reading=reading))


def test_sql_is_laid_out_for_reading_and_kept_as_it_is_when_it_cannot_be_parsed():
    assert markdown.pretty_sql("SELECT a, SUM(b) AS b FROM t GROUP BY a") == "SELECT\n  a,\n  SUM(b) AS b\nFROM t\nGROUP BY\n  a"
    assert markdown.pretty_sql("SELECT (((") == "SELECT ((("
