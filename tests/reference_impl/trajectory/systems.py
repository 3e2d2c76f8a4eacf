"""Frames that tell from their step alone what must be in them."""

from __future__ import annotations

import numpy as np

from reference_impl.trajectory import Header, TrajectoryWriter

ATOMS = 40
HEADER = Header(atoms=ATOMS, time_step=0.005, velocities=True)


def frame(step, atoms=ATOMS):
    """Arguments of `TrajectoryWriter.append`."""
    positions = np.random.default_rng(step).random((atoms, 3), np.float32)
    return {
        "positions": positions,
        "velocities": -positions,
        "box": np.full(3, 1.0 + step),
        "observables": {"potential_energy": -step / 2, "kinetic_energy": step / 4},
    }


def is_right(found):
    want = frame(found.step, len(found.positions))
    return (
        np.array_equal(found.positions, want["positions"])
        and np.array_equal(found.velocities, want["velocities"])
        and np.array_equal(found.box, want["box"])
        and found.observables == want["observables"]
        and found.time == found.step * HEADER.time_step
    )


def write(path, steps, *, per_flush=4, append=False):
    """Write frames, and yield how many are flushed after each."""
    with TrajectoryWriter(path, HEADER, append=append, buffer_bytes=per_flush * HEADER.frame_bytes) as writer:
        for step in steps:
            writer.append(step, **frame(step))
            yield writer.frames
