"""What two machines must have in common for their timings to be compared.

Not the name of the host and not the frequency of the moment: neither says what code runs how.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import sys
from collections import Counter
from dataclasses import dataclass, fields
from functools import cache
from importlib import metadata
from pathlib import Path

__all__ = ["Machine", "describe_machine", "simd_level"]

_CPUINFO = Path("/proc/cpuinfo")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_GPUS = Path("/proc/driver/nvidia/gpus")
# The levels of the x86-64 psABI, as the kernel spells what each adds to the one below.
_X86_LEVELS = {
    "x86-64-v2": {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"},
    "x86-64-v3": {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}
_ARM_LEVELS = ("sve2", "sve", "asimd")  # widest first
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine class; equal for machines whose timings can be compared."""

    architecture: str
    processor: str
    simd: str
    caches: str
    cores: str
    libc: str
    python: str
    numpy: str
    blas: str
    devices: str

    def __str__(self) -> str:
        values = (getattr(self, field.name) for field in fields(self))
        return ", ".join(value for value in values if value)


@cache
def describe_machine() -> Machine:
    """The machine, interpreter and libraries of this process; NumPy is not imported for it."""
    facts = _cpu_facts()
    implementation = platform.python_implementation()
    version = ".".join(platform.python_version_tuple()[:2])
    return Machine(
        architecture=platform.machine(),
        processor=_processor(facts),
        simd=simd_level((facts.get("flags") or facts.get("Features") or "").split()),
        caches=_caches(),
        cores=f"{os.cpu_count()} cores",
        libc=" ".join(platform.libc_ver()).strip() or sys.platform,
        python=f"{implementation} {version}",
        numpy=_numpy_version(),
        blas=_blas(),
        devices=_devices(),
    )


def _cpu_facts() -> dict[str, str]:
    """What the kernel says about the first core."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _processor(facts: dict[str, str]) -> str:
    names = (facts.get("model name"), facts.get("CPU part"), platform.processor())
    return next((name for name in names if name), "unknown processor")


def simd_level(flags: list[str]) -> str:
    """The widest level whose flags, and those of all below, are there."""
    has, found = set(flags), ""
    for level, needed in _X86_LEVELS.items():
        if not needed <= has:
            break
        found = level
    return found or next((level for level in _ARM_LEVELS if level in has), "")


def _caches() -> str:
    """``L1d 32K, L2 512K, L3 32768K``; instructions' own cache is left out."""
    found = []
    for folder in sorted(_CACHES.glob("index*")):
        try:
            kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found.append(f"L{level}{'d' if kind == 'Data' else ''} {size}")
    return " ".join(found)


def _devices() -> str:
    """``2 NVIDIA H200``, from where the driver says it without a context (its README, "Using the /proc File System").

    Empty without a device, so that the class of a machine that has none does not speak of them.
    """
    models: Counter[str] = Counter()
    for path in sorted(_GPUS.glob("*/information")):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        lines = [line.partition(":") for line in text.splitlines()]
        models.update(value.strip() for name, _, value in lines if name == "Model")
    return ", ".join(f"{count} {model}" for model, count in models.items())


def _numpy_version() -> str:
    try:
        return f"numpy {metadata.version('numpy')}"
    except metadata.PackageNotFoundError:
        return ""


def _blas() -> str:
    """Library, version and threads, from the file that NumPy's build has left: importing it takes 0.1 s."""
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        return ""
    try:
        text = Path(spec.origin).with_name("__config__.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r'"blas":\s*\{\s*"name":\s*"([^"]*)".*?"version":\s*"([^"]*)"', text, re.DOTALL)
    library = " ".join(match.groups()) if match else "unknown BLAS"
    given = (os.environ[name] for name in _THREADS if os.environ.get(name))
    return f"{library}, {next(given, str(os.cpu_count()))} threads"
