"""Logs of NVRTC 11.8 to 13.5 over ``sample.cu``, as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_memguard.kernels.errors import CompileError
from pytest_memguard.kernels.names import source_name
from pytest_memguard.kernels.ptxas import parse_log

LOGS = sorted((Path(__file__).parent / "logs").glob("*.txt"))
FRAME = "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"


def kernels_of(log):
    return {source_name(each.kernel): each for each in parse_log(log, nvrtc=(12, 9))}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_every_version_tells_of_the_five_kernels(path):
    found = kernels_of(path.read_text(encoding="utf-8"))
    assert set(found) == {"scale", "spills", "calls", "md::reversed<float, 256>", "md::reversed<double, 64>"}
    assert {each.architecture for each in found.values()} == {f"sm_{path.stem.rpartition('_')[2]}"}
    assert found["scale"].registers == 8
    assert found["md::reversed<float, 256>"].shared_bytes == 256 * 4
    assert found["md::reversed<double, 64>"].shared_bytes == 64 * 8
    assert {name for name, each in found.items() if each.spill_bytes} == {"spills"}
    assert found["spills"].registers == 64
    assert found["calls"].stack_bytes == 16 * 4


@pytest.mark.parametrize(
    ("log", "name", "numbers"),
    [
        ("nvrtc_11_8_sm_75", "spills", (64, 464, 352, 0, 368, None)),
        ("nvrtc_12_0_sm_90", "spills", (64, 676, 624, 0, None, None)),
        ("nvrtc_12_9_sm_75", "md::reversed<float, 256>", (10, 0, 0, 1024, 360, 1)),
        ("nvrtc_12_9_sm_90", "calls", (32, 0, 64, 0, None, 0)),
        ("nvrtc_13_5_sm_120", "spills", (64, 488, 368, 0, None, 0)),
    ],
)
def test_numbers_are_those_of_the_log(log, name, numbers):
    (path,) = (path for path in LOGS if path.stem == log)
    found = kernels_of(path.read_text(encoding="utf-8"))[name]
    assert numbers == (
        found.registers,
        found.spill_bytes,
        found.stack_bytes,
        found.shared_bytes,
        found.constant_bytes,
        found.barriers,
    )


def test_constant_memory_lies_in_several_banks():
    log = f"Compiling entry function 'k' for 'sm_60'\n{FRAME}Used 9 registers, 320 bytes cmem[0], 8 bytes cmem[2]\n"
    assert kernels_of(log)["k"].constant_bytes == 328


def test_what_a_called_function_spills_counts():
    inner = (
        "Function properties for f\n    8 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads\n"
    )
    log = f"Compiling entry function 'k' for 'sm_60'\n{FRAME}Used 9 registers\n{inner}"
    assert kernels_of(log)["k"].spill_bytes == 20


def test_a_source_without_kernels_has_no_numbers():
    assert kernels_of("ptxas info    : 0 bytes gmem\n") == {}


@pytest.mark.parametrize("rest", [FRAME, "Used 9 registers\n", ""])
def test_a_log_that_lacks_a_number_is_never_taken_for_zero(rest):
    with pytest.raises(CompileError, match="ptxas does not tell what k takes"):
        kernels_of(f"Compiling entry function 'k' for 'sm_60'\n{rest}")
