"""The packages that a repository holds, and whether a process took them from its own tree."""

from __future__ import annotations

from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["TEST_FOLDERS", "import_roots", "one_code", "packages", "shadowed"]

TEST_FOLDERS = frozenset(
    {
        "test",
        "tests",
        "testing",
        "bench",
        "benches",
        "benchmark",
        "benchmarks",
        "perf",
        "performance",
        "asv_bench",
    }
)
_NO_CODE = TEST_FOLDERS | {"doc", "docs", "examples", "example", "scripts", "tools", "ci"}
_ROOTS = (".", "src", "python", "lib")
_NO_PACKAGES = frozenset({"setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "__init__.py"})


def packages(files: Sequence[str], projects: Sequence[PurePath] = (PurePosixPath(),)) -> dict[str, str]:
    """Names that can be imported from the folders of projects or their ``src``, each with its root in a project."""
    found: dict[str, str] = {}
    paths = [
        PurePosixPath(name).relative_to(project)
        for project in projects
        for name in files
        if PurePosixPath(name).is_relative_to(project)
    ]
    for path in paths:
        for root in _ROOTS:
            if root != "." and not path.is_relative_to(root):
                continue
            inside = path.relative_to(root).parts
            if inside[0] in _NO_CODE or (root == "." and inside[0] in _ROOTS):
                continue
            if len(inside) == 2 and inside[1] == "__init__.py":
                found.setdefault(inside[0], root)
            elif len(inside) == 1 and path.suffix == ".py" and _is_module(inside[0]):
                found.setdefault(path.stem, root)
    return found


def _is_module(name: str) -> bool:
    return name not in _NO_PACKAGES and not name.startswith("test_") and not name.endswith("_test.py")


def import_roots(tree: Path) -> list[Path]:
    """What goes to the front of the module search path of a process that works in ``tree``."""
    return [tree / root for root in _ROOTS if root == "." or (tree / root).is_dir()]


def shadowed(origins: Mapping[str, str], tree: Path) -> list[str]:
    """Sentences about packages that were imported from elsewhere."""
    inside = tree.resolve()
    return [
        f"{name} was imported from {place}, not from the commit under test"
        for name, place in sorted(origins.items())
        if not Path(place).resolve().is_relative_to(inside)
    ]


def one_code(base: Mapping[str, str], head: Mapping[str, str], folder: Path) -> str | None:
    """A sentence, where neither side has imported a package of its own tree in ``folder``, and both the same ones."""
    inside = folder.resolve()
    if (
        not head
        or base != head
        or any(Path(place).resolve().is_relative_to(inside) for place in head.values())
    ):
        return None
    name, place = min(head.items())
    return (
        f"both sides import {name} from {place}, and nothing from their own commits, so the same code would be "
        "compared with itself: what answers before the search path, such as the import hook of an editable install, "
        "has to be uninstalled"
    )
