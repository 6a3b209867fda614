from __future__ import annotations

from pathlib import Path

from tools.core.semantics import describe_model, read_model

HERE = Path(__file__).parent


def test_a_description_names_metrics_dimensions_values_routes_and_gaps() -> None:
    text = describe_model(read_model(HERE / "bookshop.yaml"))
    for part in (
        "# bookshop",
        "Last complete day: 2024-06-30; weeks start on Monday",
        "customers are the customers",
        "## Metrics (3)",
        "- formula `SUM(order_lines.amount)`",
        "- also called: sales",
        "- formula `now / before - 1`, with now = revenue, before = revenue 1 month earlier",
        "### order_lines: one row is one order line",
        "- **genre** `books.genre`, String",
        "    - values: SF (science fiction)",
        "- for filters and metrics only: amount, customer_id",
        "    - `customers`: line_to_customer",
        "- **fiction**: - (said as: fiction)",
        "- **profit**: Costs are not in this data.",
        "- Revenue by genre?",
    ):
        assert part in text, part


def test_a_document_without_our_keys_can_be_described() -> None:
    text = describe_model(read_model(HERE / "bare.yaml"))
    assert "Last complete day: latest day of fct_checkins.checkin_date" in text
    assert text.endswith("\n")
