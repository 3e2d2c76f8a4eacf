from __future__ import annotations

import numpy as np
import pytest

from reference_impl import ArrayPool

DENSITY = 0.8442
LIST_CUTOFF = 2.5 + 0.3


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
