"""Proof of prose: a sentence by a language model is kept only if everything it claims can be re-derived from findings.

    prove("Revenue was $1,200 in March 2017.", findings, fallback=headline(finding)) -> ProvenText(text, proof)

`figures` and `periods` read what is written, `vocabulary` knows the words that claim something, `worlds` looks at the findings,
`mentions` lists what a sentence mentions, `clauses` says which mention belongs to which, `derive` computes each figure anew from
cells, `judge` decides. Whatever cannot be placed is replaced: silence about a true sentence costs less than a false one.
"""

from assistant.explain.proof.judge import Verdict, judge
from assistant.explain.proof.prover import ProvenText, Prover, metric_synonyms, prove

__all__ = ["ProvenText", "Prover", "Verdict", "judge", "metric_synonyms", "prove"]
