"""Cutting, language, names and word statistics: everything that needs no embedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.feedback.company import lift, weight
from tools.feedback.labels import shared_phrase
from tools.feedback.language import language_of
from tools.feedback.names import NameFinder
from tools.feedback.quotes import MAX_QUOTE, excerpt
from tools.feedback.segments import MAX_SEGMENTS, MAX_TEXT, segments, tidy
from tools.feedback.signals import main_intent, urgency_of
from tools.feedback.statistics import change_between, distinctive_themes, share_of
from tools.feedback.store import FeedbackStore, StoreContent, write_store


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The parcel was late and nobody told me", "en"),
        ("Leider ist das Paket nicht angekommen", "de"),
        ("Le colis est arrivé trop tard et je ne suis pas content", "fr"),
        ("El paquete llegó tarde y no estoy contento con la tienda", "es"),
        ("Il pacco è arrivato tardi e non sono contento", "it"),
        ("Посылка пришла слишком поздно", "ru"),
        ("12345", "und"),
    ],
)
def test_recognises_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_megabyte_is_cut_and_its_sentences_sampled() -> None:
    text = tidy("The box was wet again. " * 50_000)
    assert len(text) <= MAX_TEXT
    assert len(segments(text)) == MAX_SEGMENTS


def test_control_and_invisible_characters_are_removed() -> None:
    assert tidy("a\x00b\u202ec\u200bd\x1b[31m") == "abcd[31m"


@given(st.text(max_size=3000))
def test_a_quote_is_a_piece_of_its_text(text: str) -> None:
    quote = excerpt(text)
    assert quote in text
    assert len(quote) <= MAX_QUOTE


def test_finds_the_longest_of_several_names_as_whole_words() -> None:
    finder = NameFinder({"Oak chair": 1, "Oak chair Grande": 2, "Lamp": 3})
    assert finder.keys_in("The oak chair grande and a LAMP, no lampshade") == [2, 3]
    assert finder.replaced("My Oak chair Grande wobbles", "article") == "My article wobbles"


def test_wilson_interval_matches_published_values() -> None:
    """Newcombe (1998), table 1: 81 of 263."""
    share = share_of(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share(n: int, more: int) -> None:
    share = share_of(n, n + more)
    assert 0 <= share.low <= share.share <= share.high <= 1


def test_a_change_is_told_only_when_it_is_sure() -> None:
    assert change_between(share_of(10, 200), share_of(40, 200)) == "more"
    assert change_between(share_of(40, 200), share_of(10, 200)) == "less"
    assert change_between(share_of(10, 200), share_of(12, 200)) == "no clear change"
    assert change_between(share_of(2, 10), share_of(9, 10)) == "too few to tell"


def test_rare_themes_are_drawn_towards_no_difference() -> None:
    found = {d.theme: d for d in distinctive_themes({"often": 60, "rarely": 2, "rest": 138}, {"often": 60, "rarely": 1, "rest": 539})}
    assert found["often"].sure
    assert found["often"].ratio > 2
    assert not found["rarely"].sure


def test_the_strongest_wish_of_a_text_is_its_intent() -> None:
    assert main_intent(["praise", "question", "refund or replacement"]) == "refund or replacement"
    assert main_intent([]) == "statement"


@pytest.mark.parametrize(
    ("text", "sentiment", "urgency"),
    [
        ("It caught fire, my lawyer will write to you", -0.9, "high"),
        ("I am still waiting for a reply", -0.6, "medium"),
        ("The colour is a bit pale", -0.3, "low"),
        ("It got here today, wonderful", 0.9, "low"),
    ],
)
def test_urgency_follows_danger_law_and_waiting(text: str, sentiment: float, urgency: str) -> None:
    assert urgency_of(text, sentiment) == urgency


def test_a_topic_is_called_by_the_phrase_that_its_sentences_share() -> None:
    sentences = ["It gave up the ghost after ten days.", "Gave up the ghost in a week!", "One wash and it gave up the ghost."]
    assert shared_phrase(sentences, [1, 1, 1], ("ghost", "gave"), frozenset()) == "gave up the ghost"
    assert shared_phrase(sentences, [1, 1, 1], ("ghost", "gave"), frozenset({"ghost"})) is None, "a name of a product makes no topic"
    assert shared_phrase(["blue door", "red window"], [1, 1], ("roof",), frozenset()) is None


def test_a_sentence_near_to_everything_is_put_behind_the_one_that_is_meant(tmp_path: Path) -> None:
    """One vector in the middle of a crowd is nearer to most questions than what they mean."""
    axes = np.eye(384, dtype=np.float32)
    crowd = [axes[0], *(axes[0] + 0.3 * axes[i + 10] for i in range(30))]
    meant = 0.8 * axes[1] + 0.6 * axes[2]
    vectors = np.stack([v / np.linalg.norm(v) for v in (*crowd, meant)]).astype(np.float32)
    names = [str(i) for i in range(len(vectors))]
    rows = np.arange(len(vectors))
    none = np.zeros((0, 384), dtype=np.float32)
    content = StoreContent(
        record_ids=names, texts=names, sentence_owner=rows, sentence_row=rows, vectors=vectors, topics=(), examples=none, example_topics=()
    )
    write_store(tmp_path / "store", content)
    store = FeedbackStore(tmp_path / "store")
    question = (0.6 * axes[0] + 0.5 * axes[1]) / np.linalg.norm([0.6, 0.5])
    assert float(vectors[0] @ question) > float(vectors[31] @ question)
    (first,) = store.nearest(question.astype(np.float32), 1)
    assert (first.record, round(first.similarity, 3)) == (31, round(float(vectors[31] @ question), 3))
    assert store.nearest(question.astype(np.float32), 1, within=[0, 5, 31])[0].record == 31


def test_company_tells_a_subject_from_its_look_alike_and_what_stands_beside_everything_weighs_little() -> None:
    """Twenty texts: sentence 0 stands beside subject 0, sentence 1 beside subject 1; sentence 2, called subject 2, beside both."""
    row = np.array([0, 3, 1, 4, 2, 3, 2, 4] * 5)
    owner = np.repeat(np.arange(20), 2)
    subject, cluster = np.array([-1, -1, 2, 0, 1]), np.arange(5)
    lifts = lift(subject, 3, row, owner, cluster)
    assert lifts[0].argmax() == 0
    assert lifts[1].argmax() == 1
    weights = weight(subject, lifts)
    assert weights[2] < 1
    assert weights[0] == weights[1] == 1


def test_a_sentence_that_stands_alone_has_no_company() -> None:
    alone = np.arange(30)
    assert np.all(lift(alone % 3, 3, alone, alone, alone % 5) == 0)
