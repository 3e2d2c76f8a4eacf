"""The text of one failed test: a sentence per budget that was exceeded, then the lines that allocated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model import Measurement, Site, Verdict
from pytest_memguard.reports.text import aligned, cell_width, one_line, plural
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["failure_lines", "site_lines"]

_HEADINGS = {"peak": "held near the peak", "leak": "still held after the call"}


def failure_lines(measurements: Iterable[Measurement], top: int | None) -> Iterator[str]:
    """The failing ones' reasons, then ``top`` allocation sites of each (``None``: all of them)."""
    failing = [measurement for measurement in measurements if measurement.verdict is Verdict.FAIL]
    for measurement in failing:
        yield measurement.reason
    for measurement in failing:
        if measurement.sites and top != 0:
            heading = _HEADINGS.get(measurement.metric, "allocated by")
            yield ""
            yield f"{measurement.metric} ({measurement.probe}), {heading}:"
            yield from site_lines(measurement.sites, top)


def site_lines(sites: tuple[Site, ...], top: int | None) -> Iterator[str]:
    """Size, blocks, place and source of each site in columns, and what the rest comes to."""
    shown = sites[:top]
    cells = [
        (
            format_bytes(site.bytes),
            plural(site.blocks, "block") if site.blocks else "in passing",
            one_line(f"{site.file}:{site.line}"),
        )
        for site in shown
    ]
    widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    for site, (size, blocks, place) in zip(shown, cells, strict=True):
        source = "  ".join(
            filter(None, (one_line(site.text.strip()), site.via and f"(via {one_line(site.via)})"))
        )
        columns = (
            aligned(size, widths[0], right=True),
            aligned(blocks, widths[1]),
            aligned(place, widths[2]),
        )
        yield f"  {'  '.join((*columns, source))}".rstrip()
    if rest := sites[len(shown) :]:
        size = format_bytes(sum(site.bytes for site in rest))
        yield f"  ... and {plural(len(rest), 'more site')} with {size}"
