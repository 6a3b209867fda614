"""Self-tests of a result: cheap extra queries, planned with the statement and run by the tool."""

from __future__ import annotations

from tools.core.query.build import Build, Relation
from tools.core.query.compiled import PlannedCheck
from tools.core.query.plan import Plan


def planned_checks(build: Build, plan: Plan, relation: Relation) -> tuple[PlannedCheck, ...]:
    return ()
