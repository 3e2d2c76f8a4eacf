"""The rmm probe over a fake of RMM."""

import importlib

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.stats import fragmentation
from pytest_memguard.testing import check_probe

MIB = 1 << 20


@pytest.fixture
def rmm(fakes):
    return importlib.import_module("rmm")


@pytest.fixture
def probe(rmm):
    return make_probe("rmm")


def test_it_keeps_the_contract_and_puts_the_resource_back(rmm, probe):
    before = rmm.mr.get_current_device_resource()
    check_probe(probe)
    assert rmm.mr.get_current_device_resource() is before


def test_marks_are_those_of_the_window(rmm, probe):
    outer = probe.open(WindowPlan())
    first = rmm.DeviceBuffer(size=3 * MIB)
    del first
    inner = probe.open(WindowPlan())
    kept = rmm.DeviceBuffer(size=100)
    reading = inner.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (100, 100)
    assert reading.after.allocations - reading.before.allocations == 1
    assert reading.after.reserved_bytes is None
    reading = outer.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (3 * MIB, 100)
    assert reading.after.allocations - reading.before.allocations == 2
    assert kept.size == 100


def test_a_pool_below_tells_what_is_reserved(rmm, probe):
    pool = rmm.mr.PoolMemoryResource(rmm.mr.get_current_device_resource(), initial_pool_size=8 * MIB)
    rmm.mr.set_current_device_resource(rmm.mr.LoggingResourceAdaptor(pool))
    window = probe.open(WindowPlan())
    kept = rmm.DeviceBuffer(size=2 * MIB)
    reading = window.close()
    assert reading.after.reserved_bytes == 8 * MIB
    assert fragmentation(reading) == pytest.approx(3 / 4)
    assert kept.size == 2 * MIB


def test_statistics_that_are_on_already_are_used_and_kept_whole(rmm, probe):
    theirs = rmm.mr.StatisticsResourceAdaptor(rmm.mr.get_current_device_resource())
    rmm.mr.set_current_device_resource(theirs)
    before = rmm.DeviceBuffer(size=MIB)
    window = probe.open(WindowPlan())
    first = rmm.DeviceBuffer(size=3 * MIB)
    del first
    reading = window.close()
    assert (reading.before.allocated_bytes, reading.peak_bytes) == (MIB, 3 * MIB)
    counted = theirs.allocation_counts
    assert (counted.current_bytes, counted.peak_bytes, counted.total_count) == (MIB, 4 * MIB, 2)
    assert rmm.mr.get_current_device_resource() is theirs
    assert before.size == MIB


@pytest.mark.parametrize("is_outer_first", [False, True])
@pytest.mark.parametrize("are_on_already", [False, True])
def test_windows_of_two_probes_count_for_themselves(rmm, probe, is_outer_first, are_on_already):
    if are_on_already:
        rmm.mr.set_current_device_resource(
            rmm.mr.StatisticsResourceAdaptor(rmm.mr.get_current_device_resource())
        )
    found = rmm.mr.get_current_device_resource()
    outer = probe.open(WindowPlan())
    kept = rmm.DeviceBuffer(size=4 * MIB)
    inner = make_probe("rmm").open(WindowPlan())
    more = rmm.DeviceBuffer(size=MIB)
    first, second = (outer, inner) if is_outer_first else (inner, outer)
    readings = {window: window.close() for window in (first, second)}
    assert (readings[outer].peak_bytes, readings[outer].retained_bytes) == (5 * MIB, 5 * MIB)
    assert (readings[inner].peak_bytes, readings[inner].retained_bytes) == (MIB, MIB)
    assert {reading.broken for reading in readings.values()} == {""}
    assert rmm.mr.get_current_device_resource() is found
    assert kept.size + more.size == 5 * MIB


def test_counters_that_the_program_pushes_are_not_those_of_the_window(rmm, probe):
    window = probe.open(WindowPlan())
    kept = rmm.DeviceBuffer(size=4 * MIB)
    rmm.mr.get_current_device_resource().push_counters()  # as rmm.statistics.push_statistics()
    more = rmm.DeviceBuffer(size=MIB)
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (5 * MIB, 5 * MIB)
    assert kept.size + more.size == 5 * MIB


def test_a_resource_on_top_is_fine_and_another_one_is_noticed(rmm, probe):
    below = rmm.mr.get_current_device_resource()
    window = probe.open(WindowPlan())
    rmm.mr.set_current_device_resource(rmm.mr.LoggingResourceAdaptor(rmm.mr.get_current_device_resource()))
    assert window.mark().broken == ""
    theirs = rmm.mr.LoggingResourceAdaptor(below)
    rmm.mr.set_current_device_resource(theirs)
    assert "another RMM resource" in window.close().broken
    assert rmm.mr.get_current_device_resource() is theirs


def test_a_resource_that_is_taken_away_again_is_noticed(rmm, probe):
    below, function = rmm.mr.get_current_device_resource(), rmm.mr.set_current_device_resource
    window = probe.open(WindowPlan())
    ours = rmm.mr.get_current_device_resource()
    rmm.mr.set_current_device_resource(below)
    rmm.mr.set_current_device_resource(mr=ours)
    assert "another RMM resource" in window.close().broken
    assert rmm.mr.get_current_device_resource() is below
    assert rmm.mr.set_current_device_resource is function


def test_without_a_device_it_says_so(rmm, probe):
    rmm.machine.has_device = False
    assert complaint_about(probe) == "no CUDA device: cudaErrorNoDevice: no CUDA-capable device is detected"


def test_watching_does_not_import_it(fakes):
    assert make_probe("rmm").unavailable() == "rmm has not been imported"
