"""Forces by domains: those of one list, on every device."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl import lennard_jones, neighbor_list
from reference_impl.box import Box
from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import DomainForces, Processes, Serial, Threads, devices
from reference_impl.parallel.domain import Domain
from tests.reference_impl.neighbors.systems import frozen

DEVICES = {
    "serial": Serial,
    "threads": lambda: Threads(2),
    "processes": lambda: Processes(2),
}


def crystal(atoms=500, noise=0.08, seed=0):
    positions, box = fcc_lattice(atoms, 0.8442)
    return frozen(positions + np.random.default_rng(seed).normal(0, noise, positions.shape)), box


def assert_same(found, positions, box, cutoff=2.5):
    expected = lennard_jones(positions, box, neighbor_list(positions, box, cutoff), cutoff=cutoff)
    scale = max(1.0, abs(expected.forces).max())
    np.testing.assert_allclose(found.forces, expected.forces, rtol=1e-11, atol=1e-11 * scale)
    assert found[1:] == pytest.approx(expected[1:], rel=1e-11, abs=1e-11 * scale)


@pytest.mark.parametrize("device", DEVICES)
def test_forces_of_moving_atoms_are_those_of_one_list(device):
    positions, box = crystal()
    velocities = np.random.default_rng(1).normal(0, 1, positions.shape)
    with DomainForces(500, box, domains=3, device=DEVICES[device]()) as forces:
        for step in range(12):
            moved = positions + 0.02 * step * velocities
            moved -= box * np.floor(moved / box)  # atoms leave the box on one side and enter on the other
            assert_same(forces.compute(moved), moved, box)
        assert 1 < forces.builds < 12
        assert sum(forces.owned) == 500


@settings(max_examples=40, deadline=None)  # lists of dozens of domains
@given(
    seed=st.integers(0, 2**32),
    periodic=st.tuples(*[st.booleans()] * 3),
    domains=st.tuples(*[st.integers(1, 4)] * 3),
    clustered=st.booleans(),
    skin=st.sampled_from([0.0, 0.3]),
)
def test_any_bricks_of_any_box(seed, periodic, domains, clustered, skin):
    rng = np.random.default_rng(seed)
    lengths = np.array([5.7, 6.0, 8.0])
    positions = np.stack(np.meshgrid(*map(np.arange, (5, 5, 7)), indexing="ij"), -1).reshape(-1, 3) * 1.1
    positions = positions[positions[:, 0] < 2] if clustered else positions  # some bricks are empty
    positions = positions + rng.uniform(-0.05, 0.05, positions.shape)
    positions += lengths * periodic * rng.integers(-2, 3, positions.shape)
    box = Box.of(lengths, periodic)
    domains = tuple(n if flag else 1 for n, flag in zip(domains, periodic, strict=True))
    with DomainForces(len(positions), box, domains=domains, skin=skin) as forces:
        assert_same(forces.compute(frozen(positions)), positions, box)
        moved = positions + rng.uniform(-0.02, 0.02, positions.shape)
        assert_same(forces.compute(moved), moved, box)
        assert forces.builds == (2 if skin == 0 else 1)


def test_results_are_the_callers_own():
    positions, box = crystal()
    out = np.empty(positions.shape)
    with DomainForces(500, box, device=Processes(1)) as forces:
        first = forces.compute(positions)
        kept = first.forces.copy()
        found = forces.compute(positions + np.linspace(0, 0.1, 500)[:, None], out=out)
    assert found.forces is out
    assert abs(out - kept).max() > 1
    np.testing.assert_array_equal(first.forces, kept)


@pytest.mark.parametrize("device", DEVICES)
def test_errors_are_in_the_callers_numbers_and_do_no_harm(device):
    positions, box = crystal()
    same = positions.copy()
    same[311] = same[17]
    lost = positions.copy()
    lost[5, 2] = np.nan
    with DomainForces(500, box, domains=2, device=DEVICES[device]()) as forces:
        for wrong, message in (
            (same, "atoms 17 and 311 are in the same place"),
            (lost, "atom 5 has z = nan"),
            (positions[:9], r"got positions of shape \(9, 3\), allowed: \(500, 3\)"),
        ):
            with pytest.raises(ValueError, match=message):
                forces.compute(wrong)
            assert_same(forces.compute(positions), positions, box)
        with pytest.raises(ValueError, match=r"got out of shape \(3,\), allowed: \(500, 3\)"):
            forces.compute(positions, out=np.empty(3))
    with pytest.raises(ValueError, match="closed"):
        forces.compute(positions)
    forces.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"atoms": 0}, "got atoms=0"),
        ({"skin": -0.1}, "got skin=-0.1"),
        ({"cutoff": 4.0}, "allowed: at most half the shortest periodic box length"),
        ({"domains": 0}, "got 0 domains"),
        ({"domains": (2, 2)}, r"got domains=\(2, 2\)"),
        ({"box": [8, 8]}, r"got box of shape \(2,\)"),
        ({"box": [[8, 0, 0], [1, 8, 0], [0, 0, 8]]}, "allowed here: a box of three lengths"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DomainForces(**{"atoms": 5, "box": [8.4, 8.4, 8.4]} | arguments)


@pytest.mark.parametrize("device", [Threads, Processes])
def test_devices_without_workers(device):
    with pytest.raises(ValueError, match="got workers=0"):
        device(0)


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_serves_one_run_and_no_second(device):
    used = DEVICES[device]()
    positions, box = crystal()
    with DomainForces(500, box, device=used) as forces:
        with pytest.raises(ValueError, match="has domains already"):
            DomainForces(5, [9, 9, 9], device=used)
        assert_same(forces.compute(positions), positions, box)
    with pytest.raises(ValueError, match="has domains already"):
        DomainForces(5, [9, 9, 9], device=used)


def test_after_an_interrupt_no_thread_is_at_work(monkeypatch):
    positions, box = crystal()
    with DomainForces(500, box, domains=2, device=Threads(2)) as forces:
        forces.compute(positions)
        began, ended, work = [], [], Domain.moved

        def slow(domain):
            began.append(domain)
            time.sleep(0.05)
            ended.append(work(domain))
            return ended[-1]

        def interrupt(_asked):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Domain, "moved", slow)
            patch.setattr(devices, "wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                forces.compute(positions)
            assert len(ended) == len(began)
        assert_same(forces.compute(positions), positions, box)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("device", [Threads, Processes])
def test_a_fork_has_threads_of_its_own_and_no_workers(device):
    positions, box = crystal()
    with DomainForces(500, box, domains=2, device=device(2)) as forces:
        forces.compute(positions)
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # whoever waits for a thread or an answer waits forever
            ended = 1
            try:
                assert_same(forces.compute(positions), positions, box)
                ended = 0
            except ValueError as error:
                ended = 2 if "a fork; allowed: in process" in str(error) else 3
                forces.close()
            finally:
                os._exit(ended)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (0 if device is Threads else 2)
        assert_same(forces.compute(positions + 0.1), positions + 0.1, box)


def test_more_workers_than_domains_are_not_started():
    device = Processes(4)
    positions, box = crystal()
    with DomainForces(500, box, domains=1, device=device) as forces:
        assert len(device.pids) == 1
        assert_same(forces.compute(positions), positions, box)
