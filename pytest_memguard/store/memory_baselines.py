"""Committed memory numbers: ``memory.json`` in the folder of baselines, one line per test."""

from __future__ import annotations

from pytest_memguard.store.entries_file import Baselines, EntriesFile
from pytest_memguard.store.next_baselines import merged

__all__ = ["FILE_NAME", "Baselines", "load", "preview", "update"]

FILE_NAME = "memory.json"
_FILE = EntriesFile(name=FILE_NAME, merged=merged)
load, update, preview = _FILE.load, _FILE.update, _FILE.preview
