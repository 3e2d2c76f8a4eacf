"""Trajectories on disk: HDF5 files in the layout of H5MD 1.1, that other tools read as well.

========================  ==============================  ==============================================
name                      does                            holds in memory
========================  ==============================  ==============================================
`TrajectoryWriter`        collects frames, writes batches  ``buffer_bytes``, and one chunk (up to 1 MiB)
`TrajectoryReader`        frames by number or in blocks   one frame, or the bytes asked for
`recover`                 frees the file of a dead writer  nothing
`Header`                  what all frames share
`Frame`, `Frames`         one frame, a block of them
========================  ==============================  ==============================================

A frame is *flushed* when its number in ``step`` is on disk, which is written after everything else. Flushed frames
survive the death of the writing process at any moment (not a power cut: nothing is synced to the device), can be
read while the writer goes on (HDF5's single-writer/multiple-reader mode), and are never touched again.

Source of the layout: P. de Buyl, P. H. Colberg, F. Höfling, Comput. Phys. Commun. 185, 1546 (2014), and
https://www.nongnu.org/h5md/h5md.html.
"""

from reference_impl.trajectory.frames import Frame, Frames
from reference_impl.trajectory.header import Header
from reference_impl.trajectory.reader import TrajectoryReader
from reference_impl.trajectory.superblock import recover
from reference_impl.trajectory.writer import TrajectoryWriter

__all__ = ["Frame", "Frames", "Header", "TrajectoryReader", "TrajectoryWriter", "recover"]
