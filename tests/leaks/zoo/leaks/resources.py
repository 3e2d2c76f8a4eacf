"""Maps, files, sockets and arrays that stay open or stay referred to."""

from __future__ import annotations

import mmap
import socket
from multiprocessing import shared_memory
from xml.etree import ElementTree as ET

import numpy as np

from zoo.case import KIB, MIB, State, leak


def _close(state: State) -> None:
    for resource in state.kept:
        resource.close()


def _close_pairs(state: State) -> None:
    for pair in state.kept:
        for end in pair:
            end.close()


def _unlink(state: State) -> None:
    for segment in state.kept:
        segment.close()
        segment.unlink()


def _map(size: int) -> mmap.mmap:
    region = mmap.mmap(-1, size)
    region.write(b"x" * size)
    return region


@leak("rss", bytes_per_call=MIB, undo=_close)
def maps_of_a_mebibyte(state: State) -> None:
    state.kept.append(_map(MIB))


@leak("rss", bytes_per_call=100 * KIB, single_round=False, undo=_close)
def maps_of_100_kibibytes(state: State) -> None:
    state.kept.append(_map(100 * KIB))


@leak("rss", bytes_per_call=MIB, undo=_unlink)
def shared_memory_kept(state: State) -> None:
    segment = shared_memory.SharedMemory(create=True, size=MIB)
    segment.buf[:] = bytes(MIB)
    state.kept.append(segment)


@leak("python", bytes_per_call=9 * KIB, fixtures=("tmp_path",), undo=_close)
def files_left_open(state: State) -> None:
    state.kept.append((state.tmp_path / "log").open("ab"))


@leak("python", bytes_per_call=400, undo=_close_pairs)
def sockets_left_open(state: State) -> None:
    state.kept.append(socket.socketpair())


@leak("python", bytes_per_call=MIB)
def small_view_of_a_large_array(state: State) -> None:
    state.kept.append(np.zeros(MIB, dtype=np.uint8)[:3])


@leak("rss", bytes_per_call=MIB)
def resident_arrays_kept(state: State) -> None:
    state.kept.append(np.ones(MIB, dtype=np.uint8))


@leak("heap", bytes_per_call=100 * KIB)
def arrays_seen_by_the_heap(state: State) -> None:
    state.kept.append(np.ones(100 * KIB, dtype=np.uint8))


@leak("python", bytes_per_call=200)
def small_arrays_kept(state: State) -> None:
    state.kept.append(np.arange(8.0))


@leak("python", bytes_per_call=3 * KIB, prepare=lambda state: setattr(state, "tree", ET.Element("log")))
def element_tree_that_grows(state: State) -> None:
    for _ in range(50):
        ET.SubElement(state.tree, "entry")
