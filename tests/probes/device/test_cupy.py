"""The cupy probe over a fake of CuPy."""

import importlib.util
import sys
import threading
from types import SimpleNamespace

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.stats import external_fragmentation, fragmentation
from pytest_memguard.testing import check_probe

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def probe(cupy):
    return make_probe("cupy")


def test_it_keeps_the_contract_and_leaves_nothing_in_the_pool(cupy, probe):
    before = cupy.cuda.get_allocator()
    check_probe(probe)
    assert cupy.cuda.get_allocator() == before
    assert cupy.get_default_memory_pool().used_bytes() == 0


def test_calibration_gives_its_memory_back_to_the_driver(cupy, probe):
    assert complaint_about(probe) is None
    assert cupy.get_default_memory_pool().total_bytes() == 0


def test_the_peak_of_a_known_sequence_is_exact(cupy, probe):
    kept = cupy.cuda.alloc(4 * KIB)
    window = probe.open(WindowPlan())
    first = cupy.cuda.alloc(3 * MIB)
    second = cupy.cuda.alloc(1)
    del first
    third = cupy.cuda.alloc(2 * MIB)
    reading = window.close()
    assert reading.peak_bytes == 3 * MIB + 512
    assert reading.retained_bytes == 2 * MIB + 512
    assert reading.high_water_reserved_bytes == 3 * MIB + 512 + 4 * KIB
    assert kept.ptr != second.ptr != third.ptr


def test_nested_windows_have_marks_of_their_own_and_share_one_allocator(cupy, probe):
    outer = probe.open(WindowPlan())
    allocator = cupy.cuda.get_allocator()
    early = cupy.cuda.alloc(5 * MIB)
    del early
    inner = probe.open(WindowPlan())
    assert cupy.cuda.get_allocator() is allocator
    small = cupy.cuda.alloc(MIB)
    assert inner.close().peak_bytes == MIB
    assert cupy.cuda.get_allocator() is allocator
    assert outer.close().peak_bytes == 5 * MIB
    assert cupy.cuda.get_allocator() is not allocator
    assert small.mem.size == MIB


def test_allocations_of_other_threads_are_seen(cupy, probe):
    window = probe.open(WindowPlan())
    threads = [threading.Thread(target=lambda: cupy.cuda.alloc(MIB)) for _ in range(4)]
    for thread in threads:
        thread.start()
        thread.join()
    assert window.close().peak_bytes == MIB


def test_fragmentation_and_free_blocks(cupy, probe):
    window = probe.open(WindowPlan())
    blocks = [cupy.cuda.alloc(MIB) for _ in range(4)]
    del blocks[:]
    large = cupy.cuda.alloc(2 * MIB)
    reading = window.close()
    assert fragmentation(reading) == pytest.approx(1 - 4 / 6)
    assert reading.after.free_bytes == 4 * MIB
    assert external_fragmentation(reading.after) == pytest.approx(3 / 4)
    assert large.mem.size == 2 * MIB


def test_without_a_list_of_free_blocks_fragmentation_is_not_told(cupy, probe, monkeypatch):
    """The free blocks of a thread's own default stream go by a name that CuPy does not tell."""
    stream = SimpleNamespace(ptr=cupy.cuda.runtime.streamPerThread)
    monkeypatch.setattr(cupy.cuda, "get_current_stream", lambda: stream)
    window = probe.open(WindowPlan())
    block = cupy.cuda.alloc(MIB)
    del block
    reading = window.close()
    assert (reading.after.free_bytes, reading.after.largest_free_bytes) == (MIB, None)
    assert external_fragmentation(reading.after) is None


def test_growth_without_a_new_mark_is_reserved_all_the_same(cupy, probe):
    window = probe.open(WindowPlan())
    blocks = [cupy.cuda.alloc(MIB) for _ in range(4)]
    del blocks[1::2]
    grown = cupy.cuda.alloc(2 * MIB - 512)  # no free block is that large
    assert window.close().high_water_reserved_bytes == 6 * MIB - 512
    assert grown is not None


def test_another_allocator_set_inside_is_noticed_and_stays(cupy, probe):
    window = probe.open(WindowPlan())
    theirs = cupy.cuda.MemoryPool().malloc
    cupy.cuda.set_allocator(theirs)
    assert "another CuPy allocator" in window.close().broken
    assert cupy.cuda.get_allocator() is theirs


