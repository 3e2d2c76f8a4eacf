"""An allocation of known size, to calibrate by."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Known"]


class Known:
    """Holds ``memory``; once it is gone ``release`` is called: no pool must look larger for having been calibrated."""

    def __init__(self, memory: Any, release: Callable[[], object]) -> None:
        self._memory, self._release = memory, release

    def __del__(self) -> None:
        self._memory = None
        with suppress(Exception):  # of a device that is lost: what was read from it says so
            self._release()
