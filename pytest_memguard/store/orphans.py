"""Baselines whose test is gone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

__all__ = ["orphans"]


def orphans(
    baselines: Iterable[str], collected: Collection[str], whole_files: Collection[str], rootdir: Path
) -> tuple[str, ...]:
    """Entries whose file is gone, or was collected wholly and has no such test.

    ``whole_files`` are the files, named as in node ids, of which every test was collected: nothing can be
    said of a test whose file was collected in part, or not at all, nor of doctests where none were collected.
    """
    has_doctests = any(map(_is_doctest, collected))

    @cache
    def is_gone(file: str) -> bool:
        return not (rootdir / file).exists()

    return tuple(
        nodeid
        for nodeid in baselines
        if nodeid not in collected
        and (
            (_file(nodeid) in whole_files and (has_doctests or not _is_doctest(nodeid)))
            or is_gone(_file(nodeid))
        )
    )


def _is_doctest(nodeid: str) -> bool:
    """Whether it is named after its module, as tests in docstrings are: they take an option to be collected."""
    file, _, name = nodeid.partition("::")
    return file.endswith(".py") and "." in name.partition("[")[0]


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
