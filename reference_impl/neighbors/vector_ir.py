"""LLVM vector instructions that numba has no word for. Eight lanes of float64 and int32; needs AVX2 for `pack`."""
# ruff: noqa: ARG001, PLR0913, PLR0917 - numba passes the types of all arguments, by these names

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["bits_set", "hit_bits", "pack"]

_LANES = 8
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_INTS = ir.VectorType(_I32, _LANES)
_declare: Any = cgutils.get_or_insert_function
_DOUBLES = ir.VectorType(ir.DoubleType(), _LANES)


def _splat(builder: Any, value: Any) -> Any:
    undefined = ir.Constant(_DOUBLES, ir.Undefined)
    first = builder.insert_element(undefined, value, _I32(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_INTS, [0] * _LANES))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


@intrinsic
def hit_bits(_typing: Any, x: Any, y: Any, z: Any, j: Any, cx: Any, cy: Any, cz: Any, limit: Any) -> Any:
    """Bit k is set when atom ``j + k`` has a squared distance to (cx, cy, cz) below ``limit``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *arrays, start, center_x, center_y, center_z, bound = arguments
        squared = None
        for array_type, array, center in zip(
            signature.args, arrays, (center_x, center_y, center_z), strict=False
        ):
            lanes = builder.load(_pointer(context, builder, array_type, array, start, _DOUBLES))
            lanes.align = 8
            difference = builder.fsub(lanes, _splat(builder, center))
            square = builder.fmul(difference, difference)
            # No fused multiply-add: it would round unlike the oracle.
            squared = square if squared is None else builder.fadd(squared, square)
        hits = builder.fcmp_ordered("<", squared, _splat(builder, bound))
        return builder.zext(builder.bitcast(hits, ir.IntType(_LANES)), _I64)

    number = types.float64
    return types.int64(x, y, z, types.int64, number, number, number, number), generate


@intrinsic
def bits_set(_typing: Any, bits: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def pack(_typing: Any, names: Any, j: Any, front: Any, bits: Any, found: Any, k: Any) -> Any:
    """Write the names whose bit is set to the front of ``found[k:k + 8]``, and anything behind them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names, j, front, bits, found, k = arguments
        names_type, _, front_type, _, found_type, _ = signature.args
        lanes = builder.load(_pointer(context, builder, names_type, names, j, _INTS))
        row = builder.mul(bits, _I64(_LANES))
        order = builder.load(_pointer(context, builder, front_type, front, row, _INTS))
        lanes.align = order.align = 4
        face = ir.FunctionType(_INTS, [_INTS, _INTS])
        permute = _declare(builder.module, face, "llvm.x86.avx2.permd")
        packed = builder.call(permute, [lanes, order])
        builder.store(packed, _pointer(context, builder, found_type, found, k, _INTS)).align = 4
        return context.get_dummy_value()

    return types.void(names, types.int64, front, types.int64, found, types.int64), generate
