"""Libraries that allocate on a device, played by modules of tests/fakes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FAKES = Path(__file__).parents[2] / "fakes"


@pytest.fixture
def fakes(monkeypatch):
    """Folder of the fakes, found before any real library; whoever imported a real one has it back afterwards."""
    names = {path.stem for path in FAKES.iterdir()} - {"README"}
    for module in list(sys.modules):
        if module.partition(".")[0] in names:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.syspath_prepend(FAKES)
    yield FAKES
    for module in list(sys.modules):
        if module.partition(".")[0] in names:
            del sys.modules[module]
    importlib.invalidate_caches()


@pytest.fixture
def cupy(fakes):
    return importlib.import_module("cupy")
