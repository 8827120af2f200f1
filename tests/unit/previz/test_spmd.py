"""The generated kernels."""

import ast

from reelway.previz.spmd import layout
from reelway.previz.spmd.generate import HERE, kernels


def test_the_committed_kernels_are_those_of_the_source() -> None:
    """If this fails: `python -m reelway.previz.spmd`, then render once with `--warm`."""
    committed = (HERE / "kernels.py").read_text("utf-8")
    assert ast.dump(ast.parse(committed)) == ast.dump(ast.parse(kernels()))


def test_no_double_is_left_in_a_kernel() -> None:
    """One float64 in a lane loop halves the vector width."""
    for function in ast.parse(kernels()).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        wrapped = {
            id(argument)
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "F32"
            for argument in call.args
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                assert id(node) in wrapped, f"{function.name}: {node.value}"


def test_a_tile_fills_its_lanes() -> None:
    assert layout.TILE_WIDTH == 1 << layout.TILE_SHIFT
    assert layout.LANES % 16 == 0
