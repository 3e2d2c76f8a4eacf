"""The two kinds of Hamiltonians, and what mirrors one half of them onto the other."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Symmetry"]


class Symmetry(Enum):
    """Of a closed system, H = H^H; of an open one that absorbs, H = H^T with complex elements."""

    HERMITIAN = "Hermitian"
    COMPLEX_SYMMETRIC = "complex symmetric"

    def mirrored(self, values: NDArray[Any]) -> NDArray[Any]:
        """What stands at (column, row) where ``values`` stand at (row, column)."""
        return np.conjugate(values) if self is Symmetry.HERMITIAN else values
