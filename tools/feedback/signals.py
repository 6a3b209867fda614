"""What a text wants, how urgent it is, and which competitor it names with what was compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.feedback.embedding import Vectors
from tools.feedback.subjects import Examples, urgent_words

_LIKE_ENOUGH = 0.45
"""Cosine with an example from which on an intent is believed; below it the sentiment decides."""
_ASKS = re.compile(r"\?|^(?:how|when|where|what|which|can|could|do|does|is|are|will)\b", re.IGNORECASE)
_WANTS_MONEY = re.compile(r"\b(?:refund(?:ed)?|money back|replacement|reimburse\w*|credit note)\b", re.IGNORECASE)
_LEAVES = re.compile(
    r"\b(?:cancel(?:led|ling)?|delete my account|close my account|never (?:again|buy|order|shop)|last time|not be back|that was it)\b",
    re.IGNORECASE,
)
_NAMED = "COMPETITOR"
"""Stands for the competitor's name while a sentence is looked at."""
_THEM = re.compile(
    r"\b(?:at|to|into|from|over to) COMPETITOR\b.{0,60}\b(?:less|cheaper|wider|better|sooner|faster|days|spot|choice)\b"
    r"|\bCOMPETITOR (?:had|has|have|picks?|offers?|sells?|delivers?|answers?|charges? less|is (?:cheaper|better|faster))"
    r"|\b(?:walk into|go to|went over to|switch(?:ed|ing)? to|buy at|order at) COMPETITOR\b"
    r"|\bCOMPETITOR is (?:cheaper|wider|better|faster|nicer)",
    re.IGNORECASE,
)
_US = re.compile(
    r"\b(?:prefer you|better|friendlier|nicer|cheaper|faster|wider|more reliable|beats?|over|left) "
    r"(?:to |than |with you than )?COMPETITOR\b"
    r"|\bthan COMPETITOR\b|\bcame (?:here )?from COMPETITOR\b|\bdo not miss\b"
    r"|\bCOMPETITOR\b.{0,40}\b(?:let (?:us|me) down|quoted me more|charged? (?:me )?more|is (?:worse|slower|dearer))",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A competitor named in a text."""

    competitor: str
    segment: int
    """Position of the sentence."""
    compared: str
    """price, range, delivery, service or quality; "nothing in particular" when none is near."""
    better: str
    """Who comes out better: them, us, or unclear."""


def intents_of(texts: Sequence[str], scores: Vectors, names: Sequence[str], sentiment: NDArray[np.float64]) -> list[str]:
    """What each sentence wants.

    Args:
        scores: Sentences by intents: cosine with the nearest example.
        sentiment: -1 to 1, per sentence.
    """
    found = []
    for i, text in enumerate(texts):
        if _WANTS_MONEY.search(text) and sentiment[i] < 0.5:
            found.append("refund or replacement")
        elif _LEAVES.search(text) and sentiment[i] < 0:
            found.append("cancellation")
        elif _ASKS.search(text) and text.rstrip().endswith("?"):
            found.append("question")
        elif scores[i].max() >= _LIKE_ENOUGH:
            found.append(_fitting(names[int(np.argmax(scores[i]))], float(sentiment[i])))
        else:
            found.append("complaint" if sentiment[i] < -0.2 else "praise" if sentiment[i] > 0.2 else "statement")
    return found


def _fitting(intent: str, sentiment: float) -> str:
    """Praise that sounds angry is a complaint, and the other way round."""
    if intent == "praise" and sentiment < -0.2:
        return "complaint"
    if intent == "complaint" and sentiment > 0.2:
        return "praise"
    if intent in ("cancellation", "refund or replacement"):
        # Said in so many words or not at all: likeness alone is too weak for what people act on.
        return "complaint" if sentiment < 0 else "statement"
    return intent


ORDER = ("cancellation", "refund or replacement", "complaint", "question", "suggestion", "praise", "statement")
"""A text with several intents is filed under the first of these."""


def main_intent(found: Iterable[str]) -> str:
    present = set(found)
    return next((intent for intent in ORDER if intent in present), "statement")


def urgency_of(text: str, sentiment: float) -> str:
    """high, medium or low: by words of danger, law and haste, then of waiting; a contented text is never urgent."""
    words = urgent_words()
    if sentiment > 0.3:
        return "low"
    if words["high"].search(text) and sentiment < 0:
        return "high"
    shouted = sum(c.isupper() for c in text) > 0.6 * max(sum(c.isalpha() for c in text), 1) and len(text) > 20
    if words["medium"].search(text) or (shouted and sentiment < 0):
        return "medium"
    return "low"


class CompetitorFinder:
    """Names of competitors in texts, and who comes out better."""

    def __init__(self, names: Sequence[str], compared: Examples, better: Examples) -> None:
        self._names = tuple(sorted(names, key=len, reverse=True))
        self._compared, self._better = compared, better
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, self._names))})(?!\w)", re.IGNORECASE) if names else None
        self._canonical = {name.casefold(): name for name in self._names}

    def named(self, text: str) -> tuple[str, ...]:
        """The competitors that a text names, each once, in order."""
        if self._pattern is None:
            return ()
        return tuple(dict.fromkeys(self._canonical[m.casefold()] for m in self._pattern.findall(text)))

    def mentions(self, sentences: Sequence[str], vectors: Vectors) -> list[Mention]:
        """Every competitor named in the sentences of one text."""
        found = []
        for position, sentence in enumerate(sentences):
            for name in self.named(sentence):
                vector = vectors[position : position + 1]
                found.append(
                    Mention(
                        competitor=name,
                        segment=position,
                        compared=self._aspect(vector),
                        better=self._winner(sentence, name, vector),
                    )
                )
        return found

    def _aspect(self, vector: Vectors) -> str:
        name, alike = self._compared.nearest(vector)
        return self._compared.names[int(name[0])] if alike[0] >= 0.25 else "nothing in particular"

    def _winner(self, sentence: str, name: str, vector: Vectors) -> str:
        marked = re.sub(re.escape(name), _NAMED, sentence, flags=re.IGNORECASE)
        if _US.search(marked):
            return "us"
        if _THEM.search(marked):
            return "them"
        scores = dict(zip(self._better.names, self._better.scores(vector)[0].tolist(), strict=True))
        gap = scores["them"] - scores["us"]
        if abs(gap) < 0.05:
            return "unclear"
        return "them" if gap > 0 else "us"
