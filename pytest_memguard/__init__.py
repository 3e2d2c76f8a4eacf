"""Memory (host and GPU) and time as ordinary pytest outcomes.

PYTEST_DONT_REWRITE: the command has imported this before it starts pytest, and that would be a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_memguard.session.recording import Recording

__all__ = ["GiB", "KiB", "MiB", "__version__", "record"]
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


def record(interval: float = 0.01, *, label: str = "") -> Recording:
    """Memory and load over time outside of pytest, as in a notebook; what the fixture's ``record`` does in a test.

    ``with pytest_memguard.record() as recording: ...`` and then ``recording.plot()``. ``interval`` is in seconds.
    """
    from pytest_memguard.session.recording import Recording  # noqa: PLC0415 - imports stay light
    from pytest_memguard.session.registry import ProbeRegistry  # noqa: PLC0415

    return Recording(label, interval, ProbeRegistry().drawable())
