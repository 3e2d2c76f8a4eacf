"""The peer of the python probe: a pytest plugin that does nothing but run tracemalloc around each call."""

from __future__ import annotations

import tracemalloc

import pytest


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call():
    tracemalloc.start()
    try:
        return (yield)
    finally:
        tracemalloc.get_traced_memory()
        tracemalloc.stop()
