"""Pools that the test asked to be guarded."""

from __future__ import annotations

import pytest

from pytest_memguard.probes.watched import PoolProbe

__all__ = ["WATCHED"]

WATCHED = pytest.StashKey[dict[str, PoolProbe]]()
