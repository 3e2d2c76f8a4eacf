"""The kernels of one test, as they come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard import kernels
from pytest_memguard.kernels.loaded import is_kernel
from pytest_memguard.kernels.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_memguard.model import KernelResources

__all__ = ["RECORD", "KernelRecord", "compile_for", "watch_for"]


@dataclass(slots=True, kw_only=True)
class KernelRecord:
    """What was compiled, what CuPy handed out, and why there are no numbers where there are none."""

    compiled: list[KernelResources] = field(default_factory=list)
    loadable: list[tuple[str, Any]] = field(default_factory=list)  # name and cupy.RawKernel
    unavailable: str = ""


RECORD = pytest.StashKey[KernelRecord]()


def compile_for(item: pytest.Item, source: str | Path, **how: Any) -> tuple[KernelResources, ...]:
    """``memguard.compile_kernels`` of this test."""
    __tracebackhide__ = True
    record = item.stash.setdefault(RECORD, KernelRecord())
    try:
        compiled = kernels.compile_kernels(read_source(source, written_in=item.path), **how)
    except kernels.NvrtcMissing as missing:
        record.unavailable = str(missing)
        pytest.skip(str(missing))
    except kernels.CompileError as error:
        raise error.with_traceback(None) from None  # the line to mend is in its text, none of ours helps
    record.compiled.extend(compiled)
    return compiled


def watch_for(item: pytest.Item, watched: Iterable[Any]) -> None:
    """``memguard.watch_kernels`` of this test."""
    named = []
    for kernel in watched:
        if not is_kernel(kernel):
            raise TypeError(f"memguard.watch_kernels: got {kernel!r}, accepted: a cupy.RawKernel")
        named.append((kernel.name, kernel))
    item.stash.setdefault(RECORD, KernelRecord()).loadable.extend(named)
