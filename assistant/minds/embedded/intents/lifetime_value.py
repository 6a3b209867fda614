"""lifetime_value: what one customer, a group, or everybody will be worth, and how far that can be trusted."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cues, Plan
from assistant.minds.embedded.intents.steps import DEEDS, WHOM, cohort, horizon_notes
from assistant.minds.embedded.intents.words import word_file
from assistant.turn import Step


class LifetimeValueIntent:
    name = "lifetime_value"
    tool = "lifetime_value"
    needs: tuple[str, ...] = ("lifetime_value",)
    follows = frozenset({"lifetime_value"})

    def cues(self, asked: Asked) -> Cues | None:
        """ "Average lifetime value by region" is a figure; what somebody is worth, who is worth most and how sure that is are not."""
        found = word_file(self.name).find(asked.tokens)
        ahead = found.has("will_spend") or (found.has("will") and found.has("spend"))
        return found if ahead or found.has("worth", "value", "most") else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics or rest.dimensions:
            return None
        if cues.has("reliability"):
            return Plan(arguments={"show": "reliability"})
        most = cues.first("most")
        one_by_one = bool(rest.customer_ids) or (most is not None and rest.names_people)
        # "What are our customers worth" is about people; "was it worth it" is not.
        plainly_worth = cues.has("worth") and not cues.has("value")
        if not one_by_one and (rest.asks_for_people or (plainly_worth and not rest.names_people)):
            return None
        notes, doubts = horizon_notes(cues, rest.asked, "lifetime_value")
        arguments: dict[str, Any] = {"show": "customers" if one_by_one else "summary", **cohort(rest)}
        wanted = rest.n or (round(most.numbers[0]) if most is not None and most.numbers else None)
        if one_by_one and wanted:
            arguments["limit"] = min(wanted, 1000)
        return Plan(
            arguments=arguments,
            uses=frozenset({"ranking"} if one_by_one else ()) | DEEDS,
            notes=notes,
            doubts=doubts,
            yields=not one_by_one and cues.has("value"),
            individuals=one_by_one,
        )

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the South?", "show me the customers", "how reliable is that?" """
        if rest.metrics or rest.dimensions or cues.has("worth", "value"):
            return None
        if cues.has("reliability"):
            return Plan(arguments={"show": "reliability"})
        if rest.is_empty and not rest.asks_for_people:
            return None
        kept = {k: v for k, v in previous.arguments.items() if k not in WHOM}
        shown = "customers" if rest.asks_for_people or rest.customer_ids else kept.get("show", "summary")
        arguments = {**kept, "show": shown, **cohort(rest)}
        if rest.n and shown == "customers":
            arguments["limit"] = min(rest.n, 1000)
        return Plan(arguments=arguments, uses=frozenset({"ranking"}) | DEEDS, individuals=shown == "customers")
