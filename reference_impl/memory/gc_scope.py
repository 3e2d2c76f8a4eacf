"""A stretch of code without automatic garbage collection, and one cheap collection behind it."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["gc_scope"]

# CPython 3.12 sets its immortal objects apart by itself, some hundred. A program that freezes has thousands.
_MOST_OF_THE_INTERPRETER = 1000
_lock = threading.RLock()  # entered again by what is finalized inside it
_depth = 0
_was_enabled = _is_frozen = False


@contextmanager
def gc_scope(*, freeze: bool = True, collect: bool = True) -> Iterator[None]:
    """Let nothing be collected inside, and collect once at the end.

    Objects that lived before are frozen (:func:`gc.freeze`) meanwhile: a collection looks at those that were made
    inside alone, whatever the size of the program. Objects that are unreachable without a cycle go at once, as ever.

    Scopes may lie within each other and in several threads: the outermost decides, as the collector is the whole
    process's.

    Parameters
    ----------
    freeze
        Leave out where objects that lived before may become garbage inside and must be found at the end. It is left
        out by itself where something is frozen already, which nobody could undo in part.
    collect
        Whether to collect at the end.
    """
    global _depth, _was_enabled, _is_frozen  # noqa: PLW0603 - as there is one collector
    with _lock:
        _depth += 1
        if _depth == 1:
            _was_enabled = gc.isenabled()
            gc.disable()
            # PyPy has no such thing.
            _is_frozen = (
                freeze and hasattr(gc, "freeze") and gc.get_freeze_count() <= _MOST_OF_THE_INTERPRETER
            )
            if _is_frozen:
                gc.freeze()
    try:
        yield
    finally:
        if collect and _depth == 1:  # without the lock: what is finalized may open scopes of its own
            gc.collect()
        with _lock:
            if _depth == 1:  # still: a scope that a finalizer opens in here is not the outermost
                if _is_frozen:
                    gc.unfreeze()
                if _was_enabled:
                    gc.enable()
            _depth -= 1
