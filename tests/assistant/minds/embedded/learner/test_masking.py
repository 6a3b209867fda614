"""What the learner sees of a question."""

from __future__ import annotations

import pytest

from assistant.minds.embedded.learner.corpus import example_of
from assistant.minds.embedded.learner.masking import masked, typed_of, words_of
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.phrasings import parse_line
from assistant.turn import MindContext


@pytest.mark.parametrize(
    ("text", "words", "typed"),
    [
        ("income by city in May 2024", "income by city <when>", "<metric> by <field> <when>"),
        ("top 3 studios by income", "top <number> studios by income", "top <number> <rows> by <metric>"),
        ("income of studio 12 in Lyon", "income of <value> in <value>", "<metric> of <value> in <value>"),
        ("who never booked yoga", "who never booked <value>", "who never <verb> <value>"),
        ("members who spent over $500", "members who spent over <money>", "<rows> who <verb> over <money>"),
    ],
)
def test_values_numbers_and_dates_are_masked(text: str, words: str, typed: str, reader: QuestionReader, context: MindContext) -> None:
    parts = masked(reader.readings(reader.tokens(text)[0], context)[0].items)
    assert " ".join(words_of(parts)) == words
    assert " ".join(typed_of(parts)) == typed


def test_a_phrasing_is_masked_like_a_question() -> None:
    line = "0001\tbut_not\tretail\thow many [entity:guests] [fact:took] [value:yoga] but never [value.excluded:spinning] in [window:May]?"
    example = example_of(parse_line(line, voice="test"))
    assert " ".join(typed_of(example.parts)) == "how many <rows> <verb> <value> but never <value> <when>"
    assert example.roles == {"negation"}
