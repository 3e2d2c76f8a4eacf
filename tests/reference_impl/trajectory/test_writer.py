"""What is written can be read again, by this package and by plain h5py; what does not fit is refused."""

# ruff: noqa: E402 - h5py may be missing

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="comes with the extra reference")

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.trajectory import Header, TrajectoryReader, TrajectoryWriter
from tests.reference_impl.trajectory.systems import HEADER, frame, is_right, write


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def read(path):
    with TrajectoryReader(path) as reader:
        return list(reader)


@settings(max_examples=25, deadline=None)
@given(
    atoms=st.integers(1, 30),
    frames=st.integers(0, 12),
    per_flush=st.integers(1, 5),
    flushes=st.sets(st.integers(0, 12)),
    velocities=st.booleans(),
    triclinic=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    compression=st.sampled_from([None, 0, 1, 9]),
    reopened=st.sets(st.integers(0, 12), max_size=2),
)
def test_frames_come_back_as_they_went(  # noqa: PLR0917 - what Hypothesis draws
    tmp_path_factory, atoms, frames, per_flush, flushes, velocities, triclinic, dtype, compression, reopened
):
    path = tmp_path_factory.mktemp("runs") / "run.h5"
    header = Header(
        atoms=atoms,
        time_step=0.25,
        velocities=velocities,
        triclinic=triclinic,
        dtype=dtype,
        observables=("b", "a"),
        periodic=(True, False, True),
    )
    rng = np.random.default_rng(atoms)
    moves = rng.normal(size=(frames, 2, atoms, 3)).astype(dtype)
    boxes = rng.uniform(1, 2, (frames, *header.box_shape))
    options = {"buffer_bytes": per_flush * header.frame_bytes, "compression": compression, "append": True}
    writer = TrajectoryWriter(path, header, **options)
    for i in range(frames):
        writer.append(
            3 * i,
            moves[i, 0],
            box=boxes[i],
            velocities=moves[i, 1] if velocities else None,
            observables={"a": i, "b": -i},
        )
        if i in flushes:
            writer.flush()
            assert writer.frames == i + 1
        if i in reopened:
            writer.close()
            writer = TrajectoryWriter(path, header, **options)
    writer.close()
    with TrajectoryReader(path) as reader:
        assert reader.header == header
        assert len(reader) == frames
        assert np.array_equal(reader.series("time"), 0.75 * np.arange(frames))
        for i, found in enumerate(reader):
            assert (found.step, found.observables) == (3 * i, {"a": i, "b": -i})
            assert np.array_equal(found.positions, moves[i, 0])
            assert found.positions.dtype == dtype
            assert np.array_equal(found.box, boxes[i])
            assert (found.velocities is not None) is velocities
            assert found.velocities is None or np.array_equal(found.velocities, moves[i, 1])


def test_other_tools_find_the_elements_of_h5md(path):
    list(write(path, range(0, 60, 10)))
    with h5py.File(path, "r") as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert {"name", "version"} <= set(file["h5md/creator"].attrs)
        particles = file["particles/all"]
        assert particles["box"].attrs["dimension"] == 3
        assert particles["box"].attrs["boundary"].tolist() == [b"periodic"] * 3
        elements = [particles["position"], particles["velocity"], particles["box/edges"]]
        elements += file["observables"].values()
        assert len(elements) == 5
        for element in elements:
            assert element["step"] == particles["position/step"]  # one data set under many names
            assert element["time"] == particles["position/time"]
            assert len(element["value"]) == len(element["step"]) == 6
        assert particles["position/value"].shape == (6, HEADER.atoms, 3)
        assert particles["position/value"].compression == "gzip"
        assert particles["position/value"].shuffle
        assert file["parameters"].attrs["time_step"] == HEADER.time_step


def test_frames_of_many_chunks(path):
    header = Header(atoms=400_000, time_step=1, observables=())  # 4.6 MiB, more than the usual buffer
    positions = np.random.default_rng(0).random((header.atoms, 3), np.float32)
    with TrajectoryWriter(path, header, compression=1) as writer:
        for step in range(3):
            writer.append(step, positions + step, box=[1, 2, 3])
    with h5py.File(path, "r") as file:
        chunks = file["particles/all/position/value"].chunks
        assert chunks[0] == 1
        assert 400_000 / 6 < chunks[1] <= 2**20 / 12
    assert all(np.array_equal(found.positions, positions + found.step) for found in read(path))


def test_a_file_in_the_way_is_left_alone(path):
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="append=True"):
        TrajectoryWriter(path, HEADER)
    assert path.read_text() == "precious"


