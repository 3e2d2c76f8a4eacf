"""The kernels of one test, as they come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_memguard.model import KernelResources

__all__ = ["RECORD", "KernelRecord"]


@dataclass(slots=True, kw_only=True)
class KernelRecord:
    """What was compiled, what CuPy handed out, and why there are no numbers where there are none."""

    compiled: list[KernelResources] = field(default_factory=list)
    loadable: list[tuple[str, Any]] = field(default_factory=list)  # name and cupy.RawKernel
    unavailable: str = ""


RECORD = pytest.StashKey[KernelRecord]()
