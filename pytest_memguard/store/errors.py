"""What goes wrong with files, in one sentence for people."""

from __future__ import annotations

__all__ = ["StoreError", "in_words"]


class StoreError(Exception):
    """A file could not be read or written; the message names it and says what was got."""


def in_words(error: OSError) -> str:
    """The system's own words for an error, without number and path."""
    return (error.strerror or str(error) or type(error).__name__).lower()
