from __future__ import annotations

import platform
import socket
import subprocess
import sys

import pytest

from pytest_memguard.timing import machine
from pytest_memguard.timing.machine import describe_machine, simd_level

V2 = ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"]
V3 = [*V2, "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ([], ""),
        (V2, "x86-64-v2"),
        (V3, "x86-64-v3"),
        (V3[len(V2) :], ""),
        ([*V3, "avx512f"], "x86-64-v3"),
        (["fp", "asimd", "sve"], "sve"),
    ],
)
def test_levels(flags, level):
    assert simd_level(flags) == level


def test_the_class_names_what_decides_and_not_the_host():
    text = str(describe_machine())
    assert platform.machine() in text
    assert "cores" in text
    assert "numpy" in text
    assert "threads" in text
    assert socket.gethostname() not in text
    assert "MHz" not in text


def test_devices_are_of_the_class(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_GPUS", tmp_path)
    without = str(describe_machine.__wrapped__())
    for number, model in enumerate(["NVIDIA H200", "NVIDIA T400", "NVIDIA H200"]):
        folder = tmp_path / f"0000:{number:02x}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 18\nGPU UUID: \t GPU-1\n")
    assert str(describe_machine.__wrapped__()) == f"{without}, 2 NVIDIA H200, 1 NVIDIA T400"


def test_numpy_is_not_imported_for_it():
    code = "import sys; from pytest_memguard.timing.machine import *; describe_machine(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
