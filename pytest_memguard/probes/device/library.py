"""A library that may or may not be there: looking costs nothing, and imports nothing."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["absence", "imported", "load"]


def imported(name: str) -> Any | None:
    """The module where somebody has imported it; ``None`` otherwise, or while its import goes on or is yet to come."""
    module = sys.modules.get(name)
    if type(module).__name__ == "_LazyModule":  # of importlib.util.LazyLoader: to ask it anything imports it
        return None
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    return module


def absence(name: str) -> str | None:
    """Why there is no such module to read from, or ``None`` where it was imported."""
    if imported(name) is not None:
        return None
    # What stands there is not asked for its specification, see above; ``None`` bars the import.
    found = sys.modules[name] if name in sys.modules else find_spec(name)
    is_installed = found is not None
    return f"{name} has not been imported" if is_installed else f"{name} is not installed"


def load(name: str) -> str | None:
    """Import the module for whoever asked for it by name; why that failed, or ``None``."""
    if absence(name) == f"{name} is not installed":
        return absence(name)
    try:
        _ = import_module(name).__name__  # the first use, where it is loaded lazily
    except Exception as error:  # noqa: BLE001 - a library of the driver that does not fit raises anything
        return f"{name} cannot be imported: {type(error).__name__}: {error}"
    return None
