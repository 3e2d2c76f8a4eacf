"""Timelines as charts for the HTML page, in SVG that needs nothing from anywhere."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_memguard.reports.text import one_line
from pytest_memguard.units import format_bytes, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_memguard.model import Curve, Timeline

__all__ = ["charts"]

_WIDTH, _HEIGHT = 720, 120
_COLORS = 8  # of the page's style


def charts(timelines: Sequence[Timeline]) -> Iterator[str]:
    """A section for each timeline, a chart for each of its scales."""
    for timeline in timelines:
        name = f"{timeline.nodeid} {timeline.label}".rstrip()
        figures = "".join(_figure(title, curves, timeline.seconds) for title, curves in timeline.panels)
        yield f"<details open><summary>{escape(one_line(name))}</summary>{figures}</details>\n"


def _figure(title: str, curves: Sequence[Curve], seconds: Sequence[float]) -> str:
    """The legend says each curve's highest value; the lowest one of what is left on the machine."""
    tells = min if curves[0].name == "available" else max
    top = max(max(curve.known) for curve in curves) or 1
    end = seconds[-1] or 1
    lines, legend = [], []
    for index, curve in enumerate(curves):
        color = f"curve{index % _COLORS}"
        lines += [
            f'<polyline class="{color}" points="{part}"/>' for part in _parts(seconds, curve.values, end, top)
        ]
        told = _value(tells(curve.known), curve.unit)
        legend.append(f'<li class="{color}">{escape(one_line(curve.name))}: {tells.__name__} {told}</li>')
    scale = f"0 to {_value(top, curves[0].unit)}, {format_seconds(end)}"
    return (
        f"<figure><figcaption>{title} <small>({scale})</small></figcaption><ul>{''.join(legend)}</ul>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{title}">'
        f"{''.join(lines)}</svg></figure>"
    )


def _parts(seconds: Sequence[float], values: Sequence[float | None], end: float, top: float) -> Iterator[str]:
    """The points of every stretch without a gap; the last point of one is drawn twice, or it would not be seen."""
    points = zip(seconds, values, strict=True)
    for is_known, stretch in groupby(points, key=lambda point: point[1] is not None):
        if is_known:
            drawn = [
                f"{_WIDTH * at / end:.1f},{_HEIGHT * (1 - (value or 0) / top):.1f}" for at, value in stretch
            ]
            yield " ".join((*drawn, drawn[-1]))


def _value(value: float, unit: str) -> str:
    return format_bytes(value) if unit == "B" else f"{value:.0f} %"
