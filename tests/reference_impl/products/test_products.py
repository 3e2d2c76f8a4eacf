"""Both products against NumPy's, to the bound of rounding, for every layout and dtype."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.products import blocked_product, chunked_product
from reference_impl.products.blocked import _by_numpy, _by_rows
from reference_impl.products.tiles import LEAST, Tiles, least_elements, tiles_within

LENGTHS = st.integers(0, 70)
LAYOUTS = st.sampled_from(["rows", "columns", "strided", "backwards", "read-only"])


def laid_out(values, layout):
    if layout == "columns":
        return np.asfortranarray(values)
    if layout == "strided":
        room = np.zeros((2 * len(values), 3 * values.shape[1]), values.dtype)
        room[::2, ::3] = values
        return room[::2, ::3]
    if layout == "backwards":
        return values[::-1, ::-1].copy()[::-1, ::-1]
    if layout == "read-only":
        values.flags.writeable = False
    return values


def matrix(rng, shape, dtype, layout):
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        values = rng.integers(0, 100, shape).astype(dtype)
    else:
        values = rng.normal(size=shape).astype(dtype)
        if dtype.kind == "c":
            values += 1j * rng.normal(size=shape).astype(values.real.dtype)
    return laid_out(values, layout)


def assert_close(found, a, b):
    """By the bound of any order of summation (N. J. Higham, Accuracy and Stability, section 3.5)."""
    expected = a @ b
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if expected.dtype.kind in "iu":
        assert np.array_equal(found, expected)
    else:
        rounding = np.finfo(expected.dtype).eps
        bound = 8 * (a.shape[1] + 2) * rounding * (np.abs(a).astype(float) @ np.abs(b).astype(float))
        assert (np.abs(found - expected) <= bound).all()


@settings(deadline=None)  # the first compiles
@given(
    lengths=st.tuples(LENGTHS, LENGTHS, LENGTHS),
    dtypes=st.sampled_from(
        ["f8 f8", "f4 f4", "f4 f8", "c16 f8", "c8 c8", "i4 i4", "u1 i8", "i4 f4", "f2 f2", ">f8 <f8"]
    ),
    layouts=st.tuples(LAYOUTS, LAYOUTS, st.sampled_from(["none", "rows", "columns", "strided"])),
    extra=st.integers(0, 20_000),
)
def test_chunked_agrees_with_numpy(lengths, dtypes, layouts, extra):
    rows, inner, columns = lengths
    rng = np.random.default_rng(rows)
    a, b = (
        matrix(rng, shape, dtype, layout)
        for shape, dtype, layout in zip(
            [(rows, inner), (inner, columns)], dtypes.split(), layouts[:2], strict=True
        )
    )
    dtype = np.result_type(a, b)
    memory = least_elements(*lengths) * dtype.itemsize + extra
    out = None if layouts[2] == "none" else laid_out(np.full((rows, columns), 7, dtype), layouts[2])
    found = chunked_product(a, b, memory_bytes=memory, out=out)
    assert out is None or found is out
    assert_close(found, a, b)


@settings(deadline=None)  # the first compiles
@given(
    lengths=st.tuples(LENGTHS, LENGTHS, LENGTHS),
    dtypes=st.sampled_from(["f8 f8", "f4 f8", "c16 c16"]),
    layouts=st.tuples(LAYOUTS, LAYOUTS),
    block=st.integers(8, 128),
)
def test_blocked_agrees_with_numpy(lengths, dtypes, layouts, block):
    rows, inner, columns = lengths
    rng = np.random.default_rng(rows)
    first, second = dtypes.split()
    a, b = matrix(rng, (rows, inner), first, layouts[0]), matrix(rng, (inner, columns), second, layouts[1])
    assert_close(blocked_product(a, b, block=block), a, b)


@pytest.mark.parametrize("multiply", [_by_rows, _by_numpy])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_one_block_of_either_back_end(multiply, dtype):
    rng = np.random.default_rng(0)
    left, right = matrix(rng, (9, 7), dtype, "rows"), matrix(rng, (7, 13), dtype, "rows")
    product = np.full((9, 13), np.nan, dtype)
    multiply(left, right, product)
    assert_close(product, left, right)


@given(
    lengths=st.tuples(*[st.integers(1, 5_000)] * 3),
    share=st.floats(0, 1),
)
def test_tiles_fill_their_budget_and_no_more(lengths, share):
    least, all_of_it = least_elements(*lengths), Tiles(*lengths).elements
    elements = int(least + share * (all_of_it - least))
    found = tiles_within(*lengths, elements)
    assert found.elements <= elements
    for tile, length in zip(found, lengths, strict=True):
        assert min(length, LEAST) // 2 <= tile <= length
    assert tiles_within(*lengths, all_of_it) == lengths


def test_mapped_matrices_and_a_mapped_result(tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.random((150, 90)), rng.random((90, 120))
    mapped = []
    for name, values in (("a", a), ("b", b), ("out", np.ones((150, 120)))):
        np.save(tmp_path / f"{name}.npy", values)
        mapped.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r+" if name == "out" else "r"))
    left, right, out = mapped
    found = chunked_product(left, right, memory_bytes=16 * 1024, out=out)
    assert found is out
    assert_close(out, a, b)
    out.flush()
    assert np.array_equal(np.load(tmp_path / "out.npy"), out)
    assert np.array_equal(left, a)
    assert_close(
        chunked_product(left + 1, right, memory_bytes=16 * 1024), a + 1, b
    )  # NumPy's memmap in memory


def test_changes_of_a_private_copy_of_a_file_are_kept(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((64, 64)))
    private = np.load(tmp_path / "a.npy", mmap_mode="c")
    private[:] = 1
    out = np.load(tmp_path / "a.npy", mmap_mode="c")
    for _ in range(2):
        found = chunked_product(private, np.eye(64), memory_bytes=2**14, out=out)
    assert (private == 1).all()
    assert (found == 1).all()


A, B = np.ones((20, 30)), np.ones((30, 40))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"b": A}, r"shapes \(20, 30\) and \(20, 30\), allowed: \(M, K\) and \(K, N\)"),
        ({"b": np.ones(30)}, r"and \(30,\), allowed"),
        ({"a": A.astype(bool), "b": B.astype(bool)}, "dtypes bool and bool, allowed: "),
        ({"a": A.astype(object)}, "dtypes object and float64"),
        ({"out": np.ones((20, 41))}, r"out of shape \(20, 41\), float64; allowed: \(20, 40\), float64"),
        ({"out": np.ones((20, 40), "f4")}, "float32; allowed"),
        ({"out": np.broadcast_to(1.0, (20, 40))}, "read-only"),
    ],
)
def test_wrong_matrices(arguments, message):
    given = {"a": A, "b": B, **arguments}
    for product in (lambda **options: chunked_product(memory_bytes=10**6, **options), blocked_product):
        with pytest.raises(ValueError, match=message):
            product(**given)


def test_a_result_in_the_memory_of_a_factor():
    square = np.ones((20, 20))
    with pytest.raises(ValueError, match="in the memory of a factor"):
        chunked_product(square, square.copy(), memory_bytes=10**6, out=square)


def test_too_little_memory_says_the_least():
    least = 4 * 16 * 16 * 8
    with pytest.raises(ValueError, match=f"memory_bytes={least - 1}, allowed: at least {least} "):
        chunked_product(A, B, memory_bytes=least - 1)
    assert_close(chunked_product(A, B, memory_bytes=least), A, B)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": 0}, "block=0, allowed: 1 to 128"),
        ({"block": 129}, "block=129"),
        ({"a": A.astype("f2")}, "float16 and float64, allowed: float32"),
        ({"a": A.astype(np.int64)}, "int64 and float64, allowed: floats, complex numbers"),
    ],
)
def test_what_blocks_do_not_take(options, message):
    with pytest.raises(ValueError, match=message):
        blocked_product(**{"a": A, "b": B, **options})
