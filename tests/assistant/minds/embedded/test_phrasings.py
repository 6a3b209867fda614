"""The corpus of authored phrasings is well-formed, balanced, and says nothing twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from assistant.minds.embedded.phrasings import ROLES, SHAPES, Phrasing, PhrasingsInvalid, load_phrasings, parse_line, parse_marked

ENOUGH = 4000
ENOUGH_VOICES = 16
MIN_PER_VOICE = 200
MIN_PER_SHAPE_AND_VOICE = 3
LIKE = 0.8
"""Two texts of a shape that share this part of their words are the same phrasing."""


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w'%+<>]+", text.casefold()))


def frame(phrasing: Phrasing) -> str:
    """The text with its slots masked."""
    parts, read_to = [], 0
    for slot in phrasing.slots:
        parts += [phrasing.text[read_to : slot.start], f"<{slot.type}>"]
        read_to = slot.end
    return "".join([*parts, phrasing.text[read_to:]]).casefold()


def test_there_are_enough_phrasings_in_enough_voices():
    voices = Counter(p.voice for p in load_phrasings())
    assert voices.total() >= ENOUGH
    assert len(voices) >= ENOUGH_VOICES
    assert {voice: n for voice, n in voices.items() if n < MIN_PER_VOICE} == {}


def test_every_voice_says_every_shape():
    said = Counter((p.shape, p.voice) for p in load_phrasings())
    missing = [(s, v, said[s, v]) for s in SHAPES for v in {p.voice for p in load_phrasings()} if said[s, v] < MIN_PER_SHAPE_AND_VOICE]
    assert missing == []


def test_ids_are_unique_and_name_their_voice():
    ids = [p.id for p in load_phrasings()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(rf"{p.voice}-\d{{4}}", p.id) for p in load_phrasings())


def test_slots_are_whole_words_in_order_and_do_not_overlap():
    for phrasing in load_phrasings():
        read_to = 0
        for slot in phrasing.slots:
            said = phrasing.text[slot.start : slot.end]
            assert slot.start >= read_to, phrasing.id
            assert said, phrasing.id
            assert said == said.strip(), phrasing.id
            assert not re.search(r"\w\w", phrasing.text[max(slot.start - 1, 0) : slot.start + 1] if slot.start else ""), phrasing.id
            assert not re.search(r"\w\w", phrasing.text[slot.end - 1 : slot.end + 1]), phrasing.id
            assert slot.role in ROLES[slot.type], phrasing.id
            read_to = slot.end


def test_texts_are_tidy():
    for phrasing in load_phrasings():
        assert phrasing.text == phrasing.text.strip(), phrasing.id
        assert "  " not in phrasing.text, phrasing.id
        assert phrasing.trade.isalpha(), phrasing.id
        assert phrasing.trade.islower(), phrasing.id


def test_no_text_stands_twice():
    texts = defaultdict(list)
    for phrasing in load_phrasings():
        texts[re.sub(r"\W+", " ", phrasing.text.casefold()).strip() or phrasing.text].append(phrasing.id)
    assert [ids for ids in texts.values() if len(ids) > 1] == []


def test_no_two_phrasings_of_a_shape_are_nearly_alike():
    by_shape = defaultdict(list)
    for phrasing in load_phrasings():
        by_shape[phrasing.shape].append((phrasing.id, words(phrasing.text)))
    alike = [
        (one, other)
        for entries in by_shape.values()
        for (one, a), (other, b) in combinations(entries, 2)
        if len(a & b) >= 4 and len(a & b) / len(a | b) >= LIKE
    ]
    assert alike == []


def test_frames_are_authored_rather_than_swapped():
    """Few phrasings are another one with only its slots exchanged; the clipped voices cannot help some of it."""
    frames = Counter(frame(p) for p in load_phrasings())
    assert len(frames) / frames.total() >= 0.9


def test_other_trades_than_retail_are_heard():
    others = Counter(p.trade for p in load_phrasings() if p.trade != "retail")
    assert others.total() >= 0.1 * len(load_phrasings())
    assert len(others) >= 10


def test_a_mark_becomes_a_span_with_type_and_role():
    text, slots = parse_marked("top [number.limit:5] [dimension:stores]")
    assert text == "top 5 stores"
    assert [(s.type, s.role, text[s.start : s.end]) for s in slots] == [("number", "limit", "5"), ("dimension", "group", "stores")]


@pytest.mark.parametrize("marked", ["[nothing:sales]", "[metric.limit:sales]", "[metric:sales", "sales]", "[metric:]"])
def test_refuses_marks_that_do_not_parse(marked: str):
    with pytest.raises(PhrasingsInvalid):
        parse_marked(marked)


@pytest.mark.parametrize("line", ["0001\tsingle\tsales", "0001\tnothing\tretail\tsales"])
def test_refuses_lines_that_do_not_fit(line: str):
    with pytest.raises(PhrasingsInvalid):
        parse_line(line, voice="owner")
