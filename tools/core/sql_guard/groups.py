"""Minimum group size for SQL that the asker wrote."""

from __future__ import annotations

from tools.core.errors import NotAllowed
from tools.core.semantics.catalog import Catalog
from tools.core.sql_guard.rights import Rights
from tools.core.sql_guard.scope import Resolution


def protect_groups(resolution: Resolution, catalog: Catalog, rights: Rights) -> list[str]:
    raise NotAllowed("not yet")
