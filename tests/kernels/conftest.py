"""What the tests of this room share: a source that has every resource, and the compiler where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_memguard.kernels.errors import NvrtcMissing
from pytest_memguard.kernels.nvrtc import load_nvrtc

HERE = Path(__file__).parent


@pytest.fixture
def sample() -> Path:
    return HERE / "sample.cu"


@pytest.fixture
def nvrtc():
    """The compiler itself."""
    try:
        return load_nvrtc()
    except NvrtcMissing as missing:
        pytest.skip(str(missing))
