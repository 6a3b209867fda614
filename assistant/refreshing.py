"""The intelligence layer of the assistant: which tools compute tables for it, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.settings import Settings
from tools.core.errors import UnknownName

if TYPE_CHECKING:
    from pathlib import Path

    from tools.core.warehouse import Progress, RefreshReport, Warehouse
    from tools.core.warehouse.refresh import Contribution


def contributions() -> tuple[Contribution, ...]:
    """Every tool that computes tables, each after those whose tables it reads."""
    from tools.churn.contribution import ChurnContribution, SubscriptionChurnContribution
    from tools.lifetime_value.contribution import LifetimeValueContribution
    from tools.segments.contribution import SegmentsContribution

    return (LifetimeValueContribution(), ChurnContribution(), SubscriptionChurnContribution(), SegmentsContribution())


def refresh(settings: Settings, name: str, *, progress: Progress, force: bool = False) -> RefreshReport:
    """Compute the intelligence layer of a warehouse and serve it, with the embedded mind's files for the new tables."""
    from tools.core.warehouse import refresh_warehouse

    return refresh_warehouse(
        name, home=settings.home, contributions=contributions(), progress=progress, after_build=(_prepare_mind,), force=force
    )


def stored_card(settings: Settings, name: str, warehouse: str | None) -> dict[str, Any]:
    """The model card that the last refresh left.

    Raises:
        UnknownName: No tool of that name leaves a card.
        NeedsPerson: It was not, or could not be, computed.
    """
    from assistant.wiring import open_configured
    from tools.core.customers.scored import require_card

    known = [one.name for one in contributions()]
    if name not in known:
        raise UnknownName(f"There is no model card named {name!r}.", try_instead=f"Use one of: {', '.join(known)}.")
    with open_configured(settings, warehouse) as opened:
        return require_card(opened, name)


def _prepare_mind(warehouse: Warehouse, folder: Path, progress: Progress) -> None:
    from assistant.minds.embedded import prepare

    progress("Reading the values that people may name")
    prepare(warehouse, folder)
