"""Places that run kernels: the CPU, with the threads of a block in either order, and a CUDA device."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference_impl.cuda.on_cpu.device import CpuDevice, compiled, missing

KERNELS = sorted((Path(__file__).parents[2] / "reference_impl" / "kernels").glob("*/*.cu"))


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    return compiled(KERNELS, tmp_path_factory.mktemp("kernels"))


@pytest.fixture(params=["forwards", "backwards", pytest.param("cupy", marks=pytest.mark.gpu)])
def device(request):
    if request.param == "cupy":
        from reference_impl.cuda import CupyDevice

        return CupyDevice()
    return CpuDevice(request.getfixturevalue("library"), backwards=request.param == "backwards")


@pytest.fixture
def cpu_device(library):
    return CpuDevice(library)
