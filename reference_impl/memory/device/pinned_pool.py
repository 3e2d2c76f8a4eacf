"""Page-locked host memory, and copies from and to it that run beside the program."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from reference_impl.backends import import_cupy
from reference_impl.memory.device.device_pool import DevicePool
from reference_impl.memory.device.sources import PinnedMemory
from reference_impl.memory.errors import PoolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.memory.device.sources import Source

__all__ = ["PinnedPool", "Transfers"]


class PinnedPool(DevicePool):
    """NumPy arrays in page-locked memory, by size class: locking pages takes as long as copying them.

    ``fraction`` is that of the machine's memory: what is locked is lost to everything else on it, so it is small unless
    said otherwise. The other arguments, and what is raised, are those of :class:`DevicePool`.
    """

    def __init__(self, *, fraction: float = 0.25, source: Source | None = None, **options: Any) -> None:
        super().__init__(fraction=fraction, source=source or PinnedMemory(), **options)


class Transfers:
    """Copies between arrays of a :class:`PinnedPool` and a device, in the order of a stream.

    An array that is dropped while its copy is under way is kept until the copy has arrived: its memory would be handed
    out again before.

    Parameters
    ----------
    pool
        Where arrays for the host come from.
    stream
        A :class:`cupy.cuda.Stream`; the current one when not given.
    """

    def __init__(self, pool: PinnedPool, stream: Any = None) -> None:
        self._cupy = import_cupy()
        self._pool, self._stream = pool, stream
        self._under_way: deque[tuple[Any, tuple[Any, Any]]] = deque()

    def to_device(self, values: NDArray[Any], out: Any = None) -> Any:
        """``values`` on the device; to be used on the stream, or after :meth:`wait`.

        Raises
        ------
        PoolError
            For an ``out`` of another shape or dtype.
        """
        if out is None:
            with self._chosen():  # memory that another stream may still be at work on is not this one's
                out = self._cupy.empty(values.shape, values.dtype)
        _same(values, out)
        out.set(values, stream=self._chosen())
        return self._sent(values, out)

    def to_host(self, values: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """``values`` on the host, once :meth:`wait` has returned.

        Raises
        ------
        PoolError
            For an ``out`` of another shape or dtype.
        """
        if out is None:
            out = self._pool.array(values.shape, values.dtype)
        _same(values, out)
        with self._chosen() as stream:  # where CuPy puts strided values in order before it copies them
            values.get(out=out, stream=stream, blocking=False)
        self._sent(values, out)
        return out

    def wait(self) -> None:
        """Until every copy has arrived."""
        while self._under_way:
            event, _ = self._under_way[0]
            event.synchronize()
            self._under_way.popleft()

    def _chosen(self) -> Any:
        return self._stream or self._cupy.cuda.get_current_stream()

    def _sent(self, source: Any, target: Any) -> Any:
        while self._under_way and self._under_way[0][0].done:
            self._under_way.popleft()
        event = self._cupy.cuda.Event(disable_timing=True)
        event.record(self._chosen())
        self._under_way.append((event, (source, target)))
        return target


def _same(values: Any, out: Any) -> None:
    if out.shape != values.shape or out.dtype != values.dtype:
        raise PoolError(
            f"got out of shape {out.shape} and {out.dtype}, allowed: {values.shape} and {values.dtype}"
        )
