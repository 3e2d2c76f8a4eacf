"""Matrices whose eigenpairs are known without a solver, in files."""

from __future__ import annotations

import numpy as np

from reference_impl.memory import MappedMatrix


def reflector(n, *, is_complex=False):
    """u with u^T u = 1: I - 2 u u^T is its own inverse, and symmetric. A complex one makes matrices not normal."""
    rng = np.random.default_rng(n)
    u = rng.standard_normal(n)
    if is_complex:
        u = u + 0.3j * rng.standard_normal(n)
    return u / np.sqrt(u @ u)


def reflected(values, u):
    """The symmetric matrix with these eigenvalues, and its eigenvectors as columns."""
    vectors = np.eye(len(values)) - 2 * np.outer(u, u)
    return (vectors * values) @ vectors, vectors


def stored(path, matrix):
    with MappedMatrix.create(path, matrix.shape, matrix.dtype) as file:
        file[...] = matrix
    return MappedMatrix(path)


def assert_same_directions(found, expected, tolerance=1e-8):
    """Columns that are equal but for a factor."""
    for one, other in zip(found.T, (expected / np.linalg.norm(expected, axis=0)).T, strict=True):
        assert abs(np.linalg.norm(one) - 1) < 1e-12
        assert np.linalg.norm(one - other * np.vdot(other, one)) < tolerance
