import kernels
import pytest


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["python_loop", "numpy_sum", "fft", "neighbors", "temporaries"])
def test_kernel(benchmark, name, size):
    benchmark(getattr(kernels, name), size)
