"""Pairs within a cutoff and their distances, by three methods that give the same answer."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from reference_impl.box import wrapped
from reference_impl.neighbors.brute_force import squared_distance
from reference_impl.neighbors.build import neighbor_list
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box

__all__ = ["pairs_within"]


def pairs_within(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    method: Literal["broadcast", "kdtree", "cell_list"] = "cell_list",
    periodic: Sequence[bool] = (True, True, True),
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Pairs closer than ``cutoff`` and how far they are apart.

    Parameters
    ----------
    positions, box, cutoff, periodic
        As in :func:`reference_impl.neighbor_list`, with its errors.
    method
        ``"broadcast"``: all N² displacements at once, for a few hundred atoms. ``"kdtree"``: SciPy's tree, good
        for very uneven densities. ``"cell_list"``: O(N).

    Returns
    -------
    pairs, distances
        Shapes (pairs, 2), int32, lower atom first, sorted; and (pairs,), float64.

    Raises
    ------
    ValueError
        Also for a method of another name.
    """
    if method not in _METHODS:
        raise ValueError(f"got method={method!r}, allowed: {', '.join(_METHODS)}")
    numbers, checked_box, cutoff = checked_system(positions, box, cutoff, periodic)
    pairs = _METHODS[method](numbers, checked_box, cutoff)
    squared = squared_distance(numbers[pairs[:, 1]] - numbers[pairs[:, 0]], checked_box)
    return pairs, np.sqrt(squared)


def _broadcast(positions: NDArray[np.float64], box: Box, cutoff: float) -> NDArray[np.int32]:
    near = squared_distance(positions[None, :] - positions[:, None], box) < cutoff * cutoff
    return np.argwhere(np.triu(near, k=1)).astype(np.int32)


def _kdtree(positions: NDArray[np.float64], box: Box, cutoff: float) -> NDArray[np.int32]:
    from scipy.spatial import KDTree  # noqa: PLC0415 - slow to import, and only this method needs it

    if len(positions) < 2:
        return np.empty((0, 2), np.int32)
    inside = wrapped(positions, box)
    magnitude = box.magnitude(positions)
    reach = cutoff + 64 * np.finfo(np.float64).eps * (
        magnitude + cutoff
    )  # rounding is settled below, exactly
    tree = KDTree(inside)
    found = [tree.query_pairs(reach, output_type="ndarray")]
    for steps in product(*[(-1, 0, 1) if flag else (0,) for flag in box.periodic]):
        if steps > (0, 0, 0):  # of two opposite images one
            image = KDTree(inside + np.array(steps) @ box.vectors)
            near = tree.sparse_distance_matrix(image, reach, output_type="ndarray")
            found.append(np.stack([near["i"], near["j"]], axis=1))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0).astype(np.int32)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    squared = squared_distance(positions[pairs[:, 1]] - positions[pairs[:, 0]], box)
    return pairs[squared < cutoff * cutoff]  # type: ignore[no-any-return]


def _cell_list(positions: NDArray[np.float64], box: Box, cutoff: float) -> NDArray[np.int32]:
    return neighbor_list(positions, box, cutoff).pairs()


_METHODS: dict[str, Callable[[NDArray[np.float64], Box, float], NDArray[np.int32]]] = {
    "broadcast": _broadcast,
    "kdtree": _kdtree,
    "cell_list": _cell_list,
}
