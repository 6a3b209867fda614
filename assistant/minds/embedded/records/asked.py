"""What a question about rows asks for and requires, before it is a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tools.core.query.metric_query import Comparator, Filter

Function = Literal["AVG", "MIN", "MAX", "SUM", "DISTINCT"]


@dataclass(frozen=True, kw_only=True)
class Named:
    """A noun for a field, and what it may be: one of several fields until it is known whose it is."""

    fields: tuple[str, ...]
    of: str | None = None
    """The dataset that the question names beside it: "names of captains"."""
    each: bool = False
    """Said with "for each": the figures are split by it."""


@dataclass(frozen=True, kw_only=True)
class Aggregated:
    """ "average age", "number of different ranks" """

    function: Function
    named: Named


@dataclass(frozen=True, kw_only=True)
class Counted:
    """ "how many captains", "how many degrees" """

    dataset: str | None = None
    metric: str | None = None
    """Figures of the model that are asked for with "how many"."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The entity itself is asked for: "list the captains"."""

    dataset: str
    each: bool = False


Output = Named | Aggregated | Counted | Rows


@dataclass(frozen=True, kw_only=True)
class Test:
    """A condition on a field that may still be one of several."""

    named: Named
    op: str
    values: tuple[str | int | float | bool, ...] = ()
    each: bool = False
    """All of the values are wanted, each in a row of its own: "both in 2009 and in 2010"."""

    def on(self, field_id: str) -> Filter:
        return Filter.model_validate({"field": field_id, "op": self.op, "values": self.values})


@dataclass(frozen=True, kw_only=True)
class AgainstAverage:
    """ "whose fee is above average" """

    named: Named
    op: Comparator


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """ "whose average age is over 30": a limit for a figure of what is asked for"""

    output: Aggregated
    op: Comparator
    value: float


@dataclass(kw_only=True)
class Related:
    """Rows of something else that must exist, must not, or must be so many: "without a captain", "more than one captain"."""

    dataset: str
    op: Comparator = "ge"
    value: float = 1
    tests: list[Test] = field(default_factory=list)
    years: list[Test] = field(default_factory=list)
    """Conditions on the year of these rows."""
    closed: bool = False
    """Further conditions are no longer about these rows."""

    @property
    def denied(self) -> bool:
        return self.op == "eq" and self.value == 0


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A sort key: a field, or how many rows of a dataset."""

    named: Named | None = None
    dataset: str | None = None
    metric: str | None = None
    """A figure of the model: "the most degrees conferred"."""
    descending: bool = False


@dataclass(kw_only=True)
class Asked:
    """Everything that was found."""

    outputs: list[Output] = field(default_factory=list)
    distinct: bool = False
    tests: list[Test] = field(default_factory=list)
    averages: list[AgainstAverage] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    bounds: list[Bounded] = field(default_factory=list)
    order: list[Ordered] = field(default_factory=list)
    limit: int | None = None
    best: bool = False
    """The order picks the first ones: "the oldest captain"."""
    spoken_of: list[str] = field(default_factory=list)
    """Datasets whose nouns or verbs the question uses, in order."""
    deeds: list[str] = field(default_factory=list)
    """Those of which only a verb speaks."""
    years: list[Test] = field(default_factory=list)
    """Conditions on a year that names no field."""
    both: bool = False
    """Two kinds of rows are wanted; there must be a condition that says which."""
    shared: bool = False
    """Several values are each wanted: "shared by teams A and B"."""
    commanded: bool = False
    """The question opens with words of asking; "stores by town" does not, and is for the readers of figures."""
    guessed: list[str] = field(default_factory=list)
    """Verbs that the model does not know."""

    @property
    def form(self) -> Literal["fields", "figures", "ranking"]:
        """Fields: nothing that the readers of figures could say better; a ranking they know nearly as well."""
        figures = any(isinstance(o, (Counted, Aggregated)) for o in self.outputs)
        ranked = any(o.dataset is not None or o.metric is not None for o in self.order)
        if self.commanded and (not (figures or ranked) or self.years):
            return "fields"
        return "ranking" if ranked else "figures"

    @property
    def owner(self) -> str | None:
        """Whose rows are asked for, as far as the question says."""
        rows = [o.dataset for o in self.outputs if isinstance(o, Rows)]
        counted = [o.dataset for o in self.outputs if isinstance(o, Counted) and o.dataset]
        said = [o.of for o in self.outputs if isinstance(o, Named) and o.of]
        return next(iter((*said, *rows, *counted, *self.spoken_of)), None)
