"""Who computes the transforms.

================  ==============================================  =============================================
engine            beside the workspace it takes                   comes with
================  ==============================================  =============================================
``scipy``         one slab of a real field's spectrum, lines      the extra ``reference``; the default
``fftw``          nothing; its plans take 0.1 to 8 s, once        the extra ``fft`` (FFTW's licence is the GPL)
``fftw-patient``  nothing; up to 1.6 times as fast for some       the same
                  ten times the planning
``numpy``         the spectrum once more, and lines               NumPy; the default where there is no SciPy
================  ==============================================  =============================================

An engine is a function of a request, its field and spectrum and a number of threads that gives a `Plan`.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reference_impl.spectral.engines.fftw import planned_by_fftw
from reference_impl.spectral.engines.plan import Engine, Plan
from reference_impl.spectral.engines.pocketfft import planned_by_numpy, planned_by_scipy

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENGINES", "Engine", "Plan", "engine_named"]

ENGINES: Mapping[str, tuple[str, Engine]] = {
    "scipy": ("scipy", planned_by_scipy),
    "fftw": ("pyfftw", planned_by_fftw),
    "fftw-patient": ("pyfftw", partial(planned_by_fftw, effort="FFTW_PATIENT")),
    "numpy": ("numpy", planned_by_numpy),
}


def engine_named(name: str | None) -> tuple[str, Engine]:
    """The engine of that name, by default ``scipy`` where it is installed; its name comes first.

    Raises
    ------
    ValueError
        For a name that is none.
    ModuleNotFoundError
        When its package is not installed.
    """
    if name is None:
        name = "scipy" if find_spec("scipy") else "numpy"
    if name not in ENGINES:
        raise ValueError(f"got engine={name!r}, allowed: {', '.join(map(repr, ENGINES))}")
    package, engine = ENGINES[name]
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"the engine {name!r} needs the package {package}, which is not installed")
    return name, engine
