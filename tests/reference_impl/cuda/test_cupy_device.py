"""What `CupyDevice` asks of CuPy, told by a module that answers like CuPy and runs kernels on the CPU."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from reference_impl.cuda import CupyDevice, NoDeviceError, kernels_of
from reference_impl.dynamics import fcc_lattice, simulate, thermal_velocities
from tests.reference_impl.conftest import KERNELS

PER_THREAD = 2  # the name of the default streams of all threads


@contextmanager
def using(numbers, number):
    numbers.append(number)
    yield
    numbers.pop()


class Null:
    """The stream that all threads share."""

    def __init__(self, entered):
        self._entered = entered

    def __enter__(self):
        self._entered.append(0)

    def __exit__(self, *_):
        self._entered.pop()


@pytest.fixture
def fake_cupy(cpu_device, monkeypatch):
    cupy = ModuleType("cupy")
    cupy.made = []

    class RawModule:
        def __init__(self, *, code, options):
            assert options == ("-std=c++17",)
            cupy.made.append(code)
            self._path = next(path for path in KERNELS if path.read_text() == code)

        def get_function(self, name):
            kernel = kernels_of(self._path)[name]

            def run(grid, block, arguments):
                (grid,), (block,) = grid, block
                assert cupy.current == [3]
                assert cupy.streams == ([0] if cupy.stream == PER_THREAD else [])
                for parameter, argument in zip(kernel.parameters, arguments, strict=True):
                    kind = np.ndarray if parameter.is_pointer else parameter.dtype
                    assert isinstance(argument, kind)  # of no other: CuPy would take int for long long
                    assert argument.dtype == parameter.dtype
                cpu_device.launch(kernel, grid, block, arguments)

            return run

    cupy.RawModule, cupy.empty, cupy.array, cupy.asnumpy = RawModule, np.empty, np.array, np.array
    runtime = SimpleNamespace(
        getDevice=lambda: 3,
        getDeviceCount=lambda: 4,
        getDeviceProperties=lambda number: {"name": b"card %d" % number},
        CUDARuntimeError=RuntimeError,
        streamPerThread=PER_THREAD,
    )
    cupy.current, cupy.streams, cupy.stream = [], [], 0
    cupy.cuda = SimpleNamespace(
        runtime=runtime,
        Device=lambda number: using(cupy.current, number),
        Stream=SimpleNamespace(null=Null(cupy.streams)),
        get_current_stream=lambda number: SimpleNamespace(ptr=cupy.stream),
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


@pytest.mark.parametrize("stream", [0, PER_THREAD])  # whose default streams come in no order
def test_a_run_by_cupy(fake_cupy, stream):
    fake_cupy.stream = stream
    positions, box = fcc_lattice(108, 0.8442)
    velocities = thermal_velocities(108, 1.44, np.random.default_rng(0))
    options = {"steps": 30, "cutoff": 1.9, "precision": "float64"}
    run = simulate(positions, velocities, box, **options, backend="cupy")
    expected = simulate(positions, velocities, box, **options)
    np.testing.assert_allclose(run.velocities, expected.velocities, atol=1e-11)
    assert len(fake_cupy.made) == len(set(fake_cupy.made)) > 5  # each file is compiled once


def test_its_name(fake_cupy):
    assert CupyDevice().name == "card 3"
    assert CupyDevice(1).name == "card 1"


def failing():
    raise RuntimeError("cudaErrorInitializationError: initialization error")


@pytest.mark.parametrize(
    ("count", "reason"),
    [(lambda: 0, "$"), (failing, ": cudaErrorInitializationError: initialization error$")],
)
def test_without_a_device_that_works(fake_cupy, count, reason):
    fake_cupy.cuda.runtime.getDeviceCount = count
    with pytest.raises(NoDeviceError, match=f"^CuPy finds no CUDA device{reason}"):
        CupyDevice()
    assert fake_cupy.made == []
