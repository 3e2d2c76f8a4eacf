"""The kernels that CuPy hands out, and what the driver knows of them: on a machine that has a device.

CuPy's classes are compiled, so that no method of theirs can be wrapped. While a test runs, ``cupy.RawKernel`` and
``cupy.RawModule`` are classes derived from them instead, which note what they make.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from pytest_memguard.kernels.names import source_name
from pytest_memguard.model import KernelResources

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_kernel", "noting", "read_kernel"]


def is_kernel(value: object) -> bool:
    """Whether it is one of CuPy's; CuPy is not imported to find out."""
    cupy: Any = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, cupy.RawKernel)


@contextlib.contextmanager
def noting(found: list[tuple[str, Any]]) -> Iterator[None]:
    """Put every kernel that is made by way of the module ``cupy`` into ``found``, by the name it was asked for."""
    cupy: Any = sys.modules.get("cupy")
    if cupy is None:
        yield
        return
    kernel_class, module_class = cupy.RawKernel, cupy.RawModule
    cupy.RawKernel, cupy.RawModule = _noting_kernel(kernel_class, found), _noting_module(module_class, found)
    try:
        yield
    finally:
        cupy.RawKernel, cupy.RawModule = kernel_class, module_class


def _noting_kernel(base: Any, found: list[tuple[str, Any]]) -> Any:
    def __init__(self: Any, code: str, name: str, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        base.__init__(self, code, name, *args, **kwargs)
        found.append((name, self))

    return _derived(base, __init__=__init__)


def _noting_module(base: Any, found: list[tuple[str, Any]]) -> Any:
    def get_function(self: Any, name: str) -> Any:
        kernel = base.get_function(self, name)
        found.append((name, kernel))
        return kernel

    return _derived(base, get_function=get_function)


def _derived(base: Any, **methods: Any) -> Any:
    """A class that takes the place of ``base``: whatever is one of ``base`` is one of it."""

    class InPlace(type(base)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, base)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, base)

    return InPlace(base.__name__, (base,), {**methods, "__module__": "cupy"})


def read_kernel(name: str, kernel: Any) -> KernelResources:
    """What the driver tells of a kernel on the current device, which is compiled and loaded where it was not yet.

    Raises
    ------
    Exception
        Whatever CuPy raises where there is no device.
    """
    import cupy  # noqa: PLC0415 - the kernel is one of its own

    binary: int = kernel.binary_version
    major, minor = cupy.cuda.nvrtc.getVersion()
    return KernelResources(
        kernel=source_name(name),
        architecture=f"sm_{binary}",
        nvrtc=(major, minor),
        registers=kernel.num_regs,
        spill_bytes=kernel.local_size_bytes,
        stack_bytes=kernel.local_size_bytes,
        shared_bytes=kernel.shared_size_bytes,
        constant_bytes=kernel.const_size_bytes,
        is_loaded=True,
    )
