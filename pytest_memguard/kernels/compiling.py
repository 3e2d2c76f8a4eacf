"""A source and its architectures into resources per kernel."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_memguard.kernels.errors import CompileError
from pytest_memguard.kernels.names import source_name
from pytest_memguard.kernels.nvrtc import load_nvrtc
from pytest_memguard.kernels.ptxas import parse_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_memguard.kernels.nvrtc import Compiled, Nvrtc
    from pytest_memguard.kernels.source import Source
    from pytest_memguard.model.kernel import KernelResources

__all__ = ["ARCHITECTURES", "compile_kernels"]

ARCHITECTURES = ("sm_75", "sm_90", "sm_120")
_LIKE_CUPY = ("-ftz=true", "--device-as-default-execution-space")  # what CuPy compiles every kernel with
_ARCHITECTURE = re.compile(r"(sm_\d+)[af]?")


def compile_kernels(
    source: Source,
    *,
    options: Sequence[str] = (),
    architectures: Sequence[str] | None = None,
    names: Sequence[str] = (),
) -> tuple[KernelResources, ...]:
    """Compile for every architecture, with CuPy's options and ``options`` after them.

    ``names`` are name expressions such as ``"axpy<float>"``: templates that the source itself does not instantiate.

    Raises
    ------
    NvrtcMissing
        When there is no compiler.
    CompileError
        With what the compiler says, at the source's own lines.
    ValueError
        For an architecture that this compiler does not know, and for text with a NUL byte.
    TypeError
        For one string in place of several.
    """
    for name, given in (("options", options), ("architectures", architectures), ("names", names)):
        if isinstance(given, str):
            raise TypeError(f"{name}: got {given!r}, accepted: a list of such strings")
    for where, texts in (
        (f"the source {source.name}", (source.text,)),
        ("options", options),
        ("names", names),
    ):
        if any("\0" in text for text in texts):  # where a C string ends: kernels after it would not be there
            raise ValueError(f"got a NUL byte in {where}, accepted: text without one")
    nvrtc = load_nvrtc()
    wanted = ARCHITECTURES if architectures is None else tuple(architectures)
    _check(wanted, nvrtc)
    return tuple(
        resources
        for architecture in wanted
        for resources in _compile(nvrtc, source, architecture, tuple(options), tuple(names))
    )


def _check(architectures: tuple[str, ...], nvrtc: Nvrtc) -> None:
    known = nvrtc.architectures
    for architecture in architectures:
        match = _ARCHITECTURE.fullmatch(architecture)
        if match is None or match[1] not in known:
            version = ".".join(map(str, nvrtc.version))
            raise ValueError(
                f"got architecture {architecture!r}, accepted by NVRTC {version}: {', '.join(known)}"
            )
    if not architectures:
        raise ValueError(f"got no architecture, accepted: at least one of {', '.join(known)}")


def _compile(
    nvrtc: Nvrtc, source: Source, architecture: str, options: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[KernelResources]:
    where = () if source.folder is None else (f"--include-path={source.folder}",)
    given = (f"-arch={architecture}", *_LIKE_CUPY, *where, *options, "--ptxas-options=-v")
    try:
        compiled = nvrtc.compile(source, given, names)
    except CompileError as error:
        version = ".".join(map(str, nvrtc.version))
        raise CompileError(f"NVRTC {version}, {architecture}:\n{error}") from None
    kernels = list(parse_log(compiled.log, nvrtc=nvrtc.version))
    readable = _readable([each.kernel for each in kernels], compiled)
    for each in kernels:
        yield replace(each, kernel=readable[each.kernel])


def _readable(mangled: Sequence[str], compiled: Compiled) -> dict[str, str]:
    """Names as the source has them; overloads of one name keep the mangled ones, which tell them apart."""
    asked_for = {lowered: name for name, lowered in compiled.lowered.items()}
    named = {name: asked_for.get(name) or source_name(name) for name in mangled}
    count = Counter(named.values())
    return {name: readable if count[readable] == 1 else name for name, readable in named.items()}
