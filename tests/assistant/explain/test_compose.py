"""What is said around an outcome."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant import Assistant
from assistant.explain.compose import answer
from assistant.toolbox import Toolbox
from assistant.turn import Decline, Question


@pytest.mark.parametrize(
    ("understood", "said"),
    [
        ("revenue by store", "What I did understand: revenue by store."),
        ("kingsmere, shop", "What I did understand: shop."),
        ("kingsmere", ""),
        ("", ""),
    ],
)
def test_a_decline_does_not_claim_the_word_that_it_stumbled_over(assistant: Assistant, understood: str, said: str) -> None:
    rights = assistant.rights_book.rights_for(None)
    toolbox = Toolbox(tools=assistant.tools, warehouse=assistant.warehouse, rights=rights, deadline_s=5.0, as_of=assistant.warehouse.as_of)
    message = "I do not know what to make of 'kingsmere' in this question."
    outcome = Decline(code="not_understood", message=message, understood=understood)
    made = answer(Question(text="kingsmere?"), outcome, toolbox, as_of=dt.date(2026, 6, 30))
    assert made.text == " ".join(filter(None, (message, said)))
