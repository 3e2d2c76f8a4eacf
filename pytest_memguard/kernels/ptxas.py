"""The log that ``ptxas -v`` writes, read.

Its lines have changed with the versions: numbers that come to nothing are left out by some, barriers and the stack of
called functions are told by newer ones alone, and constant memory depends on the architecture.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_memguard.kernels.errors import CompileError
from pytest_memguard.model.kernel import KernelResources

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["parse_log"]

_ENTRY = re.compile(r"Compiling entry function '([^']+)' for '([^']+)'")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_CUMULATIVE = re.compile(r"(\d+) bytes cumulative stack size")
_REGISTERS = re.compile(r"Used (\d+) registers")
_BARRIERS = re.compile(r"used (\d+) barriers")
_SHARED = re.compile(r"(\d+) bytes smem")
_CONSTANT = re.compile(r"(\d+) bytes cmem\[\d+\]")


def parse_log(log: str, *, nvrtc: tuple[int, int]) -> Iterator[KernelResources]:
    """Resources of every kernel in the log, under the names that the linker knows.

    A function that is not inlined is told of after the kernel that calls it, and what it spills counts there.

    Raises
    ------
    CompileError
        When the log tells of a kernel and not of its registers or its frame.
    """
    # The text before the first kernel, then name, architecture and text of each.
    parts = _ENTRY.split(log)[1:]
    for mangled, architecture, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        registers, frames = _REGISTERS.search(text), _frames(text)
        if registers is None or not frames:
            raise CompileError(f"ptxas does not tell what {mangled} takes; its log:\n{log}")
        cumulative = _CUMULATIVE.search(text)
        yield KernelResources(
            kernel=mangled,
            architecture=architecture,
            nvrtc=nvrtc,
            registers=int(registers[1]),
            spill_bytes=max(sum(stores for _, stores, _ in frames), sum(loads for _, _, loads in frames)),
            stack_bytes=max(int(cumulative[1]) if cumulative else 0, frames[0][0]),
            shared_bytes=_total(_SHARED, text) or 0,
            constant_bytes=_total(_CONSTANT, text),
            barriers=_total(_BARRIERS, text),
        )


def _frames(text: str) -> list[tuple[int, int, int]]:
    """Stack, spill stores and spill loads: of the kernel itself, then of the functions that it calls."""
    return [(int(stack), int(stores), int(loads)) for stack, stores, loads in _FRAME.findall(text)]


def _total(pattern: re.Pattern[str], text: str) -> int | None:
    found = [int(number) for number in pattern.findall(text)]
    return sum(found) if found else None
