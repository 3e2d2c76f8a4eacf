"""Negative controls: kernels that are the same on both sides and must come out so.

When they do not, the two sides of the pairs were not treated alike, and no other verdict of that run holds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_memguard.stats.heaps import pair_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["controls_complaint"]

_FEWEST_PAIRS = 5
_ALPHA = 0.005  # of a false complaint, over all controls, were they all off by just what is allowed


def controls_complaint(control_pairs: Mapping[str, Sequence[float]], *, threshold: float) -> str | None:
    """What is wrong with the log ratios of the controls, by name; None while nothing is known to be.

    A control complains when its whole interval is off by more than half the threshold, either way; a single wild pair
    moves no interval. Controls of fewer than five pairs say nothing yet.
    """
    half = math.log1p(threshold) / 2
    level = _ALPHA / (2 * max(1, len(control_pairs)))
    complaints = []
    for name, pairs in sorted(control_pairs.items()):
        if len(pairs) < _FEWEST_PAIRS:
            continue
        interval = pair_limits(pairs, lower_alpha=level, upper_alpha=level).interval
        if interval.lower > half or interval.upper < -half:
            complaints.append(
                f"{name} came out at {math.exp(interval.center):.3f} "
                f"({math.exp(interval.lower):.3f} to {math.exp(interval.upper):.3f})"
            )
    if not complaints:
        return None
    allowed = f"{math.exp(-half):.3f} to {math.exp(half):.3f}"
    return f"the same code was timed differently on the two sides: {'; '.join(complaints)}; allowed {allowed}"
