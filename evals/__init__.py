"""Questions with known answers, asked through the public entry, scored by rows and by behaviour.

    python -m evals run --suite completejourney

How to run, add a case, and what counts as right or wrong: `evals/README.md`.
"""
