"""How sure a share is, whether it changed, and which themes set one group apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Z = 1.959964
"""95 %."""
FEWEST_OF_ALL = 20
"""Texts below which no share is told."""
FEWEST_OF_ONE = 5
"""Texts of one theme below which nothing is said of it but its count."""
_PRIOR_TEXTS = 50.0
"""Weight of what everybody says, in texts, when a group's themes are judged."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """n of N, with a 95 % interval."""

    n: int
    of: int
    share: float
    low: float
    high: float


def share_of(n: int, of: int) -> Share:
    """Wilson's interval (1927); 0 of 0 is 0, anywhere between 0 and 1.

    >>> s = share_of(8, 40); round(s.low, 3), round(s.high, 3)
    (0.105, 0.348)
    """
    if of <= 0:
        return Share(n=n, of=of, share=0.0, low=0.0, high=1.0)
    p, z2 = n / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(n=n, of=of, share=p, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def change_between(before: Share, after: Share) -> str:
    """ "more", "less", "no clear change" (two proportions, 95 %) or "too few to tell"."""
    if min(before.of, after.of) < FEWEST_OF_ALL or before.n + after.n < FEWEST_OF_ONE:
        return "too few to tell"
    pooled = (before.n + after.n) / (before.of + after.of)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / before.of + 1 / after.of))
    if spread == 0 or abs(after.share - before.share) < Z * spread:
        return "no clear change"
    return "more" if after.share > before.share else "less"


@dataclass(frozen=True, kw_only=True)
class Distinctive:
    """How much more often one group says something than another."""

    theme: str
    log_odds: float
    """Difference of log-odds, shrunk towards what everybody says."""
    z: float

    @property
    def ratio(self) -> float:
        """Odds in the group as a multiple of the odds among the others."""
        return math.exp(self.log_odds)

    @property
    def sure(self) -> bool:
        return abs(self.z) >= Z


def distinctive_themes(group: Mapping[str, int], others: Mapping[str, int]) -> list[Distinctive]:
    """Themes by how distinctive they are of the group, most distinctive first.

    Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008): rare themes are drawn towards no difference.
    """
    themes = sorted(set(group) | set(others))
    n1, n2 = sum(group.values()), sum(others.values())
    everything = n1 + n2
    found = []
    for theme in themes:
        a, b = group.get(theme, 0), others.get(theme, 0)
        prior = _PRIOR_TEXTS * (a + b) / everything if everything else 0.0
        if prior == 0 or n1 + _PRIOR_TEXTS - a - prior <= 0 or n2 + _PRIOR_TEXTS - b - prior <= 0:
            continue
        odds = math.log((a + prior) / (n1 + _PRIOR_TEXTS - a - prior)) - math.log((b + prior) / (n2 + _PRIOR_TEXTS - b - prior))
        spread = math.sqrt(1 / (a + prior) + 1 / (b + prior))
        found.append(Distinctive(theme=theme, log_odds=odds, z=odds / spread))
    return sorted(found, key=lambda d: (-d.z, d.theme))
