"""Runs at constant energy, held against physics and against what LAMMPS printed."""

from __future__ import annotations

import sys
import weakref

import numpy as np
import pytest

from reference_impl import neighbor_list
from reference_impl.box import Box
from reference_impl.dynamics import fcc_lattice, list_run, simulate, thermal_velocities
from reference_impl.dynamics.list_run import ListRun, Pace
from reference_impl.dynamics.observables import kinetic_energy, temperature_of
from reference_impl.neighbors import verlet_list

# LAMMPS' own benchmark "lj" (bench/in.lj, 32000 atoms): what its published logs say at step 0 and 100.
LAMMPS_ATOMS, DENSITY, TEMPERATURE = 32_000, 0.8442, 1.44
LAMMPS_POTENTIAL, LAMMPS_TOTAL, LAMMPS_PRESSURE = -6.7733681, -4.6134356, -5.0197073
LAMMPS_TEMPERATURE_AT_100, LAMMPS_TOTAL_AT_100 = 0.7574531, -4.6223613


def melt(atoms=500, **arguments):
    positions, box = fcc_lattice(atoms, DENSITY)
    velocities = thermal_velocities(len(positions), TEMPERATURE, np.random.default_rng(3))
    return simulate(positions, velocities, box, **arguments)


def liquid_state(atoms=500, steps=200):
    run = melt(atoms, steps=steps)
    return run.positions, run.velocities, fcc_lattice(atoms, DENSITY)[1]


def test_the_first_step_is_that_of_lammps():
    first = melt(steps=0).samples[0]
    share = (1 - 1 / 500) / (1 - 1 / LAMMPS_ATOMS)  # of the kinetic energy: 3 N - 3 degrees of freedom
    kinetic = LAMMPS_TOTAL - LAMMPS_POTENTIAL
    assert first.potential_energy == pytest.approx(LAMMPS_POTENTIAL, abs=5e-8)
    assert first.kinetic_energy == pytest.approx(kinetic * share, abs=5e-8)
    assert first.temperature == pytest.approx(TEMPERATURE)
    assert first.pressure == pytest.approx(
        LAMMPS_PRESSURE - 2 / 3 * DENSITY * kinetic * (1 - share), abs=1e-6
    )


def test_a_hundred_steps_end_where_lammps_ended():
    last = melt(4_000, steps=100).samples[-1]
    assert last.total_energy == pytest.approx(LAMMPS_TOTAL_AT_100, abs=2e-3)
    assert last.temperature == pytest.approx(LAMMPS_TEMPERATURE_AT_100, abs=0.02)


def test_momentum_is_conserved_to_rounding():
    run = melt(steps=100)
    assert abs(run.velocities.sum(axis=0)).max() < 1e-11


