"""Budgets on device memory, with a library that plays CuPy."""

from __future__ import annotations

from pathlib import Path

import pytest

_FAKES = Path(__file__).parents[1] / "fakes"

_TESTS = """
import pytest
cupy = pytest.importorskip("cupy")
KEPT = []

@pytest.mark.memory_budget(peak="2 MiB", leak="0 B", fragmentation=0.1, probe="cupy")
def test_within():
    cupy.cuda.alloc(2 << 20)

@pytest.mark.memory_budget(peak="1 MiB", probe="cupy")
def test_peak():
    cupy.cuda.alloc(2 << 20)

@pytest.mark.memory_budget(leak="0 B", probe="cupy", rounds=4, warmup=1)
def test_leak():
    KEPT.append(cupy.cuda.alloc(1 << 20))

@pytest.mark.memory_budget(leak="0 B", probe="cupy", rounds="auto")
def test_cache():
    KEPT or KEPT.append(cupy.cuda.alloc(1 << 20))

@pytest.mark.memory_budget(peak="1 MiB", leak="0 B", probe="cupy")
def test_other_allocator():
    cupy.cuda.set_allocator(cupy.cuda.MemoryPool().malloc)
"""


@pytest.fixture
def device(pytester, monkeypatch):
    """A folder of tests that import the fakes."""
    monkeypatch.setenv("PYTHONPATH", str(_FAKES))
    return pytester


def _outcomes(run):
    return {name: test["verdict"] for name, test in run.tests().items()}


def test_budgets_on_a_pool_of_the_device(device, run):
    device.makepyfile(_TESTS)
    result = run.enforced(is_apart=True)
    assert _outcomes(run) == {
        "test_within": "pass",
        "test_peak": "fail",
        "test_leak": "fail",
        "test_cache": "pass",
        "test_other_allocator": "inconclusive",
    }
    result.stdout.fnmatch_lines(
        [
            "peak 2.0 MiB, budget 1.0 MiB (+100.0 %), probe cupy",
            "leak 1.0 MiB per call, budget 0 B, probe cupy (*over 4 calls)*",
        ]
    )


def test_fragmentation_is_judged(device, run):
    device.makepyfile("""
        import cupy
        import pytest

        @pytest.mark.memory_budget(fragmentation=0.25, external_fragmentation=0.5, probe="cupy")
        def test_pieces():
            blocks = [cupy.cuda.alloc(1 << 20) for _ in range(4)]
            del blocks[::2]
            cupy.cuda.alloc(2 << 20)
    """)
    result = run.enforced(is_apart=True)
    result.stdout.fnmatch_lines(["fragmentation 0.3333, budget 0.25 (+33.3 %), probe cupy"])
    assert run.measurement("test_pieces", "external_fragmentation")["verdict"] == "fail"


def test_a_block_inside_a_test(device, run):
    device.makepyfile("""
        import cupy

        def test_block(memguard):
            with memguard.measure("outer", probe="cupy") as outer:
                with memguard.measure("inner", probe="cupy") as inner:
                    kept = cupy.cuda.alloc(1 << 20)
                cupy.cuda.alloc(1 << 20)
            assert (inner.peak, inner.retained) == (1 << 20, 1 << 20)
            assert (outer.peak, outer.retained) == (2 << 20, 1 << 20)
    """)
    run(is_apart=True).assert_outcomes(passed=1)


