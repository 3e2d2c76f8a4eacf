"""Three kernels that both sides have in common: what moves them is the machine, not the change."""

from __future__ import annotations

from itertools import repeat
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONTROLS", "Control"]

_BLOCK = bytes(range(256)) * 1024
_KEYS = [(index * 7919) % 2003 for index in range(2003)]


def loop() -> int:
    total = 0
    for index in range(4000):
        total += index & 7
    return total


def memory() -> int:
    copied = bytearray(_BLOCK)
    return sum(copied[::64]) + len(bytes(copied))


def mix() -> int:
    table = {key: str(key) for key in _KEYS}
    return len(sorted(table.values())) + len(sorted(table))


class Control:
    """A kernel to repeat, without the detour over a fixture."""

    def __init__(self, kernel: Callable[[], Any]) -> None:
        self._kernel = kernel

    def time(self, times: int) -> float:
        kernel = self._kernel
        start = perf_counter()
        for _ in repeat(None, times):
            kernel()
        return perf_counter() - start

    def result(self) -> Any:
        return self._kernel()


CONTROLS = {"loop": loop, "memory": memory, "mix": mix}
