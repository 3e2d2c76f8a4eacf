"""Five kinds of work. UNITS is what a commit changes: 21 is 5 % more of the same."""

import numpy as np

UNITS = 20
_generator = np.random.default_rng(7)
_numbers = _generator.random(80_000)
_field = _generator.random((128, 32, 32))
_places = _generator.random((1600, 3)) * 8.0


def python_loop(size):
    total = 0
    for _ in range(UNITS):
        for index in range(400 * size):
            total += index & 7
    return total


def numpy_sum(size):
    numbers = _numbers[: 20_000 * size]
    return sum(float(np.sum(numbers)) for _ in range(UNITS))


def fft(size):
    field = _field[: 32 * size]
    return sum(float(np.fft.rfftn(field)[0, 0, 0].real) for _ in range(UNITS))


def neighbors(size):
    found = 0
    places = _places[: 400 * size]
    for _ in range(UNITS):
        cells = np.floor(places).astype(np.intp)
        keys = (cells[:, 0] * 8 + cells[:, 1]) * 8 + cells[:, 2]
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(513))
        for cell in range(0, 512, 16):
            inside = places[order[starts[cell] : starts[cell + 1]]]
            apart = inside[:, None] - inside[None]
            found += int(((apart * apart).sum(-1) < 1.0).sum())
    return found


def temporaries(size):
    numbers = _numbers[: 20_000 * size]
    total = 0.0
    for _ in range(UNITS):
        total += float((numbers * 2.0 + numbers - 1.0).mean())
    return total