def test_a_recording_of_the_device(device, run):
    device.makepyfile("""
        import cupy
        import pynvml

        def test_recorded(memguard):
            pynvml.machine.busy_percent = 80
            with memguard.record() as recording:
                kept = cupy.cuda.alloc(1 << 20)
            assert (recording["cupy"][0], recording["cupy"][-1]) == (0, 1 << 20)
            assert recording["cupy reserved"][-1] >= 1 << 20
            assert recording["nvml"][0] > 0
            assert recording["gpu"][0] == 80
    """)
    run(is_apart=True).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("import sys; sys.modules['cupy'] = None", "cupy is not installed"),
        ("import cupy; cupy.machine.status = 35", "no CUDA driver"),
    ],
)
def test_where_it_cannot_be_measured_the_reason_is_given(device, run, prepare, reason):
    device.makeconftest(prepare)
    device.makepyfile("""
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", probe="cupy")
        def test_x(): pass
    """)
    run.enforced(is_apart=True).assert_outcomes(passed=1)
    measured = run.measurement("test_x", "peak")
    assert (measured["verdict"], measured["reason"], measured["value"]) == ("unavailable", reason, None)
    run.enforced("--memguard-strict", is_apart=True).assert_outcomes(passed=1)
    assert run.enforced("--memguard-strict", is_apart=True).ret != 0


def test_observing_imports_nothing_and_reads_what_a_test_has_imported(device, run):
    device.makepyfile("""
        import sys

        def test_before():
            assert "cupy" not in sys.modules

        def test_import():
            import cupy

        def test_after():
            sys.modules["cupy"].cuda.alloc(1 << 20)
    """)
    run(
        "--memguard-observe",
        "--memguard-probes=cupy",
        f"--memguard-report=json:{run.run_file}",
        is_apart=True,
    )
    assert run.tests()["test_before"]["measurements"] == []
    assert run.measurement("test_after", "peak")["value"] == 1 << 20
    assert run.measurement("test_after", "leak")["value"] == 0


def test_a_budget_imports_the_library_before_its_window_opens(device, run):
    device.makepyfile("""
        import sys
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", probe="cupy")
        def test_x():
            assert "cupy" in sys.modules
    """)
    run.enforced(is_apart=True).assert_outcomes(passed=1)
    assert run.measurement("test_x", "peak")["value"] == 0


def test_the_drivers_count_is_shown_and_never_judged(device, run):
    device.makepyfile("""
        import pynvml
        import pytest

        @pytest.mark.memory_budget(leak="0 B", probe="nvml")
        def test_x():
            pynvml.machine.used["00000000:01:00.0"] += 1 << 20
    """)
    run.enforced(is_apart=True).assert_outcomes(passed=1)
    measured = run.measurement("test_x", "leak")
    assert (measured["value"], measured["verdict"]) == (1 << 20, "inconclusive")
    assert "evidence, and no verdict" in measured["reason"]


def test_a_leak_has_the_drivers_count_beside_it(device, run):
    device.makepyfile("""
        import cupy, pynvml
        import pytest

        KEPT = []

        @pytest.mark.memory_budget(leak="0 B", probe="cupy")
        def test_x():
            KEPT.append(cupy.cuda.alloc(1 << 20))
            pynvml.machine.used["00000000:01:00.0"] += 2 << 20
    """)
    run.enforced(is_apart=True).stdout.fnmatch_lines(
        ["leak 1.0 MiB per call, budget 0 B, probe cupy; device +2.0 MiB by the driver's count"]
    )


_DEVICE_PROBES = ("cupy", "cupy_pinned", "cuda_async", "torch", "rmm", "jax", "nvml")


@pytest.mark.parametrize(
    "mode", [("--memguard",), ("--memguard-observe", f"--memguard-probes={','.join(_DEVICE_PROBES)}")]
)
def test_a_run_without_device_budgets_imports_no_library_and_loads_no_driver(pytester, run, mode):
    pytester.makepyfile("""
        import sys
        from pathlib import Path

        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_guarded(): pass

        def test_observed(): pass

        def test_nothing_was_loaded():
            assert not {"cupy", "torch", "rmm", "jax", "pynvml"} & set(sys.modules)
            maps = Path("/proc/self/maps")
            if maps.exists():  # a context needs the driver's library
                loaded = maps.read_text()
                assert "libcuda" not in loaded and "libnvidia" not in loaded
    """)
    run(*mode, is_apart=True).assert_outcomes(passed=3)
