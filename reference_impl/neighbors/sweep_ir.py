"""The two inner loops of a sweep as vector instructions; needs AVX2 and FMA. Contracts: see `lanes`."""
# ruff: noqa: ARG001, PLR0913, PLR0917 - numba passes the types of all arguments, by these names

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from reference_impl.neighbors.stencil import MAX_ROWS
from reference_impl.vectors.words import INT, LONG, Vector, array_data, call, counted, splat

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FRONT", "make_sweep", "plan"]

_EIGHT = 8
# Row: eight bits; columns: the lanes whose bits are set, then the others.
FRONT: NDArray[np.uint8] = np.array(
    [sorted(range(_EIGHT), key=lambda lane, bits=bits: not bits >> lane & 1) for bits in range(256)],  # type: ignore[misc]
    np.uint8,
).reshape(-1)


@intrinsic
def plan(_typing: Any, low: Any, high: Any, front: Any, along: Any, base: Any, numbers: Any, starts: Any,
         block: Any, i: Any, x: Any, y: Any, z: Any, begin: Any, end: Any, at: Any) -> Any:  # fmt: skip
    """Stretches of sorted atoms near atom ``i`` at (x, y, z), in eight rows of the stencil from ``8 * block`` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *_, block, i, x, y, z, _, _, at = arguments
        low, high, front, along, base, numbers, starts, begin, end = (
            array_data(context, builder, signature.args[k], arguments[k]) for k in (*range(7), 12, 13)
        )
        offset = builder.mul(block, LONG(_EIGHT))
        constants = [builder.load(builder.gep(numbers, [LONG(k)])) for k in range(5)]
        outer, per_length, ghosts, columns, length = (splat(builder, c, _EIGHT) for c in constants)
        x, y, z = (splat(builder, c, _EIGHT) for c in (x, y, z))
        zero = x.same(0.0)

        below = Vector.load(builder, low, offset, _EIGHT) - y
        above = y - Vector.load(builder, high, offset, _EIGHT)
        across = below.larger(above).larger(zero)
        ahead = (Vector.load(builder, front, offset, _EIGHT) - z).larger(zero)
        left = outer - (across * across + ahead * ahead)
        width = left.larger(zero).root()
        seen = x - Vector.load(builder, along, offset, _EIGHT)
        seen = (seen < zero).choose(seen + length, seen)
        first = (seen - width) * per_length + ghosts
        last = (seen + width) * per_length + ghosts + x.same(1.0)

        where = Vector.load(builder, base, offset, _EIGHT)

        def starts_of(column: Vector) -> Vector:
            within = column.larger(zero).smaller(columns).whole() + where
            byte = ir.IntType(8)
            pointer = builder.bitcast(starts, byte.as_pointer())
            all_lanes = within.same(-1).value
            return Vector(
                builder,
                call(
                    builder,
                    "llvm.x86.avx2.gather.d.d.256",
                    within.value,
                    pointer,
                    within.value,
                    all_lanes,
                    byte(4),
                ),
            )

        begins = starts_of(first)
        # Of its own row only the atoms behind it.
        own = builder.icmp_signed("==", block, LONG(0))
        begins = begins.with_first(
            builder.select(own, builder.add(builder.trunc(i, INT), INT(1)), begins.first())
        )
        ends = (zero < left).choose(starts_of(last), begins)
        begins.store(begin, builder.add(at, offset))
        ends.store(end, builder.add(at, offset))
        return context.get_dummy_value()

    number = numbers.dtype
    face = types.void(
        low,
        high,
        front,
        along,
        base,
        numbers,
        starts,
        types.int64,
        types.int64,
        number,
        number,
        number,
        begin,
        end,
        types.int64,
    )
    return face, generate


def _to_front(builder: Any, front: Any, lanes: Vector, chosen: Vector) -> Vector:
    """The chosen lanes first; AVX2 permutes by a table of 2 KiB, AVX-512 has an instruction."""
    if lanes.lanes == _EIGHT:
        row = builder.mul(chosen.bits(), LONG(_EIGHT))
        order = Vector.load(builder, front, row, _EIGHT)
        wide = builder.zext(order.value, lanes.value.type)
        return Vector(builder, call(builder, "llvm.x86.avx2.permd", lanes.value, wide))
    name = f"llvm.experimental.vector.compress.v{lanes.lanes}i32"
    undefined = ir.Constant(lanes.value.type, ir.Undefined)
    return Vector(builder, call(builder, name, lanes.value, chosen.value, undefined))


def make_sweep(lanes: int, *, writes: bool = True) -> Any:
    """Sweep in vectors of ``lanes`` atoms: 8 for AVX2, 16 for AVX-512, where LLVM is new enough to compress.

    One that does not write only counts, in three quarters of the time.
    """

    @intrinsic
    def sweep(_typing: Any, x: Any, y: Any, z: Any, labels: Any, begin: Any, end: Any, at: Any, members: Any,
              group: Any, blocks: Any, cx: Any, cy: Any, cz: Any, inner: Any, outer: Any, front: Any, todo: Any,
              found: Any, k: Any) -> Any:  # fmt: skip
        """Labels of what is below ``outer`` into ``found[k:]``; returns the new ``k`` and whether any is in doubt."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, y, z, labels, begin, end, members, front, todo, found = (
                array_data(context, builder, signature.args[n], arguments[n])
                for n in (*range(6), 7, 15, 16, 17)
            )
            at, (group, blocks, cx, cy, cz, inner, outer) = arguments[6], arguments[8:15]
            vectors = _list_vectors(builder, lanes, (begin, end, members, front, todo), at, group, blocks)
            center = [splat(builder, c, lanes) for c in (cx, cy, cz)]
            limit, certain = splat(builder, outer, lanes), splat(builder, inner, lanes)
            nothing = Vector(builder, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))

            def going(t: Any, _k: Any, _doubt: Any) -> Any:
                return builder.icmp_signed("<", builder.load(t), vectors)

            for t, hits, doubt in counted(builder, going, (LONG(0), arguments[18], nothing.value)):
                step, filled = builder.load(t), builder.load(hits)
                j = builder.zext(builder.load(builder.gep(todo, [step])), LONG)
                dx, dy, dz = (
                    c - Vector.load(builder, data, j, lanes)
                    for c, data in zip(center, (x, y, z), strict=True)
                )
                squared = dz.fused(dz, dy.fused(dy, dx * dx))
                near = squared < limit
                unsure = near.wide() ^ (squared < certain).wide()
                builder.store((Vector(builder, builder.load(doubt)) | unsure).value, doubt)
                if writes:
                    packed = _to_front(builder, front, Vector.load(builder, labels, j, lanes), near)
                    packed.store(found, filled)
                builder.store(builder.add(filled, builder.ctpop(near.bits())), hits)
                builder.store(builder.add(step, LONG(1)), t)
            any_doubt = builder.icmp_signed(
                "!=", (Vector(builder, builder.load(doubt)) < nothing).bits(), LONG(0)
            )
            return context.make_tuple(builder, signature.return_type, [builder.load(hits), any_doubt])

        number = x.dtype
        make_tuple: Any = types.Tuple
        face = make_tuple((types.int64, types.boolean))(
            x, y, z, labels, begin, end, types.int64, members, types.int64, types.int64,
            number, number, number, number, number, front, todo, found, types.int64,
        )  # fmt: skip
        return face, generate

    return sweep


