"""Products in chunks: what they take beside the matrices is what they were given, mapped files included."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pytest_memguard import KiB, MiB
from reference_impl.products import blocked_product, chunked_product

N = 500
MAPPED = 2_048  # three matrices of 32 MiB
PYTHON_ITSELF = KiB(16)  # slices, call frames
PAGES = MiB(4)  # of files, while they are looked at


@pytest.fixture(scope="module")
def matrices():
    rng = np.random.default_rng(0)
    return rng.random((N, N)), rng.random((N, N)), np.empty((N, N))


@pytest.mark.memory_budget(peak=lambda memory: memory + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("memory", [KiB(64), KiB(512), MiB(4)])
def test_chunks_stay_within_their_memory(matrices, memory):
    a, b, out = matrices
    chunked_product(a, b, memory_bytes=memory, out=out)


@pytest.fixture(scope="module")
def narrow():
    return np.ones((N, N), np.int8), np.ones((N, N), np.float32)


@pytest.mark.memory_budget(peak=lambda memory: 4 * N * N + memory + PYTHON_ITSELF, leak="0 B", warmup=1)
@pytest.mark.parametrize("memory", [KiB(64), KiB(512)])
def test_other_dtypes_and_layouts_are_not_copied_whole(narrow, memory):
    whole_numbers, singles = narrow
    chunked_product(whole_numbers.T, singles[::-1], memory_bytes=memory)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mapped")
    rng = np.random.default_rng(0)
    a, b = rng.random((2, MAPPED, MAPPED))
    for name, values in (("a", a), ("b", b)):
        np.save(folder / f"{name}.npy", values)
    out = np.lib.format.open_memmap(folder / "out.npy", "w+", np.float64, (MAPPED, MAPPED))
    return *(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "ab"), out, a[7] @ b


@pytest.mark.skipif(
    sys.platform == "win32", reason="the system decides there how long mapped files are resident"
)
@pytest.mark.memory_budget(peak=MiB(8) + PAGES, probe="rss", warmup=1)  # BLAS keeps what it once took
@pytest.mark.memory_budget(peak=MiB(8) + PYTHON_ITSELF)
@pytest.mark.usefixtures("trimmed")
def test_mapped_files_of_96_mib_pass_through_8_mib(mapped):
    a, b, out, row = mapped
    chunked_product(a, b, memory_bytes=MiB(8), out=out)
    assert np.allclose(out[7], row)


@pytest.mark.memory_budget(peak=4 * 64 * 64 * 8 + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_blocks_take_four_blocks(matrices):
    a, b, out = (matrix[:200, :200] for matrix in matrices)
    blocked_product(a, b, out=out)
