"""The learning loop: from a word that nobody could place, or a confirmed reading, to a model that knows it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant import Assistant, Question, Settings, build
from assistant.lessons import addition_for, effect_of, keep
from assistant.teaching import Proposal, Proposals
from assistant.turn import Status, Step
from tools.core.errors import QueryUnsupported, UnknownName
from tools.core.semantics.additions import ModelAddition, TaughtWord, with_additions
from tools.core.warehouse.intelligence import taught as taught_of

STEP = Step(tool="query_metrics", arguments={"metrics": [{"metric": "revenue"}]})


@pytest.fixture
def proposals(tmp_path: Path) -> Proposals:
    return Proposals(tmp_path / "teaching.sqlite")


@pytest.fixture(scope="module")
def own_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taught") / "home"
    # Other tests ask with the shared home as well: what was learned from their questions stays there.
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("*.sqlite*"))
    return folder


@pytest.fixture
def pupil(own_home: Path) -> Iterator[Assistant]:
    built = build(Settings(home=own_home, warehouse="completejourney", mind="embedded"))
    yield built
    built.close()


def word(text: str) -> Proposal:
    return Proposal(id=1, kind="word", text=text, example="", plan=(), seen=2, status="open")


# -- what is kept -----------------------------------------------------------------------------------


def test_a_word_is_written_down_only_when_two_questions_had_it(proposals: Proposals, tmp_path: Path) -> None:
    proposals.note_word("shop", "moolah", "moolah by month", "moolah by month")
    proposals.note_word("shop", "moolah", "moolah by month", "moolah by month")
    assert proposals.all("shop") == ()
    with sqlite3.connect(tmp_path / "teaching.sqlite") as db:
        assert "moolah" not in "\n".join(db.iterdump())
    proposals.note_word("shop", "moolah", "total moolah", "total moolah")
    (found,) = proposals.all("shop")
    assert (found.kind, found.text, found.seen) == ("word", "moolah", 2)
    assert proposals.all("another shop") == ()


def test_a_rejected_proposal_does_not_come_back(proposals: Proposals) -> None:
    proposals.note_question("shop", "takings in all", (STEP,))
    (found,) = proposals.all("shop")
    proposals.decide(found, "rejected")
    proposals.note_question("shop", "takings in all", (STEP,))
    assert proposals.all("shop") == ()
    assert proposals.all("shop", status="rejected")[0].seen == 2


def test_names_the_command_when_there_is_no_such_proposal(proposals: Proposals) -> None:
    with pytest.raises(UnknownName, match="There is no proposal 7"):
        proposals.find("shop", 7)


def test_unknown_words_values_and_names_of_an_example_are_masked(pupil: Assistant, own_home: Path) -> None:
    for text in ("moolah of blenkinsop in the deli department", "moolah of Blenkinsop in 2017"):
        pupil.ask(Question(text=text))
    kept = Proposals(own_home / "teaching.sqlite").all("completejourney")
    assert [p.text for p in kept] == ["moolah"]
    assert kept[0].example == "moolah of ... <when>"


def test_a_confirmed_reading_becomes_a_proposal(pupil: Assistant, own_home: Path) -> None:
    offered = pupil.ask(Question(text="how many households spent more than 500 dollars in march", thread="t"))
    assert offered.status is Status.OFFERED
    assert pupil.ask(Question(text="yes", thread="t")).status is Status.ANSWERED
    found = next(p for p in Proposals(own_home / "teaching.sqlite").all("completejourney") if p.kind == "question")
    assert found.text == "how many households spent more than 500 dollars in march"
    assert found.plan == offered.options[0].plan


# -- what it does -----------------------------------------------------------------------------------


def test_a_taught_word_is_shown_with_what_it_changes_and_then_understood(pupil: Assistant, own_home: Path) -> None:
    addition = addition_for(word("moolah"), "revenue", pupil.warehouse.model, verb=False)
    assert pupil.embedded is not None
    effect = effect_of(addition, pupil.embedded, pupil.context(), ["total moolah in May 2017", "visits by store"])
    assert [(c.question, c.before) for c in effect.changes] == [("total moolah in May 2017", "declined")]
    assert effect.changes[0].after == "answered: Revenue, May 2017"
    keep(pupil.warehouse, addition)
    with closing(build(Settings(home=own_home, warehouse="completejourney", mind="embedded"))) as taught:
        assert taught.ask(Question(text="total moolah in May 2017")).status is Status.ANSWERED


def test_a_taught_question_is_reviewed_from_then_on(pupil: Assistant) -> None:
    proposal = Proposal(id=1, kind="question", text="our grand total", example="", plan=(STEP,), seen=1, status="open")
    addition = addition_for(proposal, None, pupil.warehouse.model, verb=False)
    assert pupil.embedded is not None
    effect = effect_of(addition, pupil.embedded, pupil.context(), ["our grand total"])
    assert [c.after for c in effect.changes] == ["answered: Revenue, all data up to 31 December 2017"]


def test_an_option_is_proposed_once_people_keep_choosing_it_and_then_decides(pupil: Assistant, own_home: Path) -> None:
    kept = Proposals(own_home / "teaching.sqlite")
    for thread in ("a", "b", "c"):
        assert not [p for p in kept.all("completejourney") if p.kind == "choice"]
        asked = pupil.ask(Question(text="How is revenue lately?", thread=thread))
        assert asked.status is Status.NEEDS_CLARIFICATION
        pupil.ask(Question(text="2", thread=thread))
    (found,) = (p for p in kept.all("completejourney") if p.kind == "choice")
    assert found.text == 'lately = {"window": {"last_n": 3, "unit": "month"}}'
    addition = addition_for(found, None, pupil.warehouse.model, verb=False)
    assert pupil.embedded is not None
    effect = effect_of(addition, pupil.embedded, pupil.context(), ["visits lately", "visits by store"])
    assert [(c.question, c.before.partition(":")[0], c.after.partition(":")[0]) for c in effect.changes] == [
        ("visits lately", "asked back", "answered")
    ]
    keep(pupil.warehouse, addition)
    with closing(build(Settings(home=own_home, warehouse="completejourney", mind="embedded"))) as taught:
        answer = taught.ask(Question(text="visits lately"))
        assert answer.status is Status.ANSWERED
        assert any("'lately' is read as was decided" in note for note in answer.to_json()["caveats"] + [str(answer.to_json())])


def test_a_later_decision_about_a_phrase_replaces_the_earlier_one(pupil: Assistant) -> None:
    for means in ("visits", "revenue"):
        keep(pupil.warehouse, ModelAddition(choices=({"phrase": "good", "means": means},)))
    kept = taught_of(pupil.warehouse.data_folder.parent.parent).choices
    assert [c["means"] for c in kept if c["phrase"] == "good"] == ["revenue"]


@pytest.mark.parametrize(
    ("target", "verb", "error", "message"),
    [
        (None, False, QueryUnsupported, "needs something to mean"),
        ("revenu", False, UnknownName, "no 'revenu'"),
        ("stores.store_id", True, QueryUnsupported, "verbs to metrics"),
        ("revenue=5", False, QueryUnsupported, "Values belong to fields"),
    ],
)
def test_refuses_what_the_model_cannot_take(pupil: Assistant, target: str | None, verb: bool, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        addition_for(word("moolah"), target, pupil.warehouse.model, verb=verb)


def test_words_are_merged_where_the_author_keeps_them() -> None:
    document = {
        "semantic_model": [
            {
                "metrics": [{"name": "revenue", "ai_context": {"synonyms": ["sales"]}}],
                "datasets": [{"name": "stores", "ai_context": "Shops.", "fields": [{"name": "city"}]}],
            }
        ]
    }
    words = (
        TaughtWord(phrase="moolah", kind="synonym", target="revenue"),
        TaughtWord(phrase="sell", kind="verb", target="stores"),
        TaughtWord(phrase="the big smoke", kind="value", target="stores.city", value="London"),
        TaughtWord(phrase="ghost", kind="synonym", target="gone"),
    )
    merged = with_additions(document, [ModelAddition(words=words)])
    model = merged["semantic_model"][0]  # type: ignore[index]
    assert model["metrics"][0]["ai_context"] == {"synonyms": ["sales", "moolah"]}
    assert model["datasets"][0]["ai_context"] == {"instructions": "Shops.", "verbs": ["sell"]}
    assert model["datasets"][0]["fields"][0]["ai_context"] == {"value_synonyms": {"London": ["the big smoke"]}}
