"""A search for the lowest eigenpairs: the block Krylov-Schur method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.quantum.checkpoint import load, save
from reference_impl.quantum.first_look import FirstPass
from reference_impl.quantum.krylov import KrylovSpace
from reference_impl.quantum.ritz import lowest_space, ritz_pairs
from reference_impl.quantum.stream import RowStream

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from reference_impl.memory import MappedMatrix
    from reference_impl.quantum.plan import Plan
    from reference_impl.quantum.symmetry import Symmetry

__all__ = ["Search"]

_SEED = 0  # any: of random vectors that no matrix knows of
_KEPT = 0.6  # of a full space at a restart: measured, and flat around it


class Search:
    """The space that is searched, the matrix it is made with, and where the search stands.

    Attributes
    ----------
    passes
        Over the matrix, so far.
    scale
        The largest modulus of a Ritz value so far: no more than the norm of the matrix.
    values, columns
        Ritz values in order, and the coordinates of their vectors. These values, ``scale`` and all residuals are those
        of the matrix times ``stream.factor``.
    """

    def __init__(self, matrix: MappedMatrix, plan: Plan, symmetry: Symmetry) -> None:
        self.plan = plan
        self.symmetry = symmetry
        self.passes = 0
        self.scale = 0.0
        self.space = KrylovSpace(plan.basis, plan.block, plan.n, matrix.dtype)
        self.stream = RowStream(matrix, plan.rows)
        self._facts = {"matrix": matrix.version, "symmetry": symmetry.value}

    def begin(self) -> None:
        """From random vectors.

        Raises
        ------
        ValueError
            Where an element is not finite, or the matrix has not the symmetry, as far as these vectors can tell.
        """
        np.random.default_rng(_SEED).standard_normal(out=self.space.block.view(np.float64))
        self.space.begin()
        room = self.space.vectors[self.space.known :]
        self.space.advance(FirstPass(self.stream, self.symmetry, room))
        self.passes += 1
        self._solve()

    def step(self, *, is_renewed: bool = False) -> None:
        """One pass; before it, in a space that is full, back to its lowest part.

        Renewed, it begins again with the first Ritz vectors, without what rounding has done to the rest.
        """
        space, block = self.space, self.plan.block
        if is_renewed:
            space.combine(self.columns[:, :block], space.block)
            space.begin()
        elif space.known > space.most:
            count = max(block, int((space.most - block) * _KEPT))
            space.shrink(lowest_space(space.corner(), (self.values, self.columns), count))
        self._advance()
        self._solve()

    def residuals(self) -> NDArray[np.float64]:
        """Of the wanted pairs, as the space knows them."""
        return self.space.residuals(self.columns[:, : self.plan.wanted])

    def eigenvectors(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The wanted ones, and their products with the matrix by a pass of their own: (wanted, n), for now."""
        vectors, products = self.space.block[: self.plan.wanted], self.space.scratch[: self.plan.wanted]
        self.space.combine(self.columns[:, : self.plan.wanted], vectors)
        self.stream.multiply(vectors, products)
        self.passes += 1
        return vectors, products

    def save(self, path: Path) -> None:
        """Errors as of `checkpoint.save`."""
        space = self.space
        facts = {"size": space.size, "known": space.known, "passes": self.passes, "scale": self.scale}
        facts["factor"] = self.stream.factor
        projected = np.ascontiguousarray(space.projected[: space.known, : space.size])
        save(path, self._facts | facts, [space.vectors[: space.known], projected])

    def resume(self, path: Path) -> None:
        """From what `save` has written; errors as of `checkpoint.load`, and where it has no room here."""
        space, projected = self.space, np.empty((0, 0))

        def room(facts: dict[str, Any]) -> list[NDArray[Any]]:
            nonlocal projected
            known, size = facts["known"], facts["size"]
            if not self.plan.block <= size <= space.most or known - size > self.plan.block:
                raise ValueError(
                    f"{path}: got a checkpoint of {size} vectors and {known - size} more, allowed with this k and "
                    f"memory_bytes: {self.plan.block} to {space.most}, and up to {self.plan.block} more"
                )
            projected = np.empty((known, size), space.vectors.dtype)
            return [space.vectors[:known], projected]

        facts = load(path, self._facts, room)
        space.size, space.known = facts["size"], facts["known"]
        space.projected[: space.known, : space.size] = projected
        self.passes, self.scale = facts["passes"], facts["scale"]
        self.stream.factor = facts.get("factor", 1.0)
        self._solve()

    def _advance(self) -> None:
        self.space.advance(self.stream)
        self.passes += 1

    def _solve(self) -> None:
        self.values, self.columns = ritz_pairs(self.space.corner(), self.symmetry)
        self.scale = max(self.scale, float(abs(self.values).max()))
