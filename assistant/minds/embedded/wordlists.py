"""Word lists of English, kept as text files in `data/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def word_set(text: str) -> frozenset[str]:
    """The words of a short list that lives next to the code that uses it."""
    return frozenset(text.split())


@cache
def _words(name: str) -> frozenset[str]:
    lines = (files(__package__) / "data" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def phrase_lines(name: str) -> tuple[str, ...]:
    """The phrases of a file in `data/`, one a line."""
    lines = (files(__package__) / "data" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def words_by_role(name: str) -> dict[str, frozenset[str]]:
    """The words of a file in `data/` whose lines begin with a role: "praise: good great"."""
    lines = (line.partition(":") for line in phrase_lines(name))
    return {role.strip(): frozenset(rest.split()) for role, _, rest in lines}


def grammar_words() -> frozenset[str]:
    """Closed-class words and words of the question grammar: never a stored value by themselves."""
    return _words("grammar")


def filler_words() -> frozenset[str]:
    """Words that change nothing: articles, politeness, verbs of asking and of being."""
    return _words("filler")


def shape_words() -> frozenset[str]:
    """Words that the grammar's readers look for: growth, share, compare ..."""
    return _words("shapes")


def everyday_words() -> frozenset[str]:
    """Common English words that are neither filler nor grammar: spelt right, so never repaired into something else."""
    return _words("everyday")


def ordinary_words() -> frozenset[str]:
    """Common words that seldom change a business question; ignored, but said to be."""
    return _words("ordinary")
