"""The guard is right about every case of the zoo, in each way of asking it."""

from __future__ import annotations

import sys

import pytest
from suite import RUN_FILE, Plan, command, misjudged, write_suite
from zoo import Kind, Mode

pytestmark = pytest.mark.slow


# Lookalikes that are taken for leaks, or left open, in one mode or another: "Known limits" in docs/leaks.md.
KNOWN_LIMITS = (
    "queue_of_steady_length", "slot_replaced_in_turn",  # small memory replaced
    "finalizers_added", "monkeypatch_undone_later",  # given to pytest until the test ends
    "thread_local_of_a_dead_thread", "chunks_freed_in_threads",  # a late step within ten rounds
    "lru_cache_of_2_tables", "enum_made_and_dropped", "namedtuple_made_and_dropped",
)  # fmt: skip
HAS_FIRST_FRAMES = sys.version_info < (3, 11)
if HAS_FIRST_FRAMES:
    # Every function keeps the frame of a call, about 400 B: leaks below 24 KiB, or 4 KiB over rounds, cannot be told.
    KNOWN_LIMITS += (
        "heap_of_deadlines", "ordered_dict_without_popitem", "sockets_left_open", "small_arrays_kept",
        "lru_cache_on_a_method", "frame_kept", "cycle_held_from_outside", "timers_in_the_far_future",
        "list_of_small_objects", "linked_list_of_two_nodes", "names_interned_in_a_dict",
        "regexes_that_come_again", "deep_copies", "many_log_records",
        "fnmatch_patterns_that_come_again", "asyncio_run", "source_of_a_function", "thread_pool_closed",
    )  # fmt: skip


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_every_case_gets_its_verdict(pytester: pytest.Pytester, kind: Kind, mode: Mode):
    _check(pytester, Plan(kind=kind, mode=mode, is_brief=True))


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_probes_of_one_test_do_not_see_each_other(pytester: pytest.Pytester, mode: Mode):
    _check(pytester, Plan(kind=Kind.LOOKALIKE, mode=mode, is_stacked=True))


def _check(pytester: pytest.Pytester, plan: Plan) -> None:
    write_suite(pytester.path, plan)
    result = pytester.runpytest_subprocess(*command())
    wrong = [text for text in misjudged(pytester.path / RUN_FILE, plan) if not text.startswith(KNOWN_LIMITS)]
    assert not wrong, "\n".join(wrong)
    if (
        plan.kind is Kind.LEAK and not HAS_FIRST_FRAMES
    ):  # the verdict and pytest's own outcome are one and the same
        assert set(result.parseoutcomes()) <= {"failed", "warning", "warnings"}
