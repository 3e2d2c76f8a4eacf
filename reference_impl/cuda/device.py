"""What a place must be able to do that runs kernels, and how one is launched there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from reference_impl.cuda.kernels import all_kernels

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from reference_impl.cuda.kernels import Kernel

__all__ = ["BLOCK", "WARP", "Device", "blocks_for", "launch"]

WARP = 32
BLOCK = (
    128  # threads: small enough that blocks end at different times, and always a few on each multiprocessor
)
_MOST_THREADS = 1024


class Device(Protocol):
    """Holds arrays and runs kernels in the order of their launches. Arrays have NumPy's attributes."""

    name: str

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """An array of any content."""

    def from_host(self, array: NDArray[Any]) -> Any:
        """A C-contiguous copy on the device."""

    def to_host(self, array: Any) -> NDArray[Any]:
        """A copy here, of what all launches so far made of it: waits for them."""

    def zero(self, array: Any) -> None:
        """Overwrite with zeros, in the order of launches."""

    def launch(self, kernel: Kernel, grid: int, block: int, arguments: tuple[Any, ...]) -> None:
        """Run ``grid`` blocks of ``block`` threads; the arguments are checked."""


def blocks_for(threads: int, block: int = BLOCK) -> int:
    """How many blocks hold that many threads."""
    return -(-threads // block)


def launch(device: Device, name: str, threads: int, *arguments: Any, block: int = BLOCK) -> None:
    """Run the kernel called ``name`` with at least that many threads; with none, do nothing.

    Raises
    ------
    ValueError
        For a block that is not of whole warps, or larger than devices take.
    TypeError
        For arguments other than the kernel declares.
    """
    if block % WARP or not 0 < block <= _MOST_THREADS:
        raise ValueError(f"got block={block}, allowed: multiples of {WARP} up to {_MOST_THREADS}")
    kernel = all_kernels()[name]
    checked = kernel.checked(arguments)
    if threads > 0:
        device.launch(kernel, blocks_for(threads, block), block, checked)
