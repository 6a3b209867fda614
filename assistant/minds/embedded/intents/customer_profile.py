"""customer_profile: everything about one customer, by number or by conditions that few meet."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cues, Plan
from assistant.minds.embedded.intents.steps import cohort
from assistant.minds.embedded.intents.words import word_file
from assistant.turn import Step


class CustomerProfileIntent:
    name = "customer_profile"
    tool = "customer_profile"
    needs: tuple[str, ...] = ()
    follows = frozenset({"customer_profile"})

    def cues(self, asked: Asked) -> Cues | None:
        found = word_file(self.name).find(asked.tokens)
        return found if found.has("profile") else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        """Of one customer only: "tell me about customers in the North" is about a group."""
        return _of_one(rest) if cues.has("profile") else None

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And customer 12?" """
        return _of_one(rest) if previous.tool == self.tool and not cues.has("profile") else None


def _of_one(rest: Rest) -> Plan | None:
    if rest.metrics or rest.dimensions or len(rest.customer_ids) != 1:
        return None
    found = cohort(rest)
    arguments: dict[str, Any] = {"customer_id": rest.customer_ids[0], **({"filters": found["filters"]} if "filters" in found else {})}
    return Plan(arguments=arguments, individuals=True)
