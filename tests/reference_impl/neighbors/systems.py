"""Systems that neighbor lists are tested on."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reference_impl.box import Box

TILTED = np.array([[9.0, 0.5, -1.0], [4.0, 8.0, 0.0], [-3.0, 2.5, 7.5]])  # a box of widths between 6 and 8


def frozen(array):
    array = np.array(array)
    array.flags.writeable = False
    return array


@st.composite
def cells(draw):
    """Three lengths, or cell vectors of any tilt and handedness: some thin, some tilted by several lengths."""
    lengths = np.array(draw(st.tuples(*[st.floats(1.0, 30.0)] * 3)))
    kind = draw(st.sampled_from(["lengths", "diagonal", "tilted", "any"]))
    if kind == "lengths":
        return lengths
    if kind == "diagonal":
        return np.diag(lengths * draw(st.sampled_from([1, -1])))
    if kind == "any":
        return draw(hnp.arrays(float, (3, 3), elements=st.floats(-20, 20)))
    tilts = draw(hnp.arrays(float, (3, 3), elements=st.floats(-40, 40)))
    return np.diag(lengths) + np.tril(tilts, k=-1)


@st.composite
def systems(draw, max_atoms=60):
    """(positions, box, cutoff, periodic): any mix of open and periodic axes, atoms in and out of the box."""
    atoms = draw(st.integers(0, max_atoms))
    cell = draw(cells())
    periodic = draw(st.tuples(*[st.booleans()] * 3))
    try:
        box = Box.of(cell, periodic)
    except ValueError:
        assume(False)  # no volume
    half = min(box.smallest_width / 2, 15.0)
    assume(half > 1e-3)
    cutoff = half * draw(st.one_of(st.just(1.0), st.floats(0.05, 1.0)))
    kind = draw(st.sampled_from(["uniform", "lattice", "cluster", "any"]))
    if kind == "any":
        positions = draw(hnp.arrays(float, (atoms, 3), elements=st.floats(-50, 50)))
    else:
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        fractions = rng.uniform(-0.5, 1.5, (atoms, 3))
        if kind == "lattice":  # coincident atoms, atoms on faces, distances that equal the cutoff
            fractions = np.rint(fractions * 4) / 4
        if kind == "cluster":
            fractions = fractions * 0.1
        positions = fractions @ (np.diag(cell) if cell.ndim == 1 else cell)
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    return frozen(positions.astype(dtype)), frozen(cell), cutoff, periodic


def liquid(atoms, seed=0, density=0.8442):
    length = (atoms / density) ** (1 / 3)
    positions = np.random.default_rng(seed).uniform(0, length, (atoms, 3))
    return frozen(positions), frozen(np.full(3, length))


def tilted_liquid(atoms, seed=0, density=0.8442):
    """In a box of the shape of `TILTED`."""
    cell = TILTED * (atoms / density / abs(np.linalg.det(TILTED))) ** (1 / 3)
    return frozen(np.random.default_rng(seed).uniform(0, 1, (atoms, 3)) @ cell), frozen(cell)
