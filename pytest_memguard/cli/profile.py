"""``memguard profile``: which line of one test takes the memory."""

from __future__ import annotations

import contextlib
import io
import linecache
from typing import TYPE_CHECKING, Any

import click
import pytest

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.terminal import print_line, print_table, progress
from pytest_memguard.probes.lines import LineProfile
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import CodeType

    from pytest_memguard.probes.lines import LineTotals

__all__ = ["command"]

_HEADER = ("line", "times", "peak", "growth", "source")


@click.command(name="profile")
@click.argument("nodeid", metavar="NODEID")
@click.argument("pytest_args", nargs=-1, metavar="[-- PYTEST_ARGS]")
def command(nodeid: str, pytest_args: tuple[str, ...]) -> int:
    """Run one test and print, for every line of your own code that ran, the peak it reached above the
    memory at its start, and by how much memory had grown after it.

    Memory is what the python probe sees. Code in other threads is not traced.
    """
    profiler = _Profiler(LineProfile())
    arguments = ["-q", "-p", "no:cacheprovider", "--no-memguard", *pytest_args, nodeid]
    with progress(f"profiling {nodeid}"), contextlib.redirect_stdout(io.StringIO()):  # pytest's own report
        status = pytest.main(arguments, plugins=[profiler])
    if not profiler.calls:
        reason = "; ".join(profiler.troubles) or f"pytest ended with status {int(status)}"
        raise Failure(f"no test was run for {nodeid}: {reason}", ExitCode.WRONG_USE)
    if profiler.calls > 1:
        raise Failure(f"{nodeid} names {profiler.calls} tests, accepted: one", ExitCode.WRONG_USE)
    _print(profiler.profile)
    if profiler.troubles:
        raise Failure(f"the test failed: {profiler.troubles[0]}", ExitCode.COULD_NOT_RUN)
    return ExitCode.IN_ORDER


class _Profiler:
    """Traces the call of the test alone, not its fixtures."""

    def __init__(self, profile: LineProfile) -> None:
        self.profile = profile
        self.calls = 0
        self.troubles: list[str] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        self.calls += 1
        if self.calls > 1:
            return (yield)
        self.profile.start()
        try:
            return (yield)
        finally:
            self.profile.stop()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.troubles.append(str(report.longrepr).strip().splitlines()[-1])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            message = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
            self.troubles.append(message.splitlines()[0])


def _print(profile: LineProfile) -> None:
    print_line(f"peak {format_bytes(profile.peak_bytes)}", {"bold": True})
    for code, lines in profile.lines.items():
        if lines:
            print_line("")
            print_line(f"{code.co_filename}:{code.co_firstlineno} {_name(code)}", {"bold": True})
            rows = [_row(code, line, lines[line]) for line in sorted(lines)]
            print_table(_HEADER, rows, right=frozenset(_HEADER[:-1]))


def _name(code: CodeType) -> str:
    return getattr(code, "co_qualname", code.co_name)  # the former from Python 3.11 on


def _row(code: CodeType, line: int, totals: LineTotals) -> tuple[str, ...]:
    source = linecache.getline(code.co_filename, line).rstrip()
    return (
        str(line),
        str(totals.count),
        format_bytes(totals.peak_bytes),
        format_bytes(totals.growth_bytes),
        source,
    )
