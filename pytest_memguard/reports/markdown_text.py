"""Text that stays text inside Markdown, whatever a test id holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["code", "cut_to_bytes", "fenced", "plain"]

# What Markdown, HTML and GitHub make something of; inside a word an underscore is a letter.
_ACTIVE = re.compile(r"[\\`*\[\]<>&|~#@$!]|:(?=//)|(?<![^\W_])_|_(?![^\W_])")
# Mentions, addresses and references are looked for once more in what Markdown has become, where entities are characters
# again; code is left alone.
_FOUND_IN_PROSE = re.compile(r"&#64;|&#35;(?=\d)|GH(?=-\d)|www(?=\.)", re.IGNORECASE)
_BREAK = "&#8203;"  # a space of no width


def plain(text: str) -> str:
    """``text`` with every active character as an HTML entity, which no Markdown rule looks into."""
    return _FOUND_IN_PROSE.sub(lambda match: match[0] + _BREAK, _escaped(text))


def code(text: str) -> str:
    """``text`` in code type, also inside a table and a ``<summary>``."""
    # Not backticks: HTML does not see those, and a table looks for cells inside them.
    return f"<code>{_escaped(text)}</code>"


def fenced(lines: Iterable[str]) -> list[str]:
    """A code block; its fence is longer than any that the lines hold."""
    content = [one_line(line) for text in lines for line in (text.splitlines() or [""])]
    longest = max((len(run) for line in content for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return ["", f"{fence}text", *content, fence]


def cut_to_bytes(text: str, limit: int, note: str) -> str:
    """``text``, or as many of its lines as fit into ``limit`` bytes with open blocks closed and ``note``."""
    if len(text.encode()) <= limit:
        return text
    kept: list[str] = []
    still_open: tuple[str, ...] = ()
    room = limit
    for line in text.split("\n"):
        room -= len(line.encode()) + 1
        opened = _still_open(line, still_open)
        if room < len(_ending(opened, note).encode()):
            break
        kept.append(line)
        still_open = opened
    return "\n".join(kept) + _ending(still_open, note)


def _still_open(line: str, open_blocks: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that close what is open after ``line``, innermost last; nothing opens inside a code block."""
    if open_blocks and line == open_blocks[-1]:
        return open_blocks[:-1]
    if open_blocks and open_blocks[-1].startswith("`"):
        return open_blocks
    if line.startswith("<details>"):
        return (*open_blocks, "</details>")
    fence = re.match("`{3,}", line)
    return (*open_blocks, fence[0]) if fence else open_blocks


def _ending(open_blocks: tuple[str, ...], note: str) -> str:
    # The empty line ends a table or a list; inside a code block it does no harm.
    return "\n".join(("", *(line for block in reversed(open_blocks) for line in (block, "")), "", note, ""))


def _escaped(text: str) -> str:
    return _ACTIVE.sub(_entity, one_line(text))


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
