"""Reading: by number, in blocks, and while the writer goes on."""

# ruff: noqa: E402 - h5py may be missing

from __future__ import annotations

import struct
import subprocess
import sys

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="comes with the extra reference")

from reference_impl.trajectory import TrajectoryReader
from reference_impl.trajectory.superblock import _lookup3
from tests.reference_impl.trajectory.systems import HEADER, is_right, write


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "run.h5"
    list(write(path, range(11)))
    return path


def test_any_frame_by_its_number(path):
    with TrajectoryReader(path) as reader:
        assert len(reader) == 11
        for number in (4, 0, -1, 10, -11):
            assert reader[number].step == number % 11
            assert is_right(reader[number])
        for number in (11, -12):
            with pytest.raises(IndexError, match=f"got frame {number}, allowed: -11 to 10"):
                reader[number]


@pytest.mark.parametrize("frames", [1, 2, 3, 11, 50])
def test_blocks_hold_every_frame_once(path, frames):
    with TrajectoryReader(path) as reader:
        blocks = list(reader.blocks(2 * frames * HEADER.frame_bytes + 7))
    assert [len(block.steps) for block in blocks[:-1]] == [frames] * (len(blocks) - 1)
    assert np.concatenate([block.steps for block in blocks]).tolist() == list(range(11))
    assert all(is_right(found) for block in blocks for found in block.each())


def test_a_budget_below_two_frames_is_refused(path):
    with TrajectoryReader(path) as reader, pytest.raises(ValueError, match="at least two frames"):
        reader.blocks(2 * HEADER.frame_bytes - 1)


def test_series_of_numbers(path):
    with TrajectoryReader(path) as reader:
        assert reader.series("step").tolist() == list(range(11))
        assert reader.series("kinetic_energy").tolist() == [step / 4 for step in range(11)]
        with pytest.raises(ValueError, match="'pressure', allowed: step, time, kinetic_energy"):
            reader.series("pressure")


def test_what_is_no_trajectory(tmp_path):
    with pytest.raises(FileNotFoundError):
        TrajectoryReader(tmp_path / "absent.h5")
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(OSError, match="signature"):
        TrajectoryReader(tmp_path / "text.h5")
    h5py.File(tmp_path / "empty.h5", "w", libver=("v110", "v110")).close()
    with pytest.raises(ValueError, match="lacks h5md"):
        TrajectoryReader(tmp_path / "empty.h5")


@pytest.mark.parametrize(
    "use", [lambda path: list(TrajectoryReader(path)), lambda path: list(write(path, [99], append=True))]
)
def test_what_is_left_of_a_file_is_an_error_and_no_wait(path, use):
    whole = path.read_bytes()
    for size in range(50, len(whole), len(whole) // 10):
        path.write_bytes(whole[:size])
        with pytest.raises(OSError, match="truncated"):
            use(path)


def dead(path):
    """As its writer left it that was killed: with its flags, and the sum that goes with them."""
    start = bytearray(path.read_bytes())
    start[11] = 5
    start[44:48] = struct.pack("<I", _lookup3(bytes(start[:44])))
    path.write_bytes(start)


can_tell = pytest.mark.skipif(
    sys.platform == "win32", reason="nobody can tell there whether the writer lives"
)


@pytest.mark.parametrize("is_dead", [False, pytest.param(True, marks=can_tell)])
@pytest.mark.parametrize("append", [False, True])
def test_damage_is_an_error_and_no_wait(path, append, is_dead):
    if is_dead:
        dead(path)
    whole, refused = path.read_bytes(), 0
    for place in range(100, 6000, 300):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        try:
            if append:
                list(write(path, [99], append=True))
            else:
                with TrajectoryReader(path) as reader:
                    assert all(map(is_right, reader))
        except OSError:
            refused += 1
    assert refused > 2


@can_tell
def test_the_file_of_a_dead_writer_is_read_as_it_is(path):
    dead(path)
    left = path.read_bytes()
    with TrajectoryReader(path) as reader:
        assert all(map(is_right, reader))
        assert len(reader) == 11
        list(write(path, range(20, 30), append=True))
        assert reader.refresh() == 21
        assert all(map(is_right, reader))
    path.write_bytes(left)
    path.chmod(0o444)
    assert len(TrajectoryReader(path)) == 11
    assert path.read_bytes() == left


def test_a_reader_that_was_there_before_the_writer_came_sees_its_frames(path):
    with TrajectoryReader(path) as reader:
        appending = "from tests.reference_impl.trajectory.systems import write; import sys;"
        subprocess.run(
            [sys.executable, "-c", f"{appending} list(write(sys.argv[1], range(11, 90), append=True))", path],
            check=True,
        )
        assert is_right(reader[10])
        assert reader.refresh() == 90
        assert all(map(is_right, reader))


PROGRAM = """
import sys
from tests.reference_impl.trajectory.systems import write
for flushed in write(sys.argv[1], range(10**6)):
    print(flushed, flush=True)
    sys.stdin.readline()
"""


def test_frames_are_seen_while_they_are_written(tmp_path):
    path = tmp_path / "live.h5"
    command = [sys.executable, "-c", PROGRAM, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        flushed = int(writer.stdout.readline())
        with TrajectoryReader(path) as reader:
            for _ in range(41):
                assert reader.refresh() == flushed
                assert not flushed or (reader[-1].step == flushed - 1 and is_right(reader[-1]))
                print(file=writer.stdin, flush=True)
                flushed = int(writer.stdout.readline())
            if sys.platform != "win32":  # where a file that is locked cannot be written
                with h5py.File(path, "r", swmr=True, locking=False) as other:
                    assert len(other["particles/all/position/value"]) == flushed
        writer.kill()
    assert flushed == 40


@pytest.mark.skipif(sys.platform == "win32", reason="locks keep readers out there")
def test_other_tools_read_beside_the_writer_in_hdf5_s_own_way(path):
    program = (
        "import h5py, sys; print(len(h5py.File(sys.argv[1], 'r', swmr=True)['particles/all/position/step']))"
    )
    for flushed in write(path, range(20, 21), per_flush=1, append=True):
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
        )
        assert int(done.stdout) == flushed == 12
