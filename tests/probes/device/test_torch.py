"""The torch probe over a fake of PyTorch."""

import importlib

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.stats import fragmentation
from pytest_memguard.testing import check_probe

MIB = 1 << 20


@pytest.fixture
def torch(fakes):
    return importlib.import_module("torch")


@pytest.fixture
def probe(torch):
    probe = make_probe("torch")
    assert complaint_about(probe) is None
    return probe


def _tensor(torch, nbytes):
    return torch.empty(nbytes, dtype=torch.uint8, device="cuda")


def test_it_keeps_the_contract_and_leaves_torch_as_it_was(torch, probe):
    before = vars(torch._C).copy()
    check_probe(probe)
    assert vars(torch._C) == before
    assert torch.machine.statistics["reserved_bytes"]["all"]["current"] == 0


def test_marks_are_those_of_the_window(torch, probe):
    early = _tensor(torch, 9 * MIB)
    del early
    window = probe.open(WindowPlan())
    first = _tensor(torch, 3 * MIB)
    del first
    second = _tensor(torch, 100)
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (3 * MIB, 512)
    assert fragmentation(reading) == pytest.approx(1 - 3 / 9)
    assert second.nbytes == 512


def test_a_reset_by_the_test_itself_loses_nothing_and_is_noted(torch, probe):
    outer = probe.open(WindowPlan())
    early = _tensor(torch, 5 * MIB)
    del early
    inner = probe.open(WindowPlan())
    first = _tensor(torch, 3 * MIB)
    del first
    torch.cuda.reset_peak_memory_stats()
    second = _tensor(torch, MIB)
    assert torch.machine.statistics["allocated_bytes"]["all"]["peak"] == MIB
    inner_reading = inner.close()
    assert (inner_reading.peak_bytes, inner_reading.broken) == (3 * MIB, "")
    assert "reset 1 times inside the window" in inner_reading.notes[0]
    assert outer.close().peak_bytes == 5 * MIB
    assert second.nbytes == MIB


@pytest.mark.parametrize("is_outer_first", [False, True])
def test_windows_of_two_probes_close_in_any_order(torch, probe, is_outer_first):
    before = vars(torch._C).copy()
    other = make_probe("torch")
    outer, inner = probe.open(WindowPlan()), other.open(WindowPlan())
    first, second = (outer, inner) if is_outer_first else (inner, outer)
    first.close()
    early = _tensor(torch, 3 * MIB)
    del early
    torch.cuda.reset_peak_memory_stats()
    reading = second.close()
    assert (reading.peak_bytes, reading.broken) == (3 * MIB, "")
    assert "times inside the window" in reading.notes[0]
    assert vars(torch._C) == before


def test_a_reset_that_nobody_can_see_is_noticed_by_what_it_took(torch, probe):
    window = probe.open(WindowPlan())
    first = _tensor(torch, 3 * MIB)
    window.mark()
    del first
    torch.machine.reset_peaks()
    assert "unseen" in window.close().broken


def test_the_work_area_of_cublas_is_no_leak(torch, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    torch.workspaces.append(_tensor(torch, 32 * MIB))
    assert window.mark().retained_bytes == 32 * MIB
    window.settle()
    assert window.close().retained_bytes == 0


def test_split_blocks_and_rounding_are_evidence(torch, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    nothing = window.evidence()
    kept = _tensor(torch, 500)
    assert window.evidence() == f"12 B of all that is allocated is rounding; {nothing}"
    torch.machine.inactive_split = MIB
    assert window.evidence().startswith("1.0 MiB more cannot be released, beside blocks in use; 12 B of")
    window.close()
    assert kept.nbytes == 512


def test_another_allocator_is_said(torch, probe):
    torch.machine.backend = "cudaMallocAsync"
    assert "allocates with cudaMallocAsync" in probe.open(WindowPlan()).close().broken


def test_watching_does_not_start_cuda(torch):
    probe = make_probe("torch")
    assert probe.unavailable() == "torch has not started CUDA"
    assert probe.open(WindowPlan()).close().peak_bytes is None
    assert not torch.machine.is_started
    assert complaint_about(probe) is None
    assert torch.machine.is_started


@pytest.mark.parametrize(
    ("built_for", "reason"), [("12.8", "no CUDA device"), (None, "torch was built without CUDA")]
)
def test_without_a_device_it_says_so(torch, built_for, reason):
    torch.machine.is_there, torch.version.cuda = False, built_for
    assert complaint_about(make_probe("torch")) == reason
    assert not torch.machine.is_started