def test_what_is_no_trajectory_is_not_appended_to(path):
    path.write_text("precious, and longer than the first block of any file of HDF5's kind")
    with pytest.raises(ValueError, match="no HDF5 file of TrajectoryWriter"):
        TrajectoryWriter(path, HEADER, append=True)
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file["particles/all/position/value"] = np.zeros((1, 2, 3))
    with pytest.raises(ValueError, match=r"lacks h5md, .*step"):
        TrajectoryWriter(path, HEADER, append=True)


def test_another_system_is_not_appended(path):
    list(write(path, range(3)))
    other = Header(atoms=7, time_step=0.1, velocities=True)
    with pytest.raises(
        ValueError, match=r"atoms=7 \(the file has 40\), time_step=0.1 \(the file has 0.005\) for "
    ):
        TrajectoryWriter(path, other, append=True)
    assert len(read(path)) == 3


def test_steps_go_up_also_across_runs(path):
    list(write(path, [5]))
    with TrajectoryWriter(path, HEADER, append=True) as writer:
        with pytest.raises(ValueError, match="got step 5 after step 5"):
            writer.append(5, **frame(5))
        writer.append(6, **frame(6))
        with pytest.raises(ValueError, match="got step 2 after step 6"):
            writer.append(2, **frame(2))
    assert [found.step for found in read(path)] == [5, 6]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"positions": np.zeros((3, 3))}, r"positions of shape \(3, 3\), float64; allowed: \(40, 3\)"),
        ({"positions": np.zeros((40, 3), complex)}, "complex128"),
        ({"velocities": None}, "a frame that lacks velocities"),
        ({"box": np.eye(3)}, r"box of shape \(3, 3\)"),
        ({"time": np.nan}, "got time=nan, allowed: finite"),
        ({"observables": {"potential_energy": 1.0}}, r"got observables \['potential_energy'\], allowed"),
        ({"positions": np.full((40, 3), 1e300)}, r"positions\[0, 0\] = 1e\+300 is not finite as float32"),
        ({"velocities": np.diag([0] * 39 + [np.nan])[:, -3:]}, r"velocities\[39, 2\] = nan is not finite"),
    ],
)
def test_a_frame_that_does_not_fit_is_left_out(path, changed, message):
    with TrajectoryWriter(path, HEADER) as writer:
        writer.append(0, **frame(0))
        with pytest.raises(ValueError, match=message):
            writer.append(1, **(frame(1) | changed))
        writer.append(2, **frame(2))
    found = read(path)
    assert [one.step for one in found] == [0, 2]
    assert all(map(is_right, found))


def test_frames_are_copied(path):
    changing = frame(0)
    with TrajectoryWriter(path, HEADER) as writer:
        writer.append(0, **changing)
        for array in ("positions", "velocities", "box"):
            changing[array] += 1
    assert is_right(read(path)[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buffer_bytes": HEADER.frame_bytes - 1}, f"at least one frame, {HEADER.frame_bytes}"),
        ({"compression": 10}, "compression=10, allowed: 0 to 9, None"),
    ],
)
def test_wrong_options_leave_no_file(path, options, message):
    with pytest.raises(ValueError, match=message):
        TrajectoryWriter(path, HEADER, **options)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"atoms": 0}, "atoms=0"),
        ({"time_step": np.nan}, "time_step=nan"),
        ({"periodic": (True,)}, "three booleans"),
        ({"dtype": "float16"}, "'float32', 'float64'"),
        ({"observables": ("a", "a")}, "each once"),
        ({"observables": ("a/b",)}, "names like"),
    ],
)
def test_wrong_headers(wrong, message):
    with pytest.raises(ValueError, match=message):
        Header(**{"atoms": 1, "time_step": 1.0, **wrong})


def test_frames_after_the_close_are_refused(path):
    with TrajectoryWriter(path, HEADER) as writer:
        writer.append(0, **frame(0))
    with pytest.raises(ValueError, match="got a frame after close"):
        writer.append(1, **frame(1))
    with TrajectoryReader(path) as reader:
        assert is_right(reader[0])
    for use in (lambda: reader[0], reader.refresh, lambda: reader.series("step"), lambda: list(reader)):
        with pytest.raises(ValueError, match="got use after close"):
            use()


def test_one_writer_at_a_time(path):
    with TrajectoryWriter(path, HEADER) as writer:
        writer.append(0, **frame(0))
        program = (
            "from tests.reference_impl.trajectory.systems import HEADER\n"
            "from reference_impl.trajectory import TrajectoryWriter, recover\n"
            "import sys\n"
            "for call in (recover, lambda path: TrajectoryWriter(path, HEADER, append=True)):\n"
            "    try:\n"
            "        call(sys.argv[1])\n"
            "    except BlockingIOError as error:\n"
            "        print(error.strerror)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == ["a writer or another tool has it open"] * 2
    assert is_right(read(path)[0])