def test_the_energy_error_falls_with_the_square_of_the_step():
    # A cold crystal, cut off between its third and fourth shell: no pair crosses the cutoff, where energy has a step.
    positions, box = fcc_lattice(500, 1.1)
    velocities = thermal_velocities(500, 0.02, np.random.default_rng(2))
    cutoff = 1.87 * (4 / 1.1) ** (1 / 3) / np.sqrt(2)
    errors = []
    for time_step in (0.008, 0.004, 0.002):
        steps = round(0.4 / time_step)
        run = simulate(
            positions, velocities, box, steps=steps, time_step=time_step, cutoff=cutoff, sample_every=1
        )
        energies = np.array([sample.total_energy for sample in run.samples])
        errors.append(np.abs(energies - energies[0]).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx(2, abs=0.3), errors


def test_time_runs_backwards_as_well():
    positions, velocities, box = liquid_state()
    there = simulate(positions, velocities, box, steps=60)
    back = simulate(there.positions, -there.velocities, box, steps=60)
    apart = back.positions - positions
    apart -= box * np.rint(apart / box)
    assert abs(apart).max() < 1e-8
    assert abs(back.velocities + velocities).max() < 1e-7


def test_atoms_stay_in_the_box_and_the_input_as_it_was():
    positions, box = fcc_lattice(256, DENSITY)
    velocities = thermal_velocities(256, TEMPERATURE, np.random.default_rng(0))
    before = positions.copy(), velocities.copy()
    positions.flags.writeable = velocities.flags.writeable = False
    run = simulate(positions, velocities, box, steps=50)
    assert ((run.positions >= 0) & (run.positions < box)).all()
    np.testing.assert_array_equal(positions, before[0])
    np.testing.assert_array_equal(velocities, before[1])


def test_a_list_with_a_skin_gives_the_run_of_lists_that_are_always_new():
    runs = [melt(steps=30, skin=skin) for skin in (0.3, 0.0)]
    np.testing.assert_allclose(runs[0].positions, runs[1].positions, atol=1e-9)
    assert runs[0].list_builds < runs[1].list_builds == 31


@pytest.mark.parametrize("rebuild_every", [None, 7])
@pytest.mark.parametrize("threads", [1, 2])
def test_runs_over_blocks_are_those_over_lists_of_atoms(threads, rebuild_every):
    positions, velocities, box = liquid_state()
    pace = Pace(time_step=0.005, cutoff=2.5, skin=0.3, rebuild_every=rebuild_every or 0)
    expected = ListRun(positions, velocities, Box.of(box), pace)
    expected.advance(40)
    run = simulate(positions, velocities, box, steps=40, threads=threads, rebuild_every=rebuild_every)
    apart = run.positions - expected.positions()
    np.testing.assert_allclose(apart - box * np.rint(apart / box), 0, atol=1e-9)
    np.testing.assert_allclose(run.velocities, expected.velocities(), atol=1e-8)
    last = run.samples[-1]
    assert last.potential_energy == pytest.approx(expected.energy / 500, rel=1e-10)
    assert last.kinetic_energy == pytest.approx(expected.kinetic_energy / 500, rel=1e-10)
    assert run.list_builds == expected.list_builds
    if rebuild_every:
        assert run.list_builds == 1 + 40 // rebuild_every


@pytest.mark.parametrize("rebuild_every", [0, 2])
def test_a_run_over_lists_of_atoms_has_one_list_at_a_time(rebuild_every, monkeypatch):
    built, alone = [], []

    def watched(build):
        def watching(*arguments, **options):
            alone.append(all(indices() is None for indices in built))
            made = build(*arguments, **options)
            built.append(weakref.ref(made.indices))
            return made

        return watching

    for module, name in ((list_run, "neighbor_list"), (verlet_list, "half_list_of")):
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    positions, box = fcc_lattice(256, DENSITY)
    velocities = thermal_velocities(256, TEMPERATURE, np.random.default_rng(3))
    run = ListRun(positions, velocities, Box.of(box), Pace(0.005, 2.0, 0.05, rebuild_every))
    run.advance(8)
    assert alone == [True] * run.list_builds
    assert run.list_builds > 2


def test_single_precision_of_pairs_keeps_the_energy_as_well():
    drifts = {}
    for precision in ("float64", "float32"):
        samples = melt(2_048, steps=400, precision=precision, sample_every=50).samples
        drifts[precision] = [sample.total_energy - samples[2].total_energy for sample in samples[2:]]
        assert samples[0].potential_energy == pytest.approx(LAMMPS_POTENTIAL, rel=1e-6)
    assert max(map(abs, drifts["float32"])) < 2 * max(map(abs, drifts["float64"])) + 1e-3


def test_looking_more_often_changes_nothing_but_rounding():
    runs = [melt(steps=30, sample_every=every) for every in (1, 30)]
    np.testing.assert_allclose(runs[0].velocities, runs[1].velocities, atol=1e-9)
    assert runs[0].samples[-1] == pytest.approx(runs[1].samples[-1], rel=1e-9)


@pytest.fixture
def allocations():
    """Count of what compiled code allocated so far."""
    nrt = pytest.importorskip("numba.core.runtime._nrt_python", reason="counts what compiled code allocates")
    nrt.memsys_enable_stats()
    yield nrt.memsys_get_stats_alloc
    nrt.memsys_disable_stats()


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_compiled_steps_allocate_nothing(allocations, precision):
    from reference_impl.dynamics.block_run import BlockRun

    positions, velocities, box = liquid_state()
    pace = Pace(time_step=0.005, cutoff=2.5, skin=0.3, rebuild_every=0)
    run = BlockRun(positions, velocities, box, pace, dtype=precision, threads=1)
    counts = []
    for steps in (1, 60):  # a call makes a small object for each of its arrays, and that is all
        before, builds = allocations(), run.list_builds
        run.advance(steps)
        counts.append(allocations() - before)
    assert run.list_builds > builds
    assert counts[0] == counts[1]


def test_without_numba_lists_of_atoms_do_it(monkeypatch):
    run = melt(256, steps=5)
    monkeypatch.setattr(sys.modules["reference_impl.dynamics.simulate"], "HAS_NUMBA", False)
    again = melt(256, steps=5, threads=2, precision="float32")
    np.testing.assert_allclose(again.velocities, run.velocities, atol=1e-10)


def test_what_is_looked_at_and_told():
    told = []
    run = melt(32 * 4, steps=25, sample_every=10, cutoff=2.0, on_sample=told.append)
    assert [sample.step for sample in run.samples] == [0, 10, 20, 25]
    assert told == list(run.samples)
    atoms = len(run.velocities)
    assert temperature_of(kinetic_energy(run.velocities), atoms) == pytest.approx(run.samples[-1].temperature)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": -1}, "got steps=-1"),
        ({"steps": 1, "sample_every": 0}, "sample_every=0"),
        ({"steps": 1, "time_step": np.nan}, "got time_step=nan"),
        ({"steps": 1, "rebuild_every": 0}, "got rebuild_every=0, allowed: 1 and more, or None"),
        ({"steps": 1, "precision": "half"}, "got precision='half'"),
        ({"steps": 1, "threads": -1}, "got threads=-1"),
        ({"steps": 1, "cutoff": 9.0}, "allowed: at most half the shortest periodic box length"),
        ({"steps": 1, "velocities": np.zeros((3, 3))}, r"got shapes \(500, 3\) and \(3, 3\)"),
        ({"steps": 1, "velocities": np.full((500, 3), np.inf)}, "atom 0 has x = -?inf"),
    ],
)
def test_what_is_refused(arguments, message):
    positions, box = fcc_lattice(500, DENSITY)
    velocities = arguments.pop("velocities", np.zeros_like(positions))
    with pytest.raises(ValueError, match=message):
        simulate(positions, velocities, box, **arguments)


