"""Whether running kernels on the CPU tells what a device would hang at, or do wrong in silence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reference_impl.cuda import kernels_of
from tests.reference_impl.conftest import KERNELS
from tests.reference_impl.cuda.on_cpu.device import SANITIZERS, SHIM, CpuDevice, compiled, missing

WRONG = SHIM / "wrong.cu"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def wrong_library(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    return compiled([WRONG], tmp_path_factory.mktemp("wrong"))


def run(library, name, count, *, block=64, dtype=np.float32, backwards=False):
    sums = np.zeros(64, dtype)
    CpuDevice(library, backwards=backwards).launch(kernels_of(WRONG)[name], 1, block, (sums, np.int32(count)))
    return sums


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("name", "count", "problem"),
    [
        ("waits_at_two_lines", 7, "divergent barrier: thread 0 waits at line 21, thread 7 waits at line 23"),
        ("leaves_before_a_barrier", 40, "divergent barrier: thread 0 waits at line 29, thread 40 has ended"),
        ("leaves_before_a_shuffle", 5, "thread 0 waits for lanes 0xffffffff, but thread 5 has ended"),
        (
            "names_other_lanes",
            3,
            "thread 0 waits for lanes 0xffffffff, but thread 3 waits for lanes 0xfffffff0",
        ),
        ("is_not_in_its_mask", 6, "thread 6 waits for lanes 0x3f and is not one"),
    ],
)
def test_what_would_hang_is_told(wrong_library, name, count, problem, backwards):
    with pytest.raises(RuntimeError, match=f"{name}: .*{problem}"):
        run(wrong_library, name, count, backwards=backwards)
    run(wrong_library, "exchanges", 1, dtype=np.int32)  # and the next launch is none the worse


def test_barriers_that_all_reach_are_in_order(wrong_library):
    assert run(wrong_library, "waits_at_two_lines", 64).all()
    assert run(wrong_library, "leaves_before_a_barrier", 64).all()


def test_a_missing_barrier_shows_by_the_order_of_threads(wrong_library):
    """Each thread reads what the next one wrote, or did not write yet."""
    expected = (np.arange(64) + 1) % 64 + 5
    assert (run(wrong_library, "forgets_a_barrier", 5) != expected).any()
    backwards = run(wrong_library, "forgets_a_barrier", 5, backwards=True)
    assert (backwards != run(wrong_library, "forgets_a_barrier", 6)).any()


def test_exchanges_are_those_of_a_device(wrong_library):
    lane = np.arange(64) % 32
    below = np.where(lane + 3 < 32, lane + 3, lane)
    votes = np.where(lane % 2 == 1, 4, 0)
    for backwards in (False, True):
        found = run(wrong_library, "exchanges", 3, dtype=np.int32, backwards=backwards)
        np.testing.assert_array_equal(found, below[::-1] + 100 * votes + 10000 * (lane & 16))


SANITIZED = """
import sys
sys.modules["numba"] = None  # nothing of it is run here
import numpy as np
from reference_impl.cuda import kernels_of, launch, lennard_jones, neighbor_list
from reference_impl.cuda.scan import exclusive_scan
from reference_impl.dynamics import fcc_lattice, simulate, thermal_velocities
from tests.reference_impl.cuda.on_cpu.device import CpuDevice
from pathlib import Path

device, wanted = CpuDevice(sys.argv[1]), sys.argv[2]
if wanted != "all":
    kernel = kernels_of(Path(sys.argv[3]))[wanted]
    count = 2**31 - 1 if wanted == "overflows" else 1000
    room = np.zeros(count if wanted == "reads_beyond" else 1000, np.int32 if wanted == "overflows" else np.float32)
    arguments = (room.copy(), room) if wanted == "reads_beyond" else (room,)
    device.launch(kernel, -(-1000 // 128) if wanted == "reads_beyond" else 1, 128, (*arguments, np.int32(count)))
else:
    rng = np.random.default_rng(0)
    for atoms in (0, 1, 77):
        neighbor_list(rng.uniform(-9, 18, (atoms, 3)), [9, 9, 9], 3.0, device=device)
        for threads, block in ((atoms, 32), (atoms + 300, 64)):
            numbers = np.ones(atoms, np.float32)
            launch(device, "add_coalesced", threads, numbers, numbers, numbers.copy(), atoms, block=block)
            launch(device, "add_strided", threads, numbers, numbers, numbers.copy(), atoms, 9, block=block)
    positions, box = fcc_lattice(108, 0.8442)
    for precision in ("float32", "mixed", "float64"):
        for method in ("all_pairs", "cells"):
            lennard_jones(positions, box, device=device, precision=precision, method=method, block=64)
        velocities = thermal_velocities(108, 1.44, rng)
        simulate(
            positions, velocities, box, steps=8, cutoff=1.9, rebuild_every=4, precision=precision, backend=device
        )
    print("kernels:", *sorted(set(device.launched)))
"""


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """Runs the program above: in a process of its own, since sanitizers must be there before Python's memory is."""
    if reason := missing():
        pytest.skip(reason)
    runtime = subprocess.run(
        ["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    )
    asan = Path(runtime.stdout.strip())
    if not asan.is_absolute():
        pytest.skip("g++ came without libasan")
    library = compiled([*KERNELS, WRONG], tmp_path_factory.mktemp("sanitized"), *SANITIZERS)
    environment = os.environ | {
        "LD_PRELOAD": str(asan),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": str(ROOT),
        "PYTHONMALLOC": "malloc",
    }

    def program(wanted):
        command = [sys.executable, "-c", SANITIZED, str(library), wanted, str(WRONG)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=300
        )

    return program


def test_sanitizers_find_nothing_in_any_kernel(sanitized):
    told = sanitized("all")
    assert told.returncode == 0, told.stderr[-3000:]
    assert "runtime error" not in told.stderr
    ran = set(told.stdout.partition("kernels:")[2].split())
    assert ran == {name for path in KERNELS for name in kernels_of(path)}


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("reads_beyond", "heap-buffer-overflow"),
        ("writes_beyond_shared", "index 64 out of bounds"),
        ("overflows", "signed integer overflow"),
    ],
)
def test_sanitizers_name_the_line_of_a_fault(sanitized, name, report):
    told = sanitized(name)
    assert told.returncode != 0
    lines = WRONG.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if f" {name}(" in line)
    fault = next(n for n, line in enumerate(lines[first:], first + 1) if "FAULT" in line)
    assert report in told.stderr
    assert re.search(rf"wrong\.cu:{fault}\b", told.stderr), told.stderr[:3000]
