"""The loop over tiles."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.layout import aligned_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from reference_impl.products.tiles import Tiles

__all__ = ["sweep"]

_STRIP = 64  # rows, of which the system shows 64 KiB each at a fault


def sweep(
    a: NDArray[Any],
    b: NDArray[Any],
    out: NDArray[Any],
    tiles: Tiles,
    multiply: Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], None],
) -> NDArray[Any]:
    """Set ``out`` to ``a @ b``, tile by tile, and return it.

    ``multiply(left, right, product)`` sets ``product``; all three are contiguous by rows and in the dtype of ``out``,
    whatever the matrices are. The memory taken is `Tiles.elements`: NumPy adds arrays that are contiguous in place,
    and others through buffers of its own.
    """
    room_a, room_b, room, more_room = (
        aligned_empty(count, out.dtype, alignment=out.itemsize)
        for count in (tiles.m * tiles.k, tiles.k * tiles.n, *[tiles.m * tiles.n] * 2)
    )
    for i in _parts(out.shape[0], tiles.m):
        for j in _parts(out.shape[1], tiles.n):
            wanted = out[i, j]
            total, product = _shaped(room, wanted.shape), _shaped(more_room, wanted.shape)
            if not a.shape[1]:
                total[...] = 0
            for k in _parts(a.shape[1], tiles.k):
                left, right = _loaded(a[i, k], room_a), _loaded(b[k, j], room_b)
                multiply(left, right, product if k.start else total)
                if k.start:
                    np.add(total, product, out=total)
            _copy(total, wanted, mapped=wanted)
    return out


def _parts(length: int, tile: int) -> Iterator[slice]:
    return (slice(begin, min(begin + tile, length)) for begin in range(0, length, tile))


def _shaped(room: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return room[: shape[0] * shape[1]].reshape(shape)


def _loaded(part: NDArray[Any], room: NDArray[Any]) -> NDArray[Any]:
    tile = _shaped(room, part.shape)
    _copy(part, tile, mapped=part)
    return tile


def _copy(source: NDArray[Any], target: NDArray[Any], *, mapped: NDArray[Any]) -> None:
    """Strip by strip along the long strides of the one that may be a mapped file, which shows few pages at a time."""
    if abs(mapped.strides[0]) < abs(mapped.strides[1]):
        source, target = source.T, target.T
    for strip in _parts(len(source), _STRIP):
        target[strip] = source[strip]
        _give_back(mapped)


def _give_back(array: NDArray[Any]) -> None:
    """Let the system have the memory that shows a mapped file; the file and what was written to it stay.

    Not of private copies (mode ``c``), which would lose what was written, and of results in memory, which NumPy calls
    memmap too (their mode is None).
    """
    if isinstance(array, np.memmap) and array.mode in ("r", "r+", "w+") and hasattr(mmap, "MADV_DONTNEED"):
        mapping: Any = array._mmap  # type: ignore[attr-defined]  # noqa: SLF001 - memmap shows it nowhere else
        mapping.madvise(mmap.MADV_DONTNEED)
