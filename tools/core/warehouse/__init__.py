"""Built data and the engine that runs statements on it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tools.core.warehouse.engine import DuckDbEngine, Engine, ResultRows
from tools.core.warehouse.generations import Generation
from tools.core.warehouse.warehouse import (
    Warehouse,
    WarehouseEntry,
    WarehouseStatus,
    list_warehouses,
    open_warehouse,
    warehouse_status,
)

if TYPE_CHECKING:
    from tools.core.warehouse.build import build_warehouse
    from tools.core.warehouse.draft import draft_semantic_model
    from tools.core.warehouse.load import Progress
    from tools.core.warehouse.refresh import RefreshReport, refresh_warehouse
    from tools.core.warehouse.verify import VerifyReport, verify_warehouse

__all__ = [
    "DuckDbEngine",
    "Engine",
    "Generation",
    "Progress",
    "RefreshReport",
    "ResultRows",
    "VerifyReport",
    "Warehouse",
    "WarehouseEntry",
    "WarehouseStatus",
    "build_warehouse",
    "draft_semantic_model",
    "list_warehouses",
    "open_warehouse",
    "refresh_warehouse",
    "verify_warehouse",
    "warehouse_status",
]

# Building and verifying need DuckDB and an SQL parser; a question should not wait for their import.
_LAZY = {
    "build_warehouse": "build",
    "draft_semantic_model": "draft",
    "Progress": "load",
    "RefreshReport": "refresh",
    "refresh_warehouse": "refresh",
    "VerifyReport": "verify",
    "verify_warehouse": "verify",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
