"""Trajectories: a writer takes its buffer, a reader what it was given, however long the file is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("h5py", reason="comes with the extra reference")

from pytest_memguard import KiB, MiB
from reference_impl.trajectory import Header, TrajectoryReader, TrajectoryWriter

ATOMS = 10_000
HEADER = Header(atoms=ATOMS, time_step=0.005)
FRAMES = 400
PYTHON_ITSELF = KiB(32)  # h5py's objects, call frames
HDF5_ITSELF = MiB(3)  # two chunks and metadata


@pytest.fixture(scope="module")
def positions():
    return np.random.default_rng(0).random((ATOMS, 3), np.float32)


def write(path, positions, frames, buffer_bytes):
    with TrajectoryWriter(path, HEADER, buffer_bytes=buffer_bytes, compression=1) as writer:
        for step in range(frames):
            energies = {"potential_energy": -step, "kinetic_energy": step}
            writer.append(step, positions, box=(1, 1, 1), observables=energies)


@pytest.fixture(scope="module")
def recorded(positions, tmp_path_factory):
    path = tmp_path_factory.mktemp("trajectory") / "long.h5"
    write(path, positions, FRAMES, MiB(4))
    return path


@pytest.fixture
def fresh(tmp_path):
    """A new path at each call: rounds of a test must not meet the file of the one before."""
    numbers = iter(range(1_000))
    return lambda: tmp_path / f"{next(numbers)}.h5"


@pytest.mark.memory_budget(
    peak=lambda megabytes: MiB(megabytes) + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1
)
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + HDF5_ITSELF, probe="heap", warmup=1)
@pytest.mark.parametrize("megabytes", [1, 8])
def test_a_writer_holds_its_buffer_and_no_more(positions, fresh, megabytes):
    write(fresh(), positions, 200, MiB(megabytes))


@pytest.mark.memory_budget(
    peak=lambda megabytes: MiB(megabytes) + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1
)
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + HDF5_ITSELF, probe="heap", warmup=1)
@pytest.mark.parametrize("megabytes", [1, 8])
def test_blocks_of_a_long_file_stay_within_their_memory(recorded, positions, megabytes):
    assert FRAMES * HEADER.frame_bytes > 40 * MiB(1)
    with TrajectoryReader(recorded) as reader:
        frames = 0
        for block in reader.blocks(MiB(megabytes)):
            frames += len(block.steps)
            assert np.array_equal(block.positions[-1], positions)
    assert frames == FRAMES


@pytest.fixture
def reader(recorded):
    with TrajectoryReader(recorded) as reader:
        yield reader


@pytest.mark.memory_budget(peak=HEADER.frame_bytes + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_any_frame_costs_itself(reader):
    assert reader[FRAMES // 2].step == FRAMES // 2


@pytest.fixture
def waiting(tmp_path):
    """A writer whose buffer stays open: the time of flushes has tests of its own."""
    with TrajectoryWriter(tmp_path / "run.h5", HEADER, buffer_bytes=30 * HEADER.frame_bytes) as writer:
        yield writer


@pytest.mark.memory_budget(peak="baseline", leak="0 B", rounds=3, warmup=1)
def test_a_frame_is_copied_into_the_buffer(waiting, positions):
    step = len(waiting._buffer.filled("particles/all/position/step"))
    waiting.append(step, positions, box=(1, 1, 1), observables={"potential_energy": 0, "kinetic_energy": 0})


def test_memory_of_a_frame_grows_with_the_number_of_atoms(memguard, fresh):
    def write_two(atoms):
        header = Header(atoms=atoms, time_step=1, observables=())
        positions = np.zeros((atoms, 3), np.float32)
        with TrajectoryWriter(fresh(), header, buffer_bytes=2 * header.frame_bytes, compression=1) as writer:
            for step in range(2):
                writer.append(step, positions, box=(1, 1, 1))

    memguard.scaling(write_two, (10_000, 30_000, 100_000, 300_000), peak_exponent=1.1, time_exponent=1.3)
