"""Sizes come as any integers; what is no whole number is refused where it is given, by name."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="comes with the extra reference")
pytest.importorskip("h5py", reason="comes with the extra reference")

from reference_impl.dynamics import fcc_lattice, radial_distribution, simulate, thermal_velocities
from reference_impl.layout import aligned_empty, aligned_zeros
from reference_impl.memory import AdaptivePool, ArrayPool, BlockPool, MappedMatrix, ThreadCaches
from reference_impl.parallel import DomainForces, Processes, Threads
from reference_impl.products import blocked_product, chunked_product
from reference_impl.quantum import HamiltonianBuilder, Symmetry, lowest_eigenpairs, tight_binding
from reference_impl.spectral import FFTWorkspaces, inverse_transform, spectral_derivative
from reference_impl.trajectory import Header, TrajectoryReader, TrajectoryWriter

FIELD = np.arange(8.0)
SQUARE = np.eye(20)
CRYSTAL, BOX = fcc_lattice(256, 0.8442)
HEADER = Header(atoms=3, time_step=0.1, observables=())


def created(path, *shape):
    with MappedMatrix.create(path / "a", shape) as matrix:
        return matrix.shape


def rows_read(path, first):
    rows = np.empty((1, 3))
    with MappedMatrix.create(path / "a", (4, 3)) as matrix:
        matrix[...] = np.arange(12).reshape(4, 3)
        matrix.read_rows(first, rows)
    return rows[0, 0]


def added(row):
    builder = HamiltonianBuilder(4, Symmetry.HERMITIAN, dtype=float)
    builder.add(row, 0, 1.0)
    return np.flatnonzero(builder.build().toarray()[:, 0])[0]


def real_field(length):
    return inverse_transform(FIELD[:2] + 0j, real_length=length, workspaces=FFTWorkspaces())


def pairs(path, **options):
    with MappedMatrix.create(path / "a", SQUARE.shape) as matrix:
        matrix[...] = SQUARE
        matrix.flush()
        return lowest_eigenpairs(matrix, **{"k": 1, "memory_bytes": 10**6} | options).values[0]


def run(**options):
    return simulate(CRYSTAL, np.zeros_like(CRYSTAL), BOX, **{"steps": 4} | options).samples[-1].step


def domains(**options):
    with DomainForces(**{"atoms": 2, "box": [10, 10, 10]} | options) as forces:
        forces.compute(np.eye(3)[:2])
        return len(forces.owned)


def written(path, *, step=2, buffer_bytes=1_000, memory_bytes=1_000):
    with TrajectoryWriter(path / "a", HEADER, buffer_bytes=buffer_bytes) as writer:
        writer.append(step, np.eye(3), box=[1, 1, 1])
    with TrajectoryReader(path / "a") as reader:
        return next(reader.blocks(memory_bytes)).steps[0]


TAKES = {  # what is made with 2, and what is made of it there
    "alignment": (lambda path, n: BlockPool(64, alignment=n).allocate(1).nbytes, 1),
    "capacity_bytes": (lambda path, n: BlockPool(n).reserved_bytes, 64),
    "bytes": (lambda path, n: BlockPool(64).allocate(n).nbytes, 2),
    "bytes of a cache": (lambda path, n: ThreadCaches(BlockPool(64), cache_bytes=n).allocate(n).nbytes, 2),
    "alignment of an array": (lambda path, n: aligned_empty(3, alignment=n).size, 3),
    "length of an array": (lambda path, n: aligned_zeros((n, 3)).shape, (2, 3)),
    "max_bytes": (lambda path, n: ArrayPool(n).max_bytes, 2),
    "size": (lambda path, n: AdaptivePool(n).max_bytes, 2),
    "shape": (lambda path, n: ArrayPool().acquire((n, 3)).size, 6),
    "rows": (lambda path, n: created(path, n, 3), (2, 3)),
    "columns": (lambda path, n: created(path, 3, n), (3, 2)),
    "first": (rows_read, 6),
    "states": (lambda path, n: HamiltonianBuilder(n, Symmetry.HERMITIAN).states, 2),
    "row": (lambda path, n: added(n), 2),
    "length": (lambda path, n: tight_binding((3, n)).shape, (6, 6)),
    "k": (lambda path, n: pairs(path, k=n), 1),
    "memory_bytes": (lambda path, n: pairs(path, memory_bytes=n * 500_000), 1),
    "block": (lambda path, n: blocked_product(SQUARE, SQUARE, block=n).sum(), 20),
    "memory_bytes of tiles": (lambda path, n: chunked_product(SQUARE, SQUARE, memory_bytes=n * 50_000).sum(), 20),
    "threads": (lambda path, n: FFTWorkspaces(threads=n).threads, 2),
    "max_bytes of workspaces": (lambda path, n: FFTWorkspaces(max_bytes=n).max_bytes, 2),
    "order": (lambda path, n: spectral_derivative(FIELD, 1.0, 0, order=n, workspaces=FFTWorkspaces()).size, 8),
    "real_length": (lambda path, n: real_field(n).size, 2),
    "steps": (lambda path, n: run(steps=n), 2),
    "sample_every": (lambda path, n: run(sample_every=n), 4),
    "rebuild_every": (lambda path, n: run(rebuild_every=n), 4),
    "atoms": (lambda path, n: fcc_lattice(n, 1.0)[0].shape, (4, 3)),
    "atoms with velocities": (lambda path, n: thermal_velocities(n, 1.0, np.random.default_rng(0)).shape, (2, 3)),
    "atoms of a header": (lambda path, n: Header(atoms=n, time_step=1).box_shape, (3,)),
    "atoms of domains": (lambda path, n: domains(atoms=n), 1),
    "domains": (lambda path, n: domains(domains=n), 2),
    "domains along an axis": (lambda path, n: domains(domains=(n, 1, 1)), 2),
    "workers that are threads": (lambda path, n: domains(device=Threads(n)), 1),
    "workers": (lambda path, n: Processes(n).pids, ()),
    "bins": (lambda path, n: radial_distribution(CRYSTAL, BOX, cutoff=2.0, bins=n).density.size, 2),
    "step": (lambda path, n: written(path, step=n), 2),
    "buffer_bytes": (lambda path, n: written(path, buffer_bytes=500 * n), 2),
    "memory_bytes of frames": (lambda path, n: written(path, memory_bytes=500 * n), 2),
}  # fmt: skip


@pytest.mark.parametrize("number", [np.int64(2), np.uint8(2), np.array(2)], ids=["int64", "uint8", "0-d"])
@pytest.mark.parametrize("name", TAKES)
def test_integers_of_numpy(name, number, tmp_path):
    make, expected = TAKES[name]
    if name.startswith(("memory_bytes", "buffer_bytes")):
        number = number.astype(np.int64)  # is multiplied here
    assert make(tmp_path, number) == expected


@pytest.mark.parametrize("number", [2.5, 2.0, np.float64(2), "2", None, np.array([2])], ids=repr)
@pytest.mark.parametrize("name", TAKES)
def test_what_is_no_whole_number(name, number, tmp_path):
    make, _ = TAKES[name]
    multiplied = name.startswith(("memory_bytes", "buffer_bytes"))
    if number == "2" and (multiplied or name == "size"):
        number = "two"  # sizes in words are another matter, and "2" times 50_000 is text
    if number is None and (multiplied or name in ("real_length", "rebuild_every")):
        number = 0.5
    with pytest.raises((ValueError, IndexError), match=r"got .*, allowed: "):
        make(tmp_path, number)


@pytest.mark.parametrize("name", ["capacity_bytes", "bytes", "shape", "rows", "columns"])
def test_more_than_can_be_addressed(name, tmp_path):
    with pytest.raises((ValueError, MemoryError), match=r"bytes than|can be addressed|allocate|up to"):
        TAKES[name][0](tmp_path, 2**62)