def _list_vectors(builder: Any, lanes: int, arrays: Any, at: Any, group: Any, blocks: Any) -> Any:
    """Where each vector of the group's stretches begins, into ``todo``; returns how many there are.

    One flat loop over them then has one end to mispredict, in place of one per stretch.
    """
    begin, end, members, front, todo = arrays
    first_member = builder.mul(group, LONG(MAX_ROWS))
    shift = lanes.bit_length() - 1
    for block, listed in counted(
        builder, lambda b, _: builder.icmp_signed("<", builder.load(b), blocks), (LONG(0), LONG(0))
    ):
        offset = builder.mul(builder.load(block), LONG(_EIGHT))
        planned = builder.add(at, offset)
        here = Vector.load(builder, begin, planned, _EIGHT)
        stop = Vector.load(builder, end, planned, _EIGHT)
        taken = Vector.load(builder, members, builder.add(first_member, offset), _EIGHT)
        trips = (stop - here + here.same(lanes - 1)).half(shift) & taken
        zero = here.same(0)

        def any_left(_here: Any, left: Any, zero: Vector = zero) -> Any:
            return builder.icmp_signed("!=", (zero < Vector(builder, builder.load(left))).bits(), LONG(0))

        for place, left in counted(builder, any_left, (here.value, trips.value)):
            now, rest = Vector(builder, builder.load(place)), Vector(builder, builder.load(left))
            more = zero < rest
            filled = builder.load(listed)
            _to_front(builder, front, now, more).store(todo, filled)
            builder.store(builder.add(filled, builder.ctpop(more.bits())), listed)
            builder.store((now + now.same(lanes)).value, place)
            builder.store((rest - rest.same(1)).value, left)
        builder.store(builder.add(builder.load(block), LONG(1)), block)
    return builder.load(listed)
