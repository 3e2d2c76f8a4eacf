"""A comparison for people: one line a benchmark, then what has to be said."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_memguard.cli.terminal import print_line, print_table
from pytest_memguard.model.timing import TimingVerdict
from pytest_memguard.reports.text import plural
from pytest_memguard.units import format_seconds

if TYPE_CHECKING:
    from pytest_memguard.model.timing import BenchmarkTiming, DuetRun

__all__ = ["HEADER", "cells", "closing_lines", "print_result", "words"]

HEADER = ("benchmark", "base", "head", "head / base", "interval", "pairs", "verdict")
_COLORS = {
    TimingVerdict.REGRESSED: "red",
    TimingVerdict.COULD_NOT_RUN: "red",
    TimingVerdict.INCONCLUSIVE: "yellow",
    TimingVerdict.NOT_MEASURED: "yellow",
    TimingVerdict.IMPROVED: "green",
}
_GRAVEST_FIRST = (
    TimingVerdict.REGRESSED,
    TimingVerdict.COULD_NOT_RUN,
    TimingVerdict.INCONCLUSIVE,
    TimingVerdict.NOT_MEASURED,
    TimingVerdict.ACCEPTED,
    TimingVerdict.NEW,
    TimingVerdict.IMPROVED,
    TimingVerdict.PASS,
)


def words(verdict: TimingVerdict) -> str:
    return verdict.value.replace("_", " ")


def cells(timing: BenchmarkTiming) -> tuple[str, ...]:
    """One text for each of :data:`HEADER`."""
    return (
        timing.nodeid,
        _seconds(timing.base_seconds),
        _seconds(timing.head_seconds),
        "-" if timing.ratio is None else f"{timing.ratio:.3f}",
        "-" if timing.lower is None or timing.upper is None else f"{timing.lower:.3f} .. {timing.upper:.3f}",
        str(len(timing.pair_ratios)),
        words(timing.verdict),
    )


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else format_seconds(seconds)


def print_result(found: DuetRun) -> None:
    ordered = sorted(found.benchmarks, key=lambda each: _GRAVEST_FIRST.index(each.verdict))
    print_table(
        HEADER,
        map(cells, ordered),
        right=frozenset(HEADER[1:-1]),
        colors=[_COLORS.get(each.verdict, "") for each in ordered],
    )
    for each in ordered:
        if each.reason:
            print_line(f"{words(each.verdict)}: {each.nodeid}: {each.reason}")
    for line in closing_lines(found):
        print_line(line)


def closing_lines(found: DuetRun) -> list[str]:
    counts = Counter(each.verdict for each in found.benchmarks)
    told = ", ".join(f"{counts[verdict]} {words(verdict)}" for verdict in _GRAVEST_FIRST if counts[verdict])
    controls = ", ".join(f"{each.name} {100 * (each.ratio - 1):+.1f} %" for each in found.controls)
    lines = [
        f"{plural(len(found.benchmarks), 'benchmark')}: {told}; {plural(found.pairs, 'pair')} in "
        f"{format_seconds(found.seconds)}, base {found.base[:12]}, head {found.head[:12]}"
        + ("+" if found.head.endswith("+") else "")
    ]
    if controls:
        lines.append(f"controls, the same on both sides: {controls}")
    for each in found.benchmarks:
        base, head = each.base_instructions, each.head_instructions
        if base is not None and head is not None:
            change = f" ({100 * (head / base - 1):+.2f} %)" if base > 0 else ""
            lines.append(
                f"instructions per call: {each.nodeid}: {base:,.0f} on base, {head:,.0f} on head{change}"
            )
    return [*lines, *found.notes]
