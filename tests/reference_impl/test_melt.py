"""The command that melts a crystal."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reference_impl import melt


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "reference_impl.melt", *arguments], capture_output=True, text=True, check=False
    )


def test_a_short_run_prints_energies_and_what_a_step_costs():
    done = run("--atoms", "500", "--steps", "20", "--every", "10", "--seed", "7")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("500 atoms in a box of 8.398 x 8.398 x 8.398")
    assert lines[1].split() == ["step", "temperature", "potential", "total", "pressure"]
    steps = [line.split() for line in lines[2:5]]
    assert [step[0] for step in steps] == ["0", "10", "20"]
    assert steps[0][1:3] == ["1.440000", "-6.773368"]
    assert "ns per atom and step" in lines[-1]


def test_threads_and_precision_change_the_last_digits_only():
    short = ("--atoms", "500", "--steps", "20", "--seed", "7")
    plain, other = run(*short), run(*short, "--threads", "2", "--precision", "float32")
    assert other.returncode == 0, other.stderr
    ends = [[float(number) for number in done.stdout.splitlines()[3].split()] for done in (plain, other)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--density", "0"], "got density=0.0"),
        (["--atoms", "100"], "at most half the shortest periodic box length"),
        (["--steps", "-1"], "got --steps -1, allowed: 0 and more"),
        (["--every", "0"], "got --every 0, allowed: 1 and more"),
        (["--seed", "-1"], "got --seed -1, allowed: 0 and more"),
        (["--time-step", "0"], "got --time-step 0.0, allowed: above 0, finite"),
        (["--time-step", "nan"], "got --time-step nan, allowed: above 0, finite"),
        (["--trajectory", __file__], "which is there already; allowed: a new file"),
        (["--trajectory", "absent/melt.h5"], "there is no folder absent; allowed: a new file"),
        (["--threads", "0"], "got threads=0"),
        (["--precision", "half"], "invalid choice"),
        (["--precision", "mixed"], "got precision='mixed'"),
        (["--backend", "cupy"], "a CUDA device needs CuPy, which cannot be imported here"),
        (["--atoms", "many"], "invalid int value"),
    ],
)
def test_wrong_use_is_said_in_a_line(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["melt", *arguments])
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(SystemExit) as ended:
        melt.main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_what_is_refused_leaves_no_trajectory(tmp_path, monkeypatch):
    asked = ["--atoms", "500", "--threads", "0", "--trajectory", str(tmp_path / "melt.h5")]
    monkeypatch.setattr(sys, "argv", ["melt", *asked])
    with pytest.raises(SystemExit):
        melt.main()
    assert not list(tmp_path.iterdir())


def test_a_trajectory_has_the_lines_as_frames(tmp_path):
    trajectory = pytest.importorskip(
        "reference_impl.trajectory", reason="needs h5py, of the extra reference", exc_type=ImportError
    )
    path = tmp_path / "melt.h5"
    asked = ("--atoms", "500", "--steps", "25", "--every", "10", "--trajectory", str(path))
    done = run(*asked)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:6]]
    with trajectory.TrajectoryReader(path) as reader:
        frames = list(reader)
    assert [frame.step for frame in frames] == [0, 10, 20, 25]
    for row, frame in zip(rows, frames, strict=True):
        assert row[1] == f"{frame.observables['temperature']:.6f}"
        assert row[2] == f"{frame.observables['potential_energy']:.6f}"
        assert (frame.velocities**2).sum() / 2 / 500 == pytest.approx(frame.observables["kinetic_energy"])
        assert ((frame.positions >= 0) & (frame.positions < frame.box)).all()
    again = run(*asked)
    assert again.returncode == 2
    assert "is there already" in again.stderr
