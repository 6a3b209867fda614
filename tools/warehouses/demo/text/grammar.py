"""Feedback texts from slot grammars: whole columns of texts at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from tools.warehouses.demo.arrays import Bools, Ints, Texts, chance

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "fr", "es", "it")
TONES = ("positive", "negative", "mixed", "neutral")
TOPICS = (
    "delivery",
    "damaged",
    "leak",
    "billing",
    "howto",
    "refund",
    "account",
    "website",
    "stock",
    "price",
    "staff",
    "quality",
    "service",
    "loyalty",
)
STANCES = ("them", "us")
SARCASTIC_SHARE, TYPO_SHARE, LOWER_SHARE, SHOUT_SHARE, INJECTION_SHARE = 0.07, 0.18, 0.08, 0.12, 0.012
TYPOS_AT_MOST = 3


@cache
def grammar(language: str) -> Mapping[str, Any]:
    """The phrases of one language."""
    if language == "en":
        return dict(yaml.safe_load((HERE / "grammar_en.yaml").read_text(encoding="utf-8")))
    return dict(yaml.safe_load((HERE / "grammar_other.yaml").read_text(encoding="utf-8"))[language])


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What a column of texts should say, one entry per text."""

    topic: Ints
    """Index into TOPICS."""
    tone: Ints
    """Index into TONES."""
    severity: Ints
    """0 none, 1 mild, 2 strong."""
    language: Ints
    product: Texts
    store: Texts
    competitor: Texts
    """Name, or empty."""
    stance: Ints
    """Index into STANCES, -1 without competitor."""
    story: Bools
    """Tells of a planted truth, for which there are more ways to say it."""
    injections: bool
    """Whether some texts hold planted orders to a language model."""

    @property
    def count(self) -> int:
        return len(self.topic)


@dataclass(frozen=True, kw_only=True)
class Composed:
    """Texts, and what was put into them beyond the brief."""

    texts: Texts
    sarcastic: Bools
    injected: Bools
    competitor_sentence: Texts
    """The sentence that names the competitor, verbatim as in the text; empty without one."""


def compose(rng: np.random.Generator, brief: Brief) -> Composed:
    """Writes the texts. The same stream and brief give the same texts."""
    count = brief.count
    language = np.where(_spoken(brief), brief.language, 0)
    negative = TONES.index("negative")
    sarcastic = (brief.tone == negative) & chance(rng, SARCASTIC_SHARE, count)
    opening = _phrases(rng, language, brief.tone, lambda g, tone: g["openings"][tone])
    opening = np.where(sarcastic, _phrases(rng, language, brief.tone, lambda g, _: g["sarcasm"]), opening)
    said = np.where(brief.tone == TONES.index("mixed"), negative, brief.tone)
    core = _cores(rng, language, brief.topic, said, brief.story)
    second = _cores(rng, language, brief.topic, said, brief.story)
    # The other half of a mixed text praises something else.
    praise = np.where(brief.topic == TOPICS.index("quality"), TOPICS.index("service"), TOPICS.index("quality"))
    contrast = _cores(rng, language, praise, np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_))
    closing = _phrases(rng, language, brief.tone, lambda g, tone: g["closings"][tone])
    rival = _phrases(rng, language, np.maximum(brief.stance, 0), lambda g, stance: g["competitor"][stance], names=STANCES)
    rival = np.where(brief.stance >= 0, _fill(rival, "{competitor}", brief.competitor), "")
    injected = chance(rng, INJECTION_SHARE, count) & brief.injections & (language == 0)
    orders = np.array(grammar("en")["injections"])[rng.integers(0, len(grammar("en")["injections"]), count)]
    body = _sentences(
        [
            np.where(chance(rng, 0.65, count) | sarcastic, opening, ""),
            core,
            np.where((second != core) & chance(rng, np.where(brief.severity > 1, 0.6, 0.3), count), second, ""),
            np.where(brief.tone == TONES.index("mixed"), contrast, ""),
        ]
    )
    end = np.where(chance(rng, 0.6, count), closing, "")
    body, end = _fill_slots(rng, brief, body), _fill_slots(rng, brief, end)
    body = _misspelt(rng, body, brief.severity)
    texts = _sentences([body, rival, np.where(injected, orders, ""), end])
    return Composed(texts=texts.astype(object), sarcastic=sarcastic, injected=injected, competitor_sentence=rival.astype(object))


def sign(rng: np.random.Generator, texts: Texts, person: Mapping[str, Texts]) -> Texts:
    """The texts with the writers' own contact data at the end; `person` maps each slot (first, last, email, ...) to one entry per text."""
    sentences = np.array(grammar("en")["contacts"])[rng.integers(0, len(grammar("en")["contacts"]), len(texts))]
    for slot, values in person.items():
        sentences = _fill(sentences, f"{{{slot}}}", values)
    return np.asarray(texts + " " + sentences.astype(object), dtype=object)


