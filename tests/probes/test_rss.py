import mmap
import os
import subprocess
import sys

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import rss
from pytest_memguard.probes.rss import RssProbe, touched_pages
from pytest_memguard.probes.rss_tree import RssTreeProbe

PAGE = mmap.PAGESIZE
# What the kernel's per-processor counters (three: anonymous, file and shared pages) may hide of a mark whose pages
# have been freed.
SLACK = 3 * PAGE * (os.cpu_count() or 1) * max(32, 2 * (os.cpu_count() or 1))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the kernel's mark")
@pytest.mark.parametrize("pages", [64, 1000, 20_000])
def test_resident_pages_are_counted_exactly_and_the_mark_of_freed_ones_nearly(pages):
    probe = RssProbe()
    probe.open(WindowPlan()).close()  # whatever the first window itself needs is resident now
    window = probe.open(WindowPlan())
    mapping = touched_pages(pages * PAGE)
    held = window.mark()
    mapping.close()
    reading = window.close()
    assert reading.notes == ()
    assert 0 <= held.retained_bytes - pages * PAGE <= 16 * PAGE  # the interpreter touches a few of its own
    assert 0 <= held.peak_bytes - pages * PAGE <= 16 * PAGE
    assert abs(reading.peak_bytes - pages * PAGE) <= SLACK


@pytest.mark.skipif(
    sys.platform != "linux", reason="only there the allocator can be asked to give pages back"
)
@pytest.mark.parametrize("probe", [RssProbe(), RssTreeProbe()], ids=lambda probe: probe.name)
def test_pages_that_the_allocator_has_kept_count_when_they_are_used_again(probe):
    freed = [b"x" * 60_000 for _ in range(500)]
    above = b"x" * 60_000  # or the top of the heap would go back by itself
    del freed
    window = probe.open(WindowPlan())
    used = [b"x" * 60_000 for _ in range(500)]
    reading = window.close()
    assert reading.retained_bytes > 0.9 * 60_000 * len(used)
    assert reading.peak_bytes >= reading.retained_bytes
    del above


def test_memory_that_is_never_touched_is_not_resident():
    window = RssProbe().open(WindowPlan())
    mapping = mmap.mmap(-1, 256 * 2**20)
    reading = window.close()
    mapping.close()
    assert reading.retained_bytes < 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the kernel's mark")
def test_an_inner_window_does_not_lose_the_outer_ones_peak():
    probe = RssProbe()
    outer = probe.open(WindowPlan())
    touched_pages(30 * 2**20).close()
    inner = probe.open(WindowPlan())
    touched_pages(5 * 2**20).close()
    assert abs(inner.close().peak_bytes - 5 * 2**20) <= SLACK
    assert abs(outer.close().peak_bytes - 30 * 2**20) <= SLACK


def test_where_the_mark_cannot_be_reset_it_is_sampled_and_said(monkeypatch):
    import time

    def no_clear_refs(self):
        raise PermissionError

    monkeypatch.setattr(rss._LinuxSource, "__init__", no_clear_refs)
    probe = RssProbe()
    assert not probe.source.is_exact
    window = probe.open(WindowPlan())
    resident_bytes, _ = probe.source.read()
    mapping = touched_pages(20 * 2**20)
    deadline = time.monotonic() + 30  # on a crowded machine the sampling thread may have to wait for a core
    while window.high_water_bytes < resident_bytes + 19 * 2**20 and time.monotonic() < deadline:
        time.sleep(0.05)
    mapping.close()
    reading = window.close()
    assert "sampled" in reading.notes[0]
    assert 19 * 2**20 < reading.peak_bytes < 22 * 2**20


_BEFORE_EXEC = """
import os, sys
held = bytearray(b"x") * (200 * 2**20)  # the mark of this program stays in ru_maxrss of the next one
os.execv(sys.executable, [sys.executable, "-c", os.environ["AFTER_EXEC"]])
"""
_AFTER_EXEC = """
from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.rss import RssProbe, touched_pages
probe = RssProbe()
window = probe.open(WindowPlan())
touched_pages(20 * 2**20).close()
print(window.close().peak_bytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the kernel's mark")
def test_the_mark_of_the_program_before_execve_hides_nothing():
    done = subprocess.run(
        (sys.executable, "-c", _BEFORE_EXEC),
        env={**os.environ, "AFTER_EXEC": _AFTER_EXEC},
        capture_output=True,
        text=True,
        check=True,
    )
    assert abs(int(done.stdout) - 20 * 2**20) <= SLACK


_DESCRIPTORS_TAKEN = """
import os, sys
from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.rss import RssProbe, touched_pages

probe = RssProbe()
plan = WindowPlan(wants_peak=True)
window = probe.open(plan)
os.closerange(3, 100)
files = [open(os.path.join(sys.argv[1], str(number)), "w+") for number in range(8)]
pages = touched_pages(20 * 2**20)
held_bytes = window.close().retained_bytes
probe.open(plan).close()
del probe, window
print(held_bytes, *(os.fstat(file.fileno()).st_size for file in files))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors of /proc are held only there")
def test_a_file_that_got_our_descriptors_number_is_left_alone(tmp_path):
    done = subprocess.run(
        (sys.executable, "-c", _DESCRIPTORS_TAKEN, tmp_path), capture_output=True, text=True, check=True
    )
    held_bytes, *sizes = map(int, done.stdout.split())
    assert sizes == [0] * 8
    assert abs(held_bytes - 20 * 2**20) <= 64 * 1024


@pytest.mark.skipif(not hasattr(sys, "setdlopenflags"), reason="needs fork")
def test_a_forked_child_reads_itself_and_not_its_parent():
    import os

    probe = RssProbe()
    parent_source = probe.source
    child = os.fork()
    if child == 0:
        os._exit(0 if probe.source is not parent_source else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert probe.source is parent_source


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="only Linux has transparent huge pages")
def test_a_huge_page_is_no_leak_by_itself(pytester):
    """Each call touches one byte more, and 2 MiB become resident."""
    pytester.makepyfile(
        """
        import mmap
        import pytest

        @pytest.fixture(scope="module")
        def touched():
            pages = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            pages.madvise(mmap.MADV_HUGEPAGE)
            pages[2 << 20] = 1
            with open("/proc/self/smaps_rollup") as counters:
                text = counters.read()
            if text.partition("AnonHugePages:")[2].split()[0] == "0":
                pytest.skip("this kernel gives no huge pages")
            yield lambda count, places=iter(range(4 << 20, 64 << 20, 2 << 20)): [
                pages.__setitem__(next(places), 1) for _ in range(count)
            ]

        @pytest.mark.memory_budget(leak="0 B", probe="rss")
        def test_once(touched):
            touched(1)

        @pytest.mark.memory_budget(leak="0 B", probe="rss", rounds=2)
        def test_twice(touched):
            touched(1)

        @pytest.mark.memory_budget(leak="0 B", probe="rss")
        def test_much(touched):
            touched(3)

        @pytest.mark.memory_budget(leak="0 B", probe="rss", rounds=5)
        def test_again_and_again(touched):
            touched(1)
        """
    )
    result = pytester.runpytest_subprocess("--memguard", "-q")
    outcomes = result.parseoutcomes()
    if "skipped" in outcomes:
        pytest.skip("this kernel gives no huge pages")
    assert outcomes == {"passed": 2, "failed": 2}
    result.stdout.fnmatch_lines(["leak 6.*probe rss*", "leak 2.0 MiB per call*probe rss*"])
