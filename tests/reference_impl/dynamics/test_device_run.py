"""Runs by the driver of devices, on the CPU and on a device, beside those of the host."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from reference_impl.dynamics import fcc_lattice, simulate, thermal_velocities
from tests.reference_impl.cuda.on_cpu.device import CpuDevice

SHORT = {"cutoff": 1.9, "skin": 0.3}  # for few atoms


def start(atoms=108, temperature=1.44):
    positions, box = fcc_lattice(atoms, 0.8442)
    return positions, thermal_velocities(len(positions), temperature, np.random.default_rng(3)), box


def apart(first, second, box):
    displacement = first - second
    return abs(displacement - box * np.rint(displacement / box)).max()


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-11), ("mixed", 1e-4), ("float32", 1e-4)])
def test_a_run_is_that_of_the_host(device, precision, tolerance):
    positions, velocities, box = start()
    told = []
    expected = simulate(positions, velocities, box, steps=60, sample_every=25, **SHORT)
    run = simulate(
        positions, velocities, box, steps=60, sample_every=25, **SHORT,
        precision=precision, backend=device, on_frame=lambda sample, x, v: told.append(v.copy()),
    )  # fmt: skip
    assert apart(run.positions, expected.positions, box) < tolerance
    np.testing.assert_allclose(run.velocities, expected.velocities, atol=tolerance)
    for sample, other in zip(run.samples, expected.samples, strict=True):
        assert sample == pytest.approx(other, abs=tolerance)
    assert run.list_builds == expected.list_builds > 2  # the atoms changed places, and kept their names
    np.testing.assert_array_equal(told[0], velocities[np.arange(len(velocities))])
    assert ((run.positions >= 0) & (run.positions < box)).all()


def test_lists_of_a_fixed_age(device):
    positions, velocities, box = start()
    options = {"steps": 22, "rebuild_every": 7, "precision": "float64", **SHORT}
    expected = simulate(positions, velocities, box, **options)
    run = simulate(positions, velocities, box, **options, backend=device)
    assert apart(run.positions, expected.positions, box) < 1e-11
    assert run.list_builds == expected.list_builds == 1 + 22 // 7


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_energy_and_momentum_are_conserved(device, precision):
    # A cold crystal, cut off between its shells: no pair crosses the cutoff, where energy has a step.
    positions, box = fcc_lattice(108, 1.1)
    velocities = thermal_velocities(108, 0.02, np.random.default_rng(2))
    cutoff = 1.2 * (4 / 1.1) ** (1 / 3) / np.sqrt(2) * np.sqrt(2)
    run = simulate(
        positions, velocities, box, steps=200, time_step=0.002, sample_every=20, cutoff=cutoff, skin=0.1,
        precision=precision, backend=device,
    )  # fmt: skip
    energies = np.array([sample.total_energy for sample in run.samples])
    assert abs(energies - energies[0]).max() < 3e-5
    kinetic = [sample.kinetic_energy for sample in run.samples]
    assert max(kinetic) - min(kinetic) > 3e-3  # a hundred times as much went to and fro
    assert abs(run.velocities.sum(axis=0)).max() < 1e-4


def test_a_step_copies_eight_bytes_and_a_build_eight_more(cpu_device):
    positions, velocities, box = start()
    looks = []
    run = simulate(
        positions, velocities, box, steps=30, sample_every=30, **SHORT, backend=cpu_device,
        on_sample=lambda sample: looks.append(len(cpu_device.copied)),
    )  # fmt: skip
    between = cpu_device.copied[looks[0] : looks[1]]
    sums = 3  # energy, virial and kinetic energy of the last sample
    assert set(between) == {8}
    assert len(between) == 30 + (run.list_builds - 1) + sums
    fixed = CpuDevice(cpu_device._library._name)
    looks.clear()
    simulate(
        positions, velocities, box, steps=30, sample_every=30, rebuild_every=15, **SHORT, backend=fixed,
        on_sample=lambda sample: looks.append(len(fixed.copied)),
    )  # fmt: skip
    assert looks[1] - looks[0] == 2 * 2 + sums


def test_a_longer_list_comes_when_the_old_one_is_gone(library):
    lists = []

    class Watched(CpuDevice):
        def empty(self, shape, dtype):
            array = super().empty(shape, dtype)
            if dtype is np.int32 and array.size > 10 * 108:
                assert not lists or lists[-1]() is None
                lists.append(weakref.ref(array))
            return array

    # Two shells of the crystal are in reach, and later on more than two of the liquid.
    simulate(*start(), steps=30, cutoff=1.7, rebuild_every=10, backend=Watched(library))
    assert len(lists) > 1


def test_a_run_whose_atoms_fly_apart_names_the_first(device):
    positions, _, box = start()
    velocities = np.tile([[1e150, 0, 0], [-1e150, 0, 0]], (54, 1))
    with pytest.raises(ValueError, match=r"atom 0 has x = (nan|inf|-inf)"):
        simulate(positions, velocities, box, steps=3, time_step=1e200, backend=device, **SHORT)


def test_atoms_in_one_place_are_named(device):
    positions, velocities, box = start()
    positions[100] = positions[3]
    with pytest.raises(ValueError, match="atoms 3 and 100 are in the same place"):
        simulate(positions, velocities, box, steps=1, backend=device, **SHORT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 2}, "got threads=2 with a device, allowed: 1"),
        ({"precision": "half"}, "got precision='half', allowed on a device: float32, mixed, float64"),
        ({"backend": "opencl"}, "got backend='opencl', allowed: cpu, cupy, or a reference_impl.cuda.Device"),
        ({"backend": "cpu", "precision": "mixed"}, "got precision='mixed', allowed: float64, float32"),
        ({"tilt": 0.5}, "allowed here: a box of three lengths"),
    ],
)
def test_what_is_refused(cpu_device, options, message):
    positions, velocities, box = start()
    cell = np.diag(box) + np.array([[0, 0, 0], [options.pop("tilt", 0.0), 0, 0], [0, 0, 0]])
    with pytest.raises(ValueError, match=message):
        simulate(positions, velocities, cell, steps=1, **SHORT, **({"backend": cpu_device} | options))


@pytest.mark.gpu
def test_a_million_atoms_keep_their_energy():
    positions, velocities, box = start(1_000_000)
    run = simulate(positions, velocities, box, steps=200, sample_every=50, precision="mixed", backend="cupy")
    assert run.samples[0].potential_energy == pytest.approx(-6.7733681, rel=1e-5)  # as LAMMPS prints it
    energies = [sample.total_energy for sample in run.samples[1:]]
    assert max(energies) - min(energies) < 5e-3  # cut off without a shift
