"""The lowest states of a dense matrix in a file, with a tenth of its size for memory, against SciPy with all of it.

Run ``OPENBLAS_NUM_THREADS=1 python benchmarks/quantum/out_of_core.py [--keep]``: one thread for all. The contestants
take turns, each in a process of its own that begins with the file and ends with eigenpairs, which are held against
each other. Peaks are of resident memory above what the process held before (Linux). Then each has to do with a tenth
as much memory as the matrix takes, and some for itself, by a limit of the system (RLIMIT_DATA).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, publish, ratio
from scipy import linalg
from scipy.sparse import linalg as sparse_linalg

from reference_impl.backends import HAS_NUMBA, jit
from reference_impl.memory import MappedMatrix
from reference_impl.quantum import Symmetry, lowest_eigenpairs, tight_binding

LEVELS = 6
OWN_BYTES = 2**21  # of Python, of pages that the allocator rounds up to
STATES = {Symmetry.HERMITIAN: 3000, Symmetry.COMPLEX_SYMMETRIC: 1500}


def random_matrix(symmetry, n):
    """Gaussian, with a diagonal that rises: levels lie close, as those of a large system do."""
    matrix = np.random.default_rng(0).standard_normal((n, n))
    if symmetry is Symmetry.COMPLEX_SYMMETRIC:
        matrix = matrix + 0.3j * np.random.default_rng(1).standard_normal((n, n))
    return (matrix + matrix.T) / 2 + np.diag(np.linspace(0, n**0.5, n))


def ours(path, symmetry):
    with MappedMatrix(path) as matrix:
        part = 10 if matrix.shape[0] in STATES.values() else 2
        found = lowest_eigenpairs(matrix, LEVELS, symmetry, memory_bytes=matrix.nbytes // part)
    return found.values, found.passes


def lowest(values):
    return values[np.lexsort((values.imag, values.real))][:LEVELS]


def loaded(path):
    with MappedMatrix(path) as matrix:
        whole = np.empty(matrix.shape, matrix.dtype)
        matrix.read_rows(0, whole)
    return whole


def lapack(path, symmetry):
    whole = loaded(path).T  # symmetric: in the order of Fortran it is not copied
    if symmetry is Symmetry.HERMITIAN:
        values, _ = linalg.eigh(whole, subset_by_index=(0, LEVELS - 1), overwrite_a=True)
        return values, 1
    values, _ = linalg.eig(whole, overwrite_a=True)
    return lowest(values), 1


def by_arpack(product, matrix, symmetry):
    passes = 0

    def counted(vector):
        nonlocal passes
        passes += 1
        return product(vector)

    operator = sparse_linalg.LinearOperator(matrix.shape, counted, dtype=matrix.dtype)
    if symmetry is Symmetry.HERMITIAN:
        values, _ = sparse_linalg.eigsh(operator, LEVELS, which="SA", tol=1e-11)
    else:
        values, _ = sparse_linalg.eigs(operator, LEVELS, which="SR", tol=1e-11)
    return lowest(values), passes


def arpack(path, symmetry):
    whole = loaded(path)
    return by_arpack(whole.__matmul__, whole, symmetry)


def arpack_mapped(path, symmetry):
    with MappedMatrix(path) as matrix:
        return by_arpack(matrix.array.__matmul__, matrix.array, symmetry)


CONTESTANTS = {
    "lowest_eigenpairs, 1/10": ours,
    "scipy eigh / eig": lapack,
    "scipy eigsh / eigs": arpack,
    "the same, memory-mapped": arpack_mapped,
}


def resident(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def child(name, path, symmetry, limit):
    """Solve once and tell how: libraries are loaded by a small problem first."""
    run = CONTESTANTS[name]
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small"
        store(small, random_matrix(symmetry, 300))
        run(small, symmetry)
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)
    if limit:
        import resource

        most = resident("VmData") + limit + OWN_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    Path("/proc/self/clear_refs").write_text("5")
    before, start = resident("VmRSS"), time.process_time()
    try:
        values, passes = run(path, symmetry)
    except MemoryError:
        print(json.dumps({"values": None}))
        return
    seconds = time.process_time() - start
    peak_bytes = resident("VmHWM") - before
    parts = [[float(value.real), float(value.imag)] for value in values]
    print(json.dumps({"values": parts, "passes": passes, "seconds": seconds, "peak_bytes": peak_bytes}))


def solved(name, path, symmetry, limit=0):
    command = (sys.executable, __file__, "--child", name, path, symmetry.name, str(limit))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return json.loads(done.stdout)


def store(path, matrix):
    with MappedMatrix.create(path, matrix.shape, matrix.dtype) as file:
        file[...] = matrix


def table(symmetry, folder, rounds):
    n = STATES[symmetry]
    path = Path(folder) / symmetry.name
    matrix = random_matrix(symmetry, n)
    nbytes = matrix.nbytes
    store(path, matrix)
    del matrix
    runs = interleaved({name: partial(solved, name, path, symmetry) for name in CONTESTANTS}, rounds)
    reference = np.array(runs["scipy eigh / eig"][0]["values"])
    yield ""
    yield f"{symmetry.value}, {n} x {n}, {nbytes / 1e6:.0f} MB, the lowest {LEVELS}"
    yield f"{'':26}{'CPU s':>9}{'times':>8}{'passes':>8}{'peak MB':>9}{'of matrix':>11}{'error':>10}  in 1/10"
    base = [run["seconds"] for run in runs["scipy eigh / eig"]]
    for name, done in runs.items():
        seconds = [run["seconds"] for run in done]
        peak_bytes = statistics.median(run["peak_bytes"] for run in done)
        error = max(abs(np.array(run["values"]) - reference).max() for run in done)
        ending = "solved" if solved(name, path, symmetry, nbytes // 10)["values"] else "MemoryError"
        yield (
            f"{name:26}{statistics.median(seconds):9.2f}{ratio(seconds, base):7.2f}x{done[0]['passes']:8}"
            f"{peak_bytes / 1e6:9.1f}{peak_bytes / nbytes:10.0%} {error:10.0e}  {ending}"
        )


@jit
def csr_times_vector(indptr, indices, data, vector, out):
    for row in range(len(out)):
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            total += data[at] * vector[indices[at]]
        out[row] = total


def products(rounds):
    """SciPy's product against a compiled loop: whether one of our own would be worth it."""
    matrix = tight_binding((500, 500))
    vector, out = np.random.default_rng(0).random(matrix.shape[1]), np.empty(matrix.shape[0])

    def by_scipy():
        start = time.process_time()
        for _ in range(20):
            matrix @ vector
        return (time.process_time() - start) / 20

    def by_numba():
        start = time.process_time()
        for _ in range(20):
            csr_times_vector(matrix.indptr, matrix.indices, matrix.data, vector, out)
        return (time.process_time() - start) / 20

    by_numba()
    assert np.allclose(out, matrix @ vector)
    seconds = interleaved({"scipy": by_scipy, "numba": by_numba}, 3 * rounds)
    yield ""
    yield f"CSR matrix times vector, {matrix.shape[0]} rows, {matrix.nnz} elements"
    for name, own in seconds.items():
        yield f"{name:26}{statistics.median(own) * 1e3:6.2f} ms{ratio(own, seconds['scipy']):7.2f}x"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [
        machine(),
        f"CPU seconds, medians of {options.rounds} interleaved rounds; times as long as eigh / eig",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for symmetry in Symmetry:
            lines += table(symmetry, folder, options.rounds)
    if HAS_NUMBA:
        lines += products(options.rounds)
    publish("out_of_core", lines, is_kept=options.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), Symmetry[sys.argv[4]], int(sys.argv[5]))
    else:
        main()
