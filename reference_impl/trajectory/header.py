"""What all frames of a trajectory share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np

from reference_impl.whole import whole

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Header", "require_same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The system of a trajectory.

    ``time_step`` is in the unit of time, ``periodic`` says so per axis, ``triclinic`` boxes are given as three cell
    vectors, others as three lengths. ``dtype`` is that of positions and velocities in the file; steps are int64, all
    else float64.

    Raises
    ------
    ValueError
        For less than one atom, a ``time_step`` that is not finite, other dtypes, wrong or repeated names.
    """

    atoms: int
    time_step: float
    periodic: tuple[bool, bool, bool] = (True, True, True)
    triclinic: bool = False
    velocities: bool = False
    observables: tuple[str, ...] = ("potential_energy", "kinetic_energy")
    dtype: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "atoms", whole(self.atoms, "atoms"))
        if self.atoms < 1:
            raise ValueError(f"got atoms={self.atoms}, allowed: 1 and more")
        if not np.isfinite(self.time_step):
            raise ValueError(f"got time_step={self.time_step}, allowed: finite")
        if len(self.periodic) != 3:
            raise ValueError(f"got periodic={self.periodic!r}, allowed: three booleans, one per axis")
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f"got dtype={self.dtype!r}, allowed: 'float32', 'float64'")
        names = self.observables
        if len(set(names)) < len(names) or not all(map(str.isidentifier, names)):
            raise ValueError(f"got observables={names!r}, allowed: names like potential_energy, each once")
        object.__setattr__(self, "observables", tuple(sorted(names)))  # the order of groups in HDF5

    @property
    def box_shape(self) -> tuple[int, ...]:
        return (3, 3) if self.triclinic else (3,)

    @property
    def frame_bytes(self) -> int:
        """One frame in memory."""
        vectors = 2 if self.velocities else 1
        per_atom = 3 * np.dtype(self.dtype).itemsize * vectors
        return self.atoms * per_atom + 8 * (2 + int(np.prod(self.box_shape)) + len(self.observables))


def require_same(got: Header, held: Header, path: Path) -> None:
    """Raise ValueError that names what differs from the header of the file at ``path``."""
    pairs = ((field.name, getattr(got, field.name), getattr(held, field.name)) for field in fields(Header))
    differing = ", ".join(
        f"{name}={ours!r} (the file has {theirs!r})" for name, ours, theirs in pairs if ours != theirs
    )
    if differing:
        raise ValueError(f"got {differing} for {path}; allowed: what the file has")
