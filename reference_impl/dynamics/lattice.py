"""A crystal to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fcc_lattice"]

_BASIS = np.array([(0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5)])  # of one cubic cell


def fcc_lattice(atoms: int, density: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Face-centered cubic crystal of at least ``atoms`` atoms, as cubic as whole cells allow.

    Returns
    -------
    positions, box
        Shapes (N, 3) and (3,), float64, in σ; ``N / prod(box)`` is ``density`` (in σ⁻³).

    Raises
    ------
    ValueError
        For less than one atom, and a density that is not positive and finite.
    """
    atoms = whole(atoms, "atoms")
    if atoms < 1:
        raise ValueError(f"got atoms={atoms}, allowed: 1 and more")
    if not (np.isfinite(density) and density > 0):
        raise ValueError(f"got density={density}, allowed: positive and finite")
    cells = _cells(-(-atoms // len(_BASIS)))
    side = (len(_BASIS) / density) ** (1 / 3)
    corners = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    return ((corners + _BASIS) * side).reshape(-1, 3), np.array(cells) * side


def _cells(wanted: int) -> tuple[int, int, int]:
    """Counts along the three axes, none more than one above another, of which the product is enough."""
    least = 1
    while (least + 1) ** 3 <= wanted:
        least += 1
    for longer in range(4):
        counts = (least,) * (3 - longer) + (least + 1,) * longer
        if counts[0] * counts[1] * counts[2] >= wanted:
            break
    return counts  # type: ignore[return-value]
