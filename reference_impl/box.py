"""The box: three cell vectors, wrapping of displacements, nearest images."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.backends import jit_inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Box", "image_within", "minimum_image", "nearest_image", "wrapped"]

_FLAT = 1e-9  # volume of the unit cell vectors below which they lie in one plane, up to rounding
_SHORTEST = 1e-290  # whose inverse is finite, also where vectors are as near to one plane as they may be


class Box(NamedTuple):
    """A box of any shape, periodic per axis; make one with :meth:`of`. Compiled code takes it as it is.

    ``vectors`` has shape (3, 3), float64: a cell vector per row. Along open axes they have no meaning and are unit
    vectors at right angles to all others. ``inverse`` takes a displacement to fractions of them,
    ``displacement @ inverse``; its columns of open axes are zero. ``periodic`` has shape (3,), bool.
    ``is_orthorhombic`` says whether the cell vectors lie along x, y and z. ``smallest_width`` is the smallest
    distance between two opposite periodic faces, ``inf`` where no axis is periodic.
    """

    vectors: NDArray[np.float64]
    inverse: NDArray[np.float64]
    periodic: NDArray[np.bool_]
    is_orthorhombic: bool
    smallest_width: float

    @classmethod
    def of(cls, box: ArrayLike | Box | None, periodic: Sequence[bool] = (True, True, True)) -> Box:
        """Box of three lengths, or of three cell vectors as rows; ``None`` is open on all sides.

        Raises
        ------
        ValueError
            For another shape, lengths along periodic axes that are not finite or below 1e-290, and periodic cell
            vectors that are not finite, as short, or lie in one plane.
        """
        if isinstance(box, Box):
            return box
        flags = np.asarray(periodic, bool)
        if flags.shape != (3,):
            raise ValueError(f"got periodic={periodic!r}, allowed: three booleans, one per axis")
        if box is None:
            box, flags = np.ones(3), np.zeros(3, bool)
        given = np.array(box, np.float64)
        if given.shape not in ((3,), (3, 3)):
            raise ValueError(
                f"got box of shape {given.shape}, allowed: three lengths, three cell vectors as rows, or None"
            )
        if given.ndim == 1:
            if not (np.isfinite(given) & (given >= _SHORTEST))[flags].all():
                raise ValueError(
                    f"got box lengths {given}, allowed: positive and finite along periodic axes, from {_SHORTEST:g}"
                )
            given[~flags] = 1.0
            width = float(given[flags].min(initial=np.inf))
            return cls(_frozen(np.diag(given)), _frozen(np.diag(flags / given)), _frozen(flags), True, width)
        vectors = _completed(given, flags)
        if (vectors == np.diag(vectors.diagonal())).all():
            return cls.of(abs(vectors.diagonal()), periodic)  # of either direction: the same lattice
        sizes = _sizes(vectors)
        inverse = np.linalg.inv(vectors / sizes[:, None])  # of unit vectors, whose squares are finite
        width = float((sizes / _sizes(inverse.T))[flags].min(initial=np.inf))
        inverse /= sizes
        inverse[:, ~flags] = 0.0
        return cls(_frozen(vectors), _frozen(inverse), _frozen(flags), False, width)

    @classmethod
    def closed(cls, box: ArrayLike | Box | None) -> Box:
        """As :meth:`of`, for what knows only boxes that are periodic along all axes.

        Raises
        ------
        ValueError
            Also for a box with open axes (names them).
        """
        checked = cls.of(box)
        if not checked.periodic.all():
            axes = " and ".join(axis for axis, flag in zip("xyz", checked.periodic, strict=True) if not flag)
            raise ValueError(f"got a box that is open along {axes}, allowed here: periodic along all axes")
        return checked

    @property
    def lengths(self) -> NDArray[np.float64]:
        """Shape (3,), 0.0 along open axes.

        Raises
        ------
        ValueError
            For a tilted box, which lengths do not describe.
        """
        if not self.is_orthorhombic:
            raise ValueError(
                f"got cell vectors {self.vectors.tolist()}, allowed here: a box of three lengths"
            )
        return _frozen(np.where(self.periodic, self.vectors.diagonal(), 0.0))

    @property
    def volume(self) -> float:
        """Volume spanned by the cell vectors; ``inf`` with an open axis."""
        return float(abs(np.linalg.det(self.vectors))) if self.periodic.all() else float("inf")

    def magnitude(self, positions: NDArray[np.float64]) -> float:
        """Largest number on the way from ``positions`` (N, 3) to their images in the box: what rounding goes by.

        Beside coordinates and periodic cell vectors, these are multiples of the vectors, large ones where it is thin
        and tilted.
        """
        span = abs(self.vectors[self.periodic]).max(initial=0.0)
        largest = float(max(-positions.min(initial=0.0), positions.max(initial=0.0), span))
        if self.is_orthorhombic:
            return largest
        return largest * float((abs(self.inverse) @ abs(self.vectors)).sum(axis=0).max(initial=1.0))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = array.copy()
    array.flags.writeable = False
    return array


def _completed(given: NDArray[np.float64], periodic: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Cell vectors with those of open axes replaced by unit vectors at right angles to all others."""
    if not np.isfinite(given[periodic]).all():
        raise ValueError(f"got cell vectors {given.tolist()}, allowed: finite along periodic axes")
    vectors = np.where(periodic[:, None], given, 0.0)
    sizes = _sizes(vectors[periodic])[:, None]
    units = vectors[periodic] / np.where(sizes >= _SHORTEST, sizes, np.inf)
    if len(units) and np.linalg.svd(units, compute_uv=False).prod() < _FLAT:
        raise ValueError(
            f"got cell vectors {given.tolist()} that span no volume, "
            "allowed: linearly independent along periodic axes"
        )
    basis = np.linalg.qr(units.T)[0].T  # orthonormal, of the same span
    for axis in np.flatnonzero(~periodic):
        rests = np.roll(np.eye(3), -axis, axis=0)
        rests = rests - rests @ basis.T @ basis
        longest = rests[np.argmax(np.round(np.linalg.norm(rests, axis=1), 6))]
        vectors[axis] = longest / np.linalg.norm(longest)
        basis = np.vstack([basis, vectors[axis]])
    return vectors


def _sizes(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of the rows of (n, 3), whose squares may be beyond the ends of float64."""
    return np.hypot(np.hypot(vectors[:, 0], vectors[:, 1]), vectors[:, 2])


def wrapped(positions: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """The image in the box, of fractions in [0, 1) of its periodic cell vectors; in a tilted one up to rounding."""
    inside: NDArray[np.float64] = positions - np.floor(positions @ box.inverse) @ box.vectors
    if box.is_orthorhombic:  # what is just below zero rounds to the very end
        inside[box.periodic & (inside >= box.vectors.diagonal())] = 0.0
    return inside


def image_within(displacement: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """The image of each displacement that is shorter than half the smallest width, where there is one.

    Summed in the order x, y, z without a matrix product, so that compiled kernels can round alike.
    """
    image = np.array(displacement)
    x, y, z = np.moveaxis(displacement, -1, 0)
    for axis in np.flatnonzero(box.periodic):
        first, second, third = box.inverse[:, axis]
        whole = np.rint(x * first + y * second + z * third)
        for component in range(3):
            image[..., component] -= whole * box.vectors[axis, component]
    return image


@jit_inline
def nearest_image(x: float, y: float, z: float, box: Box) -> tuple[float, float, float]:
    """As :func:`image_within`, of one displacement in compiled code."""
    vectors, inverse = box.vectors, box.inverse
    if box.is_orthorhombic:  # decided once per loop: LLVM makes two loops of one
        x -= vectors[0, 0] * np.rint(x * inverse[0, 0])
        y -= vectors[1, 1] * np.rint(y * inverse[1, 1])
        z -= vectors[2, 2] * np.rint(z * inverse[2, 2])
        return x, y, z
    u = np.rint(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0])
    v = np.rint(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1])
    w = np.rint(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2])
    return (
        x - u * vectors[0, 0] - v * vectors[1, 0] - w * vectors[2, 0],
        y - u * vectors[0, 1] - v * vectors[1, 1] - w * vectors[2, 1],
        z - u * vectors[0, 2] - v * vectors[1, 2] - w * vectors[2, 2],
    )


def minimum_image(displacement: ArrayLike, box: ArrayLike | Box | None) -> NDArray[np.float64]:
    """Nearest periodic copy of each displacement.

    Parameters
    ----------
    displacement
        Shape (..., 3), the unit of the box.
    box
        Three lengths or three cell vectors, periodic along all, or a :class:`Box`.

    Returns
    -------
    numpy.ndarray
        float64 of the same shape; unchanged along open axes. In an orthorhombic box components are in
        [-L/2, L/2]; in any other the shortest of all images is returned, whatever the tilt.

    Raises
    ------
    ValueError
        When the last axis of ``displacement`` has not length 3, or the box is not valid.

    Notes
    -----
    In a tilted box rounded fractions are not always the nearest image. They are at most one vector of a
    Minkowski-reduced basis away from it (P. Q. Nguyen and D. Stehlé, ACM Trans. Algorithms 5, 46 (2009)).
    """
    box = Box.of(box)
    given = np.array(displacement, np.float64)
    if given.ndim == 0 or given.shape[-1] != 3:
        raise ValueError(f"got displacements of shape {given.shape}, allowed: (..., 3)")
    if box.is_orthorhombic:
        return image_within(given, box)
    reduced = Box.of(_reduced(box), box.periodic.tolist())
    nearest = image_within(given, reduced)
    shortest = (nearest**2).sum(axis=-1)
    start = nearest
    for steps in product(*[(-1, 0, 1) if flag else (0,) for flag in box.periodic]):
        other = start + np.array(steps) @ reduced.vectors
        squared = (other**2).sum(axis=-1)
        nearest = np.where((squared < shortest)[..., None], other, nearest)
        shortest = np.minimum(squared, shortest)
    return nearest


def _reduced(box: Box) -> NDArray[np.float64]:
    """Shortest cell vectors of the same lattice: none gets shorter by adding or subtracting others."""
    vectors = np.array(box.vectors)
    axes = np.flatnonzero(box.periodic)
    changed = True
    while changed:
        changed = False
        for axis in axes:
            others = [other for other in axes if other != axis]
            rough = vectors[axis].copy()
            for other in others:
                rough -= np.rint(rough @ vectors[other] / (vectors[other] @ vectors[other])) * vectors[other]
            steps = np.array(list(product((-1, 0, 1), repeat=len(others))))
            options = rough + steps @ vectors[others]
            best = options[np.argmin((options**2).sum(axis=1))]
            if best @ best < (vectors[axis] @ vectors[axis]) * (1 - 1e-12):
                vectors[axis], changed = best, True
    return vectors
