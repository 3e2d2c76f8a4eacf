"""What the interpreter itself keeps for ever once it was asked to."""

from __future__ import annotations

import atexit
import codecs
import ctypes
import gc
import logging
import os
import sys
from contextvars import ContextVar, copy_context
from io import StringIO
from types import ModuleType

from zoo.case import KIB, State, leak

_LOGGER = logging.getLogger("zoo.handlers")
_LOGGER.propagate = False
_TENANT: ContextVar[bytes] = ContextVar("tenant")
_PLUGINS: list[type] = []


class _Plugin:
    def __init_subclass__(cls) -> None:
        _PLUGINS.append(cls)


def _ignore(payload: bytes) -> None:
    """Stand where a clean-up would."""


def _forget_modules(state: State) -> None:
    for name in [name for name in sys.modules if name.startswith("zoo_made_")]:
        del sys.modules[name]


def _forget_environment(state: State) -> None:
    for name in [name for name in os.environ if name.startswith("ZOO_MADE_")]:
        del os.environ[name]


def _forget_codecs(state: State) -> None:
    for search in state.kept:
        codecs.unregister(search)


def _forget_callbacks(state: State) -> None:
    for callback in state.kept:
        gc.callbacks.remove(callback)


@leak("python", bytes_per_call=1200, undo=lambda state: atexit.unregister(_ignore))
def atexit_callbacks(state: State) -> None:
    atexit.register(_ignore, bytes(KIB))


@leak("python", bytes_per_call=1200, undo=lambda state: _LOGGER.handlers.clear())
def logging_handlers(state: State) -> None:
    _LOGGER.addHandler(logging.StreamHandler(StringIO()))


@leak("python", bytes_per_call=700)
def loggers_by_request(state: State) -> None:
    logging.getLogger(f"zoo.request-{state.number}")


@leak("python", bytes_per_call=1500)
def contexts_kept(state: State) -> None:
    context = copy_context()
    context.run(_TENANT.set, bytes(KIB))
    state.kept.append(context)


@leak("python", bytes_per_call=1300)
def context_tokens_kept(state: State) -> None:
    state.kept.append(_TENANT.set(bytes(KIB)))


@leak("python", bytes_per_call=1600, undo=_forget_modules)
def modules_by_name(state: State) -> None:
    module = ModuleType(f"zoo_made_{state.number}")
    module.source = bytes(KIB)
    sys.modules[module.__name__] = module


@leak("python", bytes_per_call=1500)
def types_in_a_registry(state: State) -> None:
    type(f"Plugin{state.number}", (_Plugin,), {})


@leak("python", bytes_per_call=1300, undo=_forget_environment)
def environment_variables(state: State) -> None:
    os.environ[f"ZOO_MADE_{state.number}"] = "x" * KIB


@leak("python", bytes_per_call=1300, undo=_forget_codecs)
def codec_searches(state: State) -> None:
    payload = bytes(KIB)

    def search(name: str) -> None:
        return payload and None

    codecs.register(search)
    state.kept.append(search)


@leak("python", bytes_per_call=1300, undo=_forget_callbacks)
def collector_callbacks(state: State) -> None:
    payload = bytes(KIB)

    def callback(phase: str, info: dict[str, int]) -> None:
        return payload and None

    gc.callbacks.append(callback)
    state.kept.append(callback)


@leak("python", bytes_per_call=1100)
def reference_count_leaked_in_c(state: State) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(bytes(KIB)))


@leak("python", bytes_per_call=100 * KIB)
def large_reference_leaked_in_c(state: State) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object([None] * (100 * KIB // 8)))


@leak("python", bytes_per_call=700)
def c_callbacks_kept(state: State) -> None:
    state.kept.append(ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0))
