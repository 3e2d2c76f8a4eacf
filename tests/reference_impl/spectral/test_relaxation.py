"""The relaxation step against solutions that are known, and against its twin in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl.memory import ArrayPool
from reference_impl.spectral import FFTWorkspaces, Fluid, accelerate, relax_stress, relaxation_step
from reference_impl.spectral.oracle import plain_relaxation_step

LENGTHS = (2.0, 3.0, 2.5)
FLUID = Fluid(
    shear_viscosity=0.3, bulk_viscosity=0.2, relaxation_time=0.4, enthalpy_density=1.3, lengths=LENGTHS
)


@pytest.fixture
def memory():
    return {"workspaces": FFTWorkspaces(), "pool": ArrayPool()}


def state(shape, seed=0, dtype="d"):
    rng = np.random.default_rng(seed)
    dimensions = len(shape)
    return (
        rng.normal(size=(dimensions, *shape)).astype(dtype),
        rng.normal(size=(dimensions * (dimensions + 1) // 2, *shape)).astype(dtype),
    )


def fluid_of(dimensions, **changes):
    words = {name: getattr(FLUID, name) for name in FLUID.__slots__} | {"lengths": LENGTHS[:dimensions]}
    return Fluid(**(words | changes))


def telegraph(time, rate, relaxation_time):
    """Factor of a mode of the velocity that starts at 1 without stress: tau u'' + u' + rate u = 0, u'(0) = 0."""
    root = np.sqrt(complex(1 - 4 * relaxation_time * rate))
    one, other = (-1 + root) / (2 * relaxation_time), (-1 - root) / (2 * relaxation_time)
    return ((one * np.exp(other * time) - other * np.exp(one * time)) / (one - other)).real


def mode(direction, axis, shape=(8, 6, 5)):
    """Velocity along ``direction`` that varies along ``axis`` with its longest wave, and no stress."""
    phase = 2 * np.pi * np.arange(shape[axis]) / shape[axis]
    velocity = np.zeros((3, *shape))
    velocity[direction] = np.cos(phase).reshape([-1 if k == axis else 1 for k in range(3)])
    return velocity, np.zeros((6, *shape))


def ran(velocity, stress, fluid, time, steps, memory):
    for _ in range(steps):
        relaxation_step(velocity, stress, fluid, time / steps, **memory)
    return velocity, stress


@pytest.mark.parametrize("shape", [(7,), (8,), (6, 7), (9, 8, 7), (1, 4, 5)])
@pytest.mark.parametrize(("dtype", "limit"), [("d", 1e-12), ("f", 1e-5)])
def test_it_is_what_one_writes_down(shape, dtype, limit, memory):
    velocity, stress = state(shape, dtype=dtype)
    fluid = fluid_of(len(shape))
    expected = plain_relaxation_step(velocity.astype("d"), stress.astype("d"), fluid, 0.01)
    relaxation_step(velocity, stress, fluid, 0.01, **memory)
    for found, wanted in zip((velocity, stress), expected, strict=True):
        assert found.dtype == dtype
        assert np.abs(found - wanted).max() <= limit * np.abs(wanted).max()


@pytest.mark.parametrize("direction", range(3))
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("relaxation_time", [0.02, 0.4])  # a mode that fades, one that rings
def test_modes_obey_the_telegraph_equation(direction, axis, relaxation_time, memory):
    fluid = fluid_of(3, relaxation_time=relaxation_time)
    is_along = direction == axis
    viscosity = (4 / 3 * 0.3 + 0.2 if is_along else 0.3) / 1.3
    rate = viscosity * (2 * np.pi / LENGTHS[axis]) ** 2
    velocity, stress = mode(direction, axis)
    start = velocity.copy()
    ran(velocity, stress, fluid, 0.5, 100, memory)
    assert np.allclose(velocity, start * telegraph(0.5, rate, relaxation_time), rtol=0, atol=1e-3)


def test_the_error_is_of_second_order(memory):
    rate = 0.3 / 1.3 * (2 * np.pi / LENGTHS[1]) ** 2
    errors = []
    for steps in (10, 20, 40, 80):
        velocity, stress = mode(0, 1)
        start = velocity.copy()
        ran(velocity, stress, FLUID, 0.5, steps, memory)
        errors.append(np.abs(velocity - start * telegraph(0.5, rate, 0.4)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 2) < 0.05), orders


@pytest.mark.parametrize("duration", [0.1, 3.0])
def test_stress_relaxes_exponentially_to_that_of_navier_and_stokes(duration, memory):
    velocity, stress = mode(0, 0)
    start = state((8, 6, 5))[1]
    stress[...] = start
    kept_velocity = velocity.copy()
    relax_stress(stress, velocity, FLUID, duration, **memory)
    k = 2 * np.pi / LENGTHS[0]
    expansion = -k * np.sin(2 * np.pi * np.arange(8) / 8).reshape(-1, 1, 1)
    limit = np.zeros_like(stress)
    limit[0] = -(4 / 3 * 0.3 + 0.2) * expansion
    limit[3] = limit[5] = -(0.2 - 2 / 3 * 0.3) * expansion
    expected = limit + np.exp(-duration / 0.4) * (start - limit)
    assert np.allclose(stress, expected, rtol=0, atol=1e-13)
    assert np.array_equal(velocity, kept_velocity)


def test_the_mean_velocity_is_conserved_and_the_mean_stress_fades(memory):
    velocity, stress = state((10, 9, 8))
    before = [values.mean(axis=(1, 2, 3)) for values in (velocity, stress)]
    ran(velocity, stress, FLUID, 0.1, 20, memory)
    assert np.allclose(velocity.mean(axis=(1, 2, 3)), before[0], rtol=0, atol=1e-14)
    assert np.allclose(stress.mean(axis=(1, 2, 3)), before[1] * np.exp(-0.1 / 0.4), rtol=1e-12)


def test_a_short_relaxation_time_gives_back_viscous_damping(memory):
    fluid = fluid_of(3, relaxation_time=1e-5)
    velocity, stress = mode(0, 1)
    start = velocity.copy()
    ran(velocity, stress, fluid, 0.1, 100, memory)
    assert np.allclose(velocity, start * np.exp(-0.3 / 1.3 * (2 * np.pi / 3.0) ** 2 * 0.1), rtol=0, atol=1e-3)


def test_half_a_step_forth_and_back_is_none(memory):
    velocity, stress = state((6, 5, 7))
    start = velocity.copy(), stress.copy()
    for time_step in (0.01, -0.01):
        relaxation_step(velocity, stress, FLUID, time_step, **memory)
    assert np.allclose(velocity, start[0], rtol=0, atol=1e-12)
    assert np.allclose(stress, start[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ["scipy", "fftw", "numpy"])
def test_a_warm_step_makes_no_buffer_and_no_plan(engine):
    if engine != "numpy":
        pytest.importorskip({"fftw": "pyfftw"}.get(engine, engine), reason="the engine's package is missing")
    workspaces, pool = FFTWorkspaces(engine=engine), ArrayPool()
    velocity, stress = state((12, 10, 8))
    relaxation_step(velocity, stress, FLUID, 0.01, workspaces=workspaces, pool=pool)
    before = workspaces.misses, workspaces.plans, pool.misses
    relaxation_step(velocity, stress, FLUID, 0.01, workspaces=workspaces, pool=pool)
    assert (workspaces.misses, workspaces.plans, pool.misses) == before
    assert workspaces.allocated_bytes == pool.allocated_bytes == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"shear_viscosity": -0.1}, "got shear_viscosity=-0.1, allowed: >= 0"),
        ({"bulk_viscosity": np.nan}, "got bulk_viscosity=nan"),
        ({"relaxation_time": 0.0}, "got relaxation_time=0.0 .* allowed: a positive number"),
        ({"enthalpy_density": -1.0}, "got enthalpy_density"),
        ({"lengths": (1.0, 0.0)}, r"got lengths=\(1.0, 0.0\) for 2 axes, allowed: a positive number"),
    ],
)
def test_other_fluids_are_refused(words, told):
    with pytest.raises(ValueError, match=told):
        fluid_of(3, **words)


@pytest.mark.parametrize(
    ("velocity", "stress", "told"),
    [
        (np.zeros((3, 4, 4)), np.zeros((3, 4, 4)), r"got velocity \(3, 4, 4\) and stress \(3, 4, 4\)"),
        (np.zeros((2, 4, 4)), np.zeros((4, 4, 4)), r"got velocity .* stress \(4, 4, 4\)"),
        (np.zeros((4, 2, 2, 2, 2)), np.zeros((10, 2, 2, 2, 2)), "D = 1 to 3"),
        (np.zeros((2, 4, 4)), np.zeros((3, 4, 4), "f"), "got float64 and float32"),
        (np.zeros((2, 4, 0)), np.zeros((3, 4, 0)), "got shape"),
        (np.zeros((2, 4, 4), "i8"), np.zeros((3, 4, 4), "i8"), "got int64"),
    ],
)
def test_states_that_do_not_go_together_are_refused(velocity, stress, told, memory):
    fluid = fluid_of(2)
    with pytest.raises(ValueError, match=told):
        relax_stress(stress, velocity, fluid, 0.1, **memory)
    with pytest.raises(ValueError, match=told):
        accelerate(velocity, stress, fluid, 0.1, workspaces=memory["workspaces"])


@pytest.mark.parametrize("time_step", [np.nan, np.inf])
@pytest.mark.parametrize("frozen", [None, 0, 1])
def test_a_step_that_cannot_be_taken_writes_nothing(time_step, frozen, memory):
    fields = state((4, 4))
    before = [field.copy() for field in fields]
    if frozen is not None:
        fields[frozen].flags.writeable = False
        time_step = 0.1
    with pytest.raises(
        ValueError, match=r"got a (time step .* of (nan|inf)|velocity or stress that is read-only)"
    ):
        relaxation_step(*fields, fluid_of(2), time_step, **memory)
    assert all(map(np.array_equal, fields, before))


def test_a_state_in_one_memory_and_a_box_of_other_axes_are_refused(memory):
    room = np.zeros((4, 4, 4))
    with pytest.raises(ValueError, match="shares memory"):
        relax_stress(room[1:], room[:2], fluid_of(2), 0.1, **memory)
    with pytest.raises(ValueError, match=r"got lengths=.* for 2 axes"):
        relax_stress(np.zeros((3, 4, 4)), np.zeros((2, 4, 4)), fluid_of(3), 0.1, **memory)
