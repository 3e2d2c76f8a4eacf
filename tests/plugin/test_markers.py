"""Where markers may stand, and which one counts."""

from __future__ import annotations


def test_the_closest_wins_for_its_probe(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        budget = pytest.mark.memory_budget
        pytestmark = budget(peak="1 MiB")

        def test_module():
            pass

        @budget(peak="2 MiB")
        class TestBase:
            def test_class(self):
                pass

        @budget(peak="3 MiB")
        class TestDerived(TestBase):
            def test_derived(self):
                pass

            @budget(peak="4 MiB")
            @budget(leak="5 MiB", probe="heap")
            def test_function(self):
                pass

            @budget(peak="4 MiB")
            @pytest.mark.parametrize("number", [1, pytest.param(2, marks=budget(peak="6 MiB"))])
            def test_parameter(self, number):
                pass
        """
    )
    run.enforced().assert_outcomes(passed=7)
    expected = {
        "test_module": 1,
        "test_derived": 3,
        "test_function": 4,
        "test_parameter[1]": 4,
        "test_parameter[2]": 6,
    }
    assert {name: run.measurement(name, "peak")["budget"] >> 20 for name in expected} == expected
    assert run.measurement("test_function", "leak")["probe"] == "heap"


def test_callable_budgets_follow_the_arguments(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def extra():
            return 1 << 20

        too_large = pytest.param(3 << 20, marks=pytest.mark.xfail(strict=True))

        @pytest.mark.parametrize("size", [1 << 20, 2 << 20, too_large])
        @pytest.mark.memory_budget(peak=lambda size, extra: min(size, 2 << 20) + extra / 2)
        def test_sized(size, extra):
            bytearray(size)
        """
    )
    run.enforced().assert_outcomes(passed=2, xfailed=1)
    assert run.measurement("test_sized[1048576]", "peak")["budget"] == 3 << 19


def test_fixtures_belong_to_no_window(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        kept = []

        @pytest.fixture(scope="session")
        def for_session():
            kept.append(bytearray(8 << 20))

        @pytest.fixture(scope="module")
        def for_module():
            yield bytearray(8 << 20)
            kept.append(bytearray(8 << 20))

        @pytest.fixture
        def for_function():
            yield bytearray(8 << 20)
            kept.append(bytearray(8 << 20))

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_measured(for_session, for_module, for_function):
            pass

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_after(for_function):
            pass
        """
    )
    run.enforced().assert_outcomes(passed=2)
