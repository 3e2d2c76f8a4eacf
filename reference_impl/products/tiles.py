"""How large the tiles of three matrices may be."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["LEAST", "Tiles", "least_elements", "tiles_within"]

LEAST = 16  # shorter tiles would spend their time in Python


class Tiles(NamedTuple):
    """Tiles of (m, k) and (k, n), and two of (m, n): their product, and the sum of such products."""

    m: int
    k: int
    n: int

    @property
    def elements(self) -> int:
        return self.m * self.k + self.k * self.n + 2 * self.m * self.n


def least_elements(rows: int, inner: int, columns: int) -> int:
    """Of tiles of `LEAST`, or of what the matrices have."""
    return Tiles(min(rows, LEAST), min(inner, LEAST), min(columns, LEAST)).elements


def tiles_within(rows: int, inner: int, columns: int, elements: int) -> Tiles:
    """Tiles of `least_elements` and more that fit into ``elements``.

    Each element of the factors is read once per tile of the result in its row or column, so that the tile of the
    result gets most of the room and is about square (J.-W. Hong and H. T. Kung, STOC 1981: no schedule reads less
    than in proportion to 1 / sqrt(elements)).
    """
    if not rows * inner * columns:
        return Tiles(1, 1, 1)
    side = math.isqrt(2 * elements // 5)  # of m = n = 4 k
    least = min(columns, LEAST)
    k = min(inner, max(LEAST, side // 4))
    m = min(rows, side, (elements - k * least) // (k + 2 * least))
    n = min(columns, (elements - m * k) // (2 * m + k))
    m = min(rows, (elements - k * n) // (k + 2 * n))
    k = min(inner, (elements - 2 * m * n) // (m + n))
    return Tiles(_even(rows, m), _even(inner, k), _even(columns, n))


def _even(length: int, tile: int) -> int:
    """Of the same number of tiles, but all about as long."""
    return math.ceil(length / math.ceil(length / tile))
