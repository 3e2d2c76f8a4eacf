"""High-water marks of nested windows over one counter that keeps a single mark."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

__all__ = ["MarkStack"]


class _HasHighWater(Protocol):
    high_water_bytes: int


W = TypeVar("W", bound=_HasHighWater)


class MarkStack(Generic[W]):
    """The open windows of one probe.

    A counter such as tracemalloc's peak or the kernel's VmHWM has one mark for the whole process. Whenever it is
    read and reset, the mark is handed to every open window, so that none of them loses what another one reset.
    """

    __slots__ = ("windows",)

    def __init__(self) -> None:
        self.windows: list[W] = []

    def hand_out(self, mark_bytes: int) -> None:
        """Raise every open window's mark to ``mark_bytes``."""
        for window in self.windows:
            window.high_water_bytes = max(window.high_water_bytes, mark_bytes)

    def push(self, window: W) -> None:
        self.windows.append(window)

    def remove(self, window: W) -> None:
        self.windows.remove(window)

    def __bool__(self) -> bool:
        return bool(self.windows)
