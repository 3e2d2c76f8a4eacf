"""How far a number may be from its committed baseline."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_memguard.model import KERNEL_METRICS

__all__ = ["BASELINE_TOLERANCE", "Tolerance", "tolerance_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A share of the baseline plus a constant: small numbers move by more than any percentage."""

    ratio: float
    bytes: int
    seconds_ratio: float = 0.5  # of one run against another: processes differ by 8 to 23 % with the same code
    granule: int = 1  # what is handed out in so many at once agrees within them

    def highest(self, baseline: float, unit: str) -> float:
        """The largest value that still agrees with ``baseline``."""
        if self.granule > 1:
            return -(-baseline // self.granule) * self.granule
        return baseline * (1 + self._share(unit)) + (self.bytes if unit == "B" else 0)

    def lowest(self, baseline: float, unit: str) -> float:
        """The smallest value that still agrees with ``baseline``."""
        if self.granule > 1:
            return self.highest(baseline, unit) - self.granule + 1
        return baseline * (1 - self._share(unit)) - (self.bytes if unit == "B" else 0)

    def _share(self, unit: str) -> float:
        return self.seconds_ratio if unit == "s" else self.ratio


BASELINE_TOLERANCE = Tolerance(ratio=0.02, bytes=4096)
_EXACT = Tolerance(ratio=0, bytes=0)  # what a compiler writes does not vary
# A warp gets registers in blocks of 256, eight for each of its threads (CUDA's occupancy calculator, all
# architectures from sm_30 on): within them one more costs nothing.
_OF_KERNELS = dict.fromkeys(KERNEL_METRICS, _EXACT) | {"registers": Tolerance(ratio=0, bytes=0, granule=8)}


def tolerance_of(metric: str, otherwise: Tolerance = BASELINE_TOLERANCE) -> Tolerance:
    """The tolerance of a metric that has its own, or ``otherwise``."""
    return _OF_KERNELS.get(metric, otherwise)
