"""Resources that are given back in time."""

from __future__ import annotations

import contextlib
import ctypes
import io
import itertools
import mmap
import os
import socket
import sqlite3
import sys
import tempfile
from pathlib import Path

from zoo.case import KIB, MIB, State, lookalike

_IMMORTAL_STRINGS = "interned strings never die in 3.12" if sys.version_info[:2] == (3, 12) else ""


def _numbers(payload: bytes):
    yield len(payload)
    yield 0


@lookalike("python")
def error_caught_with_its_traceback(state: State) -> None:
    table = bytes(100 * KIB)
    try:
        raise ValueError(len(table))  # noqa: TRY301 - the frame that it names is the point
    except ValueError as error:
        assert error.__traceback__ is not None  # noqa: PT017


@lookalike("python")
def generators_closed(state: State) -> None:
    reader = _numbers(bytes(10 * KIB))
    next(reader)
    reader.close()
    next(_numbers(bytes(10 * KIB)))


@lookalike("python")
def exit_stack_closed(state: State) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.callback(len, bytes(KIB))


@lookalike("python")
def tee_read_to_the_end(state: State) -> None:
    fast, slow = itertools.tee(range(1000, 2000))
    assert sum(fast) == sum(slow)


@lookalike("python")
def streams_in_memory_closed(state: State) -> None:
    with io.StringIO() as text, io.BytesIO() as binary:
        text.write("x" * 100 * KIB)
        binary.write(bytes(100 * KIB))


@lookalike("python", "heap")
def sqlite_closed(state: State) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table t (x)")
        connection.executemany("insert into t values (?)", [(bytes(KIB),)] * 50)


@lookalike("python", "rss")
def mmap_closed(state: State) -> None:
    with mmap.mmap(-1, 4 * MIB) as region:
        region.write(b"x" * 4 * MIB)


@lookalike("python", "rss")
def map_of_a_file_closed(state: State) -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(MIB)
        with mmap.mmap(file.fileno(), MIB) as region:
            region[:] = b"x" * MIB


# pathlib interns the parts of a path.
@lookalike("python", settles_after=1, skip=_IMMORTAL_STRINGS)
def temporary_files(state: State) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(bytes(10 * KIB))
        assert Path(file.name).exists()


# Every call frees one chunk more into the allocator's per-thread cache, until its seven places are taken.
@lookalike("python", "heap", settles_after=10, single_round=True)
def sockets_closed(state: State) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x" * KIB)
        assert right.recv(2 * KIB)


@lookalike("python", "heap")
def ctypes_buffers_freed(state: State) -> None:
    buffer = ctypes.create_string_buffer(100 * KIB)
    ctypes.memset(buffer, 1, 100 * KIB)
    ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char))


@lookalike("python")
def environment_put_back(state: State) -> None:
    os.environ["ZOO_SWITCH"] = "x" * KIB
    del os.environ["ZOO_SWITCH"]
