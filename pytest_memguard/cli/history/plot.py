"""A history as a picture."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from pytest_memguard.cli.exit_codes import ExitCode, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_memguard.model.history import Series

__all__ = ["draw"]

_MOST_PANELS = 24
_LABELS = {"s": "s", "B": "MiB", "ratio": "ratio", "count": "count"}


def draw(history: Sequence[Series], path: Path) -> None:
    """A panel for each series, with a line at every step.

    Raises
    ------
    Failure
        Without matplotlib, without anything to draw, or when the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        hint = "pip install 'pytest-memguard[history]'"
        raise Failure(f"--plot needs matplotlib: {hint}", ExitCode.COULD_NOT_RUN) from error
    if not history:
        raise Failure("there is nothing to draw", ExitCode.COULD_NOT_RUN)
    shown = history[:_MOST_PANELS]
    columns = min(2, len(shown))
    rows = math.ceil(len(shown) / columns)
    figure = Figure(figsize=(7 * columns, 2.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for series, panel in zip(shown, figure.subplots(rows, columns, squeeze=False).flat, strict=False):
        scale = 2**20 if series.unit == "B" else 1
        dates = [datetime.fromisoformat(point.date.replace("Z", "+00:00")) for point in series.points]
        panel.plot(dates, [point.value / scale for point in series.points], "o-", markersize=3, linewidth=1)
        for step in series.steps:
            panel.axvline(dates[step], color="tab:red", linewidth=1, linestyle="--")
        panel.set_title(series.name, fontsize=8)
        panel.set_ylabel(_LABELS.get(series.unit, series.unit), fontsize=8)
        panel.tick_params(labelsize=7)
        panel.set_ylim(bottom=0)
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:  # also an ending that names no format
        raise Failure(f"cannot write {path}: {error}", ExitCode.COULD_NOT_RUN) from error
