"""Particles on a lattice against what is known of them."""

# ruff: noqa: E402 - SciPy may be missing

from __future__ import annotations

import numpy as np
import pytest

linalg = pytest.importorskip("scipy.linalg", reason="comes with the extra reference")

from reference_impl.memory import MappedMatrix
from reference_impl.quantum import absorbing_layer, store_dense, tight_binding


def in_a_box(*lengths):
    """-2 cos(k pi / (L + 1)) along each axis, summed: the textbook's levels."""
    levels = np.zeros(1)
    for length in lengths:
        levels = np.add.outer(levels, -2 * np.cos(np.pi * np.arange(1, length + 1) / (length + 1))).ravel()
    return np.sort(levels)


@pytest.mark.parametrize("lengths", [(1,), (2,), (30,), (5, 6), (3, 4, 5)])
def test_levels_in_a_box(lengths):
    matrix = tight_binding(lengths)
    assert matrix.dtype == float
    assert np.allclose(linalg.eigvalsh(matrix.toarray()), in_a_box(*lengths), atol=1e-13)


def test_a_potential_stands_on_the_diagonal_and_a_phase_changes_no_level():
    potential = np.arange(12.0).reshape(3, 4)
    matrix = tight_binding((3, 4), potential=potential)
    assert np.array_equal(matrix.diagonal(), potential.ravel())
    turned = tight_binding((3, 4), potential=potential, hopping=np.exp(0.7j))
    assert np.array_equal(turned.conj().T.toarray(), turned.toarray())
    assert np.allclose(linalg.eigvalsh(turned.toarray()), linalg.eigvalsh(matrix.toarray()))


def test_an_absorber_makes_it_symmetric_not_hermitian_and_every_state_decays():
    matrix = tight_binding((8, 9), absorber=absorbing_layer((8, 9), width=2, strength=0.5)).toarray()
    assert np.array_equal(matrix, matrix.T)
    assert not np.array_equal(matrix, matrix.conj().T)
    assert linalg.eigvals(matrix).imag.max() < 0
    assert np.isclose(linalg.eigvals(matrix).sum(), matrix.trace())


def test_the_absorber_grows_quadratically_to_the_edges():
    layer = absorbing_layer((10,), width=4, strength=8)
    assert layer.tolist() == [8.0, 4.5, 2.0, 0.5, 0, 0, 0.5, 2.0, 4.5, 8.0]
    both = absorbing_layer((10, 10), width=4, strength=8)
    assert np.array_equal(both, layer[:, None] + layer)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: absorbing_layer((5, 9), width=6, strength=1), "got width=6, allowed: 1 to 5"),
        (lambda: absorbing_layer((5, 9), width=2, strength=-1), "got strength=-1"),
        (lambda: tight_binding(()), "got lengths=\\(\\)"),
        (lambda: tight_binding((3, 0)), "got lengths=\\(3, 0\\)"),
    ],
)
def test_what_is_no_lattice_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_dense_files_hold_the_same(tmp_path, rows):
    matrix = tight_binding((5, 6), absorber=absorbing_layer((5, 6), width=2, strength=1))
    store_dense(tmp_path / "h", matrix, memory_bytes=rows * 2 * 30 * 16)
    with MappedMatrix(tmp_path / "h") as stored:
        assert stored.valid.all()
        assert np.array_equal(stored.array, matrix.toarray())
    for other in (matrix.toarray(), matrix.tocoo()):
        with pytest.raises(
            ValueError, match=r"got a matrix that is a .*array, allowed: csr_array, csr_matrix"
        ):
            store_dense(tmp_path / "other", other)
        assert not (tmp_path / "other").exists()
    with pytest.raises(ValueError, match="got memory_bytes=959, allowed: at least 960, two rows"):
        store_dense(tmp_path / "h", matrix, memory_bytes=959, overwrite=True)
