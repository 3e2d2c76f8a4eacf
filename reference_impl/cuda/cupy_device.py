"""A CUDA device, through CuPy."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reference_impl.backends import import_cupy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from reference_impl.cuda.kernels import Kernel

__all__ = ["CupyDevice"]


class CupyDevice:
    """The device of that number, or the current one, by CuPy, and the current stream there.

    Kernels are compiled at their first launch, and kept on disk by CuPy. Any thread may use it: where each has a
    default stream of its own (``CUPY_CUDA_PER_THREAD_DEFAULT_STREAM``), everything is done on the one they share.

    Raises
    ------
    NoDeviceError
        Without CuPy, and where CuPy finds no device.
    """

    def __init__(self, number: int | None = None) -> None:
        cupy = import_cupy()
        self._cupy = cupy
        self._modules: dict[Path, Any] = {}
        self._functions: dict[str, Any] = {}
        runtime = cupy.cuda.runtime
        self._number = runtime.getDevice() if number is None else number
        is_of_thread = cupy.cuda.get_current_stream(self._number).ptr == runtime.streamPerThread
        self._shared: Any = cupy.cuda.Stream.null if is_of_thread else None
        self.name = runtime.getDeviceProperties(self._number)["name"].decode()

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        with self._current():
            return self._cupy.empty(shape, dtype)

    def from_host(self, array: NDArray[Any]) -> Any:
        with self._current():
            return self._cupy.array(array, order="C")

    def to_host(self, array: Any) -> NDArray[Any]:
        with self._current():
            copy: NDArray[Any] = self._cupy.asnumpy(array)
        return copy

    def zero(self, array: Any) -> None:
        with self._current():
            array.fill(0)

    def launch(self, kernel: Kernel, grid: int, block: int, arguments: tuple[Any, ...]) -> None:
        with self._current():
            self._function(kernel)((grid,), (block,), arguments)

    def _current(self) -> Any:
        """Makes this the device of the thread, for a while: CuPy keeps one for each."""
        device = self._cupy.cuda.Device(self._number)
        return device if self._shared is None else self._on_shared(device)

    @contextmanager
    def _on_shared(self, device: Any) -> Iterator[None]:
        with device, self._shared:
            yield

    def _function(self, kernel: Kernel) -> Any:
        if kernel.name not in self._functions:
            if kernel.path not in self._modules:
                # CuPy itself adds -ftz=true and --device-as-default-execution-space; given twice they are errors.
                self._modules[kernel.path] = self._cupy.RawModule(
                    code=kernel.path.read_text(encoding="utf-8"), options=("-std=c++17",)
                )
            self._functions[kernel.name] = self._modules[kernel.path].get_function(kernel.name)
        return self._functions[kernel.name]
