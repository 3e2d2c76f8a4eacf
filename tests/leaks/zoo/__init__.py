"""Real ways to leak and harmless ways to look like it, to measure a leak decider against."""

from __future__ import annotations

from zoo.case import Case, Kind, Mode, State
from zoo.leaks import LEAKS
from zoo.lookalikes import LOOKALIKES

__all__ = ["CASES", "LEAKS", "LOOKALIKES", "Case", "Kind", "Mode", "State"]

CASES = LEAKS + LOOKALIKES
