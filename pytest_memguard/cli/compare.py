"""``memguard compare``: hold one run against another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_memguard.cli.comparison import Comparison, Difference, Outcome, compare_runs
from pytest_memguard.cli.environments import differing
from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import load_run
from pytest_memguard.cli.terminal import print_line, print_table
from pytest_memguard.gate.tolerance import BASELINE_TOLERANCE, Tolerance
from pytest_memguard.reports.text import plural
from pytest_memguard.units import format_value, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model import Measurement, Run

__all__ = ["command"]

_COLORS = {
    Outcome.FAILS_NOW: "red",
    Outcome.WORSE: "red",
    Outcome.NOT_COMPARABLE: "yellow",
    Outcome.ONLY_IN_A: "yellow",
    Outcome.BETTER: "green",
}


def _parsed_bytes(_ctx: click.Context, _parameter: click.Parameter, size: str) -> int:
    try:
        return parse_bytes(int(size) if size.isascii() and size.isdigit() else size)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="compare")
@click.argument("a", type=click.Path(path_type=Path), metavar="A.json")
@click.argument("b", type=click.Path(path_type=Path), metavar="B.json")
@click.option(
    "--tolerance-percent",
    type=click.FloatRange(min=0),
    default=BASELINE_TOLERANCE.ratio * 100,
    show_default=True,
    help="How much worse a number may be, as a share of A's.",
)
@click.option(
    "--tolerance-bytes",
    callback=_parsed_bytes,
    default=str(BASELINE_TOLERANCE.bytes),
    show_default=True,
    metavar="SIZE",
    help='On top of that, for bytes: a number or, for example, "64 KiB".',
)
@click.option(
    "--tolerance-time-percent",
    type=click.FloatRange(min=0),
    default=BASELINE_TOLERANCE.seconds_ratio * 100,
    show_default=True,
    help="For times instead: one run against another can tell no less. `memguard ab` can.",
)
@click.option("--changed", is_flag=True, help="Leave out the numbers that stayed within tolerance.")
@click.option(
    "--strict", is_flag=True, help="Exit with 3 when B leaves open how a number or a test of A fared."
)
def command(a: Path, b: Path, *, changed: bool, strict: bool, **tolerances: Any) -> int:
    """Show how every number of run A changed in run B.

    Either may also be a file of pytest-benchmark. Times of two classes of machine are shown and not compared.

    A number that is worse by more than the tolerance, and a test that fails in B alone, are regressions: exit
    status 1.
    """
    run_a, run_b = load_run(a), load_run(b)
    tolerance = Tolerance(
        ratio=tolerances["tolerance_percent"] / 100,
        bytes=tolerances["tolerance_bytes"],
        seconds_ratio=tolerances["tolerance_time_percent"] / 100,
    )
    comparison = compare_runs(run_a, run_b, tolerance)
    for line in _environment_lines(run_a, run_b):
        print_line(line)
    _print_differences(comparison, changed_only=changed)
    for line in _closing_lines(comparison):
        print_line(line)
    if comparison.is_regression:
        return ExitCode.REGRESSION
    return ExitCode.INCONCLUSIVE if strict and comparison.is_inconclusive else ExitCode.IN_ORDER


def _environment_lines(a: Run, b: Run) -> Iterator[str]:
    for name, (in_a, in_b) in differing([a.environment, b.environment]).items():
        yield f"{name} differs: {in_a or 'none'} in A, {in_b or 'none'} in B"


def _print_differences(comparison: Comparison, *, changed_only: bool) -> None:
    shown = [each for each in comparison.differences if each.outcome is not Outcome.SAME or not changed_only]
    if shown:
        print_table(
            ("test", "probe", "metric", "A", "B", "change", ""),
            map(_cells, shown),
            right=frozenset({"A", "B", "change"}),
            colors=[_COLORS.get(each.outcome, "") for each in shown],
        )


def _cells(each: Difference) -> tuple[str, ...]:
    return (
        each.nodeid,
        each.probe,
        each.metric,
        _value(each.a),
        _value(each.b),
        _change(each.a, each.b),
        each.outcome.value,
    )


def _value(measurement: Measurement | None) -> str:
    return format_value(measurement.value, measurement.unit) if measurement else ""


def _change(a: Measurement | None, b: Measurement | None) -> str:
    if a is None or b is None or a.value is None or b.value is None or a.unit != b.unit:
        return ""
    if a.value == b.value:
        return "="
    change = b.value - a.value
    # From zero there is no percentage, and a tenth of a percent is the least that is shown.
    if a.value == 0 or abs(change / a.value) < 0.0005:
        return f"{'+' if change > 0 else ''}{format_value(change, a.unit)}"
    return f"{100 * change / abs(a.value):+.1f} %"


def _closing_lines(comparison: Comparison) -> Iterator[str]:
    for title, nodeids in (
        ("fails now", comparison.fail_now),
        ("inconclusive in B", comparison.undecided_in_b),
        ("only in A", comparison.only_in_a),
        ("only in B", comparison.only_in_b),
    ):
        for nodeid in nodeids:
            yield f"{title}: {nodeid}"
    outcomes = [each.outcome for each in comparison.differences]
    worse = sum(outcome.is_regression for outcome in outcomes)
    better, same = outcomes.count(Outcome.BETTER), outcomes.count(Outcome.SAME)
    yield f"{plural(len(outcomes), 'number')}: {worse} worse, {better} better, {same} the same within tolerance"
