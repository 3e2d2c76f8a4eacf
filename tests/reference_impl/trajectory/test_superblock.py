"""The checksum of the first block is HDF5's own."""

# ruff: noqa: E402 - h5py may be missing

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

h5py = pytest.importorskip("h5py", reason="comes with the extra reference")

from reference_impl.trajectory.superblock import _lookup3


@pytest.mark.parametrize("sets", [0, 3, 30])
def test_hdf5_writes_the_same_sum(tmp_path, sets):
    path = tmp_path / "any.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        for number in range(sets):
            file[str(number)] = list(range(number))
    start = path.read_bytes()[:48]
    assert struct.pack("<I", _lookup3(start[:44])) == start[44:]


def test_published_sums():
    assert _lookup3(b"Four score and seven years ago") == 0x17770551  # driver5 of lookup3.c


@given(st.binary(min_size=1, max_size=64), st.integers(0, 7))
def test_one_bit_changes_it(data, bit):
    other = bytes([data[0] ^ 1 << bit]) + data[1:]
    assert _lookup3(data) != _lookup3(other)
