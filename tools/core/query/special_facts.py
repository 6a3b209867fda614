"""Facts whose figure is not a plain aggregate of a period's rows: balances, running windows, looks at the start of a period."""

from __future__ import annotations

from collections.abc import Mapping

from tools.core.errors import QueryUnsupported
from tools.core.query.build import Build
from tools.core.query.facts import Ask, FactBlock, Fitted


def special_block(build: Build, leaves: Mapping[int, Fitted], ask: Ask) -> FactBlock:
    raise QueryUnsupported("not yet")
