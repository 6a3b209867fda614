"""What a draft consists of, before it is written as text."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.core.semantics.model import Datatype


@dataclass(kw_only=True)
class DraftField:
    name: str
    expression: str
    datatype: Datatype
    label: str
    is_dimension: bool
    """A number that is grouped by, or anything that is no number."""
    index_values: bool | None = None
    """None: as the reader of the document assumes."""
    synonyms: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    less: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What a person should look at."""
    added_up: bool = True
    """A total of it says something."""
    is_measure: bool = False
    """A number that is averaged, and compared."""
    repeats: bool = False
    """Several rows share a value: how many different ones there are is worth asking."""
    is_key: bool = False


@dataclass(kw_only=True)
class DraftDataset:
    name: str
    source: str
    key: tuple[str, ...]
    unique_keys: list[tuple[str, ...]]
    label: str
    plural: str
    entity: bool
    is_people: bool
    fields: list[DraftField]
    default_time: str | None = None
    is_empty: bool = False
    latest: str | None = None
    """The last day of its default time, as ISO text."""
    named_by: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def key_name(self) -> str | None:
        """Name of the field over the single-column key."""
        return next((f.name for f in self.fields if (f.expression.strip('"'),) == self.key), None)


@dataclass(kw_only=True)
class DraftRelationship:
    name: str
    from_dataset: str
    to_dataset: str
    from_columns: tuple[str, ...]
    to_columns: tuple[str, ...]
    remarks: list[str] = field(default_factory=list)
    used: bool = True
    """False: written as a comment only, since it closes a circle or doubles another way."""


@dataclass(kw_only=True)
class DraftMetric:
    name: str
    expression: str
    label: str
    synonyms: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    counted_through: list[str] = field(default_factory=list)
    """Datasets through which a count may be split by what its own rows do not have."""
    time_field: str | None = None
    """The date of what its rows belong to, where they have none."""
    remarks: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Draft:
    name: str
    datasets: list[DraftDataset]
    relationships: list[DraftRelationship]
    metrics: list[DraftMetric]
    customer: str | None = None
    as_of_field: str | None = None
    routes: list[dict[str, object]] = field(default_factory=list)
