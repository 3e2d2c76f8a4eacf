"""The one place that knows numba and CuPy: compiled where numba is installed, plain Python where it is not, and an
error that says what is missing where a device is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import numba
    from llvmlite import binding
except ImportError:
    HAS_NUMBA = False
else:
    HAS_NUMBA = True

__all__ = ["HAS_AVX2", "HAS_AVX512", "HAS_NUMBA", "NoDeviceError", "import_cupy", "jit", "jit_inline"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _processor_has(*features: str) -> bool:
    if not HAS_NUMBA:
        return False
    config: Any = numba.core.config
    if config.CPU_NAME or config.CPU_FEATURES:  # compiling for a processor that the user names
        named = (config.CPU_FEATURES or "").split(",")
        return all(f"+{feature}" in named for feature in features)
    host = binding.get_host_cpu_features()
    return all(host.get(feature, False) for feature in features)


HAS_AVX2 = _processor_has("avx2", "fma", "popcnt")
# LLVM 19 was the first to compress vectors.
HAS_AVX512 = HAS_AVX2 and _processor_has("avx512f", "avx512vl") and binding.llvm_version_info >= (19, 0, 0)


def jit(function: _Function) -> _Function:
    """Compile ``function`` with numba, cached on disk and without the interpreter's lock.

    Without numba the function is left as it is: correct, but slow, so callers then take the NumPy oracle.
    Floating point stays IEEE (no ``fastmath``): compiled kernels and oracles must round alike.
    """
    return _compiled(function)


def jit_inline(function: _Function) -> _Function:
    """As `jit`, and part of its callers: for what is called atom by atom, where handing arrays over costs most."""
    return _compiled(function, forceinline=True)


def _compiled(function: _Function, *, forceinline: bool = False) -> _Function:
    if not HAS_NUMBA:
        return function
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=forceinline)(function)
    return compiled  # type: ignore[no-any-return]


class NoDeviceError(RuntimeError):
    """There is nothing here that could run kernels or hold what they work on."""


def import_cupy() -> Any:
    """CuPy, with a device.

    Raises
    ------
    NoDeviceError
        Without CuPy, and where CuPy finds no device.
    """
    try:
        import cupy  # noqa: PLC0415 - large, and nobody pays for it who does not ask for it
    except ImportError as error:
        raise NoDeviceError(
            f"a CUDA device needs CuPy, which cannot be imported here ({error}); "
            "pip install pytest-memguard[cuda12] or [cuda13]"
        ) from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()  # asks the driver, and makes no context
    except cupy.cuda.runtime.CUDARuntimeError as error:  # a driver that is not there, or does not start
        raise NoDeviceError(f"CuPy finds no CUDA device: {error}") from error
    if not count:
        raise NoDeviceError("CuPy finds no CUDA device")
    return cupy
