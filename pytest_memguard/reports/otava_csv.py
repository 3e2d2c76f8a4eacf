"""A history as the CSV that Apache Otava reads: a row per commit or run, a column per number.

Its configuration names ``time`` as the column of time, ``commit`` and ``run`` as attributes, the others as metrics.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.model.history import Series

__all__ = ["render"]


def render(history: Sequence[Series]) -> str:
    """``time,commit,run`` and the numbers; a cell is empty where a row has none."""
    rows: dict[tuple[str, str, str], dict[str, float]] = {}
    names = _names(history)
    for series, name in zip(history, names, strict=True):
        for point in series.points:
            rows.setdefault((point.date, point.commit, point.source), {})[name] = point.value
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time", "commit", "run", *names])
    for key in sorted(rows, key=lambda key: key[0]):
        writer.writerow([*key, *(rows[key].get(name, "") for name in names)])
    return out.getvalue()


def _names(history: Sequence[Series]) -> list[str]:
    """Column by column; classes of machine are told apart where there are several."""
    machines = list(dict.fromkeys(series.machine for series in history if series.machine))
    return [
        f"{series.name} machine {machines.index(series.machine) + 1}"
        if series.machine and len(machines) > 1
        else series.name
        for series in history
    ]
