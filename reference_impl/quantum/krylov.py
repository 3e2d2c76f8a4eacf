"""A block Krylov space: orthonormal vectors, and the matrix as they see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.quantum.first_look import FirstPass
    from reference_impl.quantum.stream import RowStream

__all__ = ["CHUNK", "KrylovSpace"]

CHUNK = 64  # elements of each vector that `KrylovSpace.shrink` turns at a time
_DEPENDENT = 1e-13  # of a vector's length: less than this left over is rounding


class KrylovSpace:
    """Vectors v_j, of which the first ``size`` went through the matrix: A v_j = sum_i projected[i, j] v_i, i < known.

    Those from ``size`` to ``known`` are what was new in that, and go through it next.

    Parameters
    ----------
    most
        Vectors that may go through the matrix; ``block`` more have room.

    Attributes
    ----------
    vectors
        Shape (most + block, n): each lies in one piece.
    projected
        Shape (most + block, most).
    block, scratch
        Shape (block, n), overwritten by every method.
    """

    def __init__(self, most: int, block: int, n: int, dtype: np.dtype[Any]) -> None:
        self.most = most
        self.size = self.known = 0
        self.vectors = np.empty((most + block, n), dtype)
        self.projected = np.zeros((most + block, most), dtype)
        self.block = np.empty((block, n), dtype)
        self.scratch = np.empty((block, n), dtype)

    def begin(self) -> None:
        """With the space that the rows of ``block`` span."""
        self.size = self.known = 0
        self.projected[...] = 0
        for vector, length in zip(self.block, np.linalg.norm(self.block, axis=1), strict=True):
            self._take(vector, 0, length)

    def advance(self, stream: RowStream | FirstPass) -> None:
        """Send the last vectors through the matrix, in one pass, and add what is new.

        Orthogonalized twice (classical Gram-Schmidt; L. Giraud et al., Numer. Math. 101, 87 (2005): that is enough).
        """
        first, old = self.size, self.known
        before = self.vectors[:old]
        products, scratch = self.block[: old - first], self.scratch[: old - first]
        stream.multiply(before[first:], products)
        lengths = np.linalg.norm(products, axis=1)
        columns = self.projected[:, first:old]
        columns[...] = 0
        for _ in range(2):
            np.conjugate(products, out=scratch)
            overlaps = np.conjugate(before @ scratch.T)
            columns[:old] += overlaps
            np.matmul(overlaps.T, before, out=scratch)
            products -= scratch
        self.size = old
        for column, product, length in zip(columns.T, products, lengths, strict=True):
            column[old:] = self._take(product, old, length)

    def _take(self, vector: NDArray[Any], old: int, length: float) -> NDArray[Any]:
        """Add ``vector``, orthogonal to the first ``old`` and once ``length`` long; its coordinates in those after."""
        coordinates = np.zeros(len(self.vectors) - old, vector.dtype)
        for _ in range(2):
            coordinates[: self.known - old] += self._take_away(vector, old)
        left = np.linalg.norm(vector)
        if left > _DEPENDENT * length:
            coordinates[self.known - old] = left
            vector /= left
            self._take_away(vector, 0)  # where little was left, rounding is in it
            np.divide(vector, np.linalg.norm(vector), out=self.vectors[self.known])
            self.known += 1
        return coordinates

    def _take_away(self, vector: NDArray[Any], old: int) -> NDArray[Any]:
        others = self.vectors[old : self.known]
        overlaps: NDArray[Any] = np.conjugate(others @ np.conjugate(vector))
        vector -= overlaps @ others
        return overlaps

    def corner(self) -> NDArray[Any]:
        """The matrix projected on the vectors that went through it."""
        return self.projected[: self.size, : self.size]

    def residuals(self, columns: NDArray[Any]) -> NDArray[np.float64]:
        """|A x - value x| for eigenvectors of `corner`, (size, count), without the matrix."""
        lengths: NDArray[np.float64] = np.linalg.norm(
            self.projected[self.size : self.known, : self.size] @ columns, axis=0
        )
        return lengths

    def combine(self, columns: NDArray[Any], out: NDArray[Any]) -> None:
        """Set ``out`` (count, n) to the vectors with coordinates ``columns`` (size, count)."""
        np.matmul(columns.T, self.vectors[: self.size], out=out)

    def shrink(self, columns: NDArray[Any]) -> None:
        """Go on with what orthonormal ``columns`` (size, count) span, which `corner` has to map onto itself."""
        count, ahead = columns.shape[1], self.known - self.size
        corner = np.conjugate(columns.T) @ self.corner() @ columns
        below = self.projected[self.size : self.known, : self.size] @ columns
        turned = np.ascontiguousarray(columns.T)
        for first in range(0, self.vectors.shape[1], CHUNK):
            part = self.vectors[: self.size, first : first + CHUNK]
            part[:count] = turned @ part
        for number in range(ahead):
            self.vectors[count + number] = self.vectors[self.size + number]
        self.projected[...] = 0
        self.projected[:count, :count] = corner
        self.projected[count : count + ahead, :count] = below
        self.size, self.known = count, count + ahead
