"""Kernels compiled for the CPU, as a `Device` of `reference_impl.cuda`."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

SHIM = Path(__file__).parent
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
_HOST = """
namespace {stem} {{
#include "{path}"
}}
"""
_ENTRY = """
extern "C" const char* launch_{name}(unsigned grid, unsigned block, int backwards, void** arguments) {{
    return on_cpu::launch({stem}::{name}, grid, block, backwards, arguments);
}}
"""


def missing():
    """Why kernels cannot run here, or None."""
    if sys.platform != "linux":
        return f"kernels run on the CPU by ucontext, on Linux, not on {sys.platform}"
    return None if shutil.which("g++") else "kernels run on the CPU when g++ compiles them: there is none"


def compiled(paths, folder, *flags):
    """A library of all kernels in the files; raises with what the compiler said."""
    lines = ['#include "cuda_on_cpu.h"']
    for path in paths:
        names = re.findall(r'extern "C" __global__ void (\w+)', path.read_text(encoding="utf-8"))
        lines.append(_HOST.format(stem=path.stem, path=path))
        lines += [_ENTRY.format(stem=path.stem, name=name) for name in names]
    host, library = Path(folder, "host.cpp"), Path(folder, "kernels.so")
    host.write_text("\n".join(lines), encoding="utf-8")
    command = ["g++", "-std=c++17", "-O1", "-g", "-ffp-contract=off", "-Werror", "-shared", "-fPIC", *flags]
    made = subprocess.run(
        [*command, f"-I{SHIM}", str(host), "-o", str(library)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise RuntimeError(f"g++ refuses the kernels:\n{made.stderr}")
    return library


_ONE_AT_A_TIME = threading.Lock()  # fibers, and what blocks share, are there once


_Pointers = (
    ctypes.c_void_p * 32
)  # to more arguments than any kernel has; ctypes makes a type for every length


def _address(array):
    return array.__array_interface__["data"][0]  # array.ctypes would leave cycles to be collected


class CpuDevice:
    """Runs the threads of a block in turns, ``backwards`` or not: what depends on their order then shows."""

    name = "CPU, one thread"

    def __init__(self, library, *, backwards=False):
        self._library, self._backwards = ctypes.CDLL(str(library)), backwards
        self.launched = []  # names
        self.copied = []  # bytes, of each copy to here

    def empty(self, shape, dtype):
        array = np.empty(shape, dtype)
        array.reshape(-1).view(np.uint8)[:] = 0xFF  # NaN, and -1: nobody reads this unpunished
        return array

    def from_host(self, array):
        return np.array(array, order="C")

    def to_host(self, array):
        self.copied.append(array.nbytes)
        return array.copy()

    def zero(self, array):
        array.fill(0)

    def launch(self, kernel, grid, block, arguments):
        entry = getattr(self._library, f"launch_{kernel.name}")
        entry.restype = ctypes.c_char_p
        values = [np.array(_address(a) if isinstance(a, np.ndarray) else a) for a in arguments]
        pointers = _Pointers(*map(_address, values))
        with _ONE_AT_A_TIME:
            problem = entry(grid, block, int(self._backwards), pointers)
            if problem is not None:
                raise RuntimeError(f"{kernel.name}: {problem.decode()}")
        self.launched.append(kernel.name)
