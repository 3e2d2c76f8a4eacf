"""Transforms, divergence and the relaxation step: they hold what they say, and a warm step holds nothing new."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl.backends import HAS_NUMBA
from reference_impl.memory import ArrayPool
from reference_impl.spectral import (
    FFTWorkspaces,
    Fluid,
    add_scaled,
    dealias,
    divergence,
    forward_transform,
    relaxation_step,
    scale,
    spectral_derivative,
)
from reference_impl.spectral.derivatives import SLAB_BYTES
from reference_impl.spectral.engines import ENGINES
from reference_impl.spectral.engines.pocketfft import SLAB_BYTES as NEW_ARRAY_BYTES
from reference_impl.spectral.oracle import plain_relaxation_step

pytest.importorskip("scipy", reason="the budgets are those of SciPy's transforms")

SIZES = (32, 64)
PYTHON_ITSELF = KiB(16)  # call frames, views, small tables of wave numbers
NUMPY_ITSELF = KiB(160)  # of what has no simple strides it computes 8192 elements at a time
SLAB_OF_BOTH = 2 * SLAB_BYTES + KiB(32)  # a field and its spectrum, which has one mode more than half
IS_REAL = {"d": True, "D": False}
FLUID = Fluid(
    shear_viscosity=0.3,
    bulk_viscosity=0.2,
    relaxation_time=0.4,
    enthalpy_density=1.3,
    lengths=(2.0, 3.0, 2.5),
)


def state(n):
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, n, n, n)), rng.normal(size=(6, n, n, n))


def advance(n_state, workspaces, pool, steps=1):
    for _ in range(steps):
        relaxation_step(*n_state, FLUID, 1e-4, workspaces=workspaces, pool=pool)


@pytest.fixture(scope="module")
def states():
    return {n: state(n) for n in SIZES}


@pytest.fixture
def workspaces(memguard):
    pool = FFTWorkspaces()
    memguard.watch(pool, "workspaces")
    return pool


@pytest.fixture
def temporaries(memguard):
    pool = ArrayPool()
    memguard.watch(pool, "temporaries")
    return pool


@pytest.fixture
def warm(n, states, workspaces, temporaries):
    """Both pools, which have seen a step."""
    advance(states[n], workspaces, temporaries)
    return {"workspaces": workspaces, "pool": temporaries}


# A step is served from memory that is there -------------------------------------------------------------------------


@pytest.mark.memory_budget(probe="workspaces", hit_rate=0.95, leak="0 B", peak=SLAB_OF_BOTH)
@pytest.mark.memory_budget(probe="temporaries", hit_rate=0.95, leak="0 B", peak=lambda n: 8 * n**3)
@pytest.mark.parametrize("n", SIZES)
def test_ten_steps_from_cold_are_served_from_the_cache(n, states, workspaces, temporaries):
    advance(states[n], workspaces, temporaries, steps=10)


@pytest.mark.memory_budget(probe="workspaces", hit_rate=1.0, leak="0 B")
@pytest.mark.memory_budget(probe="temporaries", hit_rate=1.0, leak="0 B")
@pytest.mark.memory_budget(probe="python", peak=NEW_ARRAY_BYTES + NUMPY_ITSELF + PYTHON_ITSELF, leak="0 B")
@pytest.mark.parametrize("n", SIZES)
def test_a_warm_step_holds_one_new_array_of_scipy(n, states, warm):
    advance(states[n], **warm)


@pytest.mark.memory_budget(probe="python", peak=NUMPY_ITSELF + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_a_warm_step_with_fftw_holds_no_array(n, states, fftw_memory):
    advance(states[n], **fftw_memory)


@pytest.fixture(scope="module")
def fftw_memory():
    pytest.importorskip("pyfftw", reason="FFTW is an extra")
    return {"workspaces": FFTWorkspaces(engine="fftw"), "pool": ArrayPool()}


@pytest.mark.memory_budget(probe="python", peak="baseline", leak="0 B", warmup=1)
def test_a_cold_step(states):
    advance(states[64], FFTWorkspaces(engine="numpy"), ArrayPool())


def test_the_loop_takes_less_than_half_of_what_plain_numpy_takes(memguard, states):
    velocity, stress = states[64]
    workspaces, pool = FFTWorkspaces(), ArrayPool()
    with memguard.measure("plain", probe="python") as plain:
        for _ in range(2):
            velocity, stress = plain_relaxation_step(velocity, stress, FLUID, 1e-4)
    with memguard.measure("ours", probe="python") as ours:
        advance((velocity, stress), workspaces, pool, steps=2)
    state_bytes = velocity.nbytes + stress.nbytes
    assert state_bytes + ours.peak <= 0.5 * (state_bytes + plain.peak)
    assert ours.peak <= pool.reserved_bytes + workspaces.reserved_bytes + NEW_ARRAY_BYTES + KiB(128)


# Transforms ---------------------------------------------------------------------------------------------------------


@pytest.mark.memory_budget(
    probe="workspaces", peak=lambda n: 16 * n * n * (n // 2 + 1), leak="0 B", fragmentation=0.0
)
@pytest.mark.parametrize("n", SIZES)
def test_a_real_field_takes_the_memory_of_its_spectrum(n, workspaces):
    for _ in range(3):
        with workspaces.lease((n, n, n)) as workspace:
            workspace.field[...] = 1.0
            workspace.forward()
            workspace.inverse()


@pytest.fixture(scope="module", params=["scipy", "fftw"])
def engine(request):
    pytest.importorskip(ENGINES[request.param][0], reason="the engine's package is not installed")
    return request.param


@pytest.fixture(scope="module")
def planned(engine):
    return {dtype: FFTWorkspaces(engine=engine).lease((64, 64, 64), dtype) for dtype in IS_REAL}


@pytest.mark.memory_budget(
    peak=lambda engine, dtype: (
        PYTHON_ITSELF + IS_REAL[dtype] * (NUMPY_ITSELF + NEW_ARRAY_BYTES * (engine == "scipy"))
    ),
    leak="0 B",
    rounds=3,
    warmup=1,
)
@pytest.mark.parametrize("dtype", IS_REAL)
def test_a_planned_transform_takes_nothing_or_a_new_array_of_scipy(engine, dtype, planned):
    workspace = planned[dtype]
    workspace.field[...] = 1.0
    workspace.forward()
    dealias(workspace.spectrum, (64, 64, 64))
    scale(workspace.spectrum, 0.5)
    workspace.inverse()


@pytest.mark.memory_budget(probe="workspaces", peak=SLAB_OF_BOTH, leak="0 B")
@pytest.mark.memory_budget(peak=SLAB_OF_BOTH + NEW_ARRAY_BYTES + NUMPY_ITSELF + PYTHON_ITSELF, warmup=1)
@pytest.mark.parametrize("axis", range(3))
def test_a_derivative_takes_one_slab(axis, field, workspaces):
    values, out = field
    spectral_derivative(values, 1.0, axis, workspaces=workspaces, out=out)


@pytest.fixture(scope="module")
def field():
    return np.ones((64, 64, 64)), np.empty((64, 64, 64))


@pytest.mark.memory_budget(
    peak=lambda n: 2 * 16 * n * n * (n // 2 + 1) + NEW_ARRAY_BYTES + NUMPY_ITSELF + PYTHON_ITSELF, warmup=1
)
@pytest.mark.parametrize("n", SIZES)
def test_a_transform_takes_its_result_and_a_workspace(n):
    forward_transform(np.broadcast_to(1.0, (n, n, n)), workspaces=FFTWorkspaces())


# Divergence and sums ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flows():
    return {n: (np.random.default_rng(n).normal(size=(3, n, n, n)), np.empty((n, n, n))) for n in SIZES}


@pytest.fixture(scope="module")
def large_flow():
    return np.random.default_rng(0).normal(size=(3, 128, 128, 128)), np.empty((128, 128, 128))


@pytest.mark.memory_budget(
    peak=lambda n: (0 if HAS_NUMBA else 8 * n * n + NUMPY_ITSELF) + PYTHON_ITSELF,
    leak="0 B",
    rounds=3,
    warmup=1,
)
@pytest.mark.parametrize("layout", ["arrays", "interleaved"])
@pytest.mark.parametrize("n", SIZES)
def test_divergence_allocates_no_array(n, layout, flows):
    components, out = flows[n]
    if layout == "interleaved":
        components = np.moveaxis(components.reshape(n, n, n, 3), -1, 0)
    divergence(components, 0.1, out=out)


@pytest.mark.memory_budget(
    peak=(0 if HAS_NUMBA else 8 * 128**2 + NUMPY_ITSELF) + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1
)
@pytest.mark.parametrize("threads", [1, 2])
def test_divergence_past_the_caches_allocates_no_array(threads, large_flow):
    components, out = large_flow
    divergence(components, 0.1, out=out, threads=threads)


@pytest.mark.memory_budget(peak=KiB(64) + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_sums_go_by_chunks(n, flows):
    components, out = flows[n]
    add_scaled(out, components[0], 0.5)


def test_memory_and_time_of_divergence_grow_with_the_points(memguard):
    sides = {n**3: np.random.default_rng(0).normal(size=(3, n, n, n)) for n in (24, 32, 48, 64, 96)}
    memguard.scaling(lambda n: divergence(sides[n], 0.1), tuple(sides), peak_exponent=1.05, time_exponent=1.4)


def test_a_derivative_takes_the_same_memory_for_any_size(memguard):
    sides = {n**3: np.ones((2, n, n, n)) for n in (64, 80, 96, 128)}
    workspaces = FFTWorkspaces(max_bytes=0)  # every slab is new: it counts

    def derive(n):
        spectral_derivative(sides[n][0], 1.0, 2, workspaces=workspaces, out=sides[n][1])

    memguard.scaling(derive, tuple(sides), peak_exponent=0.15, time_exponent=1.3)
