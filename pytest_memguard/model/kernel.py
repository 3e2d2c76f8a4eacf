"""What one GPU kernel takes from the machine, as its compiler or driver tells it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KernelResources", "target_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelResources:
    """One kernel, compiled for one architecture by one compiler; ``None`` is what was not told."""

    kernel: str  # as its source names it
    architecture: str  # "sm_90"
    nvrtc: tuple[int, int]  # version of the compiler
    registers: int  # per thread
    spill_bytes: int  # per thread: the larger of what is stored and what is loaded
    stack_bytes: int  # per thread, with the functions that it calls
    shared_bytes: int  # per block, what is allocated at run time left out
    constant_bytes: int | None = None
    barriers: int | None = None
    is_loaded: bool = (
        False  # read from a function that a driver has loaded, which knows local memory as a whole
    )

    @property
    def compiler(self) -> str:
        """What two numbers must share to be compared."""
        return f"{'loaded-' if self.is_loaded else ''}nvrtc{self.nvrtc[0]}"

    @property
    def target(self) -> str:
        """Architecture and compiler: what a run either covers or says nothing about."""
        return f"{self.architecture} {self.compiler}"

    @property
    def probe(self) -> str:
        """Where the numbers come from, as run files and baselines name it."""
        return f"kernel {self.kernel} {self.target}"

    def __str__(self) -> str:
        return f"kernel {self.kernel}, {self.architecture}{', loaded' if self.is_loaded else ''}"


def target_of(probe: str) -> str:
    """Architecture and compiler of a :attr:`KernelResources.probe`."""
    return " ".join(probe.rsplit(" ", 2)[1:])
