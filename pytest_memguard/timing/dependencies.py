"""Whether two commits ask for the same packages: one interpreter serves both, so one of them may get others."""

from __future__ import annotations

import configparser
import sys
from fnmatch import fnmatch
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["differing_dependencies"]

_LOCKS = (
    "*.lock", "pylock*.toml", "conda-lock.y*ml", "environment*.y*ml", "requirements*.txt", "requirements*.in",
    "constraints*.txt", "Pipfile",
)  # fmt: skip
_FOLDERS = (".", "requirements")


def differing_dependencies(base: Path, head: Path) -> tuple[str, ...]:
    """Files whose lists of dependencies are not the same in the two trees."""
    return tuple(
        sorted(
            name
            for name in _candidates(base) | _candidates(head)
            if _dependencies(base / name) != _dependencies(head / name)
        )
    )


def _candidates(tree: Path) -> set[str]:
    found = {
        PurePosixPath(folder, path.name).as_posix()
        for folder in _FOLDERS
        if (tree / folder).is_dir()
        for path in (tree / folder).iterdir()
        if path.is_file() and (folder != "." or any(fnmatch(path.name, lock) for lock in _LOCKS))
    }
    return found | {"pyproject.toml", "setup.cfg"}


def _dependencies(path: Path) -> object:
    try:
        content = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    if path.name == "pyproject.toml":
        return _of_project(content)
    if path.name == "setup.cfg":
        return _of_setup(content)
    lines = (line.partition("#")[0].strip() for line in content.splitlines())
    return [line for line in lines if line]


def _of_project(content: str) -> object:
    # pytest brings tomli along where the standard library has no reader.
    reader = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables = reader.loads(content)
    except reader.TOMLDecodeError:
        return content

    def under(*keys: str) -> Any:
        table: Any = tables
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        return table or None

    return [
        under("project", "dependencies"),
        under("project", "optional-dependencies"),
        under("project", "requires-python"),
        under("build-system"),
        under("dependency-groups"),
        under("tool", "poetry", "dependencies"),
        under("tool", "poetry", "group"),
    ]


def _of_setup(content: str) -> object:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(content)
    except configparser.Error:
        return content
    wanted = {"options": {"install_requires", "python_requires"}, "options.extras_require": None}
    found = [
        (section, name, value.split())
        for section, names in wanted.items()
        if parser.has_section(section)
        for name, value in parser.items(section)
        if names is None or name in names
    ]
    return found or None  # no file and no dependencies are one and the same
