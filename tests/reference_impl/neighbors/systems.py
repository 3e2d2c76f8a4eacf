"""Systems that neighbor lists are tested on."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def frozen(array):
    array = np.array(array)
    array.flags.writeable = False
    return array


@st.composite
def systems(draw, max_atoms=60):
    """(positions, box lengths, cutoff, periodic): any mix of open and periodic axes, atoms in and out of the box."""
    atoms = draw(st.integers(0, max_atoms))
    lengths = np.array(draw(st.tuples(*[st.floats(1.0, 30.0)] * 3)))
    periodic = draw(st.tuples(*[st.booleans()] * 3))
    half = min((length / 2 for length, flag in zip(lengths, periodic, strict=True) if flag), default=15.0)
    cutoff = half * draw(st.floats(0.05, 1.0))
    kind = draw(st.sampled_from(["uniform", "lattice", "any"]))
    if kind == "any":
        positions = draw(hnp.arrays(float, (atoms, 3), elements=st.floats(-50, 50)))
    else:
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        positions = rng.uniform(-0.5, 1.5, (atoms, 3))
        if kind == "lattice":  # coincident atoms, atoms on faces, distances that equal the cutoff
            positions = np.rint(positions * 4) / 4
        positions *= lengths
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    return frozen(positions.astype(dtype)), frozen(lengths), cutoff, periodic


def liquid(atoms, seed=0, density=0.8442):
    length = (atoms / density) ** (1 / 3)
    positions = np.random.default_rng(seed).uniform(0, length, (atoms, 3))
    return frozen(positions), frozen(np.full(3, length))
