"""What was bought when by whom, as arrays: the ground of every recommendation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.core.customers.warehouse_data import CustomerData
from tools.core.errors import NeedsPerson
from tools.core.semantics.model import SemanticModel

Ints = NDArray[np.int64]

_ROLE_WORDS = {
    "line_amount": "which rows are order lines (`roles.line_amount`)",
    "item": "what is bought (`roles.item`)",
    "category": "in which category it is (`roles.category`)",
}
MIN_CUSTOMERS = 200


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Order lines of known customers, with numbers for customers, orders, items and categories."""

    customers: NDArray[Any]
    """Keys in ascending order."""
    items: tuple[str, ...]
    categories: tuple[str, ...]
    customer: Ints
    day: Ints
    order: Ints
    item: Ints
    category: Ints

    def between(self, after: int, until: int) -> Lines:
        """Lines later than `after`, up to and including `until`; numbers stay."""
        kept = (self.day > after) & (self.day <= until)
        return Lines(
            customers=self.customers,
            items=self.items,
            categories=self.categories,
            customer=self.customer[kept],
            day=self.day[kept],
            order=self.order[kept],
            item=self.item[kept],
            category=self.category[kept],
        )


def read_lines(data: CustomerData, model: SemanticModel, customers: NDArray[Any], until: int) -> Lines:
    """Raises NeedsPerson: `roles.item` or `roles.category` is missing, or there are too few customers."""
    roles = model.settings.roles
    missing = [words for role, words in _ROLE_WORDS.items() if getattr(roles, role) is None]
    if missing:
        raise NeedsPerson(
            f"The semantic model does not say {'; '.join(missing)}.",
            try_instead="Name it in the model's custom_extensions; docs/semantic_model.md describes `roles`.",
            code="roles_missing",
        )
    if len(customers) < MIN_CUSTOMERS:
        raise NeedsPerson(
            f"Only {len(customers)} customers have an order, and recommendations need {MIN_CUSTOMERS}.",
            try_instead="Take a longer history.",
            code="too_few_customers",
        )
    wanted = {
        "amount": str(roles.line_amount),
        "item": str(roles.item),
        "category": str(roles.category),
        "order_key": str(roles.order),
        "time": f"CAST({roles.order_time} AS DATE)",
    }
    rows = data.rows(wanted, customers=customers, where=roles.order_filter)
    named = ~(np.ma.getmaskarray(rows["item"]) | np.ma.getmaskarray(rows["category"]))
    day = np.ma.getdata(rows["time"]).astype("datetime64[D]").astype(np.int64)
    kept = named & (day <= until)
    items, item = np.unique(np.ma.getdata(rows["item"])[kept].astype(str), return_inverse=True)
    categories, category = np.unique(np.ma.getdata(rows["category"])[kept].astype(str), return_inverse=True)
    _, order = np.unique(np.ma.getdata(rows["order_key"])[kept], return_inverse=True)
    return Lines(
        customers=customers,
        items=tuple(str(name) for name in items),
        categories=tuple(str(name) for name in categories),
        customer=rows["customer"][kept].astype(np.int64),
        day=day[kept],
        order=order.astype(np.int64),
        item=item.astype(np.int64),
        category=category.astype(np.int64),
    )
