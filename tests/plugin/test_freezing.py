"""Collections while a leak is looked for cost what the test made, not what the program holds."""

from __future__ import annotations

INNER = """
import gc
import pytest

@pytest.mark.memory_budget(leak="0 B", rounds=2)
def test_guarded():
    assert len(gc.get_objects()) < 5_000
    assert gc.get_freeze_count() > 10_000

def test_unguarded():
    assert len(gc.get_objects()) > 10_000
    assert gc.get_freeze_count() < 1_000  # CPython 3.12 sets its immortal objects apart itself
"""


def test_everything_that_was_there_is_set_apart(pytester):
    # A process of its own: this one's objects may be frozen already.
    pytester.makepyfile(INNER)
    pytester.runpytest_subprocess("--memguard").assert_outcomes(passed=2)


def test_a_program_that_freezes_keeps_what_it_froze(pytester):
    pytester.makeconftest("import gc\n\ndef pytest_collection_finish():\n    gc.freeze()\n")
    pytester.makepyfile(
        """
        import gc
        import pytest

        FROZEN = []

        def test_before():
            FROZEN.append(gc.get_freeze_count())
            assert FROZEN[0] > 10_000

        @pytest.mark.memory_budget(leak="0 B", rounds=2)
        def test_guarded():
            assert gc.get_freeze_count() <= FROZEN[0]

        def test_after():
            assert gc.get_freeze_count() > FROZEN[0] // 2
        """
    )
    pytester.runpytest_subprocess("--memguard").assert_outcomes(passed=3)
