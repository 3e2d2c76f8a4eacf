"""What the first call pays for all that follow."""

from __future__ import annotations

import importlib
import inspect
import linecache
import traceback
from functools import cached_property

from zoo.case import KIB, MIB, State, lookalike

_TABLE: list[bytearray] = []


class _Model:
    @cached_property
    def weights(self) -> bytes:
        return bytes(MIB)


_MODEL = _Model()


def _forget_source(state: State) -> None:
    linecache.clearcache()


@lookalike("python", "heap", settles_after=1)
def table_of_a_mebibyte_made_once(state: State) -> None:
    if not _TABLE:
        _TABLE.append(bytearray(MIB))


@lookalike("python", settles_after=1)
def cached_property_of_a_mebibyte(state: State) -> None:
    assert _MODEL.weights


@lookalike("python", settles_after=3, prepare=lambda state: setattr(state, "parts", {}))
def parts_made_on_the_first_three_calls(state: State) -> None:
    state.parts.setdefault(min(state.number, 3), bytes(100 * KIB))


@lookalike("python", single_round=True, settles_after=1)
def import_of_a_small_module(state: State) -> None:
    import colorsys

    assert colorsys.rgb_to_hsv(1, 0, 0)


@lookalike("python", single_round=True, settles_after=1)
def import_of_a_package(state: State) -> None:
    import xmlrpc.client

    assert xmlrpc.client.Boolean


@lookalike("python", settles_after=6, single_round=True)
def imports_one_after_the_other(state: State) -> None:
    modules = ("cmd", "quopri", "stringprep", "tabnanny", "sched", "pyclbr")
    importlib.import_module(modules[state.number % len(modules)])


@lookalike("python", settles_after=1, prepare=_forget_source, single_round=True)
def source_lines_of_a_traceback(state: State) -> None:
    try:
        raise ValueError  # noqa: TRY301 - its own line is what is looked up
    except ValueError:
        traceback.format_exc()


@lookalike("python", settles_after=1, prepare=_forget_source, single_round=True)
def source_of_a_function(state: State) -> None:
    inspect.getsource(source_lines_of_a_traceback.body)
