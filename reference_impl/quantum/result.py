"""What the eigensolver gives, tells on its way, and says when it has to give up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ConvergenceError", "Eigenpairs", "Progress"]


class Eigenpairs(NamedTuple):
    """In order of the real part: ``values`` (k,), ``vectors`` (n, k) of length 1, ``residuals`` (k,) |A x - value x|.

    ``passes``: how often the matrix was read, in runs before a kill too.
    """

    values: NDArray[Any]
    vectors: NDArray[Any]
    residuals: NDArray[np.float64]
    passes: int


class Progress(NamedTuple):
    """After a pass: the best k so far, and what their ``residuals`` have to come below."""

    passes: int
    values: NDArray[Any]
    residuals: NDArray[np.float64]
    goal: float

    @property
    def is_done(self) -> bool:
        return bool((self.residuals <= self.goal).all())


class ConvergenceError(ArithmeticError):
    """Passes are spent; ``progress`` is the last there was."""

    def __init__(self, progress: Progress, max_passes: int) -> None:
        found = ", ".join(f"{residual:.1e}" for residual in progress.residuals)
        super().__init__(
            f"got residuals {found} after {progress.passes} passes, allowed: {progress.goal:.1e} within "
            f"max_passes={max_passes}; more passes, or more memory_bytes for a larger search space, may do"
        )
        self.progress = progress
