"""What every model of customers starts from: who ordered when for how much, and where a warehouse keeps that."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.core.customers.orders import Orders, day_number, to_date
    from tools.core.customers.orders_csv import CsvColumns, CsvOrders, read_orders_csv

__all__ = ["CsvColumns", "CsvOrders", "Orders", "day_number", "read_orders_csv", "to_date"]

# Tools that only read computed tables share this package, and a question should not wait for numpy.
_LAZY = dict.fromkeys(("Orders", "day_number", "to_date"), "orders") | dict.fromkeys(
    ("CsvColumns", "CsvOrders", "read_orders_csv"), "orders_csv"
)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
