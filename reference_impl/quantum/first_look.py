"""What elements of a matrix must be: finite, and those of its mirror image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.quantum.stream import RowStream
    from reference_impl.quantum.symmetry import Symmetry

__all__ = ["FirstPass", "factor_for", "largest_element", "refuse_asymmetry"]

_ASYMMETRY = 1e-10  # of the largest element, or of the largest one of a product
_MODERATE = 1e100  # squares of what is below, and above its inverse, are numbers
_LARGEST = 1e300
_CHUNK = 16  # rows that are held against columns at a time


def largest_element(rows: NDArray[Any], first: int) -> float:
    """The largest modulus of a part; of a complex element, that of its larger part.

    Raises
    ------
    ValueError
        For an element that is not finite, or beyond 1e300; says which, where row ``first`` is the first.
    """
    parts = rows.view(np.float64)
    largest = float(max(parts.max(), -parts.min()))
    if largest <= _LARGEST:
        return largest
    for row, elements in enumerate(rows, first):
        wrong = np.flatnonzero(~(np.abs(elements) <= _LARGEST))
        if len(wrong):
            told = f"got {elements[wrong[0]]} at ({row}, {wrong[0]})"
            raise ValueError(f"{told}, allowed: finite elements of up to {_LARGEST:g}")
    return largest


def factor_for(largest: float) -> float:
    """A power of two that makes the largest element moderate, where squares of it would not be."""
    if not largest or 1 / _MODERATE < largest < _MODERATE:
        return 1.0
    return float(np.ldexp(1.0, int(np.clip(-np.frexp(largest)[1], -1000, 1000))))


def refuse_asymmetry(whole: NDArray[Any], symmetry: Symmetry, largest: float) -> None:
    """Hold all of a matrix against its mirror image, a few rows at a time.

    Raises
    ------
    ValueError
        Where they differ by more than 1e-10 of the largest element; says where.
    """
    for first in range(0, len(whole), _CHUNK):
        rows, columns = whole[first : first + _CHUNK, first:], whole[first:, first : first + _CHUNK]
        apart = np.abs(rows - symmetry.mirrored(columns.T))
        if apart.max() > _ASYMMETRY * largest:
            row, column = (first + int(k) for k in np.unravel_index(apart.argmax(), apart.shape))
            raise ValueError(
                f"got {whole[row, column]} at ({row}, {column}) and {whole[column, row]} at ({column}, {row}), which "
                f"differ by {apart.max():.1e}; allowed: a {symmetry.value} matrix"
            )


class FirstPass:
    """Products as of `RowStream`, with a look at every element; sets ``stream.factor``, which they have too.

    ``room`` is twice as many vectors as go through the matrix, and is overwritten.
    """

    def __init__(self, stream: RowStream, symmetry: Symmetry, room: NDArray[Any]) -> None:
        self._stream, self._symmetry, self._room = stream, symmetry, room

    def multiply(self, vectors: NDArray[Any], out: NDArray[Any]) -> None:
        """
        Raises
        ------
        ValueError
            As of `largest_element`, and where products with the mirror image differ by more than 1e-10 of the largest
            element of all products.
        """
        total, part = self._room[: len(vectors)], self._room[len(vectors) : 2 * len(vectors)]
        mirrored = self._symmetry.mirrored
        total[...] = 0
        largest = 0.0
        for first, rows in self._stream.parts():
            largest = max(largest, largest_element(rows, first))
            here = slice(first, first + len(rows))
            np.matmul(vectors, rows.T, out=out[:, here])
            np.matmul(mirrored(vectors[:, here]), rows, out=part)
            total += part
        factor = self._stream.factor = factor_for(largest)
        for array in (out, total):
            np.multiply(array, factor, out=array)
        pairs = zip(out, total, strict=True)
        asymmetry = max(float(np.abs(product - mirrored(other)).max()) for product, other in pairs)
        if asymmetry > _ASYMMETRY * max(float(np.abs(product).max()) for product in out):
            raise ValueError(
                f"got a matrix that differs from its mirror image by {asymmetry / factor:.1e} in products with random "
                f"vectors, allowed: a {self._symmetry.value} one"
            )
