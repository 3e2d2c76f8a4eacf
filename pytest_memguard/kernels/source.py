"""CUDA C++ from a file or a string, named so that its author finds the line of an error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Source", "read_source"]

_SUFFIXES = (".cu", ".cuh", ".cpp", ".h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text to compile, what the compiler calls it, and where its own headers lie."""

    text: str
    name: str
    folder: Path | None = None


def read_source(given: str | Path, written_in: Path | None = None) -> Source:
    """A :class:`Source` of a path, or of the code itself; ``written_in`` is the file that may hold it as a string.

    Raises
    ------
    ValueError
        When it names a file that cannot be read.
    TypeError
        When it is neither a path nor a text.
    """
    if isinstance(given, str) and not _is_path(given):
        return Source(text=_with_lines(given, written_in), name="source.cu")
    if not isinstance(given, (str, Path)):
        raise TypeError(
            f"got {given!r}, accepted: a path of a .cu file, or a string that holds CUDA C++ code"
        )
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # of another encoding, or with a NUL in its name
        raise ValueError(f"got {str(given)!r}, which cannot be read: {error}") from error
    return Source(text=text, name=str(given), folder=path.parent)


def _is_path(text: str) -> bool:
    return "\n" not in text and text.strip().endswith(_SUFFIXES)


def _with_lines(code: str, written_in: Path | None) -> str:
    """``code`` with the lines of the file in which it stands word for word, where it does."""
    if written_in is None:
        return code
    try:
        text = written_in.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return code
    position = text.find(code)
    if position < 0 or not code.strip():
        return code
    name = str(written_in).replace("\\", "/").replace('"', '\\"')
    return f'#line {text.count(chr(10), 0, position) + 1} "{name}"\n{code}'
