"""What an engine makes of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from reference_impl.spectral.requests import Request

__all__ = ["Engine", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Two transforms between one ``field`` and one ``spectrum``, each of which may destroy what it starts from.

    ``inverse`` leaves the field too large by ``points``, the number of points of one transform, unless it is
    called with True.
    """

    field: NDArray[Any]
    spectrum: NDArray[Any]
    points: int
    forward: Callable[[], None]
    inverse: Callable[[bool], None]


Engine = Callable[[Request, NDArray[Any], NDArray[Any], int], Plan]
