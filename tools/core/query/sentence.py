from __future__ import annotations

from tools.core.contract import Reading
from tools.core.query.plan import Plan
from tools.core.query.resolve import Scope


def reading_of(scope: Scope, plan: Plan) -> Reading:
    return Reading(sentence="")
