"""Make tools/feedback/data/sentiment_base.json: the sentiment coefficients for warehouses without stars beside their texts.

    pip download vaderSentiment==3.3.2 --no-binary :all: --no-deps
    python scripts/train_feedback_sentiment.py vaderSentiment-3.3.2.tar.gz

The source distribution holds the human-scored product, film and micro-blog sentences of Hutto & Gilbert (2014), under the MIT licence of
the package. Nothing of them is kept but 386 coefficients.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from pathlib import Path

import numpy as np

from tools.feedback.embedding import encode
from tools.feedback.sentiment import SHIPPED, train, word_polarities, write_model

SETS = ("amazonReviewSnippets", "movieReviewSnippets", "tweets")
LEAST = 0.3
"""Mean scores of the 20 raters nearer to 0 (of -4 to 4) are no opinion."""
SOURCE = "human-scored sentences of product reviews, film reviews and micro-blogs (Hutto & Gilbert 2014, in vaderSentiment 3.3.2)"
LICENCE = "MIT"


def read_sets(archive: Path) -> dict[str, list[tuple[float, str]]]:
    """Score and sentence per line of each set."""
    with tarfile.open(archive) as outer:
        name = next(n for n in outer.getnames() if n.endswith("hutto_ICWSM_2014.tar.gz"))
        packed = outer.extractfile(name)
        assert packed is not None
        with tarfile.open(fileobj=io.BytesIO(packed.read())) as inner:
            found = {}
            for one in SETS:
                member = next(n for n in inner.getnames() if n.endswith(f"{one}_GroundTruth.txt"))
                file = inner.extractfile(member)
                assert file is not None
                lines = file.read().decode("utf-8", errors="replace").splitlines()
                found[one] = [(float(p[1]), p[2]) for p in (line.split("\t") for line in lines) if len(p) >= 3]
            return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="vaderSentiment-3.3.2.tar.gz")
    sets = read_sets(parser.parse_args().archive)
    texts, positive, weights = [], [], []
    for rows in sets.values():
        kept = [(score > 0, text) for score, text in rows if abs(score) > LEAST]
        texts += [text for _, text in kept]
        positive += [int(sign) for sign, _ in kept]
        # Each kind of text counts alike, however many there are.
        weights += [3000 / len(kept)] * len(kept)
    vectors, polarities = encode(texts), word_polarities(texts, ["en"] * len(texts))
    y, w = np.array(positive), np.array(weights)
    folds = np.random.default_rng(0).integers(0, 5, len(y))
    right = np.zeros(len(y))
    for fold in range(5):
        coefficients, intercept = train(vectors[folds != fold], polarities[folds != fold], y[folds != fold], weights=w[folds != fold])
        told = np.hstack([vectors, polarities[:, None]])[folds == fold] @ coefficients + intercept
        right[folds == fold] = (told > 0) == y[folds == fold]
    coefficients, intercept = train(vectors, polarities, y, weights=w)
    write_model(
        SHIPPED, weights=coefficients, intercept=intercept, source=SOURCE, licence=LICENCE, n_trained=len(y), accuracy=float(right.mean())
    )
    print(f"{len(y):,} sentences, cross-validated accuracy {right.mean():.4f}")


if __name__ == "__main__":
    main()
