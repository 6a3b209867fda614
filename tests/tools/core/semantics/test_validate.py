"""Each fault is one edit of a faultless document; the message must name the line where the faulty text stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tools.core.errors import ModelInvalid
from tools.core.semantics import Catalog, read_model, validate_model

Write = Callable[[str], Path]

FAULTS = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))
IN_THE_DOCUMENT = [*FAULTS["names"], *FAULTS["sql"], *FAULTS["words"]]


def line_of(text: str, snippet: str) -> int:
    assert text.count(snippet) == 1, snippet
    return text[: text.index(snippet)].count("\n") + 1


def check(fault: dict[str, str], original: str, found: Callable[[str], list[str]]) -> None:
    text = original.replace(fault["old"], fault["new"], 1)
    assert text != original
    wanted = f"semantic_model.yaml:{line_of(text, fault['at'])}: {fault['message']}"
    problems = found(text)
    assert any(problem.startswith(wanted) for problem in problems), problems


@pytest.mark.parametrize("fault", IN_THE_DOCUMENT, ids=lambda fault: fault["message"][:50])
def test_names_line_fault_and_suggestion(bookshop: str, document: Write, fault: dict[str, str]) -> None:
    check(fault, bookshop, lambda text: [str(problem) for problem in validate_model(document(text))])


@pytest.mark.parametrize("fault", FAULTS["fit"], ids=lambda fault: fault["message"][:50])
def test_a_model_that_does_not_fit_its_database_is_told_where(
    bookshop: str, bookshop_catalog: Catalog, document: Write, fault: dict[str, str]
) -> None:
    check(fault, bookshop, lambda text: [str(problem) for problem in validate_model(document(text), bookshop_catalog)])


def test_a_faultless_document_has_no_problem(bookshop: str, bookshop_catalog: Catalog, document: Write) -> None:
    assert validate_model(document(bookshop), bookshop_catalog) == []


def test_every_problem_is_reported_at_once_in_the_order_of_the_document(bookshop: str, document: Write) -> None:
    text = bookshop.replace("to: books", "to: bookz").replace("SUM(order_lines.amount)", "SUM(order_lines.amont)")
    text = text.replace("primary_key: [book_id]", "primary_kay: [book_id]")
    problems = validate_model(document(text))
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    messages = "\n".join(map(str, problems))
    for part in ("primary_kay", "bookz", "amont"):
        assert part in messages


def test_reading_raises_with_every_error_listed(bookshop: str, document: Write) -> None:
    text = bookshop.replace("to: books", "to: bookz").replace("SUM(order_lines.amount)", "SUM(order_lines.amont)")
    with pytest.raises(ModelInvalid) as caught:
        read_model(document(text))
    assert "bookz" in caught.value.message
    assert "amont" in caught.value.message
    assert caught.value.public_code == "model_invalid"


def test_a_choice_of_something_unknown_is_warned_of_and_does_nothing(bookshop: str, document: Write) -> None:
    path = document(bookshop.replace("{phrase: good, means: revenue}", "{phrase: good, means: revenu}"))
    (problem,) = validate_model(path)
    assert (problem.severity, problem.suggestion) == ("warning", "did you mean 'revenue'?")
    assert "the choice for 'good'" in problem.message
    assert read_model(path).choices[0].means == "revenu"


def test_warnings_do_not_keep_a_model_from_being_read(bookshop: str, document: Write) -> None:
    model = read_model(document(bookshop.replace("ai_context: {synonyms: [sales]}", "ai_context: {synonym: [sales]}")))
    assert model.metrics["revenue"].language.synonyms == ()


def test_a_key_that_stands_twice_is_an_error(bookshop: str, document: Write) -> None:
    text = bookshop.replace("        source: books\n", "        source: books\n        source: customers\n")
    problems = validate_model(document(text))
    assert "key 'source' stands again on line" in problems[0].message


def test_text_that_is_no_yaml_is_told_with_its_line(document: Write) -> None:
    problems = validate_model(document('version: "0.2.0.dev0"\nsemantic_model: [\n  {name: x\n'))
    assert len(problems) == 1
    assert problems[0].line == 4
    assert "not valid YAML" in problems[0].message


@pytest.mark.parametrize("text", ["", "[]", "just words", "version: 1\n", "semantic_model: []\nversion: 0.2.0.dev0\n"])
def test_documents_without_a_model_are_refused(document: Write, text: str) -> None:
    with pytest.raises(ModelInvalid):
        read_model(document(text))


def test_a_missing_or_binary_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="There is no semantic model"):
        validate_model(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ModelInvalid, match="not a readable text file"):
        validate_model(tmp_path / "binary.yaml")


CIRCLE = """
      - name: customer_to_line
        from: customers
        to: order_lines
        from_columns: [city, customer_id]
        to_columns: [order_id, book_id]
"""

SECOND_WAY = """
      - name: book_to_owner
        from: books
        to: customers
        from_columns: [owner_id]
        to_columns: [customer_id]
"""

SHIPPING = """
      - name: line_to_recipient
        from: order_lines
        to: customers
        from_columns: [recipient_id]
        to_columns: [customer_id]
        custom_extensions:
          - {vendor_name: CUSTOMER_INTELLIGENCE, data: '{"meaning": "who received it"}'}
"""


def with_relationship(text: str, addition: str) -> str:
    return text.replace("    metrics:\n", addition.lstrip("\n") + "    metrics:\n", 1)


def test_relationships_in_a_circle_are_an_error(bookshop: str, document: Write) -> None:
    text = with_relationship(bookshop, CIRCLE)
    found = [str(problem) for problem in validate_model(document(text))]
    place = f"semantic_model.yaml:{line_of(text, '- name: customer_to_line')}"
    wanted = f"{place}: relationship 'customer_to_line' closes a circle: customers -> order_lines -> customers"
    assert any(problem.startswith(wanted) for problem in found), found


def test_a_direct_relationship_wins_over_a_longer_way(bookshop: str, document: Write) -> None:
    assert validate_model(document(with_relationship(bookshop, SECOND_WAY))) == []


def test_two_direct_ways_need_a_route(bookshop: str, document: Write) -> None:
    text = with_relationship(bookshop, SHIPPING)
    problems = validate_model(document(text))
    assert len(problems) == 1
    assert problems[0].line == line_of(text, "- name: order_lines")
    assert "several ways lead from 'order_lines' to 'customers'" in problems[0].message
    assert "who received it" in problems[0].message
    assert '{"from": "order_lines", "to": "customers", "via": ["line_to_customer"]}' in problems[0].suggestion


def test_a_route_settles_which_way_is_meant(bookshop: str, document: Write) -> None:
    route = '"routes": [{"from": "order_lines", "to": "customers", "via": ["line_to_customer"]}],\n            "customer"'
    text = with_relationship(bookshop, SHIPPING).replace('"customer"', route)
    assert validate_model(document(text)) == []


def test_a_route_that_leads_elsewhere_is_an_error(bookshop: str, document: Write) -> None:
    route = '"routes": [{"from": "order_lines", "to": "customers", "via": ["line_to_book"]}],\n            "customer"'
    text = with_relationship(bookshop, SHIPPING).replace('"customer"', route)
    messages = [str(problem) for problem in validate_model(document(text))]
    wanted = (
        "route from 'order_lines' to 'customers': its relationships do not lead from one to the other"
        " (write via: [line_to_customer] or [line_to_recipient])"
    )
    assert any(wanted in message for message in messages), messages
