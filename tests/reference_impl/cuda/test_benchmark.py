"""The benchmark of devices, run where there is none: with the kernels on the CPU and a clock of its own."""

from __future__ import annotations

import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "gpu" / "molecular_dynamics.py"


class Clock:
    versions = "no CUDA"

    def __call__(self, function):
        started = time.perf_counter()
        function()
        return (time.perf_counter() - started) * 1e3


def test_the_table(cpu_device, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    script = runpy.run_path(str(SCRIPT))
    effort = script["Effort"](rounds=1, steps=4, melted_after=2, vector=500)
    lines = list(script["table"](cpu_device, Clock(), (256,), "mixed", effort))
    assert lines[0] == "CPU, one thread; no CUDA; pairs in mixed"
    atoms, force, build, step, steps_per_build, pairs = map(float, lines[5].split())
    assert atoms == 256
    assert min(force, build, step) > 0
    assert 1 <= steps_per_build <= 12
    assert 70 < pairs < 85  # 4 / 3 pi 2.8³ 0.8442 = 77.6
    assert lines[1].endswith("GB/s")


def test_it_says_that_there_is_no_device(monkeypatch):
    program = (
        f"import runpy, sys; sys.modules['cupy'] = None; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "nothing can be timed here: a CUDA device needs CuPy, which cannot be imported here" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.gpu
def test_the_table_of_a_device():
    told = subprocess.run(
        [sys.executable, str(SCRIPT), "--atoms", "10000"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "GB/s" in told.stdout
