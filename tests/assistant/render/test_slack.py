"""Answers as Slack blocks: literal, within limits, with the figures of every other surface."""

from __future__ import annotations

import json
from dataclasses import replace

from slack_server import _texts, _too_much

from assistant.render.numbers import format_cell
from assistant.render.slack import MAX_TEXT, needs_file, notice, render_slack, text_table
from assistant.turn import Answer, FollowUp, Option, Status, Step
from tools.core.contract import Column, Quote, Table

HOSTILE = "<!channel> <@U1> *bold* `code` <http://outside.example|link> @here"


def words(answer: Answer) -> str:
    return "\n".join(_texts(render_slack(answer).blocks))


def test_headline_table_reading_trust_and_notes_stand_in_this_order(answered: Answer):
    said = words(answered)
    parts = [answered.headline, "GROCERY", "Read as: Revenue by department, March 2017", "✓ Governed", "Note: The data ends"]
    positions = [said.index(part) for part in parts]
    assert positions == sorted(positions)


def test_every_figure_of_the_table_stands_as_formatted_everywhere(answered: Answer):
    table = answered.tables[0]
    said = text_table(table)
    assert all(format_cell(value, column) in said for row in table.rows for value, column in zip(row, table.columns, strict=True))


def test_customers_words_and_values_are_shown_and_never_read_as_markup(answered: Answer):
    column = Column(name="name", type="string", label=HOSTILE)
    table = Table(title="t", columns=(column, column), rows=((HOSTILE, "a"), ("b", "c")))
    quote = Quote(text=HOSTILE, source="review", record_id="r1")
    answer = replace(answered, headline=HOSTILE, tables=(table,), quotes=(quote,), follow_ups=(FollowUp(label="x", question=HOSTILE),))
    message = render_slack(answer)
    assert HOSTILE in words(answer)
    assert "mrkdwn" not in _types(message.blocks)
    assert "<" not in message.text


def _types(node: object) -> set[str]:
    if isinstance(node, list):
        return {kind for each in node for kind in _types(each)}
    if isinstance(node, dict):
        return {str(node.get("type"))} | {kind for each in node.values() for kind in _types(each)}
    return set()


def test_the_longest_answer_stays_within_the_limits_of_slack(answered: Answer):
    long = "x" * 5_000
    plan = (Step(tool="query_metrics", arguments={"metrics": [long]}),)
    columns = tuple(Column(name=f"c{n}", type="string", label=long) for n in range(40))
    answer = replace(
        answered,
        headline=long,
        text=long + long,
        caveats=tuple(f"{long}{n}" for n in range(80)),
        tables=(Table(title=long, columns=columns, rows=(tuple(long for _ in columns),) * 500),),
        quotes=(Quote(text=long, source=long, record_id=long),) * 40,
        options=tuple(Option(label=f"{n}{long}", plan=plan) for n in range(30)),
        follow_ups=tuple(FollowUp(label=long, question=f"{n}{long[:1500]}") for n in range(30)),
    )
    message = render_slack(answer)
    assert _too_much({"blocks": message.blocks, "text": message.text}) == ""
    assert max(map(len, _texts(message.blocks))) <= MAX_TEXT
    json.dumps(message.blocks, allow_nan=False)


def test_a_number_is_never_cut_but_a_long_name_is():
    columns = (Column(name="n", type="string", label="name"), Column(name="v", type="number", role="metric", unit="USD", format="money"))
    said = text_table(Table(title="t", columns=columns, rows=(("n" * 80, 123_456_789_012_345.67),)))
    assert "$123,456,789,012,345.67" in said
    assert "n" * 27 + "…" in said


def test_a_small_table_needs_no_file_and_a_long_one_does(answered: Answer):
    assert not needs_file(answered)
    table = answered.tables[0]
    assert needs_file(replace(answered, tables=(replace(table, rows=table.rows * 10),)))


def test_an_offer_lists_its_readings_and_says_how_to_choose(answered: Answer):
    offer = replace(
        answered, status=Status.NEEDS_CLARIFICATION, options=(Option(label="By revenue", plan=()), Option(label="By visits", plan=()))
    )
    said = words(offer)
    assert "Choose one, or answer with its number\n1. By revenue\n2. By visits" in said
    actions = [element for block in render_slack(offer).blocks if block["type"] == "actions" for element in block["elements"]]
    assert [(a["action_id"], a["value"]) for a in actions[:2]] == [("choose:0", f"{offer.id}:0"), ("choose:1", f"{offer.id}:1")]


def test_a_notice_is_one_line_of_ours():
    message = notice("Ask <again>")
    assert (message.text, _texts(message.blocks)) == ("Ask &lt;again&gt;", ["Ask <again>"])
