"""Padding, held against numbers known from C and against NumPy's own packing."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_impl.layout import structure_of

PARTICLE = np.dtype([("kind", "i1"), ("mass", "f8"), ("fixed", "?"), ("charge", "f4")], align=True)


def test_a_struct_of_c():
    found = structure_of(PARTICLE)
    assert [(span.field, span.offset_bytes, span.size_bytes) for span in found.spans] == [
        ("kind", 0, 1),
        (None, 1, 7),
        ("mass", 8, 8),
        ("fixed", 16, 1),
        (None, 17, 3),
        ("charge", 20, 4),
    ]
    assert (found.padding_bytes, found.packed.itemsize, found.ordered.itemsize) == (10, 14, 16)
    assert found.ordered.names == ("mass", "charge", "kind", "fixed")
    assert str(found).splitlines() == [
        "offset  bytes  field",
        "     0      1  kind",
        "     1      7  (padding)",
        "     8      8  mass",
        "    16      1  fixed",
        "    17      3  (padding)",
        "    20      4  charge",
        "24 bytes per element, 10 of them padding",
        "ordered: 16 bytes per element, 33% saved",
        "packed: 14 bytes per element, 42% saved",
    ]


def test_nested_structures_by_their_paths():
    inner = np.dtype([("a", "f8"), ("b", "i1")], align=True)
    outer = np.dtype([("one", inner), ("two", inner, 2)])
    found = structure_of(outer)
    assert [span.field for span in found.spans if span.field] == [
        "one.a", "one.b", "two[0].a", "two[0].b", "two[1].a", "two[1].b",
    ]  # fmt: skip
    assert found.padding_bytes == 3 * 7
    assert found.packed.itemsize == 3 * 9


SCALARS = st.sampled_from(["i1", "?", "i2", "f2", "i4", "f4", "i8", "f8", "c16", "S3"])
TYPES = st.recursive(
    SCALARS.map(np.dtype),
    lambda inner: st.one_of(
        st.tuples(inner, st.tuples(st.integers(1, 3))).map(np.dtype),
        st.tuples(st.lists(inner, min_size=1, max_size=4), st.booleans()).map(
            lambda made: np.dtype([(f"f{i}", kind) for i, kind in enumerate(made[0])], align=made[1])
        ),
    ),
    max_leaves=8,
)


@example(np.dtype([("f0", np.dtype((np.dtype(([("a", "i1"), ("b", "<i2")], (1,))), (2,))))]))
@given(TYPES.filter(lambda dtype: dtype.names is not None))
def test_every_byte_is_a_field_or_padding(dtype):
    found = structure_of(dtype)
    end = 0
    for span in found.spans:
        assert span.offset_bytes == end
        assert span.size_bytes > 0
        end += span.size_bytes
    assert end == dtype.itemsize
    touched = np.zeros(1, dtype)
    fill(touched)
    written = np.frombuffer(touched.tobytes(), np.uint8) != 0
    assert dtype.itemsize - written.sum() == found.padding_bytes
    assert structure_of(found.packed).padding_bytes == 0
    assert found.packed.itemsize == dtype.itemsize - found.padding_bytes
    assert found.packed.itemsize <= found.ordered.itemsize
    assert found.ordered.itemsize <= aligned(dtype).itemsize
    assert set(found.ordered.names) == set(dtype.names)
    assert found.ordered.isalignedstruct


def aligned(dtype):
    """As C lays it out, in the order given."""
    if dtype.subdtype is not None:
        return np.dtype((aligned(dtype.base), dtype.shape))
    if dtype.names is None:
        return dtype
    return np.dtype([(name, aligned(dtype[name])) for name in dtype.names], align=True)


def fill(array):
    """Set every byte of every field, and none between."""
    if array.dtype.names is not None:
        for name in array.dtype.names:
            fill(array[name])
    else:
        array[...] = np.frombuffer(b"\x01" * array.dtype.itemsize, array.dtype)[0]


@given(st.lists(st.sampled_from("bhiqfd"), min_size=1, max_size=6))
def test_the_offsets_are_those_of_the_c_compiler(codes):
    kinds = {"b": ctypes.c_int8, "h": ctypes.c_int16, "i": ctypes.c_int32, "q": ctypes.c_int64,
             "f": ctypes.c_float, "d": ctypes.c_double}  # fmt: skip

    class InC(ctypes.Structure):
        _fields_ = [(f"f{i}", kinds[code]) for i, code in enumerate(codes)]

    found = structure_of(np.dtype([(f"f{i}", code) for i, code in enumerate(codes)], align=True))
    offsets = {span.field: span.offset_bytes for span in found.spans if span.field}
    assert offsets == {name: getattr(InC, name).offset for name, _ in InC._fields_}
    assert found.dtype.itemsize == ctypes.sizeof(InC)


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("f8", "float64, which has no fields"),
        ({"names": "ab", "formats": ["f8", "i1"], "offsets": [0, 4]}, "'b' overlaps another"),
    ],
)
def test_what_has_no_table(dtype, message):
    if isinstance(dtype, dict):
        dtype = dtype | {"names": list(dtype["names"])}
    with pytest.raises(ValueError, match=message):
        structure_of(dtype)
