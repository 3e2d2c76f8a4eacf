"""Error spending: what a sequential test may risk in all, shared out over its looks.

Looking at growing data again and again finds something in the end, so every look spends a part of the total (Lan &
DeMets, *Discrete sequential boundaries for clinical trials*, Biometrika 70 (1983) 659). The level of a look is what
the spending function has grown by since the look before; levels that add up to the total bound the error whatever the
dependence between looks (Boole). A boundary computed for Brownian motion would be a few per cent narrower, but trimmed
means of five values are no Brownian motion, and heaps of values still less.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

__all__ = ["alpha_levels"]


@lru_cache(maxsize=64)
def alpha_levels(looks: tuple[int, ...], *, total: float, power: float) -> tuple[float, ...]:
    """The level of each look, ``total`` in all; ``looks`` are increasing counts of independent values.

    Spent by look ``n`` of at most ``N`` values is ``total * (n / N) ** power`` (Kim & DeMets, Biometrika 74 (1987)
    149): a power of 3 keeps nearly all for the end as O'Brien & Fleming do, 1/2 spends early as Pocock does.
    """
    if not looks or looks[0] < 1 or any(later <= earlier for earlier, later in pairwise(looks)):
        raise ValueError(f"got looks {looks!r}, accepted: increasing counts")
    if not 0 < total < 1:
        raise ValueError(f"got total {total!r}, accepted: 0 < total < 1")
    spent = [0.0, *((look / looks[-1]) ** power for look in looks)]
    return tuple(total * (later - earlier) for earlier, later in pairwise(spent))
