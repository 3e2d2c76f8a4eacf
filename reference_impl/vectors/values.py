"""Vectors of numbers as values of compiled code: `load` some, write the formula, `store` the result.

numba knows no such type, and LLVM does not find vectors by itself where arrays might overlap. The same source runs
on every processor that LLVM knows, with the instructions that it has. Arithmetic is IEEE, but `fma` may round once
instead of twice where the processor can.
"""
# ruff: noqa: ARG001, ARG005 - numba passes the types of all arguments, by these names

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import extending, types

from reference_impl.vectors import words

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "VECTOR_BYTES", "any_below", "any_beyond", "bits_below", "drain", "fma", "item", "lanes", "larger", "load",
    "load_wide", "prefetch", "splat", "store", "stream", "sum_of", "where_below",
]  # fmt: skip

VECTOR_BYTES = 32  # of AVX2; where registers hold less, LLVM splits vectors


def intrinsic(generator: Callable[..., Any]) -> Any:
    """Numba's decorator: its annotations are those of the generator, not of the calls."""
    return extending.intrinsic(generator)


class Vector(types.Type):
    """Of ``VECTOR_BYTES``, with elements of one float type."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.count = VECTOR_BYTES * 8 // element.bitwidth
        super().__init__(name=f"Vector({element} x {self.count})")


def _ir_scalar(element: Any) -> Any:
    return ir.FloatType() if element == types.float32 else ir.DoubleType()


def _ir_vector(vector: Any) -> Any:
    return ir.VectorType(_ir_scalar(vector.element), vector.count)


@extending.register_model(Vector)
class _Model(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Any) -> None:
        initialize: Any = super().__init__
        initialize(manager, vector, _ir_vector(vector))


def _as_vectors(builder: Any, *values: Any) -> list[words.Vector]:
    return [words.Vector(builder, value) for value in values]


@intrinsic
def lanes(_typing: Any, array: Any) -> Any:
    """How many elements of ``array`` make a vector; a constant of the compiled code."""
    count = Vector(array.dtype).count
    return types.intp(array), lambda context, builder, signature, arguments: words.LONG(count)


@intrinsic
def item(_typing: Any, array: Any, index: Any) -> Any:
    """``array[index]`` for an index that is never negative: numba's own costs three instructions more."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = words.array_data(context, builder, signature.args[0], arguments[0])
        return builder.load(builder.gep(data, [arguments[1]]))

    return array.dtype(array, types.intp), generate


def _loading(array: Any, vector: Any) -> Any:
    """Elements of ``array`` as a ``vector``, whose elements may be wider."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = words.array_data(context, builder, signature.args[0], arguments[0])
        loaded = words.Vector.load(builder, data, arguments[1], vector.count).value
        return loaded if array.dtype == vector.element else builder.fpext(loaded, _ir_vector(vector))

    return vector(array, types.intp), generate


@intrinsic
def load(_typing: Any, array: Any, index: Any) -> Any:
    """Vector of the elements from ``index`` on."""
    return _loading(array, Vector(array.dtype))


@intrinsic
def load_wide(_typing: Any, array: Any, index: Any) -> Any:
    """The same as float64, whatever the array holds."""
    return _loading(array, Vector(types.float64))


def _storing(array: Any, values: Any) -> Any:
    stored = ir.VectorType(_ir_scalar(array.dtype), values.count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_value, index, vector = arguments
        if array.dtype != values.element:
            vector = builder.fptrunc(vector, stored)
        data = words.array_data(context, builder, signature.args[0], array_value)
        words.Vector(builder, vector).store(data, index)
        return context.get_dummy_value()

    return types.void(array, types.intp, values), generate


@intrinsic
def store(_typing: Any, array: Any, index: Any, values: Any) -> Any:
    """Write ``values``, a vector, from ``index`` on; float64 is rounded where the array is narrower."""
    return _storing(array, values)


@intrinsic
def stream(_typing: Any, array: Any, index: Any, values: Any) -> Any:
    """As :func:`store`, past the caches; the address must be a multiple of ``VECTOR_BYTES``. See :func:`drain`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = words.array_data(context, builder, signature.args[0], arguments[0])
        words.Vector(builder, arguments[2]).stream(data, arguments[1])
        return context.get_dummy_value()

    return types.void(array, types.intp, values), generate


@intrinsic
def drain(_typing: Any) -> Any:
    """Wait until all that was streamed can be seen by other threads."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def prefetch(_typing: Any, array: Any, index: Any) -> Any:
    """Ask for the line that holds ``array[index]``, which need not be in the array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = words.array_data(context, builder, signature.args[0], arguments[0])
        words.prefetch(builder, builder.gep(data, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def splat(_typing: Any, number: Any) -> Any:
    """``number`` in every lane."""
    vector = Vector(number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return words.splat(builder, arguments[0], vector.count).value

    return vector(number), generate


@intrinsic
def fma(_typing: Any, x: Any, y: Any, z: Any) -> Any:
    """``x * y + z``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, z = _as_vectors(builder, *arguments)
        return x.fused(y, z, kind="fmuladd").value

    return x(x, x, x), generate


@intrinsic
def where_below(_typing: Any, x: Any, limit: Any, values: Any) -> Any:
    """``values`` in the lanes where ``x < limit``, 0 in the others, whatever ``values`` is there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, limit, values = _as_vectors(builder, *arguments)
        return (x < limit).choose(values, x.same(0.0)).value

    return x(x, x, x), generate


@intrinsic
def larger(_typing: Any, x: Any, y: Any) -> Any:
    """The larger number of each lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y = _as_vectors(builder, *arguments)
        return (x > y).choose(x, y).value

    return x(x, x), generate


@intrinsic
def bits_below(_typing: Any, x: Any, limit: Any) -> Any:
    """Bit ``k`` is set where ``x < limit`` in lane ``k``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, limit = _as_vectors(builder, *arguments)
        return (x < limit).bits()

    return types.int64(x, x), generate


@intrinsic
def any_below(_typing: Any, x: Any, limit: Any) -> Any:
    """1 when ``x < limit`` in a lane, else 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, limit = _as_vectors(builder, *arguments)
        return (x < limit).any()

    return types.int64(x, x), generate


@intrinsic
def any_beyond(_typing: Any, x: Any, limit: Any) -> Any:
    """1 when ``x > limit`` in a lane or one is not a number, else 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, limit = _as_vectors(builder, *arguments)
        return (~(x <= limit)).any()

    return types.int64(x, x), generate


@intrinsic
def sum_of(_typing: Any, x: Any) -> Any:
    """Of all lanes, by halves."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return words.Vector(builder, *arguments).sum()

    return x.element(x), generate


def _define(operation: Callable[[Any, Any], Any]) -> None:
    @intrinsic
    def lanewise(_typing: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return operation(*_as_vectors(builder, *arguments)).value

        return x(x, y), generate

    @extending.overload(operation, strict=False)  # names only: the annotations differ
    def of_vectors(x: Any, y: Any) -> Any:
        if isinstance(x, Vector) and x == y:
            return lambda x, y: lanewise(x, y)  # noqa: PLW0108 - numba compiles functions, not intrinsics
        return None


for _operation in (operator.add, operator.sub, operator.mul, operator.truediv):
    _define(_operation)
