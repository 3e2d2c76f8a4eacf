"""Domains in processes of their own, over shared memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import weakref
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from reference_impl.parallel.shared_array import SharedArray
from reference_impl.parallel.worker import serve
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.parallel.devices import Order
    from reference_impl.parallel.domain import Plan

__all__ = ["Processes", "WorkerDiedError"]

_SECONDS_TO_LEAVE = 5.0  # for a worker that is told to; one in the middle of a step first ends it


class WorkerDiedError(RuntimeError):
    """A worker ended before it answered. The others are ended too, and no segment is left."""


class Processes:
    """Workers that are spawned: a script that uses them needs ``if __name__ == "__main__":``.

    Positions and forces lie in two named segments. They go with :meth:`close`, with the last reference to this object,
    with the interpreter, and when this process is killed: the workers then see that nobody asks any more and leave,
    and the standard library's resource tracker, a process that outlives both, unlinks the names.

    Raises
    ------
    ValueError
        For less than one worker.
    """

    def __init__(self, workers: int) -> None:
        workers = whole(workers, "workers")
        if workers < 1:
            raise ValueError(f"got workers={workers}, allowed: 1 and more")
        self._count = workers
        self._workers: list[SpawnProcess] = []
        self._pipes: list[Connection] = []
        self._shared: list[SharedArray] = []
        self._process = os.getpid()
        self._end = weakref.finalize(self, _end, self._process, self._workers, self._pipes, self._shared)

    def start(self, plans: Sequence[Plan], atoms: int) -> None:
        self._check_process()
        if self._shared or not self._end.alive:
            raise ValueError("got a device that has domains already, allowed: one of its own for each run")
        try:
            for _ in ("positions", "forces"):
                self._shared.append(SharedArray(atoms))
            for number in range(min(self._count, len(plans))):
                self._start_worker(number, plans[number :: self._count], atoms)
        except BaseException:
            self.close()
            raise

    def _check_process(self) -> None:
        if self._process != os.getpid():
            raise ValueError(
                f"got an order in process {os.getpid()}, a fork; allowed: in process {self._process}, "
                "whose workers these are"
            )

    def _start_worker(self, number: int, plans: Sequence[Plan], atoms: int) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._pipes.append(here)
        arguments = (there, plans, atoms, self.names)
        worker = context.Process(target=serve, args=arguments, name=f"domains-{number}", daemon=True)
        worker.start()
        self._workers.append(worker)
        there.close()  # so that a pipe ends with its worker

    @property
    def positions(self) -> NDArray[np.float64]:
        return self._array(0)

    @property
    def forces(self) -> NDArray[np.float64]:
        return self._array(1)

    def _array(self, number: int) -> NDArray[np.float64]:
        if not self._shared:
            raise ValueError(
                "got an order for workers that have ended, allowed: until close, or until one dies"
            )
        return self._shared[number].array

    @property
    def names(self) -> tuple[str, ...]:
        """Of the segments."""
        return tuple(segment.name for segment in self._shared)

    @property
    def pids(self) -> tuple[int | None, ...]:
        """Of the workers."""
        return tuple(worker.pid for worker in self._workers)

    def ask(self, order: Order) -> list[Any]:
        self._check_process()
        try:
            for number, pipe in enumerate(self._pipes):
                self._send(number, pipe, order)
            answers = [self._answer(number) for number in range(len(self._pipes))]
        except BaseException:  # an interrupt too: answers that nobody took would be those to the next order
            for worker in self._workers:
                worker.kill()
            self.close()
            raise
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        dealt = [iter(answer) for answer in answers]
        return [next(dealt[k % len(dealt)]) for k in range(sum(map(len, answers)))]

    def close(self) -> None:
        self._end()

    def _send(self, number: int, pipe: Connection, order: Order) -> None:
        try:
            pipe.send(order)
        except OSError:
            raise self._died(number) from None

    def _answer(self, number: int) -> Any:
        pipe, worker = self._pipes[number], self._workers[number]
        wait([pipe, worker.sentinel])
        try:
            if pipe.poll():  # an answer that it gave before it died counts
                return pipe.recv()
        except (EOFError, OSError):
            pass
        raise self._died(number)

    def _died(self, number: int) -> WorkerDiedError:
        worker = self._workers[number]
        worker.join(_SECONDS_TO_LEAVE)
        code = worker.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return WorkerDiedError(
            f"worker {number + 1} of {len(self._workers)} (process {worker.pid}) {how} before it answered; the others "
            "were ended and the shared memory was removed, so the run has to be started again"
        )


def _end(
    process: int, workers: list[SpawnProcess], pipes: list[Connection], shared: list[SharedArray]
) -> None:
    for pipe in pipes:
        pipe.close()
    if process == os.getpid():  # a fork has the objects, but the workers and the names are not its own
        try:
            _end_workers(workers)
        finally:
            # After the workers: the resource tracker has then heard of their segments for the last time.
            for segment in shared:
                segment.unlink()
    for segment in shared:
        segment.close()
    for kept in (workers, pipes, shared):
        kept.clear()


def _end_workers(workers: list[SpawnProcess]) -> None:
    try:
        for worker in workers:
            worker.join(_SECONDS_TO_LEAVE)
    finally:  # an interrupt too: who waited long enough does not wait for the rest
        for worker in workers:
            worker.kill()
            worker.join()
            worker.close()
