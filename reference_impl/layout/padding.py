"""What a structured dtype spends on nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike

__all__ = ["Span", "Structure", "structure_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes of one element: a field, of nested structures by its path (``"atom.mass"``), or padding (None)."""

    field: str | None
    offset_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A structured dtype, span by span; ``str()`` of it is a table.

    ``packed`` is the dtype without any padding, ``ordered`` the smallest one in which every field is aligned as a C
    compiler would (large alignments first); ``dtype`` itself is left as it is.
    """

    dtype: np.dtype[Any]
    spans: tuple[Span, ...]
    packed: np.dtype[Any]
    ordered: np.dtype[Any]

    @property
    def padding_bytes(self) -> int:
        return sum(span.size_bytes for span in self.spans if span.field is None)

    def __str__(self) -> str:
        lines = [f"{'offset':>6} {'bytes':>6}  field"]
        lines += [
            f"{span.offset_bytes:6d} {span.size_bytes:6d}  {span.field or '(padding)'}" for span in self.spans
        ]
        size = self.dtype.itemsize
        lines.append(f"{size} bytes per element, {self.padding_bytes} of them padding")
        for name, other in (("ordered", self.ordered), ("packed", self.packed)):
            saved = max(size - other.itemsize, 0) / size
            lines.append(f"{name}: {other.itemsize} bytes per element, {saved:.0%} saved")
        return "\n".join(lines)


def structure_of(dtype: DTypeLike) -> Structure:
    """Fields, padding and better orders of a structured dtype.

    Raises
    ------
    ValueError
        For dtypes without fields, and for fields that overlap.
    """
    resolved = np.dtype(dtype)
    if resolved.names is None:
        raise ValueError(f"got dtype {resolved}, which has no fields; allowed: structured dtypes")
    spans, end = [], 0
    for span in sorted(_leaves(resolved, "", 0), key=lambda span: (span.offset_bytes, span.size_bytes)):
        if span.offset_bytes < end:
            raise ValueError(
                f"got a dtype whose field {span.field!r} overlaps another; allowed: disjoint fields"
            )
        if span.offset_bytes > end:
            spans.append(Span(field=None, offset_bytes=end, size_bytes=span.offset_bytes - end))
        spans.append(span)
        end = span.offset_bytes + span.size_bytes
    if resolved.itemsize > end:
        spans.append(Span(field=None, offset_bytes=end, size_bytes=resolved.itemsize - end))
    return Structure(
        dtype=resolved,
        spans=tuple(spans),
        packed=_rebuilt(resolved, is_ordered=False),
        ordered=_rebuilt(resolved, is_ordered=True),
    )


def _leaves(dtype: np.dtype[Any], path: str, offset: int) -> Iterator[Span]:
    """What has no fields of its own, elements of arrays of structures one by one."""
    if dtype.subdtype is not None and _innermost(dtype).names is not None:
        for number, index in enumerate(np.ndindex(dtype.shape)):
            place = f"{path}[{', '.join(map(str, index))}]"
            yield from _leaves(dtype.base, place, offset + number * dtype.base.itemsize)
    elif dtype.fields is None:
        yield Span(field=path, offset_bytes=offset, size_bytes=dtype.itemsize)
    else:
        for name in dtype.names or ():
            field, place_bytes = dtype.fields[name][:2]
            yield from _leaves(field, f"{path}.{name}" if path else name, offset + place_bytes)


def _innermost(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Of arrays of arrays, the element."""
    while dtype.subdtype is not None:
        dtype = dtype.base
    return dtype


def _rebuilt(dtype: np.dtype[Any], *, is_ordered: bool) -> np.dtype[Any]:
    """The fields without gaps; or aligned, and ordered: sizes are multiples of alignments, so that falling ones leave
    no gap but at the end.
    """
    if dtype.subdtype is not None:
        return np.dtype((_rebuilt(dtype.base, is_ordered=is_ordered), dtype.shape))
    if dtype.fields is None:
        return dtype
    fields = [(name, _rebuilt(dtype.fields[name][0], is_ordered=is_ordered)) for name in dtype.names or ()]
    if is_ordered:
        fields.sort(key=lambda field: -field[1].alignment)
    return np.dtype(fields, align=is_ordered)