@pytest.mark.parametrize(
    ("apart", "precision", "tilt", "how"),
    [
        (0.0, "float64", 0.0, "in the same place at step 0"),
        (1e-30, "float64", 0.0, "1e-30 apart at step 0"),
        (1e-23, "float64", 0.0, "1e-23 apart at step 0"),  # the energy is finite, forces are not
        (1e-23, "float64", 1.0, "1e-23 apart"),
        (1e-3, "float32", 0.0, "0.001 apart at step 0"),
    ],
)
def test_atoms_that_are_too_near_are_named(apart, precision, tilt, how):
    positions, box = fcc_lattice(500, DENSITY)
    positions -= positions[3]
    positions[400] = apart, 0, 0
    cell = np.diag(box) + tilt * np.eye(3, k=1)
    with pytest.raises(ValueError, match=f"atoms 3 and 400 are {how}"):
        simulate(positions, np.zeros_like(positions), cell, steps=1, precision=precision)


def test_a_run_in_a_tilted_box_is_that_in_the_box_of_the_same_lattice():
    positions, velocities, box = liquid_state()
    tilted = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]]) * box
    runs = [simulate(positions, velocities, cell, steps=40, skin=0.2, cutoff=2.0) for cell in (box, tilted)]
    apart = runs[0].positions - runs[1].positions
    np.testing.assert_allclose(apart - box * np.rint(apart / box), 0, atol=1e-9)
    np.testing.assert_allclose(runs[0].velocities, runs[1].velocities, atol=1e-8)
    assert runs[0].samples[-1] == pytest.approx(runs[1].samples[-1], rel=1e-9)
    fractions = runs[1].positions @ np.linalg.inv(tilted)
    assert ((fractions > -1e-12) & (fractions < 1 + 1e-12)).all()


