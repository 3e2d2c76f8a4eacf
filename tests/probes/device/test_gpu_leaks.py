"""A zoo of leaks of device memory, each beside one that only looks like it."""

import json
import os

import pytest

pytestmark = pytest.mark.gpu

_CUPY = """
import pytest
cupy = pytest.importorskip("cupy")
KEPT, CACHE = [], []
leaks = pytest.mark.memory_budget(leak="0 B", probe="cupy", rounds=6, warmup=2)

def needs(library):  # CuPy's wheels come without CUDA's libraries
    try:
        __import__("cupy.cuda", fromlist=[library])  # a module, or made when asked for
    except ImportError as error:
        return pytest.mark.skip(reason=f"CuPy has no {library} here: {error}")
    return pytest.mark.skipif(False, reason="")


@leaks
def test_leak_held_array():
    KEPT.append(cupy.zeros(1 << 16))

@leaks
def test_leak_held_slice():
    KEPT.append(cupy.zeros((512, 512))[0])  # one row keeps them all

@leaks
def test_leak_stream_with_a_buffer():
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        KEPT.append((stream, cupy.zeros(1 << 16)))

@needs("cufft")
@leaks
def test_leak_plan_kept_by_the_program():
    from cupyx.scipy.fft import get_fft_plan
    KEPT.append(get_fft_plan(cupy.zeros(1009 * 1013, cupy.complex64)))  # large primes: it needs a work area

@pytest.mark.memory_budget(leak="0 B", probe="cupy_pinned", rounds=6, warmup=2)
def test_leak_pinned_buffer():
    KEPT.append(cupy.cuda.alloc_pinned_memory(1 << 16))


@needs("cufft")
@leaks
def test_fine_plans_in_the_cache():
    cupy.fft.fft(cupy.zeros(1 << 16, cupy.complex64))

@needs("cufft")
@leaks
def test_fine_plans_of_new_sizes():
    for size in (1000, 1001, 1003, 1009):
        cupy.fft.fft(cupy.zeros(size * 64, cupy.complex64))

@needs("cublas")
@leaks
def test_fine_work_area_of_cublas():
    x = cupy.ones((256, 256), cupy.float32)
    float((x @ x).sum())

@leaks
def test_fine_kernel_loaded_when_first_launched():
    kernel = cupy.RawKernel('extern "C" __global__ void k(float* x) { x[threadIdx.x] += 1.0f; }', "k")
    kernel((1,), (32,), (cupy.zeros(32, cupy.float32),))

@leaks
def test_fine_stream_that_goes():
    with cupy.cuda.Stream(non_blocking=True):
        cupy.zeros(1 << 16)

@leaks
def test_fine_cache_that_is_full_at_once():
    if not CACHE:
        CACHE.append(cupy.zeros(1 << 16))

@pytest.mark.memory_budget(leak="0 B", probe="cupy_pinned", rounds=6, warmup=2)
def test_fine_copy_through_a_pinned_buffer():
    import numpy
    cupy.asarray(numpy.ones(1 << 16))
"""

_TORCH = """
import pytest
torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("this PyTorch has no CUDA", allow_module_level=True)
KEPT = []
leaks = pytest.mark.memory_budget(leak="0 B", probe="torch", rounds=6, warmup=2)


@leaks
def test_leak_held_tensor():
    KEPT.append(torch.zeros(1 << 16, device="cuda"))

@leaks
def test_leak_loss_that_keeps_its_graph():
    weight = torch.ones(1 << 16, device="cuda", requires_grad=True)
    KEPT.append((weight * weight).sum())  # .item() would let the graph go

@leaks
def test_leak_captured_graph():
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        x = torch.ones(1 << 16, device="cuda")
        x + 1
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        y = x + 1
    KEPT.append((graph, x, y))


@leaks
def test_fine_work_area_of_cublas():
    x = torch.ones(512, 512, device="cuda")
    (x @ x).sum().item()

@leaks
def test_fine_graph_that_goes_with_its_loss():
    weight = torch.ones(1 << 16, device="cuda", requires_grad=True)
    (weight * weight).sum().backward()

@leaks
def test_fine_reset_of_the_peak():
    torch.zeros(1 << 16, device="cuda")
    torch.cuda.reset_peak_memory_stats()
"""


@pytest.mark.parametrize("text", [pytest.param(_CUPY, id="cupy"), pytest.param(_TORCH, id="torch")])
def test_every_leak_is_caught_and_nothing_else(pytester, monkeypatch, text):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_ADDOPTS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(test_zoo=text)
    run_file = pytester.path / "run.json"
    options = ("-p", "pytest_memguard.plugin", "--memguard", f"--memguard-report=json:{run_file}")
    result = pytester.runpytest_subprocess(*options)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    tests = json.loads(run_file.read_text())["tests"]
    if not tests:
        pytest.skip(f"nothing ran here: {os.linesep.join(result.outlines[-3:])}")
    verdicts = {test["nodeid"].rpartition("::test_")[2]: test["verdict"] for test in tests}
    assert verdicts == {name: "fail" if name.startswith("leak") else "pass" for name in verdicts}


def test_no_context_is_made_by_a_window(pytester):
    """Before anything is allocated; with NVML, which counts a context in this process as device memory in use."""
    pytester.makepyfile(
        test_context="""
        import os
        import cupy
        from pytest_memguard.model import WindowPlan
        from pytest_memguard.probes import make_probe

        def test_x():
            probe = make_probe("cupy")
            assert probe.unavailable() is None
            for wants_leak in (False, True):
                window = probe.open(WindowPlan(wants_leak=wants_leak))
                window.settle()
                window.close()
            assert cupy.cuda.driver.ctxGetCurrent() == 0
        """
    )
    pytester.runpytest_subprocess("-p", "no:memguard").assert_outcomes(passed=1)
