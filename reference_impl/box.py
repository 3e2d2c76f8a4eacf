"""The periodic box: validation, wrapping, nearest images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Box", "minimum_image"]


@dataclass(frozen=True, slots=True)
class Box:
    """An orthorhombic box.

    ``lengths`` has shape (3,), float64, with 0.0 along open axes: there they have no meaning. ``periodic`` has
    shape (3,), bool. Kernels take both, so that a triclinic box needs another ``Box`` and no other kernel face.
    """

    lengths: NDArray[np.float64]
    periodic: NDArray[np.bool_]

    @classmethod
    def of(cls, box: ArrayLike | Box | None, periodic: Sequence[bool] = (True, True, True)) -> Box:
        """Box of three lengths; ``None`` is open on all sides.

        Raises
        ------
        ValueError
            When there are not three lengths, or one along a periodic axis is not positive and finite.
        """
        if isinstance(box, Box):
            return box
        flags = np.asarray(periodic, bool)
        if flags.shape != (3,):
            raise ValueError(f"got periodic={periodic!r}, allowed: three booleans, one per axis")
        if box is None:
            return cls(_frozen(np.zeros(3)), _frozen(np.zeros(3, bool)))
        lengths = np.array(box, np.float64)
        if lengths.shape == (3, 3):
            raise ValueError(
                "got box of shape (3, 3); triclinic boxes are not supported yet, give three lengths"
            )
        if lengths.shape != (3,):
            raise ValueError(f"got box of shape {lengths.shape}, allowed: three lengths, or None for no box")
        if not (np.isfinite(lengths) & (lengths > 0))[flags].all():
            raise ValueError(f"got box lengths {lengths}, allowed: positive and finite along periodic axes")
        lengths[~flags] = 0.0
        return cls(_frozen(lengths), _frozen(flags))

    @property
    def shortest_periodic_length(self) -> float:
        """``inf`` where no axis is periodic."""
        return float(self.lengths[self.periodic].min(initial=np.inf))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = array.copy()
    array.flags.writeable = False
    return array


def minimum_image(displacement: ArrayLike, box: ArrayLike | Box | None) -> NDArray[np.float64]:
    """Nearest periodic copy of each displacement.

    Parameters
    ----------
    displacement
        Shape (..., 3), the unit of the box.
    box
        Three lengths, all periodic, or a :class:`Box`.

    Returns
    -------
    numpy.ndarray
        float64 of the same shape; components in [-L/2, L/2] along periodic axes, unchanged along open ones.

    Raises
    ------
    ValueError
        When the last axis of ``displacement`` has not length 3, or the box is not valid.
    """
    box = Box.of(box)
    image = np.array(displacement, np.float64)
    if image.ndim == 0 or image.shape[-1] != 3:
        raise ValueError(f"got displacements of shape {image.shape}, allowed: (..., 3)")
    for axis in np.flatnonzero(box.periodic):
        length = box.lengths[axis]
        image[..., axis] -= length * np.rint(image[..., axis] / length)
    return image
