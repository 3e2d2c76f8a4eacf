"""Threads, tasks and processes that come to an end."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from zoo.case import KIB, State, lookalike


async def _gather(number: int) -> int:
    async def step(size: int) -> int:
        await asyncio.sleep(0)
        return len(bytes(size))

    return sum(await asyncio.gather(*(step(10 * KIB) for _ in range(number))))


async def _numbers():
    for number in range(10):
        yield number


async def _break_out() -> None:
    async for number in _numbers():
        if number == 3:
            break


@lookalike("python", "heap", "rss")
def threads_joined(state: State) -> None:
    threads = [threading.Thread(target=bytes, args=(100 * KIB,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@lookalike("python")
def thread_pool_closed(state: State) -> None:
    with ThreadPoolExecutor(max_workers=3) as pool:
        assert sum(map(len, pool.map(bytes, [10 * KIB] * 10)))


@lookalike(
    "python",
    prepare=lambda state: setattr(state, "pool", ThreadPoolExecutor(max_workers=2)),
    undo=lambda state: state.pool.shutdown(),
    settles_after=2,
)
def futures_consumed(state: State) -> None:
    assert [future.result() for future in [state.pool.submit(bytes, 10 * KIB) for _ in range(4)]]


@lookalike("python")
def timer_cancelled(state: State) -> None:
    timer = threading.Timer(3600, print, args=(bytes(10 * KIB),))
    timer.start()
    timer.cancel()
    timer.join()


@lookalike("python")
def thread_local_of_a_dead_thread(state: State) -> None:
    local = threading.local()
    thread = threading.Thread(target=lambda: setattr(local, "payload", bytes(100 * KIB)))
    thread.start()
    thread.join()


@lookalike("python", prepare=lambda state: setattr(state, "inbox", queue.Queue()))
def queue_drained(state: State) -> None:
    for _ in range(50):
        state.inbox.put(bytes(KIB))
    while not state.inbox.empty():
        state.inbox.get()


@lookalike("python", settles_after=1)
def asyncio_run(state: State) -> None:
    assert asyncio.run(_gather(5)) == 5 * 10 * KIB


@lookalike("python", settles_after=1)
def async_generator_broken_out_of(state: State) -> None:
    asyncio.run(_break_out())


@lookalike("python", "rss")
def subprocess_run(state: State) -> None:
    subprocess.run([sys.executable, "-S", "-c", ""], check=True, capture_output=True)
