"""The generated kernels."""

import ast
import lzma
import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from reelway.previz.spmd import layout, shipped
from reelway.previz.spmd.entries import UNITS
from reelway.previz.spmd.generate import HERE, PARTS, kernels


def test_the_committed_kernels_are_those_of_the_source() -> None:
    """If this fails: `python -m reelway.previz.spmd`, then render once with `--warm`."""
    committed = (HERE / "kernels.py").read_text("utf-8")
    assert ast.dump(ast.parse(committed)) == ast.dump(ast.parse(kernels()))


def test_no_double_is_left_in_a_kernel() -> None:
    """One float64 in a lane loop halves the vector width."""
    narrow = {"distance", "distance_id"}
    for part in PARTS:
        source = ast.parse((HERE / "source" / f"{part}.py").read_text("utf-8"))
        narrow |= {node.name for node in source.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    for function in ast.parse(kernels()).body:
        if not isinstance(function, ast.FunctionDef) or function.name not in narrow:
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


@pytest.mark.parametrize("unit", UNITS)
def test_the_shipped_bitcode_is_of_the_committed_kernels(unit: str) -> None:
    """If this fails: `python -m reelway.previz.spmd`. It would be made anew at run time, which takes half a minute."""
    assert shipped.path_of(unit).read_bytes()[:32].hex() == shipped.digest()


def test_a_damaged_object_is_made_anew(tmp_path: Path) -> None:
    code = "from reelway.previz.spmd.native import function; function('halve')"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(HERE.parents[2])}
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=environment, check=True)
    (made,) = tmp_path.glob("finish-*.o")
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])
    subprocess.run(command, env=environment, check=True)
    assert made.read_bytes() == whole


EIGHT_THREADS = """
import threading
from reelway.previz.spmd.entries import UNITS
from reelway.previz.spmd.native import function
names = list(UNITS["finish"])
start, found = threading.Barrier(8), []
def load(turn):
    start.wait()
    found.append({name: function(name) for name in names[turn:] + names[:turn]})
threads = [threading.Thread(target=load, args=(turn,)) for turn in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), all(one == found[0] for one in found))
"""


def test_threads_that_load_kernels_at_once_get_the_same(tmp_path: Path) -> None:
    """It once ended the process: LLVM is for one thread at a time."""
    for turn in range(5):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / str(turn)), "PYTHONPATH": str(HERE.parents[2])}
        command = [sys.executable, "-X", "faulthandler", "-c", EIGHT_THREADS]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "8 True\n"), done.stderr


def test_words_are_rendered_without_numba() -> None:
    code = "import reelway.previz.render, sys; print('numba' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_kernel_refuses_arrays_it_would_misread() -> None:
    from reelway.previz.spmd.native import function

    with pytest.raises(TypeError, match="halve: float64"):
        function("halve")(np.zeros((4, 4, 3)), np.zeros((2, 2, 3), np.float32))
    with pytest.raises(TypeError, match="C-ordered"):
        function("halve")(np.zeros((3, 4, 4), np.float32).T, np.zeros((2, 2, 3), np.float32))


def test_the_march_can_be_finished_for_arm() -> None:
    """Bitcode is for any 64-bit processor; here only the compiler's side of that can be seen."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = "aarch64-unknown-linux-gnu"
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu="neoverse-n1", opt=3)
    module = llvm.parse_bitcode(lzma.decompress(shipped.bitcode("march")))
    module.triple, module.data_layout = triple, str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    assert machine.emit_assembly(module).count(".4s") > 1000  # vectors of four
