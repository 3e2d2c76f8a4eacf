"""Coroutines under pytest-asyncio and anyio."""

from __future__ import annotations

import sys

import pytest


def test_asyncio(pytester, run):
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(
        """
        import asyncio
        import pytest

        kept = []

        @pytest.mark.asyncio
        @pytest.mark.memory_budget(peak="2 MiB", leak="0 B")
        async def test_small():
            await asyncio.sleep(0)
            bytearray(1 << 20)

        @pytest.mark.asyncio
        @pytest.mark.memory_budget(peak="2 MiB")
        async def test_large():
            bytearray(3 << 20)
            await asyncio.sleep(0)

        @pytest.mark.asyncio
        @pytest.mark.memory_budget(leak="0 B")
        async def test_leak():
            kept.append(bytearray(1 << 20))
        """
    )
    options = ("-o", "asyncio_default_fixture_loop_scope=function")
    run.enforced(*options, plugins=("pytest_asyncio.plugin",)).assert_outcomes(passed=1, failed=2)
    assert run.measurement("test_small", "peak")["value"] > 1 << 20
    assert run.measurement("test_leak", "leak")["value"] > 1 << 20


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(pytester, run, backend):
    pytest.importorskip(backend)
    kept = (
        "4 KiB" if sys.version_info >= (3, 11) else "96 KiB"
    )  # by trio; with the first frames of its functions
    pytester.makepyfile(
        f"""
        import anyio
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "{backend}"

        @pytest.mark.anyio
        @pytest.mark.memory_budget(peak="2 MiB", leak="{kept}")
        async def test_small():
            await anyio.sleep(0)
            bytearray(1 << 20)

        @pytest.mark.anyio
        @pytest.mark.memory_budget(peak="2 MiB")
        async def test_large():
            await anyio.sleep(0)
            bytearray(3 << 20)
        """
    )
    run.enforced(plugins=("anyio",), is_apart=True).assert_outcomes(passed=1, failed=1)
    assert run.measurement("test_small", "peak")["value"] > 1 << 20
