"""Sentence by sentence, as they stream in: proven ones pass, the others give way to the deterministic sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.explain.proof.judge import judge
from assistant.explain.proof.mentions import Lexicon, Mention
from assistant.explain.proof.worlds import worlds_of
from assistant.turn import Proof
from tools.core.contract import Finding
from tools.core.semantics.model import SemanticModel

_END = re.compile(r"(?<=[.!?])[\"'”)*]*\s+|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:vs|approx|e\.g|i\.e|etc|no|nr|st|mr|mrs|ms|dr|inc|ltd|co|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|[A-Z])\.$",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class ProvenText:
    """Prose of which nothing is left that could not be re-derived."""

    text: str
    proof: Proof
    reasons: tuple[str, ...] = ()
    """For traces: of each replaced sentence, the words that failed."""


@dataclass(kw_only=True)
class Prover:
    """Takes prose in pieces and hands on each sentence once it is proven.

    >>> prover = Prover(findings=findings, fallback="Revenue was $1,200.")
    >>> prover.feed("Revenue was $1,200. It do")
    ['Revenue was $1,200. ']
    """

    findings: Sequence[Finding]
    fallback: str
    """The deterministic sentence; stands in once, for the first sentence that fails."""
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Metric name -> other words for it, from the semantic model."""
    claims: int = 0
    replaced: int = 0
    reasons: list[str] = field(default_factory=list)
    _waiting: str = ""
    _carried: tuple[Mention, ...] = ()
    _said_fallback: bool = False

    def __post_init__(self) -> None:
        self._lexicon = Lexicon(worlds_of(self.findings, self.synonyms))

    def feed(self, text: str) -> list[str]:
        """Sentences that are complete and may be shown, each with the white space behind it."""
        self._waiting += text
        shown: list[str] = []
        while (cut := _sentence_end(self._waiting)) is not None:
            sentence, self._waiting = self._waiting[:cut], self._waiting[cut:]
            shown += self._show(sentence)
        return shown

    def finish(self) -> list[str]:
        """What is left at the end of the prose."""
        sentence, self._waiting = self._waiting, ""
        return self._show(sentence)

    @property
    def proof(self) -> Proof:
        return Proof(proven=self.claims, replaced=self.replaced)

    def _show(self, sentence: str) -> list[str]:
        if not sentence.strip():
            return [sentence] if sentence else []
        verdict = judge(sentence.strip(), self._lexicon, self._carried)
        self._carried = verdict.subjects
        if verdict.supported:
            self.claims += verdict.claims
            return [sentence]
        self.replaced += 1
        self.reasons.append(verdict.reason)
        if self._said_fallback:
            return []
        self._said_fallback = True
        space = sentence[len(sentence.rstrip()) :]
        return [self.fallback + (space or " ")]


def _sentence_end(text: str) -> int | None:
    """Where the first complete sentence ends, white space included; None while it may still go on."""
    for match in _END.finditer(text):
        if match.end() == len(text) and "\n" not in match[0]:
            return None
        if "\n" in match[0] or not _ABBREVIATION.search(text[: match.start()]):
            return match.end()
    return None


def metric_synonyms(model: SemanticModel) -> dict[str, tuple[str, ...]]:
    """Metric name -> the other words that its author gave it, for `prove`."""
    return {name: metric.language.synonyms for name, metric in model.metrics.items()}


def prove(prose: str, findings: Iterable[Finding], fallback: str, synonyms: Mapping[str, Sequence[str]] | None = None) -> ProvenText:
    """The prose with every unsupported sentence replaced by `fallback` (the first) or left out (the others).

    Args:
        findings: Everything that ran for this answer.
        fallback: The deterministic sentence, such as `headline(finding)`.
        synonyms: Metric name -> other words for it.
    """
    prover = Prover(findings=tuple(findings), fallback=fallback, synonyms=synonyms or {})
    shown = [*prover.feed(prose), *prover.finish()]
    return ProvenText(text="".join(shown).strip(), proof=prover.proof, reasons=tuple(prover.reasons))
