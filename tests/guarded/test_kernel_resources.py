"""What every CUDA kernel of the reference implementation takes, told by its compiler: no GPU takes part.

With 128 registers, 16 warps fit onto a multiprocessor (it has 65536 on every architecture since sm_30), four for each
of its schedulers; a kernel that spills has given up its speed already.
"""

from __future__ import annotations

from pathlib import Path

import pytest

KERNELS = Path(__file__).parents[2] / "reference_impl" / "kernels"
SOURCES = sorted(KERNELS.rglob("*.cu"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(KERNELS).as_posix())
@pytest.mark.kernel_budget(registers=128, spill_bytes=0)
def test_four_warps_per_scheduler_and_no_spills(memguard, path):
    memguard.compile_kernels(path)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(KERNELS).as_posix())
@pytest.mark.kernel_budget(registers="baseline", stack_bytes="baseline", shared_bytes="baseline")
def test_resources_are_those_committed(memguard, path):
    memguard.compile_kernels(path)
