"""Where a series of numbers takes a step, by PELT (Killick, Fearnhead & Eckley, JASA 107 (2012) 1590).

The exact minimum of the squared residuals plus a penalty per step, by the kept library ``ruptures``.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["change_points", "noise"]

_FEWEST = 4
_FLOOR = 0.01  # relative: what moves less is no step, even in a series without any noise
# Times variance and log n. The modified BIC of Zhang & Siegmund (Biometrics 63 (2007) 22) has 3 for a known variance.
_PENALTY = 4.0
_MAD_TO_SIGMA = 1.4826


def change_points(values: Sequence[float], *, is_exact: bool = False) -> tuple[int, ...]:
    """Positions at which a new level begins, of a series of at least four.

    Ratios count, not differences, where all values are above zero. A level that lasts for one value alone is none,
    unless the numbers are ``is_exact``.

    Raises
    ------
    ImportError
        Without the library ``ruptures``.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and of use to a history alone
    import ruptures  # noqa: PLC0415 - an extra

    if len(values) < _FEWEST:
        return ()
    series = _on_a_scale(values)
    penalty = _PENALTY * noise(series) ** 2 * math.log(len(series))
    levels = series if is_exact else _without_loners(series)
    search = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(np.array(levels)[:, None])
    return tuple(int(end) for end in search.predict(pen=penalty)[:-1])


def noise(series: Sequence[float]) -> float:
    """Standard deviation around the levels, from the steps between neighbors: few of them are changes."""
    steps = [later - earlier for earlier, later in pairwise(series)]
    middle = median(steps)
    spread = _MAD_TO_SIGMA * median(abs(step - middle) for step in steps) / math.sqrt(2)
    return max(spread, _FLOOR)


def _without_loners(series: Sequence[float]) -> list[float]:
    """The median of every value and its neighbors: edges of levels stay where they are, what stands alone goes."""
    last = len(series) - 1
    starts = [min(max(position - 1, 0), last - 2) for position in range(len(series))]
    return [median(series[start : start + 3]) for start in starts]


def _on_a_scale(values: Sequence[float]) -> list[float]:
    """Such that 0.01 is one percent: logarithms, or shares of the largest where there are zeros."""
    if all(value > 0 for value in values):
        return [math.log(value) for value in values]
    largest = max(map(abs, values)) or 1.0
    return [value / largest for value in values]
