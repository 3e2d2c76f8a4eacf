"""Caches and registries without a bound, the most common leak of long-running Python."""

from __future__ import annotations

import functools
import linecache
import pickle
import re
import warnings
from decimal import Context
from unittest.mock import Mock

from zoo.case import KIB, State, leak

_PATTERNS: dict[str, re.Pattern[str]] = {}
_NAMES: dict[str, str] = {}
_WARNED: dict[object, object] = {}


@functools.lru_cache(maxsize=None)  # noqa: UP033 - both spellings are in use
def _expensive(number: int) -> bytes:
    return bytes(KIB)


@functools.cache
def _table(number: int) -> bytes:
    return bytes(100 * KIB)


class _Model:
    def __init__(self) -> None:
        self.weights = bytes(10 * KIB)

    @functools.lru_cache(maxsize=None)  # noqa: B019, UP033 - the classic: it holds every instance
    def predict(self) -> int:
        return 1


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


@functools.singledispatch
def _render(value: object) -> str:
    return ""


@leak("python", bytes_per_call=1300)
def lru_cache_without_bound(state: State) -> None:
    _expensive(state.number)


@leak("python", bytes_per_call=100 * KIB)
def functools_cache_of_tables(state: State) -> None:
    _table(state.number)


@leak("python", bytes_per_call=10 * KIB)
def lru_cache_on_a_method(state: State) -> None:
    _Model().predict()


@leak("python", bytes_per_call=KIB)
def regex_cache_of_your_own(state: State) -> None:
    pattern = f"item-{state.number}-([a-z]+)"
    _PATTERNS[pattern] = re.compile(pattern)


@leak("python", bytes_per_call=200)
def names_interned_in_a_dict(state: State) -> None:
    name = f"column-{state.number}"
    _NAMES.setdefault(name, name)


# With the filter set before the test, the registry is not emptied between calls.
@leak("python", bytes_per_call=1400, prepare=lambda state: warnings.simplefilter("default"))
def warning_registry(state: State) -> None:
    text = f"{state.number}" + "w" * KIB
    warnings.warn_explicit(text, UserWarning, "application.py", 1, registry=_WARNED)


@leak("python", bytes_per_call=1200)
def linecache_of_generated_code(state: State) -> None:
    name = f"<generated {state.number}>"
    linecache.cache[name] = (KIB, None, ["x" * KIB], name)


@leak("python", bytes_per_call=2 * KIB)
def singledispatch_on_new_types(state: State) -> None:
    _render.register(type("Plot", (), {}), lambda value: "plot")


@leak("python", bytes_per_call=3 * KIB, prepare=lambda state: setattr(state, "service", Mock()))
def mock_that_remembers_its_calls(state: State) -> None:
    state.service(bytes(KIB), number=state.number)


@leak(
    "python", bytes_per_call=1200, prepare=lambda state: setattr(state, "stream", pickle.Pickler(_Nowhere()))
)
def pickler_memo_never_cleared(state: State) -> None:
    state.stream.dump(bytearray(KIB))


@leak("python", bytes_per_call=5 * KIB)
def long_integers_kept(state: State) -> None:
    state.kept.append(7 ** (14_000 + state.number))


@leak("python", bytes_per_call=4 * KIB)
def long_decimals_kept(state: State) -> None:
    state.kept.append(Context(prec=9000).divide(1, 6 + state.number))
