"""How many false sentences are caught, and how many true ones kept, over seeded findings and many voices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from prose_voices import Told, tell
from prose_voices_held_out import tell_held_out

from assistant.explain.headline import headline
from assistant.explain.proof import judge
from assistant.explain.proof.mentions import Lexicon
from assistant.explain.proof.worlds import worlds_of

KINDS = {
    "wrong figure",
    "wrong direction",
    "wrong period",
    "rounded beyond tolerance",
    "invented rank",
    "right figure, wrong group",
    "swapped entities",
    "wrong unit",
}


def _judged(told: Told) -> tuple[bool, list[tuple[str, bool]]]:
    lexicon = Lexicon(worlds_of([told.finding]))
    return judge(told.text, lexicon).supported, [(kind, judge(text, lexicon).supported) for kind, text in told.mutations()]


@pytest.mark.parametrize(
    ("voices", "seeds"), [(tell, range(100, 106)), (tell_held_out, range(100, 106))], ids=["voices", "held-out voices"]
)
def test_catches_false_sentences_and_keeps_true_ones(
    voices: Callable[[int], Iterator[Told]], seeds: range, record_property: Callable[[str, object], None]
) -> None:
    kept = true = caught = mutations = 0
    kinds: Counter[str] = Counter()
    for seed in seeds:
        for told in voices(seed):
            supported, verdicts = _judged(told)
            true, kept = true + 1, kept + supported
            mutations, caught = mutations + len(verdicts), caught + sum(not kept_false for _, kept_false in verdicts)
            kinds.update(kind for kind, _ in verdicts)
    record_property("figures", f"{caught}/{mutations} false sentences caught, {kept}/{true} true ones kept")
    print(f"\n{caught}/{mutations} false sentences caught, {kept}/{true} true ones kept; {dict(kinds)}")
    assert mutations >= 1_500, "the two runs together hold at least 3,000"
    assert set(kinds) == KINDS
    assert caught / mutations >= 0.99
    assert kept / true >= 0.98


def test_our_own_headlines_prove_themselves() -> None:
    """The sentence that replaces others must itself stand up."""
    failed = []
    for seed in range(200, 206):
        for told in tell(seed):
            sentence = headline(told.finding)
            if not judge(sentence, Lexicon(worlds_of([told.finding]))).supported:
                failed.append(sentence)
    assert not failed, failed[:3]
