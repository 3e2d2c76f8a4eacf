"""What fields, results and grids must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

__all__ = ["checked_apart", "checked_components", "checked_out", "per_axis"]


def checked_components(components: NDArray[Any] | Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The first of them.

    Raises
    ------
    ValueError
        When they are not arrays of one shape and dtype, as many as each has axes.
    """
    if not len(components) or not all(isinstance(component, np.ndarray) for component in components):
        raise ValueError("got components that are no arrays, allowed: as many arrays as each has axes")
    first = components[0]
    if len(components) != first.ndim or any(
        (other.shape, other.dtype) != (first.shape, first.dtype) for other in components
    ):
        told = ", ".join(f"{component.dtype} {component.shape}" for component in components)
        raise ValueError(f"got components {told}, allowed: as many as each has axes, of one shape and dtype")
    return first


def checked_out(out: NDArray[Any] | None, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """``out``, or a new array where there is none.

    Raises
    ------
    ValueError
        When it is no writable array of that shape and dtype.
    """
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        got = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise ValueError(f"got an out that is {got}, allowed: {np.dtype(dtype)} of shape {shape}")
    if not out.flags.writeable:
        raise ValueError("got an out that is read-only, allowed: one that can be written")
    return out


def checked_apart(out: NDArray[Any], values: NDArray[Any]) -> None:
    """
    Raises
    ------
    ValueError
        When the two may share memory.
    """
    if np.may_share_memory(out, values):
        raise ValueError("got an out that shares memory with what it is made from, allowed: one apart")


def per_axis(name: str, given: float | Sequence[float], dimensions: int) -> tuple[float, ...]:
    """One number for each axis, from one or from one for each.

    Raises
    ------
    ValueError
        When they are not as many as the axes, or one is not positive and finite.
    """
    try:
        numbers = (float(given),) * dimensions if np.ndim(given) == 0 else tuple(map(float, given))  # type: ignore[arg-type]
    except TypeError:
        numbers = ()
    if len(numbers) != dimensions or not all(0 < number < np.inf for number in numbers):
        raise ValueError(
            f"got {name}={given!r} for {dimensions} axes, allowed: a positive number, or one for each"
        )
    return numbers
