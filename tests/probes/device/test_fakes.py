"""A fake has nothing that the real library lacks."""

import importlib
import subprocess
import sys

import pytest

_NAMES = {
    "cupy": [
        "get_default_memory_pool",
        "fft.config.get_plan_cache",
        "get_default_pinned_memory_pool",
        "cuda.alloc",
        "cuda.alloc_pinned_memory",
        "cuda.set_pinned_memory_allocator",
        "cuda.PinnedMemory",
        "cuda.PinnedMemoryPointer",
        "cuda.PinnedMemoryPool.malloc",
        "cuda.PinnedMemoryPool.free_all_blocks",
        "cuda.runtime.deviceSynchronize",
        "cuda.runtime.streamPerThread",
        "cuda.malloc_async",
        "cuda.runtime.cudaDevAttrMemoryPoolsSupported",
        "cuda.runtime.cudaMemPoolAttrReservedMemCurrent",
        "cuda.runtime.cudaMemPoolAttrReservedMemHigh",
        "cuda.runtime.cudaMemPoolAttrUsedMemCurrent",
        "cuda.runtime.cudaMemPoolAttrUsedMemHigh",
        "cuda.runtime.deviceGetAttribute",
        "cuda.runtime.deviceGetMemPool",
        "cuda.runtime.memPoolGetAttribute",
        "cuda.runtime.memPoolSetAttribute",
        "cuda.runtime.memPoolTrimTo",
        "cuda.get_allocator",
        "cuda.set_allocator",
        "cuda.using_allocator",
        "cuda.memory.set_allocator",
        "cuda.memory._set_thread_local_allocator",
        "cuda.get_current_stream",
        "cuda.is_available",
        "cuda.MemoryPool.malloc",
        "cuda.MemoryPool.used_bytes",
        "cuda.MemoryPool.total_bytes",
        "cuda.MemoryPool.free_bytes",
        "cuda.MemoryPool.free_all_blocks",
        "cuda.MemoryAsyncPool",
        "cuda.runtime.getDevice",
        "cuda.runtime.getDeviceCount",
        "cuda.runtime.deviceGetPCIBusId",
        "cuda.runtime.CUDARuntimeError",
    ],
    "jax": [
        "config.jax_default_device",
        "device_put",
        "local_devices",
        "_src.xla_bridge.backends_are_initialized",
    ],
    "pynvml": [
        "NVMLError",
        "NVMLError_DriverNotLoaded",
        "nvmlInit",
        "nvmlDeviceGetCount",
        "nvmlDeviceGetHandleByIndex",
        "nvmlDeviceGetHandleByPciBusId",
        "nvmlDeviceGetHandleByUUID",
        "nvmlDeviceGetMigMode",
        "nvmlDeviceGetMaxMigDeviceCount",
        "nvmlDeviceGetMigDeviceHandleByIndex",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetUtilizationRates",
    ],
    "rmm": [
        "DeviceBuffer",
        "mr.LoggingResourceAdaptor",
        "mr.PoolMemoryResource.pool_size",
        "mr.StatisticsResourceAdaptor.allocation_counts",
        "mr.StatisticsResourceAdaptor.get_upstream",
        "mr.StatisticsResourceAdaptor.push_counters",
        "mr.StatisticsResourceAdaptor.pop_counters",
        "mr.get_current_device_resource",
        "mr.set_current_device_resource",
    ],
    "torch": [
        "empty",
        "uint8",
        "version.cuda",
        "cuda.init",
        "cuda.is_available",
        "cuda.is_initialized",
        "cuda.current_device",
        "cuda.get_device_properties",
        "cuda.get_allocator_backend",
        "cuda.memory_stats_as_nested_dict",
        "cuda.reset_peak_memory_stats",
        "cuda.empty_cache",
        "_C",  # what the probe takes from it is there in builds with CUDA alone
    ],
}
_PROGRAM = """
import importlib, sys
for path in sys.argv[2:]:
    found = importlib.import_module(sys.argv[1])
    for name in path.split("."):
        found = getattr(found, name)
"""


@pytest.mark.parametrize("name", _NAMES)
def test_the_fake_has_them(fakes, name):
    for path in _NAMES[name]:
        found = importlib.import_module(name)
        for attribute in path.split("."):
            found = getattr(found, attribute)


@pytest.mark.parametrize("name", _NAMES)
def test_the_real_library_has_them(name):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    command = [sys.executable, "-c", _PROGRAM, name, *_NAMES[name]]  # in a process that knows no fakes
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
