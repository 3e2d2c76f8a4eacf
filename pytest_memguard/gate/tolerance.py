"""How far a number may be from its committed baseline."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BASELINE_TOLERANCE", "Tolerance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A share of the baseline plus a constant: small numbers move by more than any percentage."""

    ratio: float
    bytes: int
    seconds_ratio: float = 0.5  # of one run against another: processes differ by 8 to 23 % with the same code

    def highest(self, baseline: float, unit: str) -> float:
        """The largest value that still agrees with ``baseline``."""
        return baseline * (1 + self._share(unit)) + (self.bytes if unit == "B" else 0)

    def lowest(self, baseline: float, unit: str) -> float:
        """The smallest value that still agrees with ``baseline``."""
        return baseline * (1 - self._share(unit)) - (self.bytes if unit == "B" else 0)

    def _share(self, unit: str) -> float:
        return self.seconds_ratio if unit == "s" else self.ratio


BASELINE_TOLERANCE = Tolerance(ratio=0.02, bytes=4096)
