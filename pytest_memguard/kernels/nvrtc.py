"""NVIDIA's run-time compiler, loaded from its wheel: it needs neither a GPU nor a driver."""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_memguard.kernels.errors import CompileError, NvrtcMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_memguard.kernels.source import Source

__all__ = ["Compiled", "Nvrtc", "load_nvrtc"]

_EXTRA = "pip install 'pytest-memguard[gpu-check]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the compiler wrote, and the mangled names of the name expressions that it was given."""

    log: str
    lowered: Mapping[str, str] = field(default_factory=dict)  # name expression -> mangled name


@lru_cache(maxsize=1)
def load_nvrtc() -> Nvrtc:
    """The compiler that the environment has; ``cuda-pathfinder`` knows where every wheel and toolkit puts it.

    Raises
    ------
    NvrtcMissing
        When there is none.
    """
    try:
        from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib  # noqa: PLC0415
    except ImportError as error:
        raise NvrtcMissing(f"cuda-pathfinder, which finds NVRTC, is not installed: {_EXTRA}") from error
    try:
        path = load_nvidia_dynamic_lib("nvrtc").abs_path
        return Nvrtc(ctypes.CDLL(path))
    except (DynamicLibNotFoundError, RuntimeError, OSError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise NvrtcMissing(f"NVRTC, the CUDA compiler, cannot be loaded ({first_line}): {_EXTRA}") from error


class Nvrtc:
    """The few functions of ``nvrtc.h`` that compiling takes."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._library.nvrtcGetErrorString.restype = ctypes.c_char_p

    @property
    def version(self) -> tuple[int, int]:
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("Version", ctypes.byref(major), ctypes.byref(minor))
        return major.value, minor.value

    @property
    def architectures(self) -> tuple[str, ...]:
        """Every ``sm_...`` that it compiles for, its variants with a letter left out."""
        count = ctypes.c_int()
        self._call("GetNumSupportedArchs", ctypes.byref(count))
        numbers = (ctypes.c_int * count.value)()
        self._call("GetSupportedArchs", numbers)
        return tuple(f"sm_{number}" for number in numbers)

    def compile(self, source: Source, options: Sequence[str], names: Sequence[str] = ()) -> Compiled:
        """Compile, whether into PTX or machine code the options say.

        Raises
        ------
        CompileError
            With the compiler's own words.
        """
        with self._program(source) as program:
            for name in names:
                self._call("AddNameExpression", program, name.encode())
            given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
            status = self._library.nvrtcCompileProgram(program, len(options), given)
            log = self._log(program)
            if status:
                raise CompileError(log.strip() or self._words(status))
            return Compiled(log=log, lowered={name: self._lowered(program, name) for name in names})

    @contextlib.contextmanager
    def _program(self, source: Source) -> Iterator[ctypes.c_void_p]:
        program = ctypes.c_void_p()
        text, name = source.text.encode(), source.name.encode()
        self._call("CreateProgram", ctypes.byref(program), text, name, 0, None, None)
        try:
            yield program
        finally:
            self._call("DestroyProgram", ctypes.byref(program))

    def _log(self, program: ctypes.c_void_p) -> str:
        size = ctypes.c_size_t()
        self._call("GetProgramLogSize", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self._call("GetProgramLog", program, buffer)
        return buffer.value.decode(errors="replace")

    def _lowered(self, program: ctypes.c_void_p, name: str) -> str:
        lowered = ctypes.c_char_p()
        self._call("GetLoweredName", program, name.encode(), ctypes.byref(lowered))
        return (lowered.value or b"").decode()

    def _call(self, function: str, *arguments: object) -> None:
        status = getattr(self._library, f"nvrtc{function}")(*arguments)
        if status:
            raise CompileError(f"nvrtc{function}: {self._words(status)}")

    def _words(self, status: int) -> str:
        words: bytes = self._library.nvrtcGetErrorString(status)
        return words.decode()
