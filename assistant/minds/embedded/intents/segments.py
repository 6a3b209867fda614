"""segments: what the segments are and mean, how customers moved between them, and which are saved by name."""

from __future__ import annotations

from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cues, Plan
from assistant.minds.embedded.intents.steps import cohort
from assistant.minds.embedded.intents.words import word_file
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.wordlists import filler_words
from assistant.turn import Step

_SEGMENT = "segments.rfm_segment"


class SegmentsIntent:
    name = "segments"
    tool = "segments"
    needs: tuple[str, ...] = ("segments",)
    follows = frozenset({"segments"})

    def cues(self, asked: Asked) -> Cues | None:
        """ "Customers by segment" and "revenue of champions" are figures; what segments there are, and moves between them, are not."""
        found = word_file(self.name).find(asked.tokens)
        if found.has("moves") and (found.has("segment") or _names_a_segment(asked)):
            return found
        found = Cues(found=tuple(cue for cue in found.found if cue.role != "segment"))
        if not found.has("segments", "clusters", "saved"):
            return None
        return found if found.has("moves", "saved", "which", "stable") or _says_no_more(found, asked) else None

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics or rest.dimensions or (rest.asks_for_people and not cues.has("which", "moves")):
            return None
        if cues.has("saved"):
            return Plan(arguments={"show": "saved"})
        shown = "migration" if cues.has("moves") else "clusters" if cues.has("clusters") else "rfm"
        arguments: dict[str, Any] = {"show": shown, **{k: v for k, v in cohort(rest).items() if k == "filters"}}
        doubts: tuple[str, ...] = ()
        if shown == "migration" and any(f.field == _SEGMENT for f in rest.filters):
            arguments["filters"] = [f for f in arguments["filters"] if f["field"] != _SEGMENT]
            doubts = ("All moves between segments are shown, and not only those of the one that you named",)
        return Plan(arguments=arguments, uses=frozenset({"count"} if shown == "migration" else ()), doubts=doubts)

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the South?", "how did they move?", "and the clusters?" """
        if rest.metrics or rest.dimensions or rest.customer_ids or rest.asks_for_people:
            return None
        shown = "migration" if cues.has("moves") else "clusters" if cues.has("clusters") else previous.arguments.get("show", "rfm")
        if rest.is_empty and shown == previous.arguments.get("show"):
            return None
        return Plan(arguments={"show": shown, **{k: v for k, v in cohort(rest).items() if k == "filters"}})


def _says_no_more(found: Cues, asked: Asked) -> bool:
    """ "Show me the RFM segments": nothing but the segments themselves."""
    covered = {at for cue in found.found for at in range(cue.start, cue.end)}
    return all(at in covered or t.kind == "mark" or t.text in filler_words() for at, t in enumerate(asked.tokens))


def _names_a_segment(asked: Asked) -> bool:
    """ "Who moved out of champions": one of the segments, by its own name."""
    mentions = asked.reader.mentions(asked.tokens)
    return any(sense.target == _SEGMENT for mention in mentions for sense in mention.of(Kind.VALUE))