def _spoken(brief: Brief) -> Bools:
    """Texts of topics that a language's grammar lacks are written in English."""
    known = np.array([[topic in grammar(language)["topics"] for topic in TOPICS] for language in LANGUAGES])
    return np.asarray(known[brief.language, brief.topic])


def text_language(brief: Brief) -> Ints:
    """The language each text of the brief is really written in."""
    return np.where(_spoken(brief), brief.language, 0)


Strings = npt.NDArray[np.str_]


def _phrases(rng: np.random.Generator, language: Ints, tone: Ints, pick: Any, names: tuple[str, ...] = TONES) -> Strings:
    """A random phrase per text from the list of its language and tone."""
    return _choose(rng, language * len(names) + tone, lambda key: pick(grammar(LANGUAGES[key // len(names)]), names[key % len(names)]))


def _cores(rng: np.random.Generator, language: Ints, topic: Ints, tone: Ints, story: Bools) -> Strings:
    """A random core sentence per text."""
    size = len(TOPICS) * len(TONES)

    def phrases(key: int) -> list[str]:
        spoken, (about, sounds) = grammar(LANGUAGES[key // 2 // size]), divmod(key // 2 % size, len(TONES))
        told = spoken.get("stories", {}) if key % 2 else {}
        return [*spoken["topics"][TOPICS[about]][TONES[sounds]], *told.get(TOPICS[about], {}).get(TONES[sounds], ())]

    return _choose(rng, 2 * ((language * len(TOPICS) + topic) * len(TONES) + tone) + story, phrases)


def _choose(rng: np.random.Generator, keys: Ints, phrases: Any) -> Strings:
    """`phrases(key)` for each distinct key, one of them at random per row."""
    distinct, inverse = np.unique(keys, return_inverse=True)
    lists = [phrases(int(key)) for key in distinct]
    starts = np.cumsum([0, *(len(p) for p in lists)])
    flat = np.array([p for several in lists for p in several] or [""])
    sizes = np.diff(starts)
    chosen = starts[inverse] + np.floor(rng.random(len(keys)) * sizes[inverse]).astype(np.int64)
    return np.asarray(flat[chosen], dtype=np.str_)


def _sentences(parts: list[Strings]) -> Strings:
    """Parts joined by blanks, empty ones left out."""
    text = parts[0]
    for part in parts[1:]:
        gap = np.where((np.strings.str_len(text) > 0) & (np.strings.str_len(part) > 0), " ", "")
        text = np.strings.add(np.strings.add(text, gap), part)
    return text


def _fill(texts: Strings, slot: str, values: Texts) -> Strings:
    if not len(texts):
        return texts
    return np.strings.replace(texts, slot, values.astype(np.str_))


def _fill_slots(rng: np.random.Generator, brief: Brief, texts: Strings) -> Strings:
    numbers = np.array([str(n) for n in range(2, 13)], dtype=object)
    texts = _fill(texts, "{product}", brief.product)
    texts = _fill(texts, "{store}", brief.store)
    texts = _fill(texts, "{days}", numbers[rng.integers(1, 11, len(texts))])
    return _fill(texts, "{weeks}", numbers[rng.integers(0, 5, len(texts))])


def _misspelt(rng: np.random.Generator, texts: Strings, severity: Ints) -> Strings:
    """Some texts with letters swapped, some without capitals, some shouted."""
    count = len(texts)
    if not count:
        return texts
    style = rng.random(count)
    texts = np.where(style < LOWER_SHARE, np.strings.lower(texts), texts)
    texts = np.where((severity > 1) & (style > 1 - SHOUT_SHARE), np.strings.upper(texts), texts)
    lengths = np.strings.str_len(texts)
    letters = np.ascontiguousarray(texts).view(np.uint32).reshape(count, -1).copy()
    wrong = chance(rng, TYPO_SHARE, count)
    for _ in range(TYPOS_AT_MOST):
        rows = np.flatnonzero(wrong & chance(rng, 0.6, count) & (lengths > 12))
        place = 1 + np.floor(rng.random(len(rows)) * (lengths[rows] - 4)).astype(np.int64)
        # A blank is never moved: words stay words.
        ok = (letters[rows, place] > 64) & (letters[rows, place + 1] > 64)
        rows, place = rows[ok], place[ok]
        letters[rows, place], letters[rows, place + 1] = letters[rows, place + 1], letters[rows, place]
    return np.ascontiguousarray(letters).view(texts.dtype).reshape(count)
