"""English inflection, as far as questions need it: plurals, verb forms, degrees of adjectives.

Forms are *generated* from the model's base forms, never guessed back from the question: "churned" stays apart from "churn"
when the model knows both. Only `stem` looks the other way, and only folds plurals.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_VOWELS = frozenset("aeiou")


@cache
def _irregular_verbs() -> dict[str, tuple[str, str]]:
    """Base form -> (past, participle)."""
    lines = (files(__package__) / "data" / "irregular_verbs.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {base: (past, participle) for base, past, participle in rows}


@cache
def irregular_participles() -> frozenset[str]:
    """ "sold", "taken": participles that do not end in -ed."""
    return frozenset(participle for _, participle in _irregular_verbs().values())


_IRREGULAR_PLURALS = {"person": "people", "child": "children", "man": "men", "woman": "women", "datum": "data", "criterion": "criteria"}
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR_PLURALS.items()}
_SAME = frozenset(
    {"series", "species", "sales", "news", "this", "is", "was", "has", "does", "less", "us", "previous", "plus", "business", "status"}
)


def plural(word: str) -> str:
    """The regular or irregular plural: "category" -> "categories"."""
    if word in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[word]
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def singular(word: str) -> str:
    """The singular of a plural noun; any other word unchanged."""
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word in _SAME or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes")) or (word.endswith("uses") and len(word) > 5 and word[-5] not in "aou"):
        return word[:-2]  # classes, boxes, campuses; but houses, causes
    return word[:-1]


def is_plural(word: str) -> bool:
    return singular(word) != word


stem = singular


def bases(word: str) -> tuple[str, ...]:
    """What the word may be a form of: "stopped" -> stop, "moving" -> move. Guesses, to tell English words from misspelt ones."""
    found = [singular(word)]
    for ending in ("ed", "ing", "er", "ly"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            root = word[: -len(ending)]
            found += [root, root + "e", root[:-1] if root[-1:] == root[-2:-1] else root, root[:-1] + "y" if root.endswith("i") else root]
    return tuple(found)


def _doubles(verb: str) -> bool:
    """Short consonant-vowel-consonant verbs double their last letter: "shop" -> "shopped"."""
    if len(verb) < 3 or (len(verb) > 4 and verb not in ("refer", "prefer", "submit", "cancel", "travel", "permit", "commit")):
        return False
    last, middle, first = verb[-1], verb[-2], verb[-3]
    if len(verb) <= 4 and _VOWELS & set(verb[:-3]):
        return False  # two syllables: "open" -> "opened"
    return last not in _VOWELS and last not in "wxy" and middle in _VOWELS and first not in _VOWELS


@cache
def verb_forms(base: str) -> tuple[str, ...]:
    """All forms of a verb or verb phrase ("sign up"): base, third person, gerund, past, participle. The first word is inflected."""
    head, _, rest = base.partition(" ")
    tail = f" {rest}" if rest else ""
    past, participle = _irregular_verbs().get(head, (_past(head),) * 2)
    forms = (head, plural(head) if not head.endswith("o") else head + "es", _gerund(head), past, participle)
    return tuple(dict.fromkeys(form + tail for form in forms))


def _past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


def _gerund(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and len(verb) > 2:
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"


@cache
def noun_forms(phrase: str) -> tuple[str, ...]:
    """A noun phrase and its other number: "basket value" -> ("basket value", "basket values")."""
    head, _, last = phrase.rpartition(" ")
    lead = f"{head} " if head else ""
    other = singular(last) if is_plural(last) else plural(last)
    return (phrase, lead + other) if last.isalpha() and last not in _SAME else (phrase,)


@cache
def degrees(adjective: str) -> tuple[str, str]:
    """Comparative and superlative of a one-word adjective: "big" -> ("bigger", "biggest")."""
    if adjective.endswith("e"):
        return adjective + "r", adjective + "st"
    if adjective.endswith("y") and adjective[-2:-1] not in _VOWELS:
        return adjective[:-1] + "ier", adjective[:-1] + "iest"
    last = adjective[-1] if _doubles(adjective) else ""
    return adjective + last + "er", adjective + last + "est"
