"""A fragment's words, sorted into what they name and what they want done: the words of `intents/words/follow_up.txt`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.minds.embedded.intents.contract import Cue
from assistant.minds.embedded.intents.words import word_file
from assistant.minds.embedded.temporal_words import ORDINALS
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import word_set

_OPENINGS = (
    ("and",), ("what", "about"), ("how", "about"), ("same",), ("the", "same"), ("now",), ("only",), ("just",), ("but",), ("also",),
    ("instead",), ("split",), ("break",), ("sort",), ("without",), ("excluding",), ("then",), ("ok",), ("okay",), ("by",), ("per",),
    ("for",), ("in",), ("no",), ("i", "meant"), ("sorry",), ("actually",), ("could", "i"), ("can", "i"), ("make",), ("put",),
    ("compared",), ("as", "a"), ("for", "which"), ("for", "what"), ("other",), ("ah",), ("oh",), ("yeah",), ("yes",), ("so",),
)  # fmt: skip
PEOPLE = frozenset({("of", "them"), ("of", "those")})
_PERIODS = frozenset({("the", "same"), ("that", "month"), ("that", "period"), ("same", "period")})
_WISHES = word_set(
    "drop restore add swap split compare share lump unsplit sort change singular row everything whole average by reverse unknown absolute"
)


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """The words of a fragment sorted into what they name and what they want done."""

    words: tuple[str, ...]
    """All of them, without punctuation."""
    tokens: tuple[Token, ...]
    """Those that name something."""
    wishes: frozenset[str]
    opens: bool
    """Begins as only a fragment does."""
    refers: bool
    """Leans on what came before by a pronoun."""
    row: int | None
    """Row of the table before that it speaks of."""


def fragment_of(tokens: Sequence[Token]) -> Fragment:
    spoken = [t for t in tokens if t.kind != "mark"]
    words = tuple(t.text for t in spoken)
    cues = [c for c in word_file("follow_up").find(spoken).found if c.role != "last_row" or c.end == len(spoken)]
    roles = {c.role for c in cues}
    wishes = roles & _WISHES
    wishes |= {"drop"} if {"leave", "out"} <= roles else set()
    wishes |= {"restore"} if {"put", "back"} <= roles else set()
    wishes |= {"row"} if "last_row" in roles else set()
    naming = len(spoken) - sum(c.end - c.start for c in cues)
    used = (_WISHES | {"around", "last_row"}) - ({"whole"} if naming > 1 else set())
    used |= ({"leave", "out"} if "drop" in wishes else set()) | ({"put", "back"} if "restore" in wishes else set())
    if wishes & {"drop", "restore"}:
        wishes -= {"lump", "add"}
    leads = {c.start for c in cues if c.role in _WISHES} | ({0} if wishes & {"drop", "restore"} else set())
    ends = any(c.end == len(spoken) and c.role in ("add", "swap", "average") for c in cues)
    rows = [c for c in cues if c.role in ("row", "last_row")]
    return Fragment(
        words=words,
        tokens=_naming(spoken, [c for c in cues if c.role in used]),
        wishes=frozenset(wishes),
        opens=any(words[: len(o)] == o for o in _OPENINGS) or 0 in leads or ends,
        refers=_refers_back(words) or any(set(c.text.lower().split()) & _PRONOUNS for c in cues if c.role in _WISHES),
        row=_row_named(rows[0].text.lower().split()) if rows else None,
    )


_TIES = word_set("and about for with to versus vs against of")
"""The last word of a cue that tells what follows: "May" is a month after "with"."""


def _naming(spoken: Sequence[Token], cues: Sequence[Cue]) -> tuple[Token, ...]:
    """The tokens that name something: cues go but for the word that ties them to what follows; "for which reasons" is "by reasons"."""
    gone = {at for c in cues for at in range(c.start, c.end) if at < c.end - 1 or spoken[at].text not in _TIES}
    asked = {c.end - 1 for c in cues if c.role == "by"}
    kept: list[Token] = []
    for at, token in enumerate(spoken):
        follows = spoken[at + 1] if at + 1 < len(spoken) else None
        numbered = token.text in ("only", "just") and at > 0 and follows is not None and follows.kind == "number"
        if at in asked:
            kept.append(replace(token, text="by", raw="by"))
        elif at not in gone and not numbered:
            kept.append(token)
    return tuple(kept)


_PRONOUNS = word_set("that it this those they them these")
_NAMED_ROWS = ORDINALS | {"fifth": 5, "one": 1, "two": 2, "three": 3}


def _row_named(words: Sequence[str]) -> int:
    """0-based: "the second one" is 1, "number three" 2, "that one" the first."""
    named = [_NAMED_ROWS[w] for w in words if w in _NAMED_ROWS and (w != "one" or words[0] == "number")]
    return named[0] - 1 if named else 0


def _refers_back(words: Sequence[str]) -> bool:
    """ "how many visits was that?", "in the same period": the question leans on the one before."""
    pronoun = words[-1:] and words[-1] in ("that", "those", "them", "there")
    pairs = set(itertools.pairwise(words))
    return bool(pronoun) or bool(pairs & (PEOPLE | _PERIODS))
