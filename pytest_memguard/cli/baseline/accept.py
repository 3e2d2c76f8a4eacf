"""``memguard baseline accept``: note a slow-down that was meant."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import baselines_option, reading, writing
from pytest_memguard.cli.parameter_type import ParameterType
from pytest_memguard.cli.terminal import print_line
from pytest_memguard.store import timing_baselines

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]

_DAYS = 90


class _Ratio(ParameterType):
    name = "ratio"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``1.3`` and ``1.3x`` are times as long, ``30%`` is slower by that."""
        text = str(value).strip()
        if match := re.fullmatch(r"\+?(\d+(?:\.\d+)?)\s*%", text):
            ratio = 1 + float(match[1]) / 100
        elif match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*x?", text):
            ratio = float(match[1])
        else:
            ratio = 0.0
        if not 1 < ratio <= 1000:
            self.fail(
                f"got {value!r}, accepted: times as long, such as 1.3, or slower by, such as 30%", param, ctx
            )
        return ratio


class _Date(ParameterType):
    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            date = dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"got {value!r}, accepted: a date such as 2027-03-31", param, ctx)
        if date < _today():
            self.fail(f"got {value!r}, which has passed, accepted: today or later", param, ctx)
        return date


def _today() -> dt.date:
    return dt.datetime.now(dt.timezone.utc).date()


@click.command(name="accept")
@click.argument("nodeid", metavar="NODEID")
@click.option("--ratio", type=_Ratio(), required=True, metavar="RATIO", help="How much slower: 1.3, or 30%.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is meant.")
@click.option(
    "--expires",
    type=_Date(),
    metavar="DATE",
    help=f"The last day on which it counts (in {_DAYS} days by default).",
)
@baselines_option
def command(nodeid: str, directory: Path, *, ratio: float, reason: str, expires: dt.date | None) -> int:
    """Let a benchmark be slower than its committed time, by a ratio, for a reason, until a day.

    It counts for every class of machine whose time was committed before; one that is measured again contains it.
    Memory needs nothing of the kind: a number that was meant is committed with --memguard-update.
    """
    from pytest_memguard.model.timing_baseline import Acceptance  # noqa: PLC0415
    from pytest_memguard.session.timing_reference import now  # noqa: PLC0415

    if not reason.strip():
        raise Failure(
            "got an empty --reason, accepted: a sentence for those who come later", ExitCode.WRONG_USE
        )
    last_day = expires or _today() + dt.timedelta(days=_DAYS)
    acceptance = Acceptance(ratio=ratio, reason=reason.strip(), date=now(), expires=last_day.isoformat())
    with reading():
        baselines = timing_baselines.load(directory)
    if not any(nodeid in entries for entries in baselines.benchmarks.values()):
        path = directory / timing_baselines.FILE_NAME
        raise Failure(
            f"{path} has no time of {nodeid}: there is nothing to be slower than", ExitCode.WRONG_USE
        )
    with writing():
        timing_baselines.accept(directory, nodeid, acceptance)
    print_line(f"{nodeid}: up to {ratio:g} times as long until {last_day}: {acceptance.reason}")
    return ExitCode.IN_ORDER
