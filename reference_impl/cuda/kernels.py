"""Kernels as their `.cu` files declare them: names and types of parameters, read from the text itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Kernel", "Parameter", "all_kernels", "kernels_of"]

_KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(\w+)\s*\(([^)]*)\)')
_PARAMETER = re.compile(r"(?P<type>.*?)\s*(?P<pointer>\*?)\s*(?:__restrict__)?\s*(?P<name>\w+)")
_DTYPES: dict[str, type[np.generic]] = {
    "int": np.int32,
    "long long": np.int64,
    "float": np.float32,
    "double": np.float64,
    "float4": np.float32,
    "place64": np.float64,
}
_HOLDS: dict[type[np.generic], tuple[int, int]] = {
    np.int32: (-(2**31), 2**31 - 1),
    np.int64: (-(2**63), 2**63 - 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """``dtype`` of a number, or of the elements of the array that a pointer is to."""

    name: str
    dtype: type[np.generic]
    is_pointer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One entry point of the file ``path``."""

    name: str
    path: Path
    parameters: tuple[Parameter, ...]

    def checked(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arrays as they are, numbers in the type that the kernel takes: a device reads bits, and asks nothing.

        Raises
        ------
        TypeError
            For another number of arguments, and an array of another dtype than declared or not C-contiguous.
        ValueError
            For a whole number that the kernel's type does not hold.
        """
        if len(arguments) != len(self.parameters):
            names = ", ".join(parameter.name for parameter in self.parameters)
            raise TypeError(f"got {len(arguments)} arguments for {self.name}, allowed: {names}")
        return tuple(map(self._checked, self.parameters, arguments))

    def _checked(self, parameter: Parameter, argument: Any) -> Any:
        if not parameter.is_pointer:
            return self._number(parameter, argument)
        dtype = getattr(argument, "dtype", None)
        if dtype != parameter.dtype or not argument.flags.c_contiguous:
            got = type(argument).__name__ if dtype is None else f"an array of {dtype}"
            raise TypeError(
                f"got {got} for {parameter.name} of {self.name}, "
                f"allowed: a C-contiguous array of {parameter.dtype.__name__}"
            )
        return argument

    def _number(self, parameter: Parameter, argument: Any) -> Any:
        """NumPy itself would cut integers of its own types to size."""
        holds = _HOLDS.get(parameter.dtype)
        if holds is not None and not holds[0] <= argument <= holds[1]:
            allowed = f"{holds[0]} to {holds[1]}"
            raise ValueError(f"got {argument} for {parameter.name} of {self.name}, allowed: {allowed}")
        return parameter.dtype(argument)


def kernels_of(path: Path) -> dict[str, Kernel]:
    """All kernels of a file, by name.

    Raises
    ------
    ValueError
        For a parameter of a type that has no NumPy name here.
    """
    return {
        name: Kernel(
            name=name,
            path=path,
            parameters=tuple(_parameter(one.strip(), name) for one in declared.split(",")),
        )
        for name, declared in _KERNEL.findall(path.read_text(encoding="utf-8"))
    }


def _parameter(declared: str, kernel: str) -> Parameter:
    found = _PARAMETER.fullmatch(" ".join(declared.split()))
    kind = found["type"].removeprefix("const ").strip() if found else ""
    if found is None or kind not in _DTYPES:
        raise ValueError(f"got parameter {declared!r} of {kernel}, allowed types: {', '.join(_DTYPES)}")
    return Parameter(name=found["name"], dtype=_DTYPES[kind], is_pointer=bool(found["pointer"]))


@cache
def all_kernels() -> Mapping[str, Kernel]:
    """Those of ``reference_impl/kernels/*/*.cu``, by name."""
    folder = Path(__file__).parents[1] / "kernels"
    return {
        name: kernel for path in sorted(folder.glob("*/*.cu")) for name, kernel in kernels_of(path).items()
    }
