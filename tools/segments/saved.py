"""Segments that people define: conditions saved under a name, kept beside the generations, so that a refresh or rebuild keeps them."""

from __future__ import annotations

import datetime as dt
import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.core.errors import QueryUnsupported, SetupProblem, UnknownName
from tools.core.query import Filter
from tools.core.semantics.problems import did_you_mean
from tools.core.warehouse import Warehouse
from tools.core.warehouse.intelligence import SAVED_SEGMENTS, write_json

MAX_SAVED = 200


class SavedSegment(BaseModel):
    """A named group of customers: conditions, never a list of people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    filters: tuple[Filter, ...]
    description: str = ""
    saved_on: dt.date


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    segments: tuple[SavedSegment, ...] = ()


def saved_segments(warehouse: Warehouse) -> tuple[SavedSegment, ...]:
    """All saved segments by name. Raises SetupProblem (`segments_damaged`) when their file cannot be read."""
    path = _path(warehouse)
    if not path.is_file():
        return ()
    try:
        return _Book.model_validate_json(path.read_bytes()).segments
    except ValidationError:
        raise SetupProblem(
            f"The saved segments in {path.name} cannot be read.", try_instead="Restore the file or remove it.", code="segments_damaged"
        ) from None


def find_saved(warehouse: Warehouse, name: str) -> SavedSegment:
    known = {segment.name: segment for segment in saved_segments(warehouse)}
    if _tidy(name) not in known:
        raise UnknownName(
            f"there is no saved segment named {_tidy(name)}", try_instead=did_you_mean(_tidy(name), known) or "none is saved yet"
        )
    return known[_tidy(name)]


def save_segment(warehouse: Warehouse, name: str, filters: tuple[Filter, ...], *, description: str, today: dt.date) -> SavedSegment:
    """Save conditions under a name; the same name again replaces them.

    Raises:
        QueryUnsupported: No usable name, no condition, or too many segments.
    """
    tidy = _tidy(name)
    if not re.fullmatch(r"[a-z][a-z0-9 _-]{2,59}", tidy):
        raise QueryUnsupported(
            "a segment's name has 3 to 60 letters, digits and spaces", try_instead="choose a name such as 'lapsing regulars'"
        )
    if not filters:
        raise QueryUnsupported("a segment needs at least one condition", try_instead="say which customers belong to it")
    segment = SavedSegment(name=tidy, filters=filters, description=description, saved_on=today)
    with _locked(warehouse):
        others = [s for s in saved_segments(warehouse) if s.name != tidy]
        if len(others) >= MAX_SAVED:
            raise QueryUnsupported(f"{MAX_SAVED} segments are saved already", try_instead="delete one first")
        write_json(_path(warehouse), _Book(segments=tuple(sorted([*others, segment], key=lambda s: s.name))))
    return segment


def delete_segment(warehouse: Warehouse, name: str) -> SavedSegment:
    with _locked(warehouse):
        gone = find_saved(warehouse, name)
        write_json(_path(warehouse), _Book(segments=tuple(s for s in saved_segments(warehouse) if s.name != gone.name)))
    return gone


def _tidy(name: str) -> str:
    return " ".join(name.lower().split())


def _path(warehouse: Warehouse) -> Path:
    return warehouse.data_folder.parent.parent / SAVED_SEGMENTS


@contextmanager
def _locked(warehouse: Warehouse) -> Iterator[None]:
    """Two people saving at once: one after the other."""
    with _path(warehouse).with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
