"""Files of pytest-benchmark (``--benchmark-json``), as runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pytest_memguard.model import Environment, Measurement, Run, TestResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_benchmark_json", "run_of_benchmarks"]


class _Stats(msgspec.Struct):
    min: float
    rounds: int = 0
    iterations: int = 1


class _Benchmark(msgspec.Struct):
    fullname: str
    stats: _Stats


class _Commit(msgspec.Struct):
    id: str | None = None
    dirty: bool = False


class _File(msgspec.Struct):
    benchmarks: list[_Benchmark]
    machine_info: dict[str, Any] = {}
    commit_info: _Commit | None = None


class _Header(msgspec.Struct):
    benchmarks: list[Any] | msgspec.UnsetType = msgspec.UNSET
    machine_info: Any = msgspec.UNSET
    schema: Any = msgspec.UNSET


def is_benchmark_json(content: bytes) -> bool:
    """Whether these are the bytes of such a file, right or not in every detail."""
    try:
        header = msgspec.json.decode(content, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return header.schema is msgspec.UNSET and msgspec.UNSET not in (header.benchmarks, header.machine_info)


def run_of_benchmarks(content: bytes) -> Run:
    """A run with the least seconds per call of every benchmark.

    Raises
    ------
    msgspec.ValidationError
        When something in it is not what pytest-benchmark writes.
    """
    found = msgspec.json.decode(content, type=_File)
    info = found.machine_info
    return Run(
        environment=Environment(
            machine_class=_machine(info),
            python=str(info.get("python_version", "")),
            platform=" ".join(str(info[name]) for name in ("system", "release", "machine") if info.get(name)),
            commit=found.commit_info.id if found.commit_info else None,
        ),
        tests=tuple(_result(each) for each in found.benchmarks),
    )


def _result(benchmark: _Benchmark) -> TestResult:
    measurement = Measurement(probe="time", metric="seconds", value=benchmark.stats.min, unit="s")
    return TestResult(
        nodeid=benchmark.fullname,
        file=benchmark.fullname.partition("::")[0],
        line=1,  # the file does not say
        verdict=Verdict.PASS,
        measurements=(measurement,),
        guarded=False,
    )


def _machine(info: Mapping[str, Any]) -> str:
    """Enough to see that two files are of different machines: their names are left out, they say nothing of speed."""
    cpu = info.get("cpu")
    known = cpu if isinstance(cpu, dict) else {}
    cores = f"{known['count']} cores" if known.get("count") else ""
    implementation = str(info.get("python_implementation", ""))  # a file of our own has it in the machine
    if implementation:
        implementation += f" {info.get('python_version', '')}"
    facts = (info.get("machine"), known.get("brand_raw"), cores, implementation)
    return ", ".join(str(fact) for fact in facts if fact)
