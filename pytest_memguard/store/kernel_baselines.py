"""Committed resources of GPU kernels: ``kernels.json`` in the folder of baselines.

A line for each test, kernel, architecture and major version of the compiler: another compiler gives other numbers, so
what this one has measured leaves those of all others where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model.kernel import target_of
from pytest_memguard.store.entries_file import Baselines, EntriesFile
from pytest_memguard.store.next_baselines import merged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_memguard.store.entries import Entries
    from pytest_memguard.store.next_baselines import Numbers

__all__ = ["FILE_NAME", "Baselines", "load", "other_compilers", "preview", "update"]

FILE_NAME = "kernels.json"


def _merged(old: Entries, changed: Numbers, removed: Iterable[str]) -> Entries:
    """As for memory, but a test's kernels are replaced for the architectures and compilers it has run with alone."""
    new = dict(merged(old, changed, removed))
    for nodeid, probes in changed.items():
        covered = {target_of(probe) for probe in probes}
        kept = {
            probe: metrics
            for probe, metrics in old.get(nodeid, {}).items()
            if target_of(probe) not in covered
        }
        if kept:
            new[nodeid] = {**kept, **new.get(nodeid, {})}
    return new


_FILE = EntriesFile(name=FILE_NAME, merged=_merged, is_line_per_probe=True)
load, update, preview = _FILE.load, _FILE.update, _FILE.preview


def other_compilers(baselines: Baselines, nodeid: str, probe: str) -> tuple[str, ...]:
    """The compilers, other than that of ``probe``, whose numbers of the same kernel are committed."""
    kernel, _, compiler = probe.rpartition(" ")
    known = (each.rpartition(" ") for each in baselines.entries.get(nodeid, {}))
    return tuple(sorted(last for first, _, last in known if first == kernel and last != compiler))
