import ctypes
import sys

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.heap import HeapProbe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the numbers asserted are those of glibc")


@pytest.fixture
def libc():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = (ctypes.c_size_t,)
    libc.free.argtypes = (ctypes.c_void_p,)
    libc.malloc_usable_size.argtypes = (ctypes.c_void_p,)
    libc.malloc_usable_size.restype = ctypes.c_size_t
    return libc


@pytest.mark.parametrize("nbytes", [5_000, 100_000, 10_000_000])
def test_native_allocations_are_counted_to_the_byte(libc, nbytes):
    window = HeapProbe().open(WindowPlan(wants_peak=False))
    before = window.mark().after.allocated_bytes
    block = libc.malloc(nbytes)
    held = window.mark().after.allocated_bytes - before
    usable = libc.malloc_usable_size(block)
    libc.free(block)
    freed = window.mark().after.allocated_bytes - before
    window.close()
    # A chunk is its usable bytes and the word before them; one with a mapping of its own counts whole pages.
    assert usable < held <= usable + 4096
    assert freed == 0


def test_a_sampled_peak_says_that_it_is_sampled(libc):
    import time

    window = HeapProbe().open(WindowPlan(wants_peak=True))
    block = libc.malloc(20_000_000)
    time.sleep(0.05)
    libc.free(block)
    reading = window.close()
    assert 20_000_000 <= reading.peak_bytes < 21_000_000
    assert "sampled" in reading.notes[0]
    assert abs(reading.retained_bytes) < 1_000_000


def test_without_a_wish_for_the_peak_there_is_none_and_no_thread():
    import threading

    threads = threading.active_count()
    window = HeapProbe().open(WindowPlan(wants_peak=False))
    assert threading.active_count() == threads
    assert window.close().peak_bytes is None
