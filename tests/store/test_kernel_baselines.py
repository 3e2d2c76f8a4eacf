from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.store import kernel_baselines
from tests.store.strategies import unhurried

TARGETS = ["sm_75 nvrtc12", "sm_90 nvrtc12", "sm_90 nvrtc13", "sm_90 loaded-nvrtc12"]
probes = st.builds(
    "kernel {} {}".format, st.sampled_from(["add", "md::tile<float, 256>"]), st.sampled_from(TARGETS)
)
metrics = st.fixed_dictionaries(
    {"registers": st.integers(0, 255)}, optional={"spill_bytes": st.integers(0, 2**12)}
)
tests = st.dictionaries(st.sampled_from(["t.py::a", "t.py::b"]), st.dictionaries(probes, metrics, min_size=1))


def flat(entries):
    return {(nodeid, probe): numbers for nodeid, entry in entries.items() for probe, numbers in entry.items()}


@unhurried
@given(first=tests, second=tests)
def test_what_a_run_says_nothing_about_stays(first, second, tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    kernel_baselines.update(folder, first)
    kernel_baselines.update(folder, second)
    covered = {(nodeid, target) for nodeid, entry in second.items() for target in TARGETS
               if any(probe.endswith(f" {target}") for probe in entry)}  # fmt: skip
    kept = {
        (nodeid, probe): numbers
        for (nodeid, probe), numbers in flat(first).items()
        if not any(nodeid == test and probe.endswith(f" {target}") for test, target in covered)
    }
    assert flat(kernel_baselines.load(folder).entries) == {**kept, **flat(second)}
    path = folder / kernel_baselines.FILE_NAME
    if first or second:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "registers" in line]
        assert len(lines) == len(kept) + len(flat(second))


def test_other_compilers_of_the_same_kernel(tmp_path):
    numbers = {"registers": 8}
    kernel_baselines.update(
        tmp_path,
        {
            "t": {f"kernel add {target}": numbers for target in TARGETS}
            | {"kernel adder sm_90 nvrtc11": numbers}
        },
    )
    baselines = kernel_baselines.load(tmp_path)
    others = kernel_baselines.other_compilers
    assert others(baselines, "t", "kernel add sm_90 nvrtc12") == ("loaded-nvrtc12", "nvrtc13")
    assert others(baselines, "t", "kernel add sm_120 nvrtc12") == ()
    assert others(baselines, "u", "kernel add sm_90 nvrtc12") == ()
