"""What all comparisons of two commits can be asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pytest_memguard.cli.parameter_type import ParameterType
from pytest_memguard.stats.duet import LOOKS
from pytest_memguard.timing.settings import DuetSettings, SliceSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["budget_option", "comparison_options", "pytest_arguments", "settings_from"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600}


class _Percent(ParameterType):
    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*", str(value))
        if match is None or not 0 < float(match[1]) <= 1000:
            self.fail(f"got {value!r}, accepted: a percentage such as 5%", param, ctx)
        return float(match[1]) / 100


class _Duration(ParameterType):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(s|m|min|h)\s*", str(value))
        if match is None:
            self.fail(f"got {value!r}, accepted: a duration such as 90s, 10m or 1h", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


class _Looks(ParameterType):
    name = "looks"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        looks = tuple(int(part) for part in parts if part.strip().isdigit())
        if len(looks) != len(parts) or looks[0] < 5 or list(looks) != sorted(set(looks)):
            self.fail(
                f"got {value!r}, accepted: growing numbers of pairs from 5 on, such as 5,8,12", param, ctx
            )
        return looks


def budget_option(default: str) -> Callable[[_Function], _Function]:
    return click.option(
        "--budget",
        "--memguard-budget",
        "budget",
        type=_Duration(),
        default=default,
        show_default=True,
        metavar="TIME",
        help="How long pairs may be added.",
    )


_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--threshold",
        type=_Percent(),
        default="5%",
        show_default=True,
        metavar="PERCENT",
        help="The slow-down that must be found.",
    ),
    click.option("--strict", is_flag=True, help="Exit with 3 when a benchmark is inconclusive."),
    click.option("--build", metavar="COMMAND", help="A shell command that makes a worktree importable."),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Threads of BLAS and OpenMP, and cores for both sides.",
    ),
    click.option(
        "--instructions",
        is_flag=True,
        help="Count instructions per call too, by valgrind's cachegrind: shown, not judged.",
    ),
    click.option(
        "--json",
        "json_path",
        type=_PATH,
        metavar="PATH",
        help="A run file with every slice of every pair in it.",
    ),
    click.option(
        "--markdown", "markdown_path", type=_PATH, metavar="PATH", help="A table for a pull request."
    ),
    click.option("--junit", "junit_path", type=_PATH, metavar="PATH", help="JUnit's XML."),
    click.option(
        "--github/--no-github",
        default=None,
        help="Annotations and a job summary; on by itself in GitHub Actions.",
    ),
    # For people who know what they do, and for tests that cannot wait.
    click.option("--seed", type=int, hidden=True),
    click.option("--looks", type=_Looks(), default=LOOKS, hidden=True),
    click.option("--slice", "slice_seconds", type=_Duration(), default="0.004s", hidden=True),
    click.option("--side", "side_seconds", type=_Duration(), default="0.2s", hidden=True),
    click.option("--grace", "grace_seconds", type=_Duration(), default="60s", hidden=True),
)


def comparison_options(function: _Function) -> _Function:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


pytest_arguments = click.argument("pytest_args", nargs=-1, metavar="[-- PYTEST ARGS]")


def settings_from(options: Mapping[str, Any]) -> DuetSettings:
    return DuetSettings(
        threshold=options["threshold"],
        budget_seconds=options["budget"],
        threads=options["threads"],
        looks=options["looks"],
        seed=options["seed"],
        build=options["build"],
        grace_seconds=options["grace_seconds"],
        counts_instructions=options["instructions"],
        slices=SliceSettings(slice_seconds=options["slice_seconds"], side_seconds=options["side_seconds"]),
    )
