"""Memory that Python's allocator never sees, or sees only as a small handle."""

from __future__ import annotations

import bz2
import ctypes
import functools
import hashlib
import lzma
import os
import sqlite3
import ssl
import sys
import zlib

from zoo.case import KIB, MIB, State, leak


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    return libc


_NEEDS_LIBC = (
    "" if sys.platform == "linux" else "malloc is called from the C library by name, which needs Linux"
)


def _malloc(size: int) -> None:
    ctypes.memset(_libc().malloc(size), 1, size)


def _open_table(state: State) -> None:
    state.database = sqlite3.connect(":memory:", isolation_level=None)
    state.database.execute("create table samples (value blob)")


def _close(state: State) -> None:
    for connection in state.kept:
        connection.close()


def _unset(state: State) -> None:
    for number in range(1, state.number + 1):
        os.unsetenv(f"ZOO_PUT_{number}")  # glibc keeps the string even now


@leak("heap", bytes_per_call=80, skip=_NEEDS_LIBC)
def malloc_of_64_bytes(state: State) -> None:
    _malloc(64)


@leak("heap", bytes_per_call=KIB, skip=_NEEDS_LIBC)
def malloc_of_a_kibibyte(state: State) -> None:
    _malloc(KIB)


@leak("heap", bytes_per_call=100 * KIB, skip=_NEEDS_LIBC)
def malloc_of_100_kibibytes(state: State) -> None:
    _malloc(100 * KIB)


@leak("heap", bytes_per_call=MIB, skip=_NEEDS_LIBC)
def malloc_of_a_mebibyte(state: State) -> None:
    _malloc(MIB)


@leak("rss", bytes_per_call=MIB, skip=_NEEDS_LIBC)
def malloc_of_a_resident_mebibyte(state: State) -> None:
    _malloc(MIB)


@leak("heap", bytes_per_call=1100, undo=_unset, skip=_NEEDS_LIBC)
def putenv_strings(state: State) -> None:
    os.putenv(f"ZOO_PUT_{state.number}", "x" * KIB)


@leak("heap", bytes_per_call=32 * KIB, undo=_close)
def sqlite_connections_kept(state: State) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (x)")
    state.kept.append(connection)


@leak("heap", bytes_per_call=12 * KIB, prepare=_open_table, undo=lambda state: state.database.close())
def sqlite_table_in_memory(state: State) -> None:
    state.database.execute("insert into samples values (zeroblob(?))", (10 * KIB,))


@leak("heap", bytes_per_call=200)
def hashes_kept(state: State) -> None:
    state.kept.append(hashlib.sha256(b"half a message"))


@leak("heap", bytes_per_call=10 * KIB)
def tls_contexts_kept(state: State) -> None:
    state.kept.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


@leak("heap", bytes_per_call=260 * KIB)
def zlib_compressors_kept(state: State) -> None:
    state.kept.append(zlib.compressobj())


@leak("python", bytes_per_call=1200 * KIB)
def bz2_compressors_kept(state: State) -> None:
    state.kept.append(bz2.BZ2Compressor(1))


@leak("python", bytes_per_call=290 * KIB)
def lzma_decompressors_kept(state: State) -> None:
    decompressor = lzma.LZMADecompressor()
    decompressor.decompress(lzma.compress(bytes(KIB), preset=0)[:-20])
    state.kept.append(decompressor)


@leak("python", bytes_per_call=100 * KIB)
def ctypes_buffers_kept(state: State) -> None:
    state.kept.append(ctypes.create_string_buffer(100 * KIB))
