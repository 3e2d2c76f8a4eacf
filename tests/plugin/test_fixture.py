"""The ``memguard`` fixture: blocks, snapshots and scaling inside a test, as its page shows them."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "fixture.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_examples_of_the_page_pass(run, pytester):
    files = {f"test_{number}": source for number, source in enumerate(EXAMPLES)}
    pytester.makepyfile(**files)
    run().assert_outcomes(passed=len(EXAMPLES))


def test_the_first_use_of_a_probe_inside_a_test_is_not_charged_to_it(run, pytester):
    pytester.makepyfile("""
        import pytest
        @pytest.mark.memory_budget(peak="1 MiB", leak=0)
        @pytest.mark.memory_budget(leak="4 MiB", probe="rss")
        def test_x(memguard):
            with memguard.measure("outer") as outer:
                for probe in ("heap", "rss", "rss_tree"):
                    with memguard.measure(probe=probe):
                        pass
            assert outer.peak < 2**20
    """)
    run.enforced().assert_outcomes(passed=1)


def test_wrong_use_says_what_is_accepted(run, pytester):
    pytester.makepyfile("""
        import pytest
        def test_measure(memguard):
            with pytest.raises(pytest.UsageError, match="got probe 'hip', accepted: .*heap, .*python"):
                memguard.measure(probe="hip")
            with memguard.measure("early") as block, pytest.raises(RuntimeError, match="'early' has not ended"):
                block.peak
        def test_compare(memguard):
            with pytest.raises(KeyError, match="got snapshot 'a', accepted: none was taken yet"):
                memguard.compare("a", "b")
            memguard.snapshot("a")
            with pytest.raises(KeyError, match="got snapshot 'b', accepted: 'a'"):
                memguard.compare("a", "b")
        def test_scaling(memguard):
            for sizes in ([], [1, 2, 2], [0, 1, 2]):
                with pytest.raises(ValueError, match="got sizes .* accepted: at least 3 different ones above 0"):
                    memguard.scaling(bytes, sizes)
    """)
    run().assert_outcomes(passed=3)


def test_a_block_is_measured_anew_each_time_and_once_at_a_time(run, pytester):
    pytester.makepyfile("""
        import pytest, tracemalloc
        def test_in_turn(memguard):
            block = memguard.measure("a")
            for mebibytes in (3, 1):
                with block:
                    bytearray(mebibytes << 20)
                assert block.peak >> 20 == mebibytes
        def test_nested(memguard):
            with memguard.measure("a") as block:
                with pytest.raises(RuntimeError, match="block 'a' has not ended, accepted: one `with` of it at a time"):
                    block.__enter__()
                bytearray(1 << 20)
            assert block.peak >> 20 == 1
        def test_never_left(memguard):
            memguard.measure().__enter__()
            assert tracemalloc.is_tracing()
        def test_after():
            assert not tracemalloc.is_tracing()
    """)
    run().assert_outcomes(passed=4)


def test_growth_above_its_budget_fails_unless_observed(run, pytester):
    pytester.makepyfile("""
        def test_x(memguard, monkeypatch):
            monkeypatch.setattr("gc.collect", lambda: 0)  # slow in a process as large as this one
            memguard.scaling(lambda size: bytes(size**2), [300, 600, 1200], peak_exponent=1.5)
    """)
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [r"peak grows as size\^\d\.\d\d \(95 % interval \S+ to \S+\), budget size\^1\.5"]
    )
    run("--memguard-observe").assert_outcomes(passed=1)


def test_tracing_that_a_snapshot_started_ends_with_the_test(run, pytester):
    pytester.makepyfile("""
        import tracemalloc
        def test_x(memguard):
            memguard.snapshot("a")
            assert tracemalloc.is_tracing()
        def test_y():
            assert not tracemalloc.is_tracing()
    """)
    run().assert_outcomes(passed=2)