@pytest.mark.parametrize("is_in_a_thread", [False, True])
def test_a_block_of_another_allocator_is_noticed(cupy, probe, is_in_a_thread):
    original = cupy.cuda.memory._set_thread_local_allocator

    def block():
        with cupy.cuda.using_allocator(cupy.cuda.MemoryPool().malloc):
            cupy.cuda.alloc(MIB)

    outer, inner = probe.open(WindowPlan()), probe.open(WindowPlan())
    if is_in_a_thread:
        thread = threading.Thread(target=block)
        thread.start()
        thread.join()
    else:
        block()
    for window in (inner, outer):
        assert "another CuPy allocator" in window.close().broken
    assert cupy.cuda.memory._set_thread_local_allocator is original
    window = probe.open(WindowPlan())
    with cupy.cuda.using_allocator(cupy.cuda.get_allocator()):
        cupy.cuda.alloc(MIB)
    reading = window.close()
    assert (reading.peak_bytes, reading.broken) == (MIB, "")


@pytest.mark.parametrize("chosen", [{}, {"allocator": lambda size: None}])
def test_an_allocator_that_is_taken_away_again_is_noticed(cupy, probe, chosen):
    original = cupy.cuda.set_allocator
    window = probe.open(WindowPlan())
    ours = cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(ours)
    assert window.mark().broken == ""
    cupy.cuda.set_allocator(**chosen)
    cupy.cuda.memory.set_allocator(ours)
    assert "another CuPy allocator" in window.close().broken
    assert cupy.cuda.set_allocator is cupy.cuda.memory.set_allocator is original


def test_an_allocator_that_cannot_be_replaced_is_said(cupy, probe):
    with cupy.cuda.using_allocator(cupy.cuda.MemoryPool().malloc):
        assert "using_allocator" in probe.open(WindowPlan()).close().broken
    assert probe.open(WindowPlan()).close().broken == ""


def _of_rmm(size):
    """As rmm.allocators.cupy.rmm_cupy_allocator."""


_of_rmm.__module__ = "rmm.allocators.cupy"


@pytest.mark.parametrize(
    ("allocator", "said"),
    [
        (lambda cupy: lambda size: cupy.get_default_memory_pool().malloc(size), "counts its bytes"),
        (lambda cupy: cupy.cuda.MemoryAsyncPool().malloc, "probe cuda_async"),
        (lambda cupy: _of_rmm, "probe rmm"),
    ],
)
def test_an_allocator_without_counters_is_said(cupy, probe, allocator, said):
    cupy.cuda.set_allocator(allocator(cupy))
    reading = probe.open(WindowPlan()).close()
    assert said in reading.broken
    assert (reading.peak_bytes, reading.retained_bytes) == (None, None)


def test_a_pool_of_the_program_itself_is_read_where_it_is_the_allocator(cupy, probe):
    pool = cupy.cuda.MemoryPool()
    cupy.cuda.set_allocator(pool.malloc)
    window = probe.open(WindowPlan())
    memory = cupy.cuda.alloc(MIB)
    assert window.close().retained_bytes == pool.used_bytes() == memory.mem.size
    assert cupy.cuda.get_allocator().__self__ is pool


def test_what_another_device_allocates_is_counted_there(cupy, probe):
    cupy.machine.devices = 2
    window = probe.open(WindowPlan())
    here = cupy.cuda.alloc(MIB)
    cupy.machine.current = 1
    there = cupy.cuda.alloc(8 * MIB)
    assert "current device is no longer 0" in window.mark().broken
    cupy.machine.current = 0
    reading = window.close()
    assert (reading.peak_bytes, reading.broken) == (MIB, "")
    assert reading.notes == ("1 allocations on other devices than 0 are not counted",)
    assert (here.device_id, there.device_id) == (0, 1)


def test_a_device_that_fails_inside_the_window_is_said_and_the_allocator_goes(cupy, probe):
    before = cupy.cuda.get_allocator()
    window = probe.open(WindowPlan(wants_leak=True))
    cupy.machine.status = 700  # an illegal address: from now on every call fails
    assert window.settle() == 0
    reading = window.close()
    assert reading.broken == "cupy does not answer: CUDARuntimeError: cudaError: 700"
    assert (reading.peak_bytes, window.evidence()) == (None, "")
    assert cupy.cuda.get_allocator() == before


def test_plans_of_fourier_transforms_are_no_leak(cupy, probe):
    plans = cupy.fft.config.get_plan_cache().plans
    plans.append(cupy.cuda.alloc(8 * MIB))
    window = probe.open(WindowPlan(wants_leak=True))
    plans.append(cupy.cuda.alloc(4 * MIB))
    assert window.mark().retained_bytes == 4 * MIB
    window.settle()
    assert window.close().retained_bytes == 0


