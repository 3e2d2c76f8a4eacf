from __future__ import annotations

import ctypes
import gc
import sys

import numpy as np
import pytest

from pytest_memguard import KiB, MiB
from reference_impl import ArrayPool

DENSITY = 0.8442
LIST_CUTOFF = 2.5 + 0.3
MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3): 128 KiB at first, 32 MiB at most
THP_DISABLE = 41  # PR_SET_THP_DISABLE of prctl(2)


def liquid(atoms):
    """Uniform atoms at liquid density in a periodic cube: (positions, box lengths)."""
    length = (atoms / DENSITY) ** (1 / 3)
    return np.random.default_rng(atoms).uniform(0, length, (atoms, 3)), np.full(3, length)


def half_list_pairs(atoms):
    """Pairs within the list cutoff in such a liquid, plus five standard deviations of their number."""
    pairs = atoms * DENSITY * 2 / 3 * np.pi * LIST_CUTOFF**3
    return int(pairs + 5 * pairs**0.5)


@pytest.fixture
def array_pool(memguard):
    """A pool that has seen the shapes of a molecular-dynamics step once."""
    pool = ArrayPool(max_bytes=2**28)
    memguard.watch(pool, "array_pool")
    return pool


@pytest.fixture
def trimmed():
    """Nothing is resident that is free: taken again, it would not be seen. And nothing that is freed stays.

    glibc learns from what a program frees to keep more and more of it, and the tests before this one have taught it.
    What NumPy has made huge pages of in the meantime is resident 2 MiB at a time.
    """
    gc.collect()
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if not hasattr(libc, "malloc_trim"):
        yield
        return
    libc.mallopt(MMAP_THRESHOLD, KiB(128))
    libc.prctl(THP_DISABLE, 1, 0, 0, 0)
    libc.malloc_trim(0)
    yield
    libc.prctl(THP_DISABLE, 0, 0, 0, 0)
    libc.mallopt(MMAP_THRESHOLD, MiB(32))
