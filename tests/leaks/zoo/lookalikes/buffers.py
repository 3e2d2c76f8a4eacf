"""Memory that is kept between calls and does not add up."""

from __future__ import annotations

from collections import deque

from zoo.case import KIB, MIB, State, lookalike

_REPLACED = [bytearray(MIB)]
_REPLACED_SMALL = [bytearray(KIB)]
_SLOTS: dict[int, bytes] = {number: bytes(10 * KIB) for number in range(8)}


def _queue(state: State) -> None:
    state.queue = deque(bytes(10 * KIB) for _ in range(20))


def _scratch(state: State) -> None:
    state.scratch = bytearray()


def _tasks(state: State) -> None:
    state.tasks = [bytearray(KIB) for _ in range(10_000)]


# The old buffer goes as the new one comes, yet a tracer that starts with the call only ever saw the new one.
@lookalike("python", "heap", "rss")
def buffer_replaced_by_its_equal(state: State) -> None:
    _REPLACED[0] = bytearray(MIB)


@lookalike("python", "heap")
def small_buffer_replaced_by_its_equal(state: State) -> None:
    _REPLACED_SMALL[0] = bytearray(KIB)


@lookalike("python")
def slot_replaced_in_turn(state: State) -> None:
    _SLOTS[state.number % 8] = bytes(10 * KIB)


@lookalike("python", prepare=_queue)
def queue_of_steady_length(state: State) -> None:
    state.queue.append(bytes(10 * KIB))
    state.queue.popleft()


@lookalike("python", "heap", settles_after=1)
def last_result_of_random_size(state: State) -> None:
    state.result = bytes(state.random.randint(KIB, 100 * KIB))


@lookalike("python", "heap", settles_after=1)
def last_result_of_very_random_size(state: State) -> None:
    state.result = bytes(int(KIB * 1000 ** state.random.random()))


@lookalike("python", settles_after=1)
def last_results_of_small_random_size(state: State) -> None:
    state.results = [object() for _ in range(state.random.randint(1, 200))]


@lookalike("python", "heap", settles_after=1, prepare=_scratch)
def scratch_that_grows_once(state: State) -> None:
    if len(state.scratch) < MIB:
        state.scratch = bytearray(MIB)


@lookalike("python", settles_after=5, prepare=_scratch)
def scratch_that_grows_for_five_calls(state: State) -> None:
    needed = min(state.number, 5) * 100 * KIB
    if len(state.scratch) < needed:
        state.scratch = bytearray(needed)


# Sizes come from a short list, as batch sizes do: the largest is met soon, not at once.
@lookalike("python", settles_after=60, prepare=_scratch)
def scratch_as_large_as_the_largest_batch(state: State) -> None:
    needed = state.random.choice((64, 96, 128, 192)) * KIB
    if len(state.scratch) < needed:
        state.scratch = bytearray(needed)


@lookalike("python", settles_after=16, prepare=lambda state: setattr(state, "text", ""))
def history_cut_to_its_last_lines(state: State) -> None:
    state.text = (state.text + "x" * KIB)[-16 * KIB :]


@lookalike("python", prepare=_tasks, undo=lambda state: state.tasks.clear())
def work_list_that_shrinks(state: State) -> None:
    if state.tasks:
        state.tasks.pop()


@lookalike("python", settles_after=10, single_round=False)
def log_flushed_every_tenth_call(state: State) -> None:
    state.kept.append(bytes(4 * KIB))
    if len(state.kept) == 10:
        state.kept.clear()
