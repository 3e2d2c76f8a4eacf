"""Workers that are killed, callers that are killed: nobody waits for them, and no segment stays."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import psutil
import pytest

from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import DomainForces, Processes, WorkerDiedError, shared_array

POSITIONS, BOX = fcc_lattice(500, 0.8442)
ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(
    os.name == "nt", reason="Windows has neither SIGKILL nor names that outlive their users"
)

CALLER = """
import sys
import numpy as np
from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import DomainForces, Processes

if __name__ == "__main__":
    positions, box = fcc_lattice(500, 0.8442)
    device = Processes(2)
    forces = DomainForces(len(positions), box, domains=2, device=device)
    forces.compute(positions)
    print(*device.names, *device.pids, flush=True)
    if sys.argv[1] == "wait":
        sys.stdin.read()
    elif sys.argv[1] == "raise":
        raise KeyError("unexpected")
"""


def is_there(name):
    # Not by opening it: that would tell this process' own resource tracker of a segment that is not its own.
    return (Path("/dev/shm") / name).exists() if sys.platform == "linux" else _opens(name)


def _opens(name):
    try:
        SharedMemory(name).close()
    except FileNotFoundError:
        return False
    return True


def soon(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def run():
    """(forces, device, segments, workers), warmed up."""
    device = Processes(2)
    with DomainForces(500, BOX, domains=4, device=device) as forces:
        forces.compute(POSITIONS)
        yield forces, device, device.names, [psutil.Process(pid) for pid in device.pids]


def assert_gone(names, workers):
    assert not [name for name in names if is_there(name)]
    assert not [worker for worker in workers if worker.is_running()]


def test_closing_leaves_no_segment_and_no_worker(run):
    forces, _, names, workers = run
    assert len(set(names)) == len(workers) == 2
    assert all(map(is_there, names))
    forces.close()
    assert_gone(names, workers)


@posix
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_worker_is_told_and_leaves_nothing(run, victim):
    forces, _, names, workers = run
    workers[victim].kill()
    message = rf"worker {victim + 1} of 2 \(process {workers[victim].pid}\) was killed by SIGKILL"
    with pytest.raises(WorkerDiedError, match=message):
        forces.compute(POSITIONS)
    assert_gone(names, workers)
    with pytest.raises(ValueError, match="workers that have ended"):
        forces.compute(POSITIONS)


@posix
def test_a_worker_that_is_killed_while_its_answer_is_waited_for(run):
    forces, _, names, workers = run
    workers[1].suspend()
    killer = threading.Timer(0.3, workers[1].kill)
    killer.start()
    with pytest.raises(WorkerDiedError, match=r"worker 2 of 2 .* was killed by SIGKILL before it answered"):
        forces.compute(POSITIONS)
    killer.join()
    assert_gone(names, workers)


@posix
def test_an_interrupt_while_waiting_leaves_nothing(run):
    forces, _, names, workers = run
    workers[0].suspend()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            forces.compute(POSITIONS)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert_gone(names, workers)


def test_a_forgotten_run_is_cleaned_up():
    device = Processes(1)
    forces = DomainForces(500, BOX, device=device)
    names, workers = device.names, [psutil.Process(pid) for pid in device.pids]
    del device, forces
    gc.collect()
    assert_gone(names, workers)


@pytest.mark.parametrize("end", ["leave", "raise"])
def test_a_caller_that_ends_without_closing(end, tmp_path):
    done = start_caller(tmp_path, end)
    said, errors = done.communicate(timeout=120)
    names, workers = parsed(said)
    assert soon(lambda: not any(map(psutil.pid_exists, workers)))
    assert not [name for name in names if is_there(name)]
    assert "leaked" not in errors
    assert ("KeyError: 'unexpected'" in errors) == (end == "raise")


@posix
def test_a_caller_that_is_killed(tmp_path):
    caller = start_caller(tmp_path, "wait")
    names, workers = parsed(caller.stdout.readline())
    assert all(map(is_there, names))
    caller.kill()
    caller.communicate(timeout=60)
    assert soon(lambda: not any(map(psutil.pid_exists, workers)))
    assert soon(lambda: not any(map(is_there, names)))


def start_caller(folder, end):
    (folder / "caller.py").write_text(CALLER)
    return subprocess.Popen(
        [sys.executable, folder / "caller.py", end],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def parsed(line):
    *names, first, second = line.split()
    return names, (int(first), int(second))


@posix
def test_no_file_stays_open():
    def use():
        with DomainForces(500, BOX, domains=2, device=Processes(2)) as forces:
            forces.compute(POSITIONS)

    process = psutil.Process()
    use()  # the resource tracker stays
    before = process.num_fds()
    use()
    assert process.num_fds() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says how much is free")
def test_no_room_is_an_error_and_not_a_dead_process(monkeypatch):
    free = type("Usage", (), {"free": 1_000})
    monkeypatch.setattr(shared_array.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(
        OSError, match="got 500 atoms, which take 12000 bytes of shared memory, allowed: 1000"
    ):
        DomainForces(500, BOX, device=Processes(1))