def test_a_box_with_an_open_side():
    positions, box = fcc_lattice(500, DENSITY)
    with pytest.raises(ValueError, match="open along z, allowed here: periodic along all axes"):
        simulate(positions, np.zeros_like(positions), Box.of(box, (True, True, False)), steps=1)


@pytest.mark.parametrize("tilt", [0.0, 1.0])
@pytest.mark.parametrize(
    ("speed", "time_step", "message"),
    [
        (1e150, 1e200, "atom 0 has x = -?inf"),
        (1e200, 1e-9, "atom 0 is so fast at step 0 that its kinetic energy is not finite"),
        (1e30, 1e-9, r"atom 0 has x = 1e\+21\), allowed: up to 1e\+13 times the cutoff"),
    ],
)
def test_a_run_that_explodes_names_the_atom(speed, time_step, message, tilt):
    positions, box = fcc_lattice(500, DENSITY)
    velocities = np.zeros_like(positions)
    velocities[0, 0] = speed
    with pytest.raises(ValueError, match=message):
        simulate(positions, velocities, np.diag(box) + tilt * np.eye(3, k=1), steps=3, time_step=time_step)


@pytest.mark.parametrize("is_tilted", [False, True])
def test_a_time_step_of_any_real_type(is_tilted):
    positions, box = fcc_lattice(256, DENSITY)
    box = np.diag(box) if is_tilted else box
    for time_step in (np.float32(2**-8), 0, 0.0):
        run = simulate(positions, np.zeros_like(positions), box, steps=2, time_step=time_step)
        assert run.samples[-1].step == 2


@pytest.mark.parametrize(("wanted", "atoms"), [(1, 4), (4, 4), (5, 8), (1_000, 1_008), (10_000, 10_192)])
def test_lattices_have_whole_cells_and_the_density_asked_for(wanted, atoms):
    positions, box = fcc_lattice(wanted, DENSITY)
    assert positions.shape == (atoms, 3)
    assert atoms / box.prod() == pytest.approx(DENSITY)
    assert ((positions >= 0) & (positions < box)).all()


def test_every_atom_of_the_lattice_has_twelve_nearest_neighbors():
    positions, box = fcc_lattice(256, DENSITY)
    nearest = (4 / DENSITY) ** (1 / 3) / np.sqrt(2)
    full = neighbor_list(positions, box, 1.01 * nearest, full=True)
    assert (np.diff(full.indptr) == 12).all()


@pytest.mark.parametrize("arguments", [(0, 1.0), (4, 0.0), (4, np.inf)])
def test_lattices_that_cannot_be(arguments):
    with pytest.raises(ValueError, match="allowed: "):
        fcc_lattice(*arguments)


def test_thermal_velocities_have_exactly_the_temperature_and_no_momentum():
    velocities = thermal_velocities(1_000, 0.7, np.random.default_rng(5))
    assert temperature_of(kinetic_energy(velocities), 1_000) == pytest.approx(0.7)
    assert abs(velocities.sum(axis=0)).max() < 1e-11
    # Maxwell's: the fourth moment of each component is three times the square of the second.
    assert (velocities**4).mean() / (velocities**2).mean() ** 2 == pytest.approx(3, abs=0.3)
    for atoms, temperature in ((1, 1.0), (5, -1.0), (5, np.nan)):
        with pytest.raises(ValueError, match="allowed: "):
            thermal_velocities(atoms, temperature, np.random.default_rng(5))
