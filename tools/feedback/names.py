"""Names of products, shops and competitors in texts, found by their first word, so that thousands of names cost no more than a few."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_WORD = re.compile(r"[^\W_]+")


class NameFinder:
    """Finds names from a list in texts, the longest at each place.

    >>> NameFinder({"Oak chair": 7}).keys_in("My oak chair wobbles")
    [7]
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        """`names`: name -> key of what it names."""
        self._by_first: dict[str, list[tuple[str, Any]]] = {}
        for name, key in names.items():
            words = _WORD.findall(name.casefold())
            if words:
                self._by_first.setdefault(words[0], []).append((name.casefold(), key))
        for several in self._by_first.values():
            several.sort(key=lambda pair: -len(pair[0]))

    def spans(self, text: str) -> list[tuple[int, int, Any]]:
        """Start, end and key of each name in the text, in order, not overlapping."""
        folded = text.casefold()
        if len(folded) != len(text):
            return []
        found: list[tuple[int, int, Any]] = []
        for match in _WORD.finditer(folded):
            if found and match.start() < found[-1][1]:
                continue
            for name, key in self._by_first.get(match.group(), ()):
                end = match.start() + len(name)
                if folded.startswith(name, match.start()) and not (end < len(folded) and folded[end].isalnum()):
                    found.append((match.start(), end, key))
                    break
        return found

    def keys_in(self, text: str) -> list[Any]:
        """The keys named, each once, in order."""
        return list(dict.fromkeys(key for _, _, key in self.spans(text)))

    def replaced(self, text: str, word: str) -> str:
        """The text with every name replaced by one word."""
        for start, end, _ in reversed(self.spans(text)):
            text = text[:start] + word + text[end:]
        return text


def words_of(names: Iterable[str]) -> frozenset[str]:
    """Every word of the names, in lower case."""
    return frozenset(word for name in names for word in _WORD.findall(name.lower()))


def only(keys: Sequence[Any]) -> Any:
    """The key, when there is just one."""
    return keys[0] if len(keys) == 1 else None
