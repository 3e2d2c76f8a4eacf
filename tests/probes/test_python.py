import tracemalloc

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.python import PythonProbe

MIB = 2**20
LEAK = WindowPlan(wants_leak=True)


@pytest.fixture
def probe():
    assert not tracemalloc.is_tracing()
    yield PythonProbe()
    assert not tracemalloc.is_tracing(), "a window was left open"


def test_peak_and_retained_are_exact(probe):
    window = probe.open(WindowPlan())
    kept = bytearray(3 * MIB)
    del_me = bytearray(40 * MIB)
    del del_me
    reading = window.close()
    assert 43 * MIB <= reading.peak_bytes <= 43 * MIB + 1024
    assert 3 * MIB <= reading.retained_bytes <= 3 * MIB + 1024
    del kept


def test_an_inner_window_does_not_lose_the_outer_ones_peak(probe):
    outer = probe.open(WindowPlan())
    first = bytearray(5 * MIB)
    del first
    inner = probe.open(WindowPlan())
    second = bytearray(MIB)
    assert MIB <= inner.close().peak_bytes < 1.01 * MIB
    del second
    assert 5 * MIB <= outer.close().peak_bytes < 5.01 * MIB


def test_tracing_of_somebody_else_is_left_running_and_its_memory_not_counted(probe):
    tracemalloc.start(3)
    try:
        older = [bytearray(MIB) for _ in range(3)]
        window = probe.open(LEAK)
        kept = bytearray(2 * MIB)
        kept_bytes, _ = window.retained_by(is_single_call=True, is_final=False)
        assert 2 * MIB <= kept_bytes < 2.1 * MIB
        assert [site.bytes for site in window.sites("leak") if site.bytes > MIB] == [
            pytest.approx(2 * MIB, rel=0.01)
        ]
        window.close()
        assert tracemalloc.is_tracing()
        del older, kept
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("sabotage", [tracemalloc.stop, tracemalloc.clear_traces])
def test_numbers_that_the_test_itself_destroyed_prove_nothing(probe, sabotage):
    window = probe.open(WindowPlan())
    sabotage()
    assert "the test itself stopped tracemalloc" in window.close().broken


def test_leak_sites_name_the_line_that_holds(probe):
    window = probe.open(LEAK)
    kept = [bytearray(MIB) for _ in range(4)]
    (site, *_) = window.sites("leak")
    window.close()
    assert (site.file, site.text) == (__file__, "kept = [bytearray(MIB) for _ in range(4)]")
    assert 4 * MIB <= site.bytes < 4.01 * MIB
    del kept


def test_an_import_is_no_leak_of_a_single_call(probe, tmp_path, monkeypatch):
    (tmp_path / "fresh_module_for_memguard.py").write_text("TABLE = list(range(100_000))\n")
    monkeypatch.syspath_prepend(tmp_path)
    window = probe.open(LEAK)
    import fresh_module_for_memguard

    single, _ = window.retained_by(is_single_call=True, is_final=False)
    repeated, _ = window.retained_by(is_single_call=False, is_final=False)
    window.close()
    assert single < 10_000
    assert repeated > 800_000
    assert fresh_module_for_memguard.TABLE


def test_closing_twice_gives_the_same_reading(probe):
    window = probe.open(WindowPlan(peak_limit_bytes=MIB))
    assert window.close() == window.close()


def test_the_line_of_a_short_peak_has_the_peak_of_the_call(probe):
    def body():
        bytes(100_000)

    window = probe.open(WindowPlan(peak_limit_bytes=1_000, code=body.__code__))
    window._watcher.stop()
    body()
    peak_bytes = window.mark().peak_bytes
    bytes(1_000_000)  # as judging a leak does
    window.close()
    assert [site.bytes for site in window.sites("peak")] == [peak_bytes]
