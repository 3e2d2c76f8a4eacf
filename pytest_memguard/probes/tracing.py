"""What tracemalloc itself holds: malloc'ed, and not the test's."""

from __future__ import annotations

import sys

__all__ = ["is_tracing", "stacks_bytes", "stop_tracing", "tables_bytes"]

# Every stack that was seen is stored, in a chunk of 64 bytes for three frames that is not counted. Until 3.12.5 these
# were never freed, not even when tracing stops (https://github.com/python/cpython/issues/121390).
_ARE_KEPT = sys.version_info < (3, 12, 5)
_STACK_BYTES_PER_TABLE_BYTE = 64 / 48  # its entry in a table: 32 bytes, and two pointers to buckets
_kept_bytes = [0.0]  # of this process, like what it counts


def is_tracing() -> bool:
    tracemalloc = sys.modules.get("tracemalloc")
    return tracemalloc is not None and tracemalloc.is_tracing()


def tables_bytes() -> int:
    """Bytes of the tables, of which tracemalloc keeps count."""
    return sys.modules["tracemalloc"].get_tracemalloc_memory() if is_tracing() else 0


def stacks_bytes() -> float:
    """The most bytes that the stacks can take that are or were in the tables."""
    return _kept_bytes[0] + tables_bytes() * _STACK_BYTES_PER_TABLE_BYTE


def stop_tracing() -> None:
    if _ARE_KEPT:
        _kept_bytes[0] = stacks_bytes()
    sys.modules["tracemalloc"].stop()
