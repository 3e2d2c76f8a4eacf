from __future__ import annotations

import os

import pytest

from tests.timing.repositories import Sample


def pytest_collection_modifyitems(items):
    skip = pytest.mark.skip(reason="two commits are compared on POSIX systems alone")
    if os.name != "posix":
        for item in items:
            if {"sample", "compared"} & set(item.fixturenames):
                item.add_marker(skip)


@pytest.fixture
def sample(tmp_path):
    return Sample(tmp_path / "sample")
