import importlib.util
import io
import linecache
import logging
import re
import sys
import threading
import tracemalloc

from _pytest.capture import CaptureIO

from pytest_memguard.probes import allowances


def trace_of(make):
    """Whether what ``make`` allocates and leaves behind is ignored after a single call, in bytes."""
    tracemalloc.start(8)
    try:
        kept = make()
        totals = tracemalloc.take_snapshot().statistics("traceback")
    finally:
        tracemalloc.stop()
    del kept
    ignored = sum(t.size for t in totals if allowances.is_ignored(t.traceback, imports=True))
    return sum(t.size for t in totals) - ignored, ignored


def test_what_the_test_holds_is_not_ignored():
    counted, ignored = trace_of(lambda: [bytearray(1000) for _ in range(100)])
    assert counted > 100_000
    assert ignored < 1000


def test_log_records_are_pytests():
    logger = logging.getLogger("memguard-test-records")
    _, ignored = trace_of(lambda: [logger.warning("record %d %s", i, "x") for i in range(100)])
    assert ignored > 20_000


def test_the_state_of_a_thread_is_the_interpreters_and_the_thread_the_programs():
    """That state is freed when the thread has come to its end, which may be after it was joined."""
    done = threading.Event()

    def start():
        threads = [threading.Thread(target=done.wait) for _ in range(20)]
        for thread in threads:
            thread.start()
        return threads

    counted, ignored = trace_of(start)
    done.set()
    assert ignored > 20 * 100
    assert counted > 20 * 500


def test_a_logging_handler_is_the_programs():
    counted, _ = trace_of(lambda: [logging.StreamHandler(io.StringIO()) for _ in range(100)])
    assert counted > 10_000


def test_caches_of_the_standard_library_are_emptied():
    re.compile("a pattern that only this test compiles")
    linecache.getlines(__file__)
    linecache.cache["<generated>"] = (1, None, ["source"], "<generated>")
    allowances.clear_caches()
    assert not re._cache
    assert __file__ not in linecache.cache
    assert "<generated>" in linecache.cache, "nobody could read it again"
    del linecache.cache["<generated>"]


def test_the_table_of_source_files_is_the_interpreters_and_their_lines_are_not(tmp_path):
    paths = [tmp_path / f"{number}.py" for number in range(200)]
    for path in paths:
        path.write_text("x" * 1_000)
    linecache.clearcache()
    counted, ignored = trace_of(lambda: [linecache.getlines(str(path)) for path in paths])
    assert counted > 200 * 1_000
    assert ignored > 200 * 16


def test_a_module_that_loads_when_first_used_is_not_loaded(tmp_path, monkeypatch):
    (tmp_path / "loads_late.py").write_text("import sys\nsys.loads_late_was_loaded = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "loads_late_was_loaded", False, raising=False)
    spec = importlib.util.find_spec("loads_late")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "loads_late", module)
    spec.loader.exec_module(module)
    allowances.clear_caches()
    assert not sys.loads_late_was_loaded
    assert vars(module)
    assert sys.loads_late_was_loaded


def test_captured_output_counts_by_its_growth_and_a_test_s_own_stream_does_not(monkeypatch):
    stream = CaptureIO()
    monkeypatch.setattr(sys, "stdout", stream)
    output = allowances.CapturedOutput()
    stream.write("x" * 100_000)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(b"x" * 10**6)))
    assert 100_000 <= output.growth_bytes() < 150_000
