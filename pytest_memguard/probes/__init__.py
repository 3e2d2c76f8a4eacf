"""Sources of memory counters: one file per source, imported when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_memguard.model import Probe

__all__ = ["BUILT_IN", "make_probe"]

BUILT_IN = {
    "python": "pytest_memguard.probes.python:PythonProbe",
    "heap": "pytest_memguard.probes.heap:HeapProbe",
    "rss": "pytest_memguard.probes.rss:RssProbe",
    "rss_tree": "pytest_memguard.probes.rss_tree:RssTreeProbe",
    "cupy": "pytest_memguard.probes.device.cupy:cupy_probe",
    "cupy_pinned": "pytest_memguard.probes.device.cupy_pinned:cupy_pinned_probe",
    "cuda_async": "pytest_memguard.probes.device.cuda_async:cuda_async_probe",
    "torch": "pytest_memguard.probes.device.torch:torch_probe",
    "rmm": "pytest_memguard.probes.device.rmm:rmm_probe",
    "jax": "pytest_memguard.probes.device.jax:jax_probe",
    "nvml": "pytest_memguard.probes.device.nvml:nvml_probe",
}


def make_probe(name: str) -> Probe:
    """A fresh built-in probe.

    Raises
    ------
    KeyError
        When no built-in probe has this name.
    """
    module, _, attribute = BUILT_IN[name].partition(":")
    probe: Probe = getattr(import_module(module), attribute)()
    return probe
