"""Arrays of structures (records, one beside the other) and structures of arrays (each field on its own)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.layout.aligned import aligned_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["array_of_structures", "columns", "structure_of_arrays"]


def columns(records: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The fields of ``records`` as views, ``itemsize`` bytes from element to element.

    Writing to them writes to the records; a loop over one of them reads the memory of all.

    Raises
    ------
    ValueError
        For arrays without fields.
    """
    if records.dtype.names is None:
        raise ValueError(f"got dtype {records.dtype}, which has no fields; allowed: arrays of structures")
    return {name: records[name] for name in records.dtype.names}


def structure_of_arrays(records: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Each field in a contiguous array of its own, aligned to 64 bytes; copies without the padding.

    Fields that are arrays stay whole: a field ``("position", float, 3)`` of N records becomes an array (N, 3).

    Raises
    ------
    ValueError
        For arrays without fields.
    """
    arrays = {}
    for name, view in columns(records).items():
        arrays[name] = aligned_empty(view.shape, view.dtype)
        arrays[name][...] = view
    return arrays


def array_of_structures(arrays: Mapping[str, NDArray[Any]], *, align: bool = False) -> NDArray[Any]:
    """One array of records out of one array per field.

    Parameters
    ----------
    arrays
        Of one length, the first axis; further axes become fields that are arrays.
    align
        Pad the fields as a C compiler does.

    Returns
    -------
    numpy.ndarray
        Shape (N,), a copy, in the order of ``arrays``. The very array that ``arrays`` are the `columns` of, where it
        is one and ``align`` asks for no other padding.

    Raises
    ------
    ValueError
        For no arrays, and for arrays of different lengths or none.
    """
    shapes = {name: array.shape for name, array in arrays.items()}
    if not shapes or () in shapes.values() or len({shape[0] for shape in shapes.values()}) > 1:
        raise ValueError(f"got arrays of shapes {shapes}, allowed: one length along the first axis")
    fields = [(name, array.dtype, array.shape[1:]) for name, array in arrays.items()]
    dtype = np.dtype(fields, align=align)
    whole = _whole(arrays)
    if whole is not None and whole.dtype == dtype:
        return whole
    records = np.empty(len(next(iter(arrays.values()))), dtype)
    for name, array in arrays.items():
        records[name] = array
    return records


def _whole(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any] | None:
    """The records that ``arrays`` are all columns of."""
    base = next(iter(arrays.values())).base
    if not isinstance(base, np.ndarray) or base.dtype.names != tuple(arrays):
        return None
    same = all(
        array.__array_interface__ == view.__array_interface__
        for array, view in zip(arrays.values(), columns(base).values(), strict=True)
    )
    return base if same else None
