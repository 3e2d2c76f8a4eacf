"""What the interpreter and pytest keep by themselves, and how it is told from a leak.

This list is part of the documentation (docs/leaks.md):

1. Caches of the standard library are emptied before retained bytes are judged, the way CPython's own reference
   leak hunt does it (Lib/test/libregrtest/refleak.py, ``clear_caches`` in utils.py).
2. Captured output that pytest holds in memory is subtracted by its size.
3. Allocations are ignored that a runner makes (pytest, pluggy, Hypothesis, the asynchronous plugins, coverage), or
   the interpreter for a log record or a warning, both of which pytest records.
4. The tables in which :mod:`threading` and :mod:`concurrent.futures` enter their threads are resized now and then, and
   the interpreter frees the state of a thread only after it was joined; the threads themselves count. So is the one
   of :mod:`linecache`, which emptying does not make smaller.
5. After a single call, allocations made by an import are ignored. An import in every round is a leak.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_memguard.probes.sites import is_library, is_stdlib

if TYPE_CHECKING:
    from tracemalloc import Traceback

__all__ = ["CapturedOutput", "clear_caches", "is_ignored", "is_runner"]

# Packages that run tests, and every pytest plugin, by the name of its installed package.
_RUNNERS = frozenset(
    (
        "_pytest",
        "pluggy",
        "hypothesis",
        "anyio",
        "xdist",
        "execnet",
        "coverage",
        "_hypothesis_pytestplugin.py",
    )
)
_PLUGIN_PREFIX = "pytest"
_CONTAINERS = (
    f"{os.sep}sortedcontainers{os.sep}"  # in which Hypothesis, and whoever else uses it, keeps things
)
_INSTALLED = f"{os.sep}site-packages{os.sep}"
_OWN_FOLDER = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - compared with tracebacks
_ABC = "<frozen abc>"  # answers of isinstance() and issubclass() that it remembers, by weak references
_IMPORT = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>", "<frozen zipimport>")
_BOOK = re.compile(
    r"\s+(_active\[.*\] = |_limbo\[.*\] = |_dangling\.add|_shutdown_locks\.\w+\(|_threads_queues\[.*\] = "
    r"|_start_new_thread\(|_start_joinable_thread\(|cache\[filename\] = )"
)
# Attribute of a module, how to empty it; a module that was never imported has nothing to empty.
_CACHES = (
    ("re", "purge"),
    ("tokenize", "_compile.cache_clear"),
    ("urllib.parse", "clear_cache"),
    ("struct", "_clearcache"),
    ("filecmp", "clear_cache"),
    ("fnmatch", "_compile_pattern.cache_clear"),
    ("fnmatch", "translate.cache_clear"),
    ("glob", "_compile_pattern.cache_clear"),
    ("pathlib", "_compile_pattern.cache_clear"),
    ("fractions", "_hash_algorithm.cache_clear"),
    ("_strptime", "_regex_cache.clear"),
    ("inspect", "_shadowed_dict_from_weakref_mro_tuple.cache_clear"),
    ("inspect", "modulesbyfile.clear"),
    ("inspect", "_filesbymodname.clear"),
    ("importlib.metadata", "FastPath.__new__.cache_clear"),
    ("zoneinfo", "ZoneInfo.clear_cache"),
)


def clear_caches() -> None:
    """Empty the standard library's own caches."""
    _forget_files()
    for module_name, path in _CACHES:
        found: object = sys.modules.get(module_name)
        for attribute in path.split("."):
            found = getattr(found, attribute, None)
        if callable(found):
            found()
    # Which lines have warned already; every test of pytest starts with filters of its own and so asks again anyway.
    for module in tuple(sys.modules.values()):
        if registry := _namespace(module).get("__warningregistry__"):
            registry.clear()
    for cleanup in tuple(getattr(sys.modules.get("typing"), "_cleanups", ())):
        cleanup()
    for name in ("_clear_internal_caches", "_clear_type_cache"):  # the first is new in 3.13 and does both
        if (clear := getattr(sys, name, None)) is not None:
            clear()
            break


def _namespace(module: object) -> dict[str, Any]:
    """The module's names, without an ``importlib.util.LazyLoader`` taking the question for a first use of it."""
    try:
        names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    except AttributeError:  # anything may stand in sys.modules
        return {}
    return names


