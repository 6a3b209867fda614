"""What a question alone does not tell, two questions together must not tell either."""

from __future__ import annotations

import uuid

from assistant import Answer, Assistant, Question, Step

TOTAL = {"metrics": ["income"]}
BY_REGION = {"metrics": ["income"], "dimensions": [{"field": "members.region"}]}


def run(club: Assistant, user: str, **plan: object) -> Answer:
    step = Step(tool="query_metrics", arguments=plan)
    return club.ask(Question(text="(a plan)", user=user, thread=uuid.uuid4().hex, plan=(step,)))


def test_the_total_less_the_shown_groups_tells_nothing_about_a_small_one(club: Assistant):
    """The Islands have three members: with both other regions shown, the total would give their income away."""
    shown = run(club, "bruno", **BY_REGION).tables[0].rows
    total = run(club, "bruno", **TOTAL).tables[0].rows[0][0]
    assert [row[0] for row in shown] == ["North"]
    assert total - sum(row[1] for row in shown) > 0
    assert {row[0] for row in run(club, "ada", **BY_REGION).tables[0].rows} == {"North", "South", "Islands"}


def test_two_groups_that_differ_by_too_few_people_are_not_both_shown(club: Assistant):
    first = run(club, "marco", metrics=["income"], filters=[{"field": "members.region", "op": "in", "values": ["North", "South"]}])
    assert first.status.value == "answered"
    second = run(
        club, "marco", metrics=["income"], filters=[{"field": "members.region", "op": "in", "values": ["Islands", "North", "South"]}]
    )
    assert second.status.value == "refused"
    assert second.error is not None
    assert second.error.code == "too_few_people_apart"
    assert second.tables == ()


def test_groups_that_differ_by_enough_people_are_both_shown(club: Assistant):
    both = {"field": "members.region", "op": "in", "values": ["North", "South"]}
    one = {"field": "members.region", "op": "in", "values": ["North"]}
    assert run(club, "berta", metrics=["member_count"], filters=[both]).status.value == "answered"
    assert run(club, "berta", metrics=["member_count"], filters=[one]).status.value == "answered"


def test_who_may_see_individuals_is_not_hindered(club: Assistant):
    for values in (["North", "South"], ["Islands", "North", "South"]):
        condition = {"field": "members.region", "op": "in", "values": values}
        assert run(club, "ada", metrics=["income"], filters=[condition]).status.value == "answered"
