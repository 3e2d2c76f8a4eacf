"""Structures whose fields are all alike are rows of a matrix: the same memory, seen in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["as_matrix", "as_structures"]


def as_matrix(records: NDArray[Any]) -> NDArray[Any]:
    """Records of F equal fields as (..., F), a view.

    Raises
    ------
    ValueError
        For fields of different dtypes, of arrays, or with padding.
    """
    dtype = records.dtype
    kinds = [dtype[name] for name in dtype.names or ()]
    step = kinds[0].itemsize if kinds else 0
    places = [dtype.fields[name][1] for name in dtype.names or ()] if dtype.fields else []
    if len(set(kinds)) != 1 or kinds[0].subdtype or [*places, dtype.itemsize] != _multiples(step, len(kinds)):
        raise ValueError(f"got dtype {dtype}, allowed: fields of one scalar dtype without padding")
    return records[..., np.newaxis].view(kinds[0])


def _multiples(step: int, count: int) -> list[int]:
    return [i * step for i in range(count + 1)]


def as_structures(matrix: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    """A matrix (..., F) as records of F fields, a view.

    Raises
    ------
    ValueError
        For another number of names than columns, and a matrix whose last axis is not contiguous.
    """
    shape, step = matrix.shape, matrix.dtype.itemsize
    if not (shape and names) or len(names) != shape[-1]:
        raise ValueError(
            f"got {len(names)} names for shape {shape}, allowed: one per element of the last axis"
        )
    if shape[-1] > 1 and matrix.strides[-1] != step:
        raise ValueError(
            f"got strides {matrix.strides}, allowed: a last axis that is contiguous ({step} bytes)"
        )
    dtype = np.dtype([(name, matrix.dtype) for name in names])
    return matrix[..., :].view(dtype)[..., 0]
