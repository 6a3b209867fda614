"""Whole turns over a real socket: what the model is told, what it may do, what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from language_model_bench import DEPARTMENTS, ODD, TOTAL, always, query
from openai_server import Reply, ToolCall
from rule_model import Rule, RuleModel, last_result

from assistant.minds.language_model.cards import cards
from assistant.turn import Done, MindContext, Question, Status

Make = Callable[..., Any]


def drive(made: Any, text: str = ODD, **context: Any) -> tuple[Any, list[Any]]:
    """The mind's outcome and the steps that it asked for, run by the assistant's tools."""
    from assistant.toolbox import Toolbox

    assistant = made.assistant
    rights = assistant.rights_book.rights_for(None)
    toolbox = Toolbox(tools=assistant.tools, warehouse=assistant.warehouse, rights=rights, deadline_s=5.0, as_of=assistant.warehouse.as_of)
    thinking = assistant.mind.think(
        Question(text=text), MindContext(warehouse=assistant.warehouse, rights=rights, as_of=assistant.warehouse.as_of, **context)
    )
    steps = []
    try:
        step = next(thinking)
        while True:
            steps.append(step)
            step = thinking.send(toolbox.run(step))
    except StopIteration as stop:
        return stop.value, steps


def test_a_tool_call_in_pieces_becomes_a_step_and_its_finding_the_answer(bench: Make) -> None:
    made = bench(always(query(), "GROCERY has the highest revenue."))
    answer = made.ask()
    assert answer.status is Status.ANSWERED
    assert [step.tool for step in answer.plan] == ["query_metrics"]
    assert answer.tables[0].rows[0][0] == "GROCERY"
    assert len(made.server.bodies) == 2


@pytest.mark.parametrize(
    "call",
    [query(), ToolCall("free_sql", {"sql": "SELECT count(*) AS n FROM products", "title": "Number of products"})],
    ids=lambda call: call.name,
)
def test_every_tool_is_reachable(bench: Make, call: ToolCall) -> None:
    made = bench(always(call, "Here it is."), free_sql=True)
    assert [step.tool for step in made.ask().plan] == [call.name]


def test_every_tool_of_the_toolbox_and_both_endings_are_offered_with_query_metrics_first(bench: Make) -> None:
    made = bench(always(query(), "Done."), free_sql=True)
    made.ask()
    offered = [tool["function"]["name"] for tool in made.server.requests[0]["tools"]]
    assert offered[0] == "query_metrics"
    assert set(offered) == {*made.assistant.tools, "ask_back", "decline"}
    assert all(
        tool["function"]["description"] and tool["function"]["parameters"]["type"] == "object" for tool in made.server.requests[0]["tools"]
    )


def test_several_steps_run_in_order_and_the_last_answers(bench: Make) -> None:
    def narrowed(request: dict[str, Any]) -> ToolCall:
        best = last_result(request).split("\n")[4].split(" | ")[0]
        return query({**TOTAL, "filters": [{"field": "products.department", "op": "in", "values": [best]}]})

    answer = bench(always(query(), narrowed, "That is it.")).ask()
    assert len(answer.plan) == 2
    assert answer.plan[1].arguments["filters"][0]["values"] == ["GROCERY"]
    assert answer.reading is not None
    assert "GROCERY" in answer.reading.sentence
    assert len(answer.tables) == 2


def test_two_calls_at_once_both_run(bench: Make) -> None:
    def brain(request: dict[str, Any]) -> Reply:
        done = any(m["role"] == "tool" for m in request["messages"])
        return Reply(text="Both are there.") if done else Reply(calls=(query(), query(TOTAL)))

    assert len(bench(brain).ask().plan) == 2


def test_free_sql_is_neither_offered_nor_run_unless_the_settings_allow_it(bench: Make) -> None:
    made = bench(always(ToolCall("free_sql", {"sql": "SELECT 1 AS one"}), query(), "Fine."))
    answer = made.ask()
    assert [step.tool for step in answer.plan] == ["query_metrics"]
    assert "free_sql" not in {tool["function"]["name"] for tool in made.server.requests[0]["tools"]}
    assert "There is no tool 'free_sql'" in last_result(made.server.requests[1])


def test_a_question_back_offers_plans_in_their_own_words(bench: Make) -> None:
    options = [{"label": "March", "query": DEPARTMENTS}, {"label": "one figure", "query": TOTAL}]
    answer = bench(always(ToolCall("ask_back", {"prompt": "Split or in all?", "options": options}))).ask()
    assert answer.status is Status.NEEDS_CLARIFICATION
    assert [option.label for option in answer.options] == ["Revenue by department, March 2017, highest first, top 5", "Revenue, March 2017"]


def test_options_that_mean_the_same_go_back_to_the_model(bench: Make) -> None:
    options = [{"label": "a", "query": TOTAL}, {"label": "b", "query": TOTAL}]
    made = bench(always(ToolCall("ask_back", {"prompt": "Which?", "options": options}), query(), "Fine."))
    assert made.ask().status is Status.ANSWERED
    assert "two readings that differ" in last_result(made.server.requests[1])


def test_a_decline_names_no_figure_and_only_questions_that_can_be_answered(bench: Make) -> None:
    call = ToolCall(
        "decline",
        {"reason": "About 40 % are lost.", "unplaced_words": ["karma"], "nearest_questions": ["Revenue by month in 2017", "What is love?"]},
    )
    answer = bench(always(call)).ask()
    assert answer.status is Status.DECLINED
    assert "40" not in answer.text
    assert answer.unplaced == ("karma",)
    assert [f.question for f in answer.follow_ups] == ["Revenue by month in 2017"]


def test_a_mistake_is_handed_back_and_mended(bench: Make) -> None:
    made = bench(always(query({"metrics": ["revenu"]}), query(), "Mended."))
    assert made.ask().status is Status.ANSWERED
    assert "Error (unknown_name)" in last_result(made.server.requests[1])


def test_after_two_repairs_the_embedded_mind_takes_over_and_says_so(bench: Make) -> None:
    made = bench(always(query({"metrics": ["revenu"]})))
    answer = made.ask("Revenue by department in March 2017")
    assert len(made.server.bodies) == 3
    assert answer.status is Status.ANSWERED
    assert any("embedded reader" in caveat for caveat in answer.caveats)


def test_a_model_that_only_talks_leaves_the_question_to_the_embedded_mind(bench: Make) -> None:
    answer = bench(always("Revenue was $99 million, trust me.")).ask("Revenue by department in March 2017")
    assert "99" not in json.dumps(answer.to_json()["text"])
    assert any("made no plan" in caveat for caveat in answer.caveats)


def test_the_prose_streams_only_as_proven_sentences(bench: Make) -> None:
    said: list[str] = []
    prose = "GROCERY leads with $196,429.58 in March 2017. DRUG GM made $99.00. It came second."
    outcome, _ = drive(bench(always(query(), prose)), say=said.append)
    assert isinstance(outcome, Done)
    assert outcome.prose == prose
    text = "".join(said)
    assert "GROCERY leads with $196,429.58 in March 2017." in text
    assert "$99" not in text


def test_a_follow_up_sees_the_plan_before(bench: Make) -> None:
    made = bench(always(query(), "Fine."))
    made.ask(thread="follow-up")
    made.ask("now the other way round, prithee", thread="follow-up")
    asked = made.server.requests[2]["messages"][1]["content"]
    assert "The turn before" in asked
    assert "products.department" in asked.split("The turn before")[1]


def test_the_part_that_a_server_may_cache_is_the_same_for_every_question(bench: Make) -> None:
    made = bench(always(query(), "Fine."))
    made.ask("whimsical revenue by department")
    made.ask("peculiar visits by weekday")
    first, second = made.server.requests[0], made.server.requests[2]
    assert first["messages"][0] == second["messages"][0]
    assert first["tools"] == second["tools"]
    assert first["messages"][1] != second["messages"][1]


def test_the_model_is_told_span_as_of_definitions_readings_and_verified_questions(bench: Make) -> None:
    made = bench(always(query(), "Fine."))
    made.ask("Which departments bring in the most revenue, pretty please with sprinkles?")
    system, asked = (m["content"] for m in made.server.requests[0]["messages"][:2])
    assert "1 January 2017 to 31 December 2017" in system
    assert "2017-12-31" in system
    assert "- revenue: revenue, USD" in system
    assert "Definitions that may matter" in asked
    assert "Reviewed questions like this one" in asked
    assert "words it could not place: sprinkles" in asked or "a possible reading" in asked


def test_tokens_and_cost_are_counted(bench: Make) -> None:
    outcome, _ = drive(bench(always(query(), "Fine."), price_in=2.0, price_out=8.0))
    assert outcome.usage.tokens_in > 2_000
    assert outcome.usage.tokens_out > 10
    assert outcome.usage.cost == pytest.approx((outcome.usage.tokens_in * 2 + outcome.usage.tokens_out * 8) / 1e6, rel=1e-3)


def test_a_plan_that_drops_part_of_the_question_is_only_offered_beside_the_other_reading(bench: Make) -> None:
    answer = bench(always(query({**DEPARTMENTS, "window": None, "limit": None}), "Fine.")).ask("Top 7 departments by revenue in March 2017")
    assert answer.status is Status.OFFERED
    assert "7" in answer.text
    assert "another period" in answer.text
    assert answer.options[1].label == "Revenue by department, March 2017, highest first, top 7"


def test_a_plan_that_accounts_for_everything_is_not_flagged(bench: Make) -> None:
    answer = bench(always(query(), "Fine.")).ask("Top 5 departments by revenue in March 2017")
    assert answer.status is Status.ANSWERED
    assert not any("reader" in caveat for caveat in answer.caveats)


# -- two minds ------------------------------------------------------------------------------------------


def test_auto_asks_no_model_where_the_embedded_mind_is_sure(bench: Make) -> None:
    made = bench(always(query(TOTAL), "Fine."), mode="auto")
    answer = made.ask("Revenue by department in March 2017")
    assert answer.status is Status.ANSWERED
    assert made.server.bodies == []


def test_auto_asks_the_model_where_the_embedded_mind_is_not_sure(bench: Make) -> None:
    made = bench(always(query(), "Fine."), mode="auto")
    outcome, _ = drive(made)
    assert outcome.mind == "test-model"
    assert made.server.bodies


def test_auto_does_not_ask_about_what_the_data_does_not_hold(bench: Make) -> None:
    made = bench(always(query(), "Fine."), mode="auto")
    assert made.ask("Profit margin by department").status is Status.DECLINED
    assert made.server.bodies == []


def test_both_minds_that_agree_say_so(bench: Make) -> None:
    made = bench(always(query({**DEPARTMENTS, "limit": None}), "Fine."), mode="both")
    outcome, _ = drive(made, "Revenue by department in March 2017, highest first")
    assert isinstance(outcome, Done)
    assert any("came to the same plan" in note for note in outcome.notes)


def test_both_minds_that_differ_offer_both_readings(bench: Make) -> None:
    made = bench(always(query(TOTAL), "Fine."), mode="both")
    answer = made.ask("Revenue by department in March 2017")
    assert answer.status is Status.NEEDS_CLARIFICATION
    assert len(answer.options) == 2
    assert {option.label for option in answer.options} >= {"Revenue, March 2017"}


def test_cards_describe_every_tool_without_null_ballast() -> None:
    (card, *_) = cards({}, free_sql=False)
    assert card.name == "ask_back"
    assert "null" not in json.dumps(card.schema)


def test_rules_decline_what_they_do_not_cover(bench: Make) -> None:
    made = bench(RuleModel([Rule("departments", (query(), "Fine."))]))
    assert made.ask("Marmalade, if you would").status is Status.DECLINED
