"""Energy and virial of a configuration that NIST published for such checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference_impl import lennard_jones, neighbor_list

POSITIONS = np.loadtxt(Path(__file__).with_name("nist_configuration_4.txt"))
BOX = np.full(3, 8.0)


@pytest.mark.parametrize(("cutoff", "energy", "virial"), [(3.0, -16.790, -46.249), (4.0, -17.060, -47.869)])
@pytest.mark.parametrize("full", [False, True])
def test_energy_and_virial_are_those_of_nist(cutoff, energy, virial, full):
    found = lennard_jones(POSITIONS, BOX, neighbor_list(POSITIONS, BOX, cutoff, full=full), cutoff=cutoff)
    assert found.energy == pytest.approx(energy, abs=5.1e-4)  # to the digits that are published
    assert found.virial == pytest.approx(virial, abs=5.1e-4)
