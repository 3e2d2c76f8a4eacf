"""What GPU kernels take from the machine, told by their compiler: without a GPU, a driver or a CUDA toolkit.

================  ====================================================================
``nvrtc``         NVIDIA's run-time compiler, loaded from its wheel
``source``        CUDA C++ from a file or a string, with the lines that its author knows
``compiling``     a source and its architectures into resources per kernel
``ptxas``         the assembler's log, read
``names``         kernels as their source names them
``loaded``        the kernels that CuPy has loaded, where there is a device
================  ====================================================================

Nothing here is imported before a test asks for it.
"""

from __future__ import annotations

from pytest_memguard.kernels.compiling import ARCHITECTURES, compile_kernels
from pytest_memguard.kernels.errors import CompileError, NvrtcMissing

__all__ = ["ARCHITECTURES", "CompileError", "NvrtcMissing", "compile_kernels"]
