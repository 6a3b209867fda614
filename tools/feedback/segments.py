"""Texts cut into sentences: what is embedded, and what sentiment and topics are told by."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 20_000
"""Characters of a text that are kept; a megabyte pasted into a form is no feedback."""
MAX_SEGMENTS = 60
MAX_WORDS = 60
"""Words of a segment; the embedding model reads about 200."""
MIN_WORDS = 3

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def tidy(text: str) -> str:
    """The text without control and invisible characters, of bounded length."""
    cleaned = _CONTROL.sub("", unicodedata.normalize("NFC", text[: 2 * MAX_TEXT])).strip()
    return cleaned[:MAX_TEXT].rstrip()


def segments(text: str) -> list[str]:
    """The sentences of a text, in order; fragments join their neighbour, long ones are cut, and a very long text is sampled evenly.

    >>> segments("Too small. The sleeves ended at my elbows! Never again.")
    ['Too small. The sleeves ended at my elbows!', 'Never again.']
    """
    parts = [_SPACE.sub(" ", part).strip() for part in _SENTENCE_END.split(text)]
    joined: list[str] = []
    for part in (p for p in parts if p):
        if joined and len(joined[-1].split()) < MIN_WORDS:
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    found = [piece for part in joined for piece in _pieces(part)]
    if len(found) > MAX_SEGMENTS:
        step = len(found) / MAX_SEGMENTS
        found = [found[int(i * step)] for i in range(MAX_SEGMENTS)]
    return found


def _pieces(sentence: str) -> list[str]:
    words = sentence.split(" ")
    if len(words) <= MAX_WORDS:
        # A single endless word is noise; its start is enough to embed.
        return [sentence[: MAX_WORDS * 20]]
    return [" ".join(words[i : i + MAX_WORDS])[: MAX_WORDS * 20] for i in range(0, len(words), MAX_WORDS)]
