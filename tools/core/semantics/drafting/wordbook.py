"""The words of `words.yaml`, as sets and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml

_WORDS: Mapping[str, Any] = yaml.safe_load((files(__package__) / "words.yaml").read_text(encoding="utf-8"))

ABBREVIATIONS: Mapping[str, str] = _WORDS["abbreviations"]
KEY_ENDINGS = frozenset(_WORDS["key_endings"])
CODES = frozenset(_WORDS["codes"])
NOT_ADDED = frozenset(_WORDS["not_added"])
UNITS = frozenset(_WORDS["units"])
MEASURED: Mapping[str, list[str]] = _WORDS["measured"]
PEOPLE = frozenset(_WORDS["people"])
VERBS: Mapping[str, list[str]] = _WORDS["verbs"]
ADJECTIVES: Mapping[str, Mapping[str, list[str]]] = _WORDS["adjectives"]
