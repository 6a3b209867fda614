"""Personal data never reaches an embedding, a table or a quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.feedback.redaction import Redactor

CASES = {
    "Write to jo.doe+x@example.co.uk please": "Write to [e-mail] please",
    "jo (at) example.org": "[e-mail]",
    "Ring +44 (0)20 7946 0018 after six": "Ring [phone] after six",
    "call 0171 555-0123.": "call [phone].",
    "My card 4111 1111 1111 1111 was charged": "My card [card number] was charged",
    "IBAN DE89 3704 0044 0532 0130 00 is mine": "IBAN [account number] is mine",
    "I live at 12 Station Road, second floor": "I live at [address], second floor",
    "Gartenstraße 14 in Köln": "[address] in Köln",
    "12 rue de la Paix": "[address]",
    "My name is Ada Lovelace and I am cross": "My name is [name] and I am cross",
    "Regards, Tom": "Regards, [name]",
    "Herr Schmidt war unfreundlich": "Herr [name] war unfreundlich",
}
KEPT = (
    "Order 10023456 came 3 days late on 2025-06-14",
    "It cost 1,299.00 and broke after 2 weeks",
    "This is the worst shop in town",
    "The drive was long and the lane narrow",
    "Batch 4711 of 12.06.2025",
)


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_takes_out_what_has_the_shape_of_personal_data(text: str, expected: str) -> None:
    assert Redactor().redact(text).text == expected


@pytest.mark.parametrize("text", KEPT)
def test_keeps_dates_prices_and_order_numbers(text: str) -> None:
    assert Redactor().redact(text).text == text


def test_takes_out_what_the_warehouse_knows_of_the_writer() -> None:
    own = {"first_name": "Wilma", "last_name": "Stone", "city": "Bedrock", "street": "Cave Hill 7"}
    found = Redactor().redact("wilma here, from BEDROCK (cave hill 7). Mrs Stone to you.", own)
    assert found.text == "[name] here, from [address] ([address]). Mrs [name] to you."
    assert len(found.found) == 4


def test_knows_full_names_of_other_customers_but_not_their_parts() -> None:
    redactor = Redactor([("Rose", "Marsh")])
    assert redactor.redact("I met Rose Marsh. The rose smelled of marsh.").text == "I met [name]. The rose smelled of marsh."


@given(st.text(alphabet="abcdefghij", min_size=3, max_size=12), st.text(max_size=60), st.text(max_size=60))
def test_an_own_value_never_survives_as_a_word(value: str, before: str, after: str) -> None:
    found = Redactor().redact(f"{before} {value} {after}", {"last_name": value})
    assert f" {value} " not in f" {found.text} "


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor().redact(text).text
    assert Redactor().redact(once).text == once
