"""Whole numbers, whatever type they come in."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["whole"]


def whole(number: Any, name: str, error: type[Exception] = ValueError) -> int:
    """``number`` as an int, from Python's and NumPy's integers.

    Raises
    ------
    error
        For other types, floats that happen to be whole among them; ``name`` is told.
    """
    try:
        return operator.index(number)
    except TypeError:
        raise error(f"got {name}={number!r}, allowed: a whole number") from None
