"""The smallest dtype that holds what must be held."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["smallest_dtype"]

_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
_SIGNED = (np.int8, np.int16, np.int32, np.int64)
_FLOATS = (np.float16, np.float32, np.float64)


def smallest_dtype(minimum: float, maximum: float, *, precision: float | None = None) -> np.dtype[Any]:
    """Smallest integer dtype for all integers of a range, or with ``precision`` the smallest float dtype.

    Parameters
    ----------
    minimum, maximum
        Of the values, both included.
    precision
        How much rounding may change a value, in its unit; of floats it is half their distance at the largest value
        (IEEE 754-2019, section 3.3). Without it values are integers and kept exactly.

    Raises
    ------
    ValueError
        For limits that are not finite or in the wrong order, fractions without ``precision``, a ``precision`` that is
        not positive; and where no dtype will do (says what the largest one does).
    """
    if not -math.inf < minimum <= maximum < math.inf:
        raise ValueError(f"got minimum={minimum}, maximum={maximum}, allowed: finite, and in this order")
    if precision is None:
        return _integer(minimum, maximum)
    if not precision > 0:
        raise ValueError(f"got precision={precision}, allowed: above 0, or None for integers")
    largest = max(abs(minimum), abs(maximum))
    for kind in _FLOATS:
        if largest <= float(np.finfo(kind).max) and _rounding(largest, kind) <= precision:
            return np.dtype(kind)
    raise ValueError(
        f"got precision={precision} for values up to {largest:g}, allowed: {_rounding(largest, np.float64):.3g} and "
        "more, the rounding of float64 there"
    )


def _integer(minimum: float, maximum: float) -> np.dtype[Any]:
    if minimum != int(minimum) or maximum != int(maximum):
        raise ValueError(
            f"got minimum={minimum}, maximum={maximum} without precision, allowed: integers; fractions need one"
        )
    for kind in _UNSIGNED if minimum >= 0 else _SIGNED:
        if np.iinfo(kind).min <= int(minimum) and int(maximum) <= np.iinfo(kind).max:
            return np.dtype(kind)
    raise ValueError(
        f"got minimum={minimum}, maximum={maximum}, allowed: {np.iinfo(np.int64).min} to {np.iinfo(np.int64).max}, "
        f"or 0 to {np.iinfo(np.uint64).max}; beyond, give a precision for floats"
    )


def _rounding(value: float, kind: type[np.floating[Any]]) -> float:
    """Largest change by rounding a number of the magnitude of ``value``: exact, as powers of two are."""
    info = np.finfo(kind)
    exponent = math.frexp(value)[1] - 1 if value else -math.inf
    return math.ldexp(1.0, int(max(exponent, info.minexp)) - info.nmant - 1)
