"""The intelligence layer of the assistant: which tools compute tables for it, in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.settings import Settings
from tools.core.errors import UnknownName
from tools.core.warehouse.definition import find_definition

if TYPE_CHECKING:
    from pathlib import Path

    from tools.core.warehouse import Progress, RefreshReport, Warehouse
    from tools.core.warehouse.refresh import Contribution

FIGURES_UNTIL = 0.3
"""Part of a refresh with texts that what is computed from figures takes, roughly."""


def contributions() -> tuple[Contribution, ...]:
    """Every tool that computes tables, each after those whose tables it reads; texts come last."""
    return (*structured_contributions(), *text_contributions())


def text_contributions() -> tuple[Contribution, ...]:
    """What takes minutes rather than seconds: it runs after the others are served."""
    from tools.feedback.contribution import FeedbackContribution

    return (FeedbackContribution(),)


def structured_contributions() -> tuple[Contribution, ...]:
    """Everything that is computed from figures."""
    from tools.churn.contribution import ChurnContribution, SubscriptionChurnContribution
    from tools.lifetime_value.contribution import LifetimeValueContribution
    from tools.next_best_action.contribution import NextBestActionContribution
    from tools.recommendations.contribution import RecommendationsContribution
    from tools.segments.contribution import SegmentsContribution

    return (
        LifetimeValueContribution(),
        ChurnContribution(),
        SubscriptionChurnContribution(),
        SegmentsContribution(),
        NextBestActionContribution(),
        RecommendationsContribution(),
    )


def refresh(settings: Settings, name: str, *, progress: Progress, force: bool = False, texts: bool = True) -> RefreshReport:
    """Compute the intelligence layer of a warehouse and serve it, with the embedded mind's files for the new tables.

    The figures are served as soon as they are there; the texts follow as a generation of their own, and until then the texts of the
    last refresh stay.
    """
    from tools.core.warehouse import refresh_warehouse
    from tools.core.warehouse.load import within
    from tools.core.warehouse.ongoing import announced

    both = texts and _names_texts(name)
    with announced(settings.home, find_definition(name).name, progress) as told:
        report = refresh_warehouse(
            name,
            home=settings.home,
            contributions=structured_contributions(),
            progress=within(told, 0.0, FIGURES_UNTIL) if both else told,
            after_build=(_prepare_mind,),
            force=force,
            keep=[one.name for one in text_contributions()],
        )
        if not both:
            return report
        # What the first stage computed is kept by its keys, so only the texts are computed here.
        whole = refresh_warehouse(
            name,
            home=settings.home,
            contributions=contributions(),
            progress=within(told, FIGURES_UNTIL, 1.0),
            after_build=(_prepare_mind,),
        )
    return replace(whole, seconds=round(report.seconds + whole.seconds, 1), unchanged=report.unchanged and whole.unchanged)


def _names_texts(name: str) -> bool:
    from tools.core.semantics import read_model

    return read_model(find_definition(name).model_path).settings.roles.feedback is not None


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
