from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from pytest_memguard.timing import compare, layout

WHERE = """
import ctypes
with open("/proc/self/stat") as file:
    print("stack", file.read().rpartition(")")[2].split()[25])
print("heap", ctypes.addressof(ctypes.create_string_buffer(2000)), "objects", id(ctypes))
"""

needs_fixing = pytest.mark.skipif(
    not layout.can_fix_addresses(), reason="addresses cannot be fixed on this system"
)


def addresses(**environment):
    with layout.at_fixed_addresses():
        done = subprocess.run(
            (sys.executable, "-S", "-c", WHERE),
            env={"PYTHONHASHSEED": "1", **environment},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout


@needs_fixing
def test_two_processes_are_laid_out_alike_and_those_of_another_pair_in_another_way():
    assert addresses(**layout.moved_by(1)) == addresses(**layout.moved_by(1))
    here, there = (addresses(**layout.moved_by(seed)) for seed in (1, 2_000))
    assert [a == b for a, b in zip(here.split(), there.split(), strict=True)][:4] == [True, False] * 2


@needs_fixing
def test_addresses_are_random_again_afterwards():
    before = layout._personality()(layout._QUERY)
    with layout.at_fixed_addresses():
        assert layout._personality()(layout._QUERY) != before
    assert layout._personality()(layout._QUERY) == before


def refusing(persona):
    return 0 if persona == layout._QUERY else -1


@pytest.mark.parametrize("personality", [None, refusing, lambda _: -1], ids=["none", "filter", "broken"])
def test_where_addresses_cannot_be_fixed_processes_start_all_the_same(monkeypatch, personality):
    monkeypatch.setattr(layout, "_personality", lambda: personality)
    assert not layout.can_fix_addresses()
    with layout.at_fixed_addresses():
        subprocess.run((sys.executable, "-S", "-c", ""), check=True)


def test_the_environment_is_at_most_a_page_longer():
    assert {
        len(value) for seed in range(0, 2**32, 2**20 + 1) for value in layout.moved_by(seed).values()
    } <= {*range(4096)}


def test_it_is_said_where_addresses_are_random(monkeypatch):
    duet, stage = SimpleNamespace(was_pinned=True), SimpleNamespace(cpus=(0,))
    monkeypatch.setattr(compare, "can_fix_addresses", lambda: True)
    assert list(compare._notes(duet, stage)) == []
    monkeypatch.setattr(compare, "can_fix_addresses", lambda: False)
    (said,) = compare._notes(duet, stage)
    assert "addresses are random" in said
