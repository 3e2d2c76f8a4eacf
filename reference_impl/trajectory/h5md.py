"""The file: its groups and data sets, by the H5MD specification 1.1."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np

from reference_impl.trajectory.header import Header

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike

__all__ = [
    "BOX",
    "CACHE_BYTES",
    "PAGE_BYTES",
    "POSITION",
    "STEP",
    "TIME",
    "VELOCITY",
    "Column",
    "columns",
    "create",
    "flush_bytes",
    "flushed_frames",
    "observable",
    "open_for_writing",
    "read_header",
]

POSITION, VELOCITY, BOX = (f"particles/all/{name}/value" for name in ("position", "velocity", "box/edges"))
STEP, TIME = "particles/all/position/step", "particles/all/position/time"
_VERSIONS = ("v110", "v110")  # the first that knows SWMR, and no newer one: other tools have older libraries

# Up to a page, metadata crosses no border of pages in the file. A dying process may leave half of a write, but no half
# of a page of the system, so that what is rewritten in place stays valid.
PAGE_BYTES = 1024

_SCALARS_PER_CHUNK = 2048
_CHUNK_BYTES = 2**20
CACHE_BYTES = (
    _CHUNK_BYTES  # of chunks, for each data set: HDF5 2 would keep 8 MiB, and none is asked for again
)


class Column(NamedTuple):
    """One time-dependent data set: ``shape`` and ``dtype`` of one frame."""

    path: str
    shape: tuple[int, ...]
    dtype: DTypeLike


def observable(name: str) -> str:
    return f"observables/{name}/value"


def columns(header: Header) -> tuple[Column, ...]:
    """All that is written per frame; ``step``, which says that a frame is complete, is the last."""
    vectors = (POSITION, VELOCITY) if header.velocities else (POSITION,)
    return (
        *(Column(path, (header.atoms, 3), header.dtype) for path in vectors),
        Column(BOX, header.box_shape, "float64"),
        *(Column(observable(name), (), "float64") for name in header.observables),
        Column(TIME, (), "float64"),
        Column(STEP, (), "int64"),
    )


def _is_per_atom(column: Column) -> bool:
    return column.path in (POSITION, VELOCITY)


def create(path: Path, header: Header, compression: int | None) -> None:
    """A trajectory without frames, that appears whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        paged: dict[str, Any] = {"fs_strategy": "page", "fs_page_size": PAGE_BYTES}
        with h5py.File(new, "x", libver=_VERSIONS, locking=False, **paged) as file:
            _describe(file, header)
            for column in columns(header):
                _create_column(file, column, compression)
            _share_times(file, header)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _describe(file: Any, header: Header) -> None:
    about = file.create_group("h5md")
    about.attrs["version"] = np.array([1, 1])
    for group, attributes in {
        "author": {"name": "unknown"},
        "creator": {"name": "reference_impl.trajectory", "version": "1"},
    }.items():
        made = about.create_group(group)
        for name, text in attributes.items():
            made.attrs[name] = np.bytes_(text)
    box = file.create_group("particles/all/box")
    box.attrs["dimension"] = 3
    box.attrs["boundary"] = np.array([b"periodic" if flag else b"none" for flag in header.periodic])
    file.create_group("parameters").attrs["time_step"] = header.time_step


def _create_column(file: Any, column: Column, compression: int | None) -> None:
    options: dict[str, Any]
    if _is_per_atom(column):
        # Chunks of one frame are never written again. A second axis without limit makes the index of chunks a
        # B-tree, which changes by writing new nodes, where the index of one such axis is rewritten in place.
        atoms, axes = column.shape
        options = {
            "chunks": (1, -(-atoms // _pieces(column)), axes),
            "maxshape": (None, None, axes),
            "compression": None if compression is None else "gzip",
            "compression_opts": compression,
            "shuffle": compression is not None,
        }
    else:  # rewritten with equal bytes before the new ones, so they must not be compressed
        options = {"chunks": (_SCALARS_PER_CHUNK, *column.shape), "maxshape": (None, *column.shape)}
    fill = -1 if column.path == STEP else np.nan
    file.create_dataset(column.path, (0, *column.shape), column.dtype, fillvalue=fill, **options)


def _pieces(column: Column) -> int:
    """Chunks of one frame."""
    return -(-int(np.prod(column.shape)) * np.dtype(column.dtype).itemsize // _CHUNK_BYTES)


def flush_bytes(header: Header, frames: int) -> int:
    """More than ``frames`` can take in the file: as they are, with a page and two nodes of the index for each chunk."""
    per_atom = [column for column in columns(header) if _is_per_atom(column)]
    chunks = sum(map(_pieces, per_atom)) * frames
    begun = _SCALARS_PER_CHUNK * 8 * (len(columns(header)) + 8)
    return frames * header.frame_bytes + chunks * 5 * PAGE_BYTES + begun + 2**18


def _share_times(file: Any, header: Header) -> None:
    for column in columns(header):
        if column.path not in (POSITION, TIME, STEP):
            element = file[column.path].parent
            element["step"], element["time"] = file[STEP], file[TIME]  # hard links, as H5MD has it


def open_for_writing(path: Path) -> Any:
    """Beside readers from the start: a file that was open for plain writing when its writer died admits none."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_file_locking(False, True)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    metadata, slots, _, preemption = access.get_cache()
    access.set_cache(metadata, slots, CACHE_BYTES, preemption)
    both = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
    return h5py.File(h5py.h5f.open(os.fsencode(path), both, access))


def read_header(file: Any, path: Path) -> Header:
    """What :func:`create` was given.

    Raises
    ------
    ValueError
        For files of another layout: names what they lack.
    """
    lacking = [name for name in ("h5md", POSITION, STEP, TIME, BOX, "parameters") if name not in file]
    if not lacking and "time_step" not in file["parameters"].attrs:
        lacking = ["attribute time_step of parameters"]
    if lacking:
        raise ValueError(f"got {path}, which lacks {', '.join(lacking)}; allowed: a file of TrajectoryWriter")
    positions = file[POSITION]
    boundary = file["particles/all/box"].attrs["boundary"]
    return Header(
        atoms=positions.shape[1],
        time_step=float(file["parameters"].attrs["time_step"]),
        periodic=tuple(bool(kind == b"periodic") for kind in boundary),  # type: ignore[arg-type]
        triclinic=file[BOX].ndim == 3,
        velocities=VELOCITY in file,
        observables=tuple(file["observables"]) if "observables" in file else (),
        dtype=positions.dtype.name,
    )


def flushed_frames(steps: Any) -> int:
    """How many; a writer that died while it wrote ``steps`` may have left room without numbers."""
    count = len(steps)
    while count and steps[count - 1] < 0:
        count -= 1
    return count
