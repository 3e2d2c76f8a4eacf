"""Memory in use according to the allocators, to hold a suspicion of tracemalloc against.

tracemalloc sees what a call allocated and not what it released of older memory, so that a buffer replaced by its equal
looks like a leak. The allocators see both.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from pytest_memguard.probes.heap import HeapProbe

__all__ = ["NetMemory"]

_LARGEST_SMALL_BLOCK_BYTES = 512  # above it obmalloc asks the C allocator
# Real leaks held 0.67 of what tracemalloc accused and more, replaced memory 0.24 and less (tests/leaks/zoo).
_CONVICTED = 0.5


class NetMemory:
    """A look at the allocators before the tracing starts, and one after it has stopped."""

    def __init__(self) -> None:
        self._heap = HeapProbe()
        self._before = self._in_use()

    def _in_use(self) -> tuple[int, int] | None:
        """Bytes of the C allocator, and small blocks of obmalloc, which does not count their bytes."""
        if self._heap.unavailable() is not None:
            return None
        return self._heap.counters().allocated_bytes or 0, sys.getallocatedblocks()

    def read(self) -> MoreMemory | None:
        """What is in use more than before; ``None`` where the allocators cannot tell."""
        now = self._in_use()
        if self._before is None or now is None:
            return None
        return MoreMemory(heap_bytes=now[0] - self._before[0], small_blocks=max(0, now[1] - self._before[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreMemory:
    """Growth of what the allocators have in use."""

    heap_bytes: int
    small_blocks: int

    def confirms(self, retained_bytes: int, blocks: int) -> bool:
        """Whether it is enough for what tracemalloc says is retained, in so many blocks."""
        block_bytes = min(_LARGEST_SMALL_BLOCK_BYTES, retained_bytes / blocks) if blocks else 0
        return self.heap_bytes + self.small_blocks * block_bytes >= _CONVICTED * retained_bytes
