"""`python -m reelway.previz.spmd.build UNIT`: the unit's packed bitcode on stdout. Needs numba; `shipped` starts it."""
# mypy: ignore-errors

import ast
import lzma
import sys

import llvmlite.binding as llvm
from numba import types
from numba.core.codegen import CPUCodeLibrary

from reelway.previz.spmd import kernels
from reelway.previz.spmd.entries import UNITS

_TYPES = {"f": types.float32, "d": types.float64, "i": types.int32, "n": types.int64, "b": types.uint8}


def build(unit: str) -> bytes:
    """Every entry of `unit` and what it calls, as bitcode that is not yet made for any processor."""
    whole = None
    for name, wanted in UNITS[unit].items():
        module = _module(name, wanted.split())
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    _keep_only(whole, [f"reelway_{name}" for name in UNITS[unit]])
    return lzma.compress(whole.as_bitcode())


_finish = CPUCodeLibrary._finalize_final_module


def _copy_and_finish(library: CPUCodeLibrary) -> None:
    """The copy is taken before machine code is made of the original, which leaves branches where selects were."""
    library._finalized = True
    library._get_module_for_linking()
    _finish(library)


CPUCodeLibrary._finalize_final_module = _copy_and_finish


def _module(name: str, kinds: list[str]) -> llvm.ModuleRef:
    """The kernel behind a function of plain pointers and numbers."""
    takes, signature, passes = [], [], []
    for number, kind in enumerate(kinds):
        argument = f"a{number}"
        if len(kind) == 1:
            takes.append(argument)
            signature.append(_TYPES[kind])
            passes.append(argument)
            continue
        sides = [f"{argument}_{side}" for side in range(int(kind[1]))]
        takes += [argument, *sides]
        signature += [types.CPointer(_TYPES[kind[0]]), *[types.int64] * len(sides)]
        passes.append(f"given({argument}, ({', '.join(sides)},))")
    text = f"def entry({', '.join(takes)}):\n    kernel({', '.join(passes)})\n"
    space = {"given": kernels.given, "kernel": getattr(kernels, name)}
    exec(compile(ast.parse(text), f"<{name}>", "exec"), space)  # noqa: S102 -- the text is made above
    function = kernels.exact(space["entry"])
    function.compile(tuple(signature))
    (made,) = function.overloads.values()
    module = llvm.parse_bitcode(made.library._get_module_for_linking().as_bitcode())
    entry = module.get_function(made.fndesc.llvm_func_name)
    entry.name = f"reelway_{name}"
    entry.linkage = "external"  # else it would not be linked, as nobody calls it
    return module


def _keep_only(module: llvm.ModuleRef, names: list[str]) -> None:
    """Throw away what no entry needs: numba's own helpers."""
    for function in module.functions:
        if not function.is_declaration and function.name not in names:
            function.linkage = "internal"
    for variable in module.global_variables:
        if not variable.is_declaration and not variable.name.startswith("llvm."):
            variable.linkage = "internal"
    target = llvm.Target.from_default_triple().create_target_machine()
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=0))
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.run(module, builder)


if __name__ == "__main__":
    sys.stdout.buffer.write(build(sys.argv[1]))
