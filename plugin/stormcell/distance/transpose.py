"""Transposes 16 x 16 numbers at once: a piece of a kernel that numba cannot express, as LLVM code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

SIDE = 16


def _mirrored(typing: Any, matrix: Any, row: Any, column: Any) -> Any:
    if matrix.dtype != types.float32:
        return None  # numba says then that it knows no such function

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        vector = ir.VectorType(ir.FloatType(), SIDE)
        width = builder.extract_value(array.shape, 1)

        def place(at: Any, line: int, start: Any) -> Any:
            offset = builder.add(builder.mul(builder.add(at, at.type(line)), width), start)
            return builder.bitcast(builder.gep(array.data, [offset]), vector.as_pointer())

        lines = [builder.load(place(arguments[1], line, arguments[2]), align=4) for line in range(SIDE)]
        # Exchanging one bit of the line with that bit of the place in it, bit by bit, exchanges them all.
        for bit in (1, 2, 4, 8):
            for upper in (line for line in range(SIDE) if not line & bit):
                a, b = lines[upper], lines[upper + bit]
                for line, shift in ((upper, 0), (upper + bit, bit)):
                    taken = [t + shift if not t & bit else SIDE + t - bit + shift for t in range(SIDE)]
                    mask = ir.Constant(ir.VectorType(ir.IntType(32), SIDE), taken)
                    lines[line] = builder.shuffle_vector(a, b, mask)
        for line, values in enumerate(lines):
            builder.store(values, place(arguments[2], line, arguments[1]), align=4)
        return context.get_dummy_value()

    return types.void(matrix, row, column), code


# (matrix, row, column): copies matrix[row : row + 16, column : column + 16] to its mirror image; float32 rows.
mirrored: Any = intrinsic(_mirrored)
