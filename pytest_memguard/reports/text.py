"""Text that fits: one line, a known width, an alphabet that the terminal has."""

from __future__ import annotations

import unicodedata

__all__ = ["aligned", "ascii_text", "cell_width", "one_line", "plural", "shortened"]


def one_line(text: str) -> str:
    """``text`` with everything that cannot be seen spelled out: line breaks, escapes, direction marks.

    Node ids hold whatever an author put into ``ids=``; unescaped it could end a line or color a terminal.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def ascii_text(text: str) -> str:
    """``text`` for a terminal that has no more than ASCII."""
    return text.replace("µ", "u").replace("…", "...").encode("ascii", "backslashreplace").decode()


def cell_width(text: str) -> int:
    """Columns that ``text`` takes on a terminal: two for East Asian letters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shortened(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` cut in the middle to at most ``width`` columns: file and parameters tell tests apart."""
    if cell_width(text) <= width:
        return text
    room = width - cell_width(ellipsis)
    if room <= 0:
        return _head(text, max(width, 0))
    # The end holds the test's own name and its parameters: it gets the larger part.
    head = _head(text, room // 3)
    return head + ellipsis + _head(text[::-1], room - cell_width(head))[::-1]


def _head(text: str, width: int) -> str:
    taken = 0
    for position, char in enumerate(text):
        taken += cell_width(char)
        if taken > width:
            return text[:position]
    return text


def aligned(text: str, width: int, *, right: bool = False) -> str:
    """``text`` filled up with blanks to ``width`` columns."""
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def plural(count: int, noun: str) -> str:
    """``1 test``, ``2 tests``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
