"""Source files as a reader of the report knows them."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_memguard.model import Measurement, Site

__all__ = ["with_short_places"]

_MOST_SITES = 200  # a run file need not hold every line of a program


def with_short_places(measurements: Iterable[Measurement], rootdir: Path) -> tuple[Measurement, ...]:
    """Sites with files relative to rootdir, and those of installed packages from the package on."""
    folders = [f"{rootdir}{os.sep}", *(f"{path}{os.sep}" for path in _installed())]
    return tuple(
        replace(m, sites=tuple(_shortened(site, folders) for site in m.sites[:_MOST_SITES])) if m.sites else m
        for m in measurements
    )


def _installed() -> list[str]:
    """Packages before the standard library, whose folder holds them."""
    return [sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")]


def _shortened(site: Site, folders: list[str]) -> Site:
    return replace(site, file=_short(site.file, folders), via=_short(site.via, folders))


def _short(place: str, folders: list[str]) -> str:
    # A virtual environment often lies inside rootdir: the longest prefix says the most.
    for folder in sorted(folders, key=len, reverse=True):
        if place.startswith(folder):
            return place[len(folder) :].replace("\\", "/")
    return place
