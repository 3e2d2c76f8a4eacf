"""What a pytest in a process of its own had to complain of."""

from __future__ import annotations

__all__ = ["first_error"]


def first_error(*said: str) -> str:
    """The first line in these outputs that tells of an error, else the last line of all; empty where there is none."""
    lines = [line.strip() for text in said for line in text.splitlines() if line.strip()]
    errors = (line for line in lines if line.startswith(("ERROR ", "ERROR:", "E  ")))
    return next(errors, lines[-1] if lines else "")
