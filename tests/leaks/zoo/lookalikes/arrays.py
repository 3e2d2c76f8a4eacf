"""NumPy: temporaries, views and results that replace each other."""

from __future__ import annotations

import numpy as np

from zoo.case import KIB, MIB, State, lookalike


def _field(state: State) -> None:
    state.field = np.ones(MIB // 8)


@lookalike("python", "heap", "rss", settles_after=1)
def array_temporaries(state: State) -> None:
    field = np.arange(MIB // 8, dtype=np.float64)
    assert float(((field * 2 + 1) ** 0.5).sum()) > 0


@lookalike("python", prepare=_field, settles_after=1)
def views_of_a_living_array(state: State) -> None:
    state.views = [state.field[part::7].reshape(1, -1).T for part in range(7)]


@lookalike("python", "heap", prepare=_field)
def field_replaced_by_the_next(state: State) -> None:
    state.field = np.roll(state.field, 1)


@lookalike("python", prepare=_field)
def field_changed_in_place(state: State) -> None:
    np.multiply(state.field, 1.0, out=state.field)
    state.field += 1


@lookalike("python", "heap", settles_after=1)
def linear_algebra(state: State) -> None:
    matrix = np.random.default_rng(state.number).normal(size=(60, 60))
    np.linalg.svd(matrix @ matrix.T)


@lookalike("python")
def array_of_objects_freed(state: State) -> None:
    np.array([{"number": number} for number in range(500)], dtype=object)


@lookalike("python")
def structured_types(state: State) -> None:
    np.zeros(100, dtype=[(f"x{state.number}", "f8"), ("y", "i4")])


@lookalike("python", settles_after=1)
def arrays_of_random_size(state: State) -> None:
    state.sample = np.zeros(state.random.randint(1, 100 * KIB))


@lookalike("python")
def arrays_printed(state: State) -> None:
    assert str(np.linspace(0, 1, 50))
    assert np.array2string(np.eye(3), precision=3)


@lookalike("python", "heap", settles_after=1)
def fourier_transforms(state: State) -> None:
    assert np.fft.irfft(np.fft.rfft(np.ones(1000 + state.number))).size
