"""Where a marker stands, so that a complaint about it names the line to mend."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_memguard.session.budgets import BudgetError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

__all__ = ["located", "location_of"]


def location_of(item: pytest.Item) -> tuple[str, int]:
    """File relative to rootdir with forward slashes, and the 1-based line of the test."""
    file, line, _ = item.location
    return file.replace("\\", "/"), (line or 0) + 1


def located(item: pytest.Item, mark: pytest.Mark, message: str) -> BudgetError:
    """The complaint with file and line of the marker, and the marker as it was written."""
    file, line = location_of(item)
    line = _line_of_call(item.path, mark, line) or line
    shown = ", ".join([*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())])
    return BudgetError(f"{file}:{line}: {mark.name}({shown}): {message}")


def _line_of_call(path: Path, mark: pytest.Mark, line: int) -> int | None:
    """The line on which a marker with these literals stands, the nearest one above the test first."""
    candidates = [
        number
        for number, literals in _calls(path, mark.name)
        if literals.items() <= _hashable(mark.kwargs).items()
    ]
    return min(candidates, key=lambda number: (number > line, abs(number - line)), default=None)


def _hashable(kwargs: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in kwargs.items()}


@lru_cache(maxsize=16)
def _calls(path: Path, marker: str) -> tuple[tuple[int, dict[str, str]], ...]:
    """Line and literal keywords of every call of ``marker`` in a file."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    calls = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == marker:
            literals = {}
            for keyword in node.keywords:
                if keyword.arg and isinstance(keyword.value, ast.Constant):
                    literals[keyword.arg] = repr(keyword.value.value)
            calls.append((node.lineno, literals))
    return tuple(calls)
