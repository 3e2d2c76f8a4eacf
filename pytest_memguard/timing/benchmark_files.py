"""Head's benchmark files on base: both sides are asked the same question."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_memguard.timing.packages import TEST_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["bring_over", "is_brought_over", "places_of", "unseen_changes"]


def places_of(files: Iterable[str], *, head: Path, ini: Path | None) -> frozenset[str]:
    """The paths that base gets from head.

    Of a file in a folder of tests the whole outermost such folder is taken, for helpers and data lie beside it; of a
    benchmark in between the code under test itself and the ``conftest.py`` above it. pytest's ini-file comes along.
    """
    places: set[str] = set()
    for name in files:
        path = PurePosixPath(name)
        folder = _outermost_test_folder(path)
        places |= {str(folder)} if folder else {name}
        places |= {str(parent / "conftest.py") for parent in path.parents}
    if ini is not None and ini.is_relative_to(head):
        places.add(ini.relative_to(head).as_posix())
    return frozenset(places)


def unseen_changes(places: Iterable[str], *, head: Path, base: Path) -> list[str]:
    """Code in those paths, other than tests, that head has changed: a comparison is blind to it."""
    return sorted(
        path.relative_to(head).as_posix()
        for place in places
        if _is_inside(place, head) and not (head / place).is_symlink()
        for path in (head / place).rglob("*.py")
        if not _is_test(path.name) and _differs(path, base / path.relative_to(head))
    )


def _is_test(name: str) -> bool:
    return name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


def _differs(path: Path, other: Path) -> bool:
    """Of two files; what is there once only is new or gone, and no change."""
    try:
        return path.read_bytes() != other.read_bytes()
    except OSError:
        return False


def bring_over(places: Iterable[str], *, head: Path, base: Path) -> None:
    """Make these paths on base those of head.

    What lies outside of the trees, or behind a link that leads out of base, is left alone.
    """
    for place in sorted(places):
        if _is_inside(place, base):
            _replace(base / place, head / place)


def _is_inside(place: str, tree: Path) -> bool:
    """Whole paths, ``..`` and links lead to the user's own files, which are to be read and never to be replaced."""
    return (tree / place).parent.resolve().is_relative_to(tree.resolve())


def is_brought_over(name: str, places: frozenset[str]) -> bool:
    path = PurePosixPath(name)
    return any(path.is_relative_to(place) for place in places)


def _outermost_test_folder(path: PurePosixPath) -> PurePosixPath | None:
    return next((each for each in reversed(path.parents) if each.name in TEST_FOLDERS), None)


def _replace(target: Path, source: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
