"""Memory (host and GPU) and time as ordinary pytest outcomes.

PYTEST_DONT_REWRITE: the command has imported this before it starts pytest, and that would be a warning.
"""

from __future__ import annotations

__all__ = ["GiB", "KiB", "MiB", "__version__"]
__version__ = "0.1.0.dev0"


def KiB(number: float) -> int:  # noqa: N802 - the unit's own name
    """``number`` kibibytes (2**10 bytes each) in bytes."""
    return int(number * 2**10)


def MiB(number: float) -> int:  # noqa: N802
    """``number`` mebibytes (2**20 bytes each) in bytes."""
    return int(number * 2**20)


def GiB(number: float) -> int:  # noqa: N802
    """``number`` gibibytes (2**30 bytes each) in bytes."""
    return int(number * 2**30)
