"""Whose a field is, what names the rows of a dataset, and which dataset ties two of them together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.minds.embedded.grammar.draft import World
from assistant.minds.embedded.records.asked import Asked, Function, Named
from assistant.minds.embedded.values import key_field


class Unclear(Exception):
    """Something may be one of several, or cannot be joined: there is no reading."""


@dataclass(kw_only=True)
class Whose:
    """Fields and joins of what was asked, seen from the dataset whose rows are counted, aggregated or listed."""

    asked: Asked
    world: World
    base: str = ""
    """That dataset, as soon as it is known."""
    doubts: list[str] = field(default_factory=list)

    def field_of(self, named: Named, near: str | None = None) -> str:
        """The field meant: of the thing named beside it, else of the thing asked about, else of what belongs to it."""
        candidates = list(named.fields)
        if len(candidates) == 1:
            return candidates[0]
        dates = [c for c in candidates if c.split(".")[1] == self.world.model.datasets[c.split(".")[0]].default_time]
        if dates and len({c.split(".")[0] for c in candidates}) == 1:
            return dates[0]  # "most recent": by the day rather than by the year
        for wanted in (near, named.of, self.base or None, self.asked.owner, *(r.dataset for r in self.asked.related)):
            own = [c for c in candidates if wanted is not None and c.split(".")[0] == wanted]
            if len(own) == 1:
                return own[0]
        owner = named.of or self.base or self.asked.owner
        reached = [c for c in candidates if owner is not None and self.world.reaches(owner, c.split(".")[0])]
        spoken = [c for c in (reached or candidates) if c.split(".")[0] in self.asked.spoken_of]
        for group in (spoken, reached):
            if len(group) == 1:
                return group[0]
        raise Unclear

    def owner_of(self, fields: Sequence[str], things: Sequence[str]) -> str:
        datasets = list(dict.fromkeys(f.split(".")[0] for f in fields))
        owner = things[0] if things else self.asked.owner
        if owner is None or (datasets and not any(self.world.reaches(owner, d) for d in datasets)):
            owner = datasets[0] if datasets else owner
        if owner is None:
            raise Unclear
        if len(datasets) == 1 and datasets[0] != owner and not things and owner not in [f.split(".")[0] for f in fields]:
            return owner if self.world.reaches(owner, datasets[0]) else datasets[0]
        return owner

    def key_of(self, dataset: str) -> str | None:
        key = key_field(self.world.model, dataset)
        return key.id if key is not None else None

    def names_of(self, dataset: str) -> list[str]:
        """What shows the rows of a dataset one by one: the key and what people call them."""
        key = self.key_of(dataset)
        if key is None:
            raise Unclear
        return [key, *(f"{dataset}.{name}" for name in self.world.model.datasets[dataset].named_by)]

    def labels_of(self, dataset: str) -> list[str]:
        return [f"{dataset}.{n}" for n in self.world.model.datasets[dataset].named_by]

    def with_key(self, field_id: str) -> list[str]:
        """A name stands for its row: two of the same name are not one."""
        dataset, _, name = field_id.partition(".")
        key = self.key_of(dataset)
        if dataset == self.base or key is None or name not in self.world.model.datasets[dataset].named_by:
            return [field_id]
        return [key, field_id]

    def aggregate(self, function: Function, field_id: str) -> str | None:
        """The metric that is this aggregate of this field."""
        wanted = f"count(distinct{field_id})" if function == "DISTINCT" else f"{function.lower()}({field_id})"
        metrics = self.world.model.metrics.values()
        found = (m.name for m in metrics if m.filter is None and re.sub(r"\s+", "", m.expression).lower() == wanted.lower())
        return next(found, None)

    def bridge(self, datasets: set[str]) -> str:
        """The dataset whose rows belong to one row of each: what ties them together. The closest, when it is the only one."""
        facts = [d for d in self.world.model.datasets if all(self.world.reaches(d, other) for other in datasets)]
        direct = [f for f in facts if f in datasets] or facts
        spoken = [f for f in direct if f in self.asked.spoken_of]
        closest = spoken or direct
        if not closest:
            raise Unclear
        fewest = min(len(self.world.graph.reachable(f)) for f in closest)
        nearest = [f for f in closest if len(self.world.graph.reachable(f)) == fewest]
        if len(nearest) == 1:
            return nearest[0]
        # The author says through what things are counted, preferred first; which one is meant stays a doubt.
        counts = [self.world.lexicon.count_metrics.get(d) for d in sorted(datasets)]
        preferred = [f for c in counts if c is not None for f in self.world.model.metrics[c].counted_through if f in nearest]
        if not preferred:
            raise Unclear
        self.doubts.append(f"I took {self.world.model.datasets[preferred[0]].plural} for what ties them together")
        return preferred[0]