def _forget_files() -> None:
    """Of :mod:`linecache` what it can read again; the source of generated code is kept by whoever put it there."""
    linecache = sys.modules.get("linecache")
    for filename, entry in tuple(getattr(linecache, "cache", {}).items()):
        if len(entry) > 1 and entry[1] is not None:
            del linecache.cache[filename]  # type: ignore[union-attr]


@lru_cache(maxsize=4096)
def is_runner(filename: str) -> bool:
    """The file belongs to what runs tests: pytest, its plugins, this one included."""
    package = filename.partition(_INSTALLED)[2].partition(os.sep)[0]
    return filename.startswith(_OWN_FOLDER) or package in _RUNNERS or package.startswith(_PLUGIN_PREFIX)


@lru_cache(maxsize=1)
def _log_record_lines() -> tuple[str, frozenset[int]]:
    """The lines of :mod:`logging` that make, fill and format a record."""
    import logging  # noqa: PLC0415 - loaded by pytest; not needed before a suspected leak

    methods = {
        logging.LogRecord: ("__init__", "getMessage"),
        logging.Logger: ("_log", "makeRecord", "findCaller"),
        logging.Formatter: ("format", "formatMessage", "formatTime", "formatException"),
        logging.PercentStyle: ("_format",),
        logging.StreamHandler: ("emit",),
    }
    codes = [getattr(owner, name).__code__ for owner, names in methods.items() for name in names]
    return codes[0].co_filename, frozenset(line for code in codes for *_, line in code.co_lines() if line)


@lru_cache(maxsize=1)
def _book_lines() -> frozenset[tuple[str, int]]:
    """The lines that start a thread or enter it, or a source file, into the books."""
    import inspect  # noqa: PLC0415 - not needed before a suspected leak
    import linecache  # noqa: PLC0415
    import threading  # noqa: PLC0415
    from concurrent.futures import thread  # noqa: PLC0415

    found: set[tuple[str, int]] = set()
    for module in (threading, thread, linecache):
        try:
            lines, _ = inspect.getsourcelines(module)
        except OSError:  # an interpreter without its sources
            continue
        found |= {(module.__file__ or "", at) for at, line in enumerate(lines, 1) if _BOOK.match(line)}
    return frozenset(found)


@lru_cache(maxsize=4096)  # the runner's own stacks are those of every test
def is_ignored(traceback: Traceback, *, imports: bool) -> bool:
    """Whether an allocation that outlived its call was not the test's doing; the oldest frame comes first."""
    logging_file, log_record_lines = _log_record_lines()
    book_lines = _book_lines()
    for frame in reversed(traceback):
        filename = frame.filename
        if filename == logging_file and frame.lineno in log_record_lines:
            return True
        if (filename, frame.lineno) in book_lines:
            return True
        if filename == _ABC or (filename.endswith(f"{os.sep}warnings.py") and is_stdlib(filename)):
            return True
        if filename.startswith("<") or is_stdlib(filename) or _CONTAINERS in filename:
            continue  # on whose behalf? the caller tells
        if is_runner(filename):
            return True
        break
    if not imports:
        return False
    # A decorator or a base class at work on behalf of an import may hide the import behind more frames than there are.
    return all(is_library(frame.filename) for frame in traceback) or any(
        frame.filename in _IMPORT for frame in traceback
    )


class CapturedOutput:
    """Memory in which pytest keeps output, counted from when the window opened."""

    def __init__(self) -> None:
        self._captured_bytes = _captured_bytes()

    def growth_bytes(self) -> int:
        return max(0, _captured_bytes() - self._captured_bytes)


def _captured_bytes() -> int:
    """Size of the in-memory buffers that pytest puts in place of stdout and stderr.

    Files (the default) hold nothing here, and what a test puts in their place is its own.
    """
    from io import BytesIO  # noqa: PLC0415

    total = 0
    for stream in (sys.stdout, sys.stderr):
        if type(stream).__module__ == "_pytest.capture" and isinstance(stream.buffer, BytesIO):
            total += sys.getsizeof(stream.buffer)
    return total
