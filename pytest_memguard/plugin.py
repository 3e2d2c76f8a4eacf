"""The pytest plugin: options, markers and one fixture. Everything else is imported when memguard is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_memguard.session.options import MARKERS, add_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.session.fixture import Memguard

__all__ = ["memguard", "pytest_addhooks", "pytest_addoption", "pytest_configure"]


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from pytest_memguard import hookspecs  # noqa: PLC0415

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(trylast=True)  # after the plugins that add probes and reports
def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    asked = config.getoption("memguard")
    if (asked or config.getini("memguard")) != "off":
        from pytest_memguard.session.settings import Mode, mode_of  # noqa: PLC0415
        from pytest_memguard.session.start import start  # noqa: PLC0415

        if mode_of(config) is not Mode.OFF:
            start(config)
            return
    if config.getoption("memguard_update"):
        raise pytest.UsageError("--memguard-update: got memguard off, accepted: on, by --memguard or the ini")


@pytest.fixture
def memguard(request: pytest.FixtureRequest) -> Iterator[Memguard]:
    """Measure inside a test: ``measure``, ``record``, ``snapshot``, ``compare``, ``watch``, ``scaling``, kernels."""
    from pytest_memguard.session.fixture import Memguard  # noqa: PLC0415

    with Memguard.for_request(request) as tool:
        yield tool
