"""The composition root: settings in, a working assistant out. The only place that chooses implementations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.conversation import Conversations
from assistant.explain.follow_ups import FollowUpWriter
from assistant.minds.embedded import EmbeddedMind
from assistant.pipeline import Assistant
from assistant.rights import RightsBook
from assistant.settings import Settings
from assistant.teaching import Lessons, Proposals
from assistant.turn import Mind
from tools.attribution.tool import Attribution
from tools.churn.tool import Churn
from tools.core.contract import Tool
from tools.core.errors import SetupProblem
from tools.core.warehouse import DuckDbEngine, Warehouse, open_warehouse
from tools.customer_profile.tool import CustomerProfile
from tools.explain_change.tool import ExplainChange
from tools.feedback.tool import SearchFeedback
from tools.free_sql.tool import FreeSql
from tools.lifetime_value.tool import LifetimeValue
from tools.metrics.tool import QueryMetrics
from tools.next_best_action.tool import NextBestAction
from tools.recommendations.tool import Recommendations
from tools.segments.tool import Segments

if TYPE_CHECKING:
    from assistant.minds.language_model import ModelOptions


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
    if isinstance(opened.engine, DuckDbEngine):
        # Its process starts while the mind takes up its words.
        opened.engine.warm()
    embedded = EmbeddedMind(opened)
    minds = all_minds(settings, embedded)
    return Assistant(
        warehouse=opened,
        tools=tools(),
        mind=choose_mind(settings, embedded, minds),
        minds=minds,
        conversations=Conversations(settings.home / "conversations.sqlite"),
        rights_book=RightsBook(
            policy=opened.policy, catalog=opened.catalog, users_file=settings.home / "users.yaml", default_user=settings.user
        ),
        follow_ups=FollowUpWriter(embedded),
        home=Path(settings.home),
        embedded=embedded,
        lessons=Lessons(Proposals(settings.home / "teaching.sqlite"), embedded),
        deadline_s=settings.deadline_s,
    )


def choose_mind(settings: Settings, embedded: EmbeddedMind, minds: Mapping[str, Mind] | None = None) -> Mind:
    """The mind that the settings ask for; without an endpoint, auto is the embedded mind.

    Raises:
        SetupProblem: A language model is asked for and none is configured.
    """
    minds = minds if minds is not None else all_minds(settings, embedded)
    chosen = minds.get(settings.mind, embedded if settings.mind == "auto" else None)
    if chosen is None:
        raise SetupProblem(
            f"The mind '{settings.mind}' needs a language model, and none is configured.",
            try_instead="Set ASSISTANT_MODEL (docs/language_model.md), or ASSISTANT_MIND=embedded.",
            code="model_not_configured",
        )
    return chosen


def all_minds(settings: Settings, embedded: EmbeddedMind) -> Mapping[str, Mind]:
    """Every mind that can answer with these settings, by its name there. One language model, and one ledger of it, serves all."""
    if not settings.model:
        return {"embedded": embedded}
    from assistant.minds.language_model import LanguageModelMind
    from assistant.minds.two_minds import TwoMinds

    model = LanguageModelMind(model_options(settings), tools(), embedded=embedded)
    return {"embedded": embedded, "model": model, "auto": TwoMinds(embedded, model, "auto"), "both": TwoMinds(embedded, model, "both")}


def model_options(settings: Settings) -> ModelOptions:
    """What the language-model mind is told."""
    from assistant.minds.language_model import ModelOptions

    return ModelOptions(
        model=settings.model,
        base_url=settings.model_url,
        api_key=settings.model_key,
        headers=settings.model_headers,
        query=settings.model_query,
        temperature=settings.model_temperature,
        max_output_tokens=settings.model_output_tokens,
        timeout_s=settings.model_timeout_s,
        turn_deadline_s=settings.model_turn_deadline_s,
        max_retries=settings.model_retries,
        max_steps=settings.model_steps,
        free_sql=settings.model_free_sql,
        tokens_per_turn=settings.model_tokens_per_turn,
        tokens_per_thread=settings.model_tokens_per_thread,
        tokens_per_day=settings.model_tokens_per_day,
        price_in=settings.model_price_in,
        price_out=settings.model_price_out,
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
    return {
        tool.name: tool
        for tool in (
            QueryMetrics(),
            FreeSql(),
            Churn(),
            LifetimeValue(),
            Segments(),
            ExplainChange(),
            Attribution(),
            NextBestAction(),
            Recommendations(),
            CustomerProfile(),
            SearchFeedback(),
        )
    }
