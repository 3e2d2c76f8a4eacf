"""Methods of unittest.TestCase: the window is around the method, not around setUp and tearDown."""

from __future__ import annotations

import pytest


def test_set_up_and_tear_down_belong_to_no_window(pytester, run):
    pytester.makepyfile(
        """
        import unittest
        import pytest

        kept = []

        class TestWindow(unittest.TestCase):
            def setUp(self):
                self.block = bytearray(8 << 20)
                bytearray(16 << 20)

            def tearDown(self):
                kept.append(bytearray(8 << 20))

            @pytest.mark.memory_budget(peak="2 MiB", leak="0 B")
            def test_method(self):
                bytearray(1 << 20)

            @pytest.mark.memory_budget(leak="0 B")
            def test_releases(self):
                self.block = None
        """
    )
    run.enforced().assert_outcomes(passed=2)
    peak = run.measurement("test_method", "peak")["value"]
    assert 1 << 20 < peak < (1 << 20) + 4096


def test_the_method_s_own_spike_and_leak_are_red(pytester, run):
    pytester.makepyfile(
        """
        import unittest
        import pytest

        kept = []

        class TestMethods(unittest.TestCase):
            @pytest.mark.memory_budget(peak="1 MiB")
            def test_spike(self):
                block = bytearray(3 << 20)

            @pytest.mark.memory_budget(leak="0 B")
            def test_leak(self):
                kept.append(bytearray(3 << 20))
        """
    )
    result = run.enforced()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["leak 3.0 MiB per call, budget 0 B*", "*kept.append(bytearray(3 << 20))"])


def test_what_tear_down_and_cleanups_release_is_no_leak(pytester, run):
    pytester.makepyfile(
        """
        import unittest
        import pytest

        kept = []

        @pytest.mark.memory_budget(leak="0 B")
        class TestCleanups(unittest.TestCase):
            def tearDown(self):
                kept.clear()

            def test_tear_down(self):
                kept.append(bytearray(1 << 20))

            def test_cleanups(self):
                block = bytearray(1 << 20)
                for _ in range(50):
                    self.addCleanup(len, block)
        """
    )
    run.enforced().assert_outcomes(passed=2)


@pytest.mark.parametrize("warmup", [0, 2])
def test_outcomes_of_unittest_stay_what_they_are(pytester, run, warmup):
    pytester.makepyfile(
        f"""
        import unittest
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B", warmup={warmup})
        class TestOutcomes(unittest.TestCase):
            def test_fails(self):
                bytearray(3 << 20)
                self.assertEqual(1, 2)

            def test_skips(self):
                self.skipTest("not today")

            @unittest.skip("never")
            def test_is_skipped(self):
                pass

            @unittest.expectedFailure
            def test_is_expected_to_fail(self):
                self.fail("known")

        class TestSetUp(unittest.TestCase):
            def setUp(self):
                raise RuntimeError("no set-up")

            @pytest.mark.memory_budget(peak="1 MiB")
            def test_never_called(self):
                pass
        """
    )
    result = run.enforced()
    result.assert_outcomes(failed=2, skipped=2, xfailed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: 1 != 2", "*peak 3.0 MiB, budget 1.0 MiB*"])
    result.stdout.fnmatch_lines(["E*RuntimeError: no set-up"])
    assert run.measurement("test_fails", "leak")["verdict"] == "not_measured"
    assert run.measurement("test_never_called", "peak")["verdict"] == "not_measured"
    assert "test_skips" not in run.tests()


def test_every_round_has_its_own_set_up(pytester, run):
    pytester.makepyfile(
        """
        import unittest
        import pytest

        calls = []

        class TestRounds(unittest.TestCase):
            def setUp(self):
                self.items = []

            @pytest.mark.memory_budget(peak="1 MiB", leak="1 KiB", rounds=4, warmup=2)
            def test_counts(self):
                self.items.append(bytearray(1000))
                assert len(self.items) == 1
                calls.append(None)

            def test_has_been_called(self):
                assert len(calls) == 6
        """
    )
    run.enforced().assert_outcomes(passed=2)


def test_async_methods(pytester, run):
    pytester.makepyfile(
        """
        import asyncio
        import unittest
        import pytest

        class TestAsync(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.block = bytearray(8 << 20)

            @pytest.mark.memory_budget(peak="2 MiB", leak="4 KiB")  # the loop keeps some of its own
            async def test_small(self):
                await asyncio.sleep(0)
                bytearray(1 << 20)

            @pytest.mark.memory_budget(peak="2 MiB")
            async def test_large(self):
                await asyncio.sleep(0)
                bytearray(3 << 20)

            @pytest.mark.memory_budget(peak="2 MiB", leak="0 B", rounds=3, warmup=1)
            async def test_rounds(self):
                await asyncio.sleep(0)
        """
    )
    run.enforced().assert_outcomes(passed=2, failed=1)
    assert run.measurement("test_small", "peak")["value"] > 1 << 20
