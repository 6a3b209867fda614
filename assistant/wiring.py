"""The composition root: settings in, a working assistant out. The only place that chooses implementations."""

from __future__ import annotations

from pathlib import Path

from assistant.conversation import Conversations
from assistant.explain.follow_ups import FollowUpWriter
from assistant.minds.embedded import EmbeddedMind
from assistant.pipeline import Assistant
from assistant.rights import RightsBook
from assistant.settings import Settings
from tools.core.contract import Tool
from tools.core.warehouse import Warehouse, open_warehouse
from tools.free_sql.tool import FreeSql
from tools.metrics.tool import QueryMetrics


def build(settings: Settings | None = None, *, warehouse: str | None = None) -> Assistant:
    """An assistant over one built warehouse.

    Args:
        settings: Default: from the environment.
        warehouse: Name or folder; default `settings.warehouse`.
    Raises:
        WarehouseUnavailable: Not built yet, damaged, or unknown.
        ModelInvalid: Its semantic model or policy does not fit.
    """
    settings = settings or Settings()
    opened = open_configured(settings, warehouse)
    mind = EmbeddedMind(opened)
    return Assistant(
        warehouse=opened,
        tools=tools(),
        mind=mind,
        conversations=Conversations(settings.home / "conversations.sqlite"),
        rights_book=RightsBook(
            policy=opened.policy, catalog=opened.catalog, users_file=settings.home / "users.yaml", default_user=settings.user
        ),
        follow_ups=FollowUpWriter(mind),
        deadline_s=settings.deadline_s,
    )


def open_configured(settings: Settings, warehouse: str | None = None) -> Warehouse:
    """The warehouse with the engine limits of the settings."""
    return open_warehouse(warehouse or settings.warehouse, home=Path(settings.home), engine_options=engine_options(settings))


def engine_options(settings: Settings) -> dict[str, int | float]:
    return {
        "workers": settings.workers,
        "memory_mb": settings.worker_memory_mb,
        "deadline_s": settings.deadline_s,
        "row_cap": settings.row_cap,
    }


def tools() -> dict[str, Tool]:
    """Every tool by its name, in the order in which help texts list them."""
    return {tool.name: tool for tool in (QueryMetrics(), FreeSql())}
