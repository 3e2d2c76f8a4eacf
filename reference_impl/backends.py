"""The one place that knows numba: compiled where it is installed, plain Python where it is not."""

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

__all__ = ["HAS_AVX2", "HAS_NUMBA", "jit"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _has_avx2() -> bool:
    if not HAS_NUMBA:
        return False
    config: Any = numba.core.config
    if config.CPU_NAME or config.CPU_FEATURES:  # compiling for a processor that the user names
        return "+avx2" in (config.CPU_FEATURES or "")
    return bool(binding.get_host_cpu_features().get("avx2", False))


HAS_AVX2 = _has_avx2()


def jit(function: _Function) -> _Function:
    """Compile ``function`` with numba, cached on disk and without the interpreter's lock.

    Without numba the function is left as it is: correct, but slow, so callers then take the NumPy oracle.
    Floating point stays IEEE (no ``fastmath``): compiled kernels and oracles must round alike.
    """
    if not HAS_NUMBA:
        return function
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled  # type: ignore[no-any-return]
