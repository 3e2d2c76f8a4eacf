"""Domains on CUDA devices: the forces of one list on the host."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from reference_impl import lennard_jones, neighbor_list
from reference_impl.box import Box
from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import CudaDevices, DomainForces
from tests.reference_impl.cuda.on_cpu.device import CpuDevice

SHORT = {"cutoff": 1.6, "skin": 0.3}


def crystal(seed=0):
    positions, box = fcc_lattice(256, 0.8442)
    return positions + np.random.default_rng(seed).normal(0, 0.06, positions.shape), box


def assert_same(found, positions, box, tolerance):
    expected = lennard_jones(positions, box, neighbor_list(positions, box, 1.6), cutoff=1.6)
    scale = abs(expected.forces).max()
    np.testing.assert_allclose(found.forces, expected.forces, atol=tolerance * scale)
    assert found[1:] == pytest.approx(expected[1:], rel=tolerance, abs=tolerance * scale)


@pytest.mark.parametrize("domains", [1, 3, (2, 2, 1), (1, 1, 4)])
def test_forces_of_moving_atoms_are_those_of_one_list(device, domains):
    positions, box = crystal()
    velocities = np.random.default_rng(1).normal(0, 1, positions.shape)
    places = CudaDevices([device, device])
    with DomainForces(256, box, domains=domains, device=places, **SHORT) as forces:
        for step in range(5):
            moved = positions + 0.02 * step * velocities
            moved -= box * np.floor(moved / box)
            assert_same(forces.compute(moved), moved, box, 1e-11)
        assert 1 < forces.builds < 5
        assert sum(forces.owned) == 256


def test_single_precision(device):
    positions, box = crystal()
    with DomainForces(
        256, box, domains=2, device=CudaDevices([device], precision="mixed"), **SHORT
    ) as forces:
        assert_same(forces.compute(positions), positions, box, 3e-5)


def test_domains_take_turns_on_devices(library):
    devices = [CpuDevice(library), CpuDevice(library)]
    positions, box = crystal()
    with DomainForces(256, box, domains=3, device=CudaDevices(devices), **SHORT) as forces:
        forces.compute(positions)
    assert [device.launched.count("list_forces_float64") for device in devices] == [2, 1]


def test_a_step_copies_64_bytes_of_each_atom(library):
    class Watched(CpuDevice):
        sent = 0

        def from_host(self, array):
            self.sent += array.nbytes
            return super().from_host(array)

    positions, box = crystal()
    device = Watched(library)
    with DomainForces(256, box, domains=1, device=CudaDevices([device]), **SHORT) as forces:
        forces.compute(positions)
        device.sent, before = 0, len(device.copied)
        forces.compute(positions)
    assert device.sent + sum(device.copied[before:]) == 64 * 256


def test_a_list_is_gone_when_another_one_is_built(library):
    class Watched(CpuDevice):
        made, at_builds = [], []

        def empty(self, shape, dtype):
            array = super().empty(shape, dtype)
            self.made.append(weakref.ref(array))
            return array

        def from_host(self, array):
            if array.shape == (6,):  # the box, of a builder and of what finds the forces
                self.at_builds.append(sum(made() is not None for made in self.made))
            return super().from_host(array)

    positions, box = crystal()
    device = Watched(library)
    with DomainForces(256, box, domains=1, device=CudaDevices([device]), **SHORT) as forces:
        for shift in (0.0, 0.5):
            forces.compute((positions + shift * np.arange(3)) % box)
        assert forces.builds == 2
    assert device.at_builds[2] == 0


def test_a_domain_without_atoms(device):
    positions, box = crystal()
    few = positions[positions[:, 0] < box[0] / 4]
    with DomainForces(len(few), box, domains=(3, 1, 1), device=CudaDevices([device]), **SHORT) as forces:
        assert_same(forces.compute(few), few, box, 1e-11)
        assert 0 in forces.owned


def test_two_atoms_in_one_place_are_named(device):
    positions, box = crystal()
    positions[200] = positions[17]
    with (
        DomainForces(256, box, domains=2, device=CudaDevices([device]), **SHORT) as forces,
        pytest.raises(ValueError, match="atoms 17 and 200 are in the same place"),
    ):
        forces.compute(positions)


def test_what_is_refused(cpu_device):
    with pytest.raises(ValueError, match="got no devices, allowed: 1 and more"):
        CudaDevices([])
    box = Box.of([9, 9, 9], (True, False, True))
    with pytest.raises(ValueError, match="got a box with open axes, allowed on a device: periodic along all"):
        DomainForces(10, box, device=CudaDevices([cpu_device]))
    with pytest.raises(ValueError, match="got precision='half', allowed on a device"):
        DomainForces(256, [9, 9, 9], device=CudaDevices([cpu_device], precision="half")).compute(crystal()[0])
