"""Three kernels that both sides have in common: what moves them is the machine, not the change."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stopwatch import Stopwatch

__all__ = ["CONTROLS", "Control"]

# Fits a second-level cache thrice, and is no mapping of its own: where pages lie differs from process to process.
_BLOCK = bytes(range(256)) * 256
_KEYS = [(index * 7919) % 2003 for index in range(2003)]


def loop() -> int:
    total = 0
    for index in range(4000):
        total += index & 7
    return total


def memory() -> int:
    total = 0
    for _ in range(4):
        copied = bytearray(_BLOCK)
        total += sum(copied[::64]) + len(bytes(copied))
    return total


def mix() -> int:
    table = {key: str(key) for key in _KEYS}
    return len(sorted(table.values())) + len(sorted(table))


class Control:
    """A kernel to repeat, without the detour over a fixture."""

    def __init__(self, kernel: Callable[[], Any]) -> None:
        self._kernel = kernel

    def time(self, times: int, watch: Stopwatch) -> float:
        kernel = self._kernel
        watch.start()
        for _ in repeat(None, times):
            kernel()
        return watch.stop()

    def result(self) -> Any:
        return self._kernel()


CONTROLS = {"loop": loop, "memory": memory, "mix": mix}
