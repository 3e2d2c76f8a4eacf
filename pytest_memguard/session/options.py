"""The options and ini keys, each with one name: ``--memguard-top`` is ``memguard_top``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pytest

__all__ = ["MARKERS", "OPTIONS", "add_options"]

MARKERS = (
    "memory_budget(*, peak, leak, fragmentation, external_fragmentation, hit_rate, allocations, probe='python', "
    "rounds=1, warmup=0): limits of memory for a test, judged with --memguard",
    "kernel_budget(*, registers, spill_bytes, stack_bytes, shared_bytes, kernel='*', arch='*'): limits of what the GPU "
    "kernels that a test compiles or loads take, judged with --memguard",
    "time_budget(*, max, regression): limits of time for a test that uses pytest-benchmark's benchmark fixture",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    name: str
    help: str
    ini: Literal["string", "linelist"] = "string"
    arguments: tuple[tuple[str, Any], ...] = ()


def _flag(name: str, text: str) -> _Option:
    return _Option(name=name, help=text, arguments=(("action", "store_true"), ("default", None)))


def _value(name: str, metavar: str, text: str) -> _Option:
    return _Option(name=name, help=text, arguments=(("metavar", metavar), ("default", None)))


OPTIONS = (
    _value("baselines", "DIR", "Folder of the committed baselines (default: baselines under rootdir)"),
    _flag("update", "Write this run's numbers as the new baselines"),
    _value("probes", "LIST", "What observe reads on tests without a marker (default: heap,rss)"),
    _flag(
        "strict", "Inconclusive, unavailable or not measured, and missing or orphaned baselines, fail the run"
    ),
    _Option(
        name="report",
        help="Write a report as FORMAT[:PATH]; may be given several times",
        ini="linelist",
        arguments=(("action", "append"), ("metavar", "FORMAT[:PATH]"), ("default", None)),
    ),
    _value("rounds", "N", "Rounds of every guarded test without its own"),
    _value("warmup", "N", "Warm-up calls of every guarded test without its own"),
    _value("top", "N", "Allocation sites shown under a failure (default: 5; all with -vv)"),
    _value("blame", "memray", "Take call stacks at the high-water mark from memray"),
)


def add_options(parser: pytest.Parser) -> None:
    """Declare everything; flags default to ``None``, so that the ini counts where no flag is given."""
    group = parser.getgroup("memguard", "memory and time as test outcomes")
    modes = (
        ("--memguard", "enforce", "Judge the budgets of memory and time"),
        ("--memguard-observe", "observe", "Measure every test and fail none"),
        ("--no-memguard", "off", "Neither measure nor judge, whatever the ini says"),
    )
    for flag, mode, text in modes:
        group.addoption(flag, dest="memguard", action="store_const", const=mode, default=None, help=text)
    parser.addini("memguard", "enforce, observe or off", default="off")
    for option in OPTIONS:
        group.addoption(
            f"--memguard-{option.name}",
            dest=f"memguard_{option.name}",
            help=option.help,
            **dict(option.arguments),
        )
        default: Any = [] if option.ini == "linelist" else ""
        parser.addini(f"memguard_{option.name}", option.help, type=option.ini, default=default)
    parser.addini(
        "memguard_budgets",
        "Budgets by path: 'glob: peak=1 GiB leak=1 MiB probe=cupy'",
        type="linelist",
        default=[],
    )
