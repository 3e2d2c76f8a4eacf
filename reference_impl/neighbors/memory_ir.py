"""Copies and hints to the caches as instructions. Contracts: see `lanes`."""
# ruff: noqa: ARG001 - numba passes the types of all arguments, by these names

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from reference_impl.vectors import words

__all__ = ["copy_eight", "prefetch"]

_EIGHT = 8


@intrinsic
def prefetch(_typing: Any, array: Any, k: Any) -> Any:
    """Ask for the cache line of ``array[k]``, which is about to be written; never fails, whatever ``k``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = words.array_data(context, builder, signature.args[0], arguments[0])
        words.prefetch(builder, builder.gep(data, [arguments[1]]), to_write=True)
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def copy_eight(_typing: Any, source: Any, k: Any, target: Any, n: Any) -> Any:
    """``target[n:n + 8] = source[k:k + 8]``, unchecked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (words.array_data(context, builder, signature.args[n], arguments[n]) for n in (0, 2))
        words.Vector.load(builder, source, arguments[1], _EIGHT).store(target, arguments[3])
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate
