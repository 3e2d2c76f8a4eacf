"""Source files as a reader of the report knows them."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import structs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_memguard.model import Measurement, Site

__all__ = ["with_short_places"]

_MOST_SITES = 200  # a run file need not hold every line of a program


def with_short_places(measurements: Iterable[Measurement], rootdir: Path) -> tuple[Measurement, ...]:
    """Sites with files relative to rootdir, and those of installed packages from the package on."""
    return tuple(
        structs.replace(m, sites=tuple(_shortened(site, str(rootdir)) for site in m.sites[:_MOST_SITES]))
        if m.sites
        else m
        for m in measurements
    )


@lru_cache(maxsize=16)
def _folders(rootdir: str) -> tuple[str, ...]:
    """A virtual environment often lies inside rootdir, and packages inside the standard library: longest first."""
    installed = (sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))
    return tuple(sorted((f"{path}{os.sep}" for path in (rootdir, *installed)), key=len, reverse=True))


def _shortened(site: Site, rootdir: str) -> Site:
    return replace(site, file=_short(site.file, rootdir), via=_short(site.via, rootdir))


def _short(place: str, rootdir: str) -> str:
    for folder in _folders(rootdir):
        if place.startswith(folder):
            return place[len(folder) :].replace("\\", "/")
    return place
