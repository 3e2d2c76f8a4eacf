"""What every test may use."""

from __future__ import annotations

import os
from functools import lru_cache

import pytest

pytest_plugins = ["pytester"]

# Beside another worker BLAS' threads wait for each other instead of working: the eigensolver's tests took ten times as
# long. Before NumPy is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Tests start pytest themselves. It is no worker of the run that they belong to, though xdist's variables say so, and
# pytest-benchmark would not time anything.
for _name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
    os.environ.pop(_name, None)


@lru_cache(maxsize=1)
def _no_device() -> str | None:
    """Why there is no CUDA device to test on; asking makes no context."""
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except (ImportError, RuntimeError) as error:  # CuPy's errors are of the latter kind
        return f"no CUDA device: {error}"
    return None if count else "no CUDA device"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked ``gpu`` are skipped without a device, or fail where one must be there."""
    if item.get_closest_marker("gpu") is not None and (reason := _no_device()) is not None:
        is_required = os.environ.get("MEMGUARD_REQUIRE_GPU") == "1"
        (pytest.fail if is_required else pytest.skip)(reason)
