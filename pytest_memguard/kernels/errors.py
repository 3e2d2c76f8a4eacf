"""Why there are no numbers of a kernel."""

from __future__ import annotations

__all__ = ["CompileError", "NvrtcMissing"]


class NvrtcMissing(Exception):  # noqa: N818 - a state of the machine, no mistake of anybody
    """The compiler cannot be had here; says why and how to get it."""


class CompileError(Exception):
    """What the compiler says of a source, with its file and line."""