def test_unreleasable_bytes_are_evidence(cupy, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    large = cupy.cuda.alloc(MIB)
    del large
    leaked = cupy.cuda.alloc(MIB // 2)
    unused = cupy.cuda.alloc(MIB)
    del unused
    assert window.evidence() == "512.0 KiB more cannot be released, beside blocks in use"
    window.close()
    assert leaked.mem.size == MIB // 2


@pytest.mark.parametrize(
    ("status", "reason"), [(35, "no CUDA driver"), (100, "no CUDA device: cudaError: 100")]
)
def test_without_a_device_it_says_so(cupy, probe, status, reason):
    cupy.machine.status = status
    assert probe.unavailable() == complaint_about(probe) == reason
    assert probe.open(WindowPlan()).close().peak_bytes is None


def test_the_library_is_imported_only_where_somebody_asks_for_it(fakes):
    probe = make_probe("cupy")
    assert probe.unavailable() == "cupy has not been imported"
    reading = probe.open(WindowPlan()).close()
    assert (reading.peak_bytes, reading.retained_bytes, reading.broken) == (None, None, "")
    assert "cupy" not in sys.modules
    assert complaint_about(probe) is None
    assert "cupy" in sys.modules


def test_a_library_that_is_loaded_lazily_is_loaded_only_where_somebody_asks_for_it(fakes, monkeypatch):
    spec = importlib.util.find_spec("cupy")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "cupy", module)
    spec.loader.exec_module(module)
    probe = make_probe("cupy")
    assert probe.open(WindowPlan()).close().peak_bytes is None
    assert type(module).__name__ == "_LazyModule"
    assert complaint_about(probe) is None


def test_without_the_library_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert complaint_about(make_probe("cupy")) == "cupy is not installed"


def test_a_library_that_cannot_be_imported_says_why(tmp_path, monkeypatch, fakes):
    (tmp_path / "cupy.py").write_text("raise OSError('libcudart.so.12: cannot open')")
    monkeypatch.syspath_prepend(tmp_path)
    assert (
        complaint_about(make_probe("cupy"))
        == "cupy cannot be imported: OSError: libcudart.so.12: cannot open"
    )


def test_an_allocator_that_somebody_puts_back_later_passes_on(cupy, probe):
    before = cupy.cuda.get_allocator()
    window = probe.open(WindowPlan())
    ours = cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(cupy.cuda.MemoryPool().malloc)
    window.close()
    cupy.cuda.set_allocator(ours)  # as a fixture does that found it in force
    kept = cupy.cuda.alloc(MIB)
    window = probe.open(WindowPlan())
    more = cupy.cuda.alloc(2 * MIB)
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes, reading.broken) == (2 * MIB, 2 * MIB, "")
    assert cupy.cuda.get_allocator() == before
    assert kept.mem.size + more.mem.size == 3 * MIB


def test_a_window_that_closes_inside_using_allocator_leaves_one_that_passes_on(cupy, probe):
    before = cupy.cuda.get_allocator()
    window = probe.open(WindowPlan())
    with cupy.cuda.using_allocator(cupy.cuda.MemoryPool().malloc):
        assert "another CuPy allocator" in window.close().broken
    kept = cupy.cuda.alloc(MIB)
    window = probe.open(WindowPlan())
    with cupy.cuda.using_allocator(cupy.cuda.get_allocator()):
        assert window.close().broken == ""
    probe.open(WindowPlan()).close()
    assert cupy.cuda.get_allocator() == before
    assert kept.mem.size == MIB


@pytest.mark.parametrize("is_outer_first", [False, True])
def test_windows_of_two_probes_close_in_any_order(cupy, probe, is_outer_first):
    before, functions = cupy.cuda.get_allocator(), vars(cupy.cuda).copy()
    outer, inner = probe.open(WindowPlan()), make_probe("cupy").open(WindowPlan())
    kept = cupy.cuda.alloc(MIB)
    first, second = (outer, inner) if is_outer_first else (inner, outer)
    reading = first.close()
    assert (reading.peak_bytes, reading.broken) == (MIB, "")
    more = cupy.cuda.alloc(MIB)
    reading = second.close()
    assert (reading.peak_bytes, reading.broken) == (2 * MIB, "")
    assert cupy.cuda.get_allocator() == before
    assert vars(cupy.cuda) == functions
    assert kept.mem.size == more.mem.size == MIB
