"""LLVM's vectors with Python's operators: the words that numba lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from llvmlite import ir
from numba.core import cgutils

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["INT", "LONG", "Vector", "array_data", "call", "counted", "prefetch", "splat"]

INT, LONG = ir.IntType(32), ir.IntType(64)
_SUFFIX = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}


class Vector:
    """Lanes of float, int or bit (the result of a comparison)."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value
        self.lanes, self.element = value.type.count, value.type.element

    @classmethod
    def load(cls, builder: Any, pointer: Any, index: Any, lanes: int) -> Vector:
        address = builder.gep(pointer, [index])
        vector = ir.VectorType(pointer.type.pointee, lanes)
        value = builder.load(builder.bitcast(address, vector.as_pointer()))
        value.align = 1  # numba aligns arrays to their elements, at most
        return cls(builder, value)

    def _stored(self, pointer: Any, index: Any) -> Any:
        address = self.builder.bitcast(self.builder.gep(pointer, [index]), self.value.type.as_pointer())
        return self.builder.store(self.value, address)

    def store(self, pointer: Any, index: Any) -> None:
        self._stored(pointer, index).align = 1

    def stream(self, pointer: Any, index: Any) -> None:
        """Past the caches, to an address that is a multiple of the vector's size."""
        stored = self._stored(pointer, index)  # aligned to its type, unless told otherwise
        stored.set_metadata("nontemporal", self.builder.module.add_metadata([INT(1)]))

    def _made(self, value: Any) -> Vector:
        return Vector(self.builder, value)

    def _arithmetic(self, name: str, other: Vector) -> Vector:
        prefix = "f" if self.element in _SUFFIX else ""
        return self._made(getattr(self.builder, prefix + name)(self.value, other.value))

    def _compared(self, sign: str, other: Vector) -> Vector:
        compare = self.builder.fcmp_ordered if self.element in _SUFFIX else self.builder.icmp_signed
        return self._made(compare(sign, self.value, other.value))

    def __add__(self, other: Vector) -> Vector:
        return self._arithmetic("add", other)

    def __sub__(self, other: Vector) -> Vector:
        return self._arithmetic("sub", other)

    def __mul__(self, other: Vector) -> Vector:
        return self._arithmetic("mul", other)

    def __truediv__(self, other: Vector) -> Vector:
        return self._arithmetic("div", other)

    def __lt__(self, other: Vector) -> Vector:
        return self._compared("<", other)

    def __le__(self, other: Vector) -> Vector:
        return self._compared("<=", other)

    def __gt__(self, other: Vector) -> Vector:
        return other < self

    def __invert__(self) -> Vector:
        return self._made(self.builder.not_(self.value))

    def __and__(self, other: Vector) -> Vector:
        return self._made(self.builder.and_(self.value, other.value))

    def __or__(self, other: Vector) -> Vector:
        return self._made(self.builder.or_(self.value, other.value))

    def __xor__(self, other: Vector) -> Vector:
        return self._made(self.builder.xor(self.value, other.value))

    def _name(self) -> str:
        return f"v{self.lanes}{_SUFFIX[self.element]}"

    def half(self, times: int) -> Vector:
        """Halved ``times`` times, rounded down."""
        return self._made(self.builder.ashr(self.value, self.same(times).value))

    def same(self, number: float) -> Vector:
        return self._made(ir.Constant(self.value.type, [number] * self.lanes))

    def larger(self, other: Vector) -> Vector:
        return (self < other).choose(other, self)

    def smaller(self, other: Vector) -> Vector:
        return (self < other).choose(self, other)

    def choose(self, yes: Vector, no: Vector) -> Vector:
        return self._made(self.builder.select(self.value, yes.value, no.value))

    def fused(self, factor: Vector, summand: Vector, *, kind: Literal["fma", "fmuladd"] = "fma") -> Vector:
        """Itself times ``factor`` plus ``summand``, rounded once; ``"fmuladd"``: where the processor can."""
        name = f"llvm.{kind}.{self._name()}"
        return self._made(call(self.builder, name, self.value, factor.value, summand.value))

    def root(self) -> Vector:
        return self._made(call(self.builder, f"llvm.sqrt.{self._name()}", self.value))

    def whole(self) -> Vector:
        """Float to int, towards zero."""
        return self._made(self.builder.fptosi(self.value, ir.VectorType(INT, self.lanes)))

    def wide(self) -> Vector:
        """Bits as int lanes of -1 and 0."""
        return self._made(self.builder.sext(self.value, ir.VectorType(INT, self.lanes)))

    def bits(self) -> Any:
        """A comparison as one int64, lane 0 the lowest bit."""
        return self.builder.zext(self.builder.bitcast(self.value, ir.IntType(self.lanes)), LONG)

    def any(self) -> Any:
        """A comparison as one int64: 1 where it holds in a lane, else 0."""
        bits = self.builder.bitcast(self.value, ir.IntType(self.lanes))
        return self.builder.zext(self.builder.icmp_unsigned("!=", bits, ir.IntType(self.lanes)(0)), LONG)

    def sum(self) -> Any:
        """Of all lanes, by halves."""
        vector = self
        while vector.lanes > 1:
            count = vector.lanes // 2
            vector = vector.taken(range(count)) + vector.taken(range(count, 2 * count))
        return vector.first()

    def taken(self, lanes: Sequence[int]) -> Vector:
        order = ir.Constant(ir.VectorType(INT, len(lanes)), list(lanes))
        undefined = ir.Constant(self.value.type, ir.Undefined)
        return self._made(self.builder.shuffle_vector(self.value, undefined, order))

    def first(self) -> Any:
        return self.builder.extract_element(self.value, INT(0))

    def with_first(self, value: Any) -> Vector:
        return self._made(self.builder.insert_element(self.value, value, INT(0)))


def splat(builder: Any, value: Any, lanes: int) -> Vector:
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    return Vector(builder, undefined).with_first(value).taken([0] * lanes)


def call(builder: Any, name: str, *arguments: Any, returns: Any = None) -> Any:
    """An LLVM intrinsic that returns the type of its first argument, unless told otherwise."""
    face = ir.FunctionType(returns or arguments[0].type, [argument.type for argument in arguments])
    declare: Any = cgutils.get_or_insert_function
    return builder.call(declare(builder.module, face, name), arguments)


def prefetch(builder: Any, pointer: Any, *, to_write: bool = False) -> None:
    """Ask for a line that is about to be read or written; its address may be any."""
    address = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    into_all_caches, data = INT(3), INT(1)
    call(
        builder, "llvm.prefetch.p0", address, INT(int(to_write)), into_all_caches, data, returns=ir.VoidType()
    )


def array_data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data


def counted(builder: Any, going: Any, start: Sequence[Any]) -> Iterator[list[Any]]:
    """A loop over variables in memory that LLVM keeps in registers: runs while ``going(variables)`` is true.

    Yields the variables once, inside of the body; what stands behind the ``for`` statement comes after the loop.
    """
    allocate: Any = cgutils.alloca_once_value
    variables = [allocate(builder, value) for value in start]
    head, body, behind = (builder.append_basic_block(name) for name in ("head", "body", "behind"))
    builder.branch(head)
    builder.position_at_end(head)
    builder.cbranch(going(*variables), body, behind)
    builder.position_at_end(body)
    yield variables
    builder.branch(head)
    builder.position_at_end(behind)
