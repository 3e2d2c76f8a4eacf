"""Threads, tasks and futures that nobody finishes."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from zoo.case import KIB, State, leak


def _event(state: State) -> None:
    state.stop = threading.Event()


def _join(state: State) -> None:
    state.stop.set()
    for thread in state.kept:
        thread.join()


def _worker(state: State) -> None:
    state.local = threading.local()
    state.pool = ThreadPoolExecutor(max_workers=1)


def _remember(state: State) -> None:
    state.local.seen = (*getattr(state.local, "seen", ()), bytes(KIB))


def _loop(state: State) -> None:
    state.loop = asyncio.new_event_loop()


def _close_loop(state: State) -> None:
    for task in asyncio.all_tasks(state.loop):
        task.cancel()
    state.loop.run_until_complete(asyncio.sleep(0))
    state.loop.close()


async def _wait_for_ever(payload: bytes) -> None:
    await asyncio.get_running_loop().create_future()


async def _spawn(state: State) -> None:
    state.kept.append(asyncio.ensure_future(_wait_for_ever(bytes(KIB))))
    await asyncio.sleep(0)


@leak("python", bytes_per_call=3 * KIB, prepare=_event, undo=_join)
def threads_never_joined(state: State) -> None:
    thread = threading.Thread(target=state.stop.wait, daemon=True)
    thread.start()
    state.kept.append(thread)


@leak("python", bytes_per_call=KIB, prepare=_worker, undo=lambda state: state.pool.shutdown())
def thread_local_of_a_living_worker(state: State) -> None:
    state.pool.submit(_remember, state).result()


@leak("python", bytes_per_call=100 * KIB, prepare=_worker, undo=lambda state: state.pool.shutdown())
def futures_with_their_results(state: State) -> None:
    future = state.pool.submit(bytes, 100 * KIB)
    future.result()
    state.kept.append(future)


@leak("python", bytes_per_call=2 * KIB, prepare=_loop, undo=_close_loop)
def tasks_that_wait_for_ever(state: State) -> None:
    state.loop.run_until_complete(_spawn(state))


@leak("python", bytes_per_call=10 * KIB, prepare=_loop, undo=_close_loop)
def timers_in_the_far_future(state: State) -> None:
    state.loop.call_later(1e6, len, bytes(10 * KIB))
