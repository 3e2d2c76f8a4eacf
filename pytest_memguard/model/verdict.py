"""What a judgement can come to."""

from __future__ import annotations

from enum import Enum

__all__ = ["Verdict"]


class Verdict(str, Enum):
    """Outcome of one measurement, and of a test: the gravest of its measurements."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    UNAVAILABLE = "unavailable"
    NOT_MEASURED = "not_measured"

    @staticmethod
    def gravest(verdicts: list[Verdict]) -> Verdict:
        """The verdict of a whole from those of its parts; ``NOT_MEASURED`` when there are none."""
        return max(verdicts, key=_GRAVITY.index, default=Verdict.NOT_MEASURED)


_GRAVITY = [Verdict.PASS, Verdict.NOT_MEASURED, Verdict.UNAVAILABLE, Verdict.INCONCLUSIVE, Verdict.FAIL]
