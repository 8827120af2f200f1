"""The compiled kernels, called from python: loaded from the cache, or finished for this processor first.

They are shipped as LLVM bitcode, which fits any 64-bit processor; what is left to do on a new machine is the last third
of a compiler's work, a few seconds once. numba, which made the bitcode, is not needed for that.
"""

import ctypes
import fcntl
import hashlib
import lzma
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

from reelway.previz.spmd.entries import UNITS
from reelway.previz.spmd.shipped import bitcode

_POINTER = ctypes.c_void_p
_SIZE = ctypes.c_int64
_SCALARS: dict[str, Any] = {"f": ctypes.c_float, "d": ctypes.c_double, "n": ctypes.c_int64}
_ARRAYS: dict[str, Any] = {
    "f": np.dtype(np.float32),
    "d": np.dtype(np.float64),
    "i": np.dtype(np.int32),
    "n": np.dtype(np.int64),
    "b": np.dtype(np.uint8),
}
_DIGEST = hashlib.sha256().digest_size

Function = Callable[..., None]
_loading = threading.Lock()
_loaded: dict[str, "_Unit"] = {}


class _Unit:
    """One loaded library and its functions."""

    def __init__(self, name: str) -> None:
        self._jit = llvm.create_lljit_compiler(_machine())
        builder = llvm.JITLibraryBuilder().add_object_img(_object(name)).add_current_process()
        for entry in UNITS[name]:
            builder = builder.export_symbol(_symbol(entry))
        self._library = builder.link(self._jit, f"previz-{name}")
        self.functions = {
            entry: _function(self._library[_symbol(entry)], entry, wanted) for entry, wanted in UNITS[name].items()
        }


def function(name: str) -> Function:
    """The kernel called `name`; it writes into arrays it is given, and lets other threads run meanwhile."""
    unit = next(unit for unit, entries in UNITS.items() if name in entries)
    return _unit(unit).functions[name]


def compile_unit(name: str) -> None:
    """See to it that the cache holds that unit."""
    _unit(name)


def _unit(name: str) -> _Unit:
    found = _loaded.get(name)
    if found is None:
        with _loading:  # LLVM is for one thread at a time
            found = _loaded.get(name) or _Unit(name)
            _loaded[name] = found
    return found


def _symbol(entry: str) -> str:
    return f"reelway_{entry}"


def _function(address: int, entry: str, wanted: str) -> Function:
    kinds = wanted.split()
    # The compiled functions follow numba's own convention: room for a result and for an error come first.
    types: list[Any] = [_POINTER, _POINTER]
    for kind in kinds:
        types += [_SCALARS[kind]] if len(kind) == 1 else [_POINTER, *[_SIZE] * int(kind[1])]
    pointer = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)

    def call(*arguments: Any) -> None:
        nothing = ctypes.c_int64(0)
        values: list[Any] = [ctypes.addressof(nothing), ctypes.addressof(nothing)]
        for kind, argument in zip(kinds, arguments, strict=True):
            if len(kind) == 1:
                values.append(argument)
                continue
            if argument.dtype != _ARRAYS[kind[0]] or argument.ndim != int(kind[1]) or not argument.flags.c_contiguous:
                raise TypeError(f"{entry}: {argument.dtype} {argument.shape} is not a C-ordered {kind}")
            values += [argument.ctypes.data, *argument.shape]
        if pointer(*values):
            raise RuntimeError(f"kernel {entry} failed")

    return call


@cache
def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="default",
        codemodel="jitdefault",
    )


def _object(unit: str) -> bytes:
    """Machine code of `unit`, from the cache or made now; several processes at once make it once."""
    packed = bitcode(unit)
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder is None:
        return _finish(packed)
    processor = (llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    key = hashlib.sha256(packed + repr((llvm.llvm_version_info, processor)).encode()).hexdigest()[:24]
    path = Path(folder) / f"{unit}-{key}.o"
    if (found := _read(path)) is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.with_suffix(".lock")):
        found = _read(path)
        if found is None:
            found = _finish(packed)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(hashlib.sha256(found).digest() + found)
            part.replace(path)
        return found


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    code = data[_DIGEST:]
    return code if hashlib.sha256(code).digest() == data[:_DIGEST] else None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _finish(packed: bytes) -> bytes:
    """Optimise for this very processor and write its machine code."""
    machine = _machine()
    module = llvm.parse_bitcode(lzma.decompress(packed))
    module.triple = llvm.get_default_triple()
    module.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    options.loop_unrolling = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code
