"""Pieces of kernels that numba cannot express, as LLVM code for any processor: 64 compares at once, fetching."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 64
LINE = 16  # float32 values of a cache line


def _load(context: Any, builder: Any, kind: Any, array: Any, start: Any) -> Any:
    """Read 64 values of an array, from any place."""
    first = builder.gep(context.make_array(kind)(context, builder, array).data, [start])
    return builder.load(builder.bitcast(first, _VALUES.as_pointer()), align=4)


def _less(typing: Any, a: Any, b: Any, start: Any) -> Any:
    if any(kind.dtype != types.float32 for kind in (a, b)):
        return None  # numba says then that it knows no such function

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        left, right = (_load(context, builder, signature.args[i], arguments[i], arguments[2]) for i in (0, 1))
        return builder.bitcast(builder.fcmp_ordered("<", left, right), ir.IntType(LANES))

    return types.uint64(a, b, start), code


def _fetch(typing: Any, a: Any, start: Any) -> Any:
    if a.dtype != types.float32:
        return None

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        first = builder.gep(
            context.make_array(signature.args[0])(context, builder, arguments[0]).data, [arguments[1]]
        )
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # To be read, kept near, data: what LLVM calls 0, 3 and 1.
        builder.call(fetch, [builder.bitcast(first, byte), *(whole(value) for value in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(a, start), code


def _count(typing: Any, mask: Any) -> Any:
    return types.int64(mask), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


def _lowest(typing: Any, mask: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(mask), code


_VALUES = ir.VectorType(ir.FloatType(), LANES)

# (a, b, start): a mask of 64 bits, bit t set where a[start + t] < b[start + t]; float32 arrays.
less: Any = intrinsic(_less)
# (a, start): asks for the cache line of a[start], which need not exist, without waiting for it.
fetch: Any = intrinsic(_fetch)
# (mask): how many bits are set.
count: Any = intrinsic(_count)
# (mask): the place of the lowest one, 64 for none.
lowest: Any = intrinsic(_lowest)
