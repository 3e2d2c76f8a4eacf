"""The ``memguard`` fixture: measuring inside a test."""

from __future__ import annotations

import tracemalloc
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_memguard.probes.sites import held_by_stack, site_growth
from pytest_memguard.probes.watched import PoolProbe
from pytest_memguard.session.block import Block
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.scaling import Scaling, measure_scaling
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.start import SETTINGS, registry_of
from pytest_memguard.session.transport import keep_recording
from pytest_memguard.session.watching import WATCHED
from pytest_memguard.units import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from cupy import RawKernel

    from pytest_memguard.model import KernelResources, PoolCounters, Probe, Site, Window
    from pytest_memguard.session.recording import Recording
    from pytest_memguard.session.registry import ProbeRegistry

__all__ = ["Memguard"]

_SNAPSHOT_FRAMES = 8


class Memguard:
    """What a test gets as ``memguard``. It measures with and without ``--memguard``."""

    def __init__(self, item: pytest.Item, registry: ProbeRegistry, *, is_observing: bool) -> None:
        self._item = item
        self._registry = registry
        self._is_observing = is_observing
        self._snapshots: dict[str, tracemalloc.Snapshot] = {}
        self._open_windows: list[Window] = []
        self._undo = ExitStack()

    @classmethod
    def for_request(cls, request: pytest.FixtureRequest) -> Memguard:
        settings = request.config.stash.get(SETTINGS, None)
        is_observing = settings is not None and settings.mode is Mode.OBSERVE
        registry = registry_of(request.config)
        for name in registry:
            # Calibrated now: the known allocation would be the test's own in a window that is open already.
            if not hasattr(registry.probe(name), "load"):
                registry.complaint(name)
        return cls(request.node, registry, is_observing=is_observing)

    def __enter__(self) -> Memguard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for window in reversed(self._open_windows):
            window.close()  # of blocks that were entered and never left
        self._undo.close()
        if WATCHED in self._item.stash:
            del self._item.stash[WATCHED]  # a rerun watches anew

    def measure(self, label: str = "", *, probe: str = "python") -> Block:
        """A ``with`` block whose ``peak``, ``retained``, ``fragmentation`` and ``seconds`` can be read afterwards.

        Blocks nest. ``probe`` is a probe's name or that of a watched pool.

        Raises
        ------
        pytest.UsageError
            When there is no such probe, or it cannot run here.
        """
        return Block(label, self._probe(probe), self._open_windows)

    def _probe(self, name: str) -> Probe:
        watched = self._item.stash.get(WATCHED, {})
        if name in watched:
            return watched[name]
        if name not in self._registry:
            accepted = ", ".join(sorted({*self._registry, *watched}))
            raise pytest.UsageError(f"memguard.measure: got probe {name!r}, accepted: {accepted}")
        if (complaint := self._registry.complaint(name)) is not None:
            raise pytest.UsageError(f"memguard.measure: the probe {name!r} cannot be used: {complaint}")
        return self._registry.probe(name)

    def record(self, interval: float = 0.01, *, label: str = "") -> Recording:
        """A ``with`` block that is recorded: memory by every probe that can tell, load, memory left on the machine.

        The block's timeline is in the HTML report, and can be read and drawn (:meth:`Recording.plot`) afterwards. The
        curve of ``python`` is there only while tracemalloc runs, those of a device only where its library is imported.
        Of blocks of one test with equal labels the last one is reported.

        Parameters
        ----------
        interval
            Seconds between two samples; twice as many whenever there are more than 1024.
        label
            A name for the block.

        Raises
        ------
        ValueError
            When ``interval`` is not above zero.
        """
        from pytest_memguard.session.recording import Recording  # noqa: PLC0415 - psutil

        probes = (*self._registry.drawable(), *self._item.stash.get(WATCHED, {}).values())
        recording = Recording(label, interval, probes, nodeid_of(self._item))
        self._undo.callback(recording.stop)
        keep_recording(self._item, recording)
        return recording

    def watch(self, pool: PoolCounters, name: str) -> None:
        """Guard ``pool`` under ``name``, for ``memory_budget(probe=name)`` and ``measure(probe=name)``.

        Call it in a fixture: a budget's window opens before the test's body runs.

        Raises
        ------
        TypeError
            When ``pool`` lacks ``allocated_bytes`` or ``reserved_bytes``.
        ValueError
            When ``name`` belongs to another probe.
        """
        watched = self._item.stash.setdefault(WATCHED, {})
        if name in self._registry or (name in watched and watched[name].pool is not pool):
            raise ValueError(f"memguard.watch: got the name {name!r}, which another probe has already")
        watched[name] = PoolProbe(pool, name)

    def compile_kernels(
        self,
        source: str | Path,
        *,
        options: Sequence[str] = (),
        architectures: Sequence[str] | None = None,
        names: Sequence[str] = (),
    ) -> tuple[KernelResources, ...]:
        """Compile CUDA C++ with NVRTC, without a GPU, and judge its kernels by the test's ``kernel_budget``.

        Parameters
        ----------
        source
            Path of a ``.cu`` file, or the code itself.
        options
            More options of NVRTC, after those that CuPy gives it.
        architectures
            Such as ``["sm_90"]``; sm_75, sm_90 and sm_120 by default.
        names
            Name expressions of templates to instantiate, such as ``"axpy<float>"``.

        Returns
        -------
        tuple of KernelResources
            One for each architecture and kernel: ``registers``, ``spill_bytes``, ``stack_bytes``, ``shared_bytes``, ...

        Raises
        ------
        pytest.skip.Exception
            Where there is no NVRTC; the test's kernel budgets are then unavailable.
        CompileError
            With what the compiler says, at the source's own lines.
        """
        __tracebackhide__ = True
        from pytest_memguard.session.kernel_record import compile_for  # noqa: PLC0415 - for those with kernels

        return compile_for(self._item, source, options=options, architectures=architectures, names=names)

    def watch_kernels(self, *kernels: RawKernel) -> None:
        """Judge kernels that were made before the test, of ``cupy.RawKernel``, by its ``kernel_budget``.

        Those that the test or its fixtures make by way of ``cupy.RawKernel`` and ``cupy.RawModule``, and those that
        fixtures hand to the test, are judged without it.

        Raises
        ------
        TypeError
            For anything else.
        """
        from pytest_memguard.session.kernel_record import watch_for  # noqa: PLC0415 - for those with kernels

        watch_for(self._item, kernels)

    def snapshot(self, name: str) -> None:
        """Remember what is allocated now; the first one starts tracemalloc until the test ends."""
        if not tracemalloc.is_tracing():
            tracemalloc.start(_SNAPSHOT_FRAMES)
            self._undo.callback(tracemalloc.stop)
        self._snapshots[name] = tracemalloc.take_snapshot()

    def compare(
        self, before: str, after: str, *, limit: int | str = 0, top: int | None = None
    ) -> tuple[Site, ...]:
        """Source lines that hold more in snapshot ``after`` than in ``before``, by growth, largest first.

        Parameters
        ----------
        before, after
            Names given to :meth:`snapshot`.
        limit
            Only lines that grew by more than this size.
        top
            At most so many lines.
        """
        for name in (before, after):
            if name not in self._snapshots:
                accepted = ", ".join(map(repr, self._snapshots)) or "none was taken yet"
                raise KeyError(f"memguard.compare: got snapshot {name!r}, accepted: {accepted}")
        old, new = (held_by_stack(self._snapshots[name], None) for name in (before, after))
        more_than = parse_bytes(limit)
        return tuple(site for site in site_growth(old, new) if site.bytes > more_than)[:top]

    def scaling(
        self,
        func: Callable[[int], object],
        sizes: Sequence[int],
        *,
        peak_exponent: float | None = None,
        time_exponent: float | None = None,
    ) -> Scaling:
        """Measure ``func(size)`` at every size and fit how its peak and its time grow.

        Fails the test when the 95 % interval of an exponent lies wholly above its budget. Time is the shortest of
        several calls with every probe closed; the peak is that of the python probe.

        Raises
        ------
        ValueError
            With fewer than three different sizes.
        """
        result = measure_scaling(func, sizes, self._probe("python"))
        complaint = result.complaint(peak_exponent=peak_exponent, time_exponent=time_exponent)
        if complaint and not self._is_observing:
            pytest.fail(complaint, pytrace=False)
        return result
