"""Baselines under several writers, and under writers that are killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from pytest_memguard.store import memory_baselines

_WRITE_TESTS_OF_ITS_OWN = """
import sys
from pathlib import Path
from pytest_memguard.store import memory_baselines
folder, writer, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    memory_baselines.update(folder, {f"t.py::{writer}[{number}]": {"python": {"peak": number}}})
"""

_WRITE_ONE_NUMBER_EVERYWHERE = """
import itertools, sys
from pathlib import Path
from pytest_memguard.store import memory_baselines
folder, start = Path(sys.argv[1]), int(sys.argv[2])
for number in itertools.count(start):
    memory_baselines.update(folder, {f"t.py::t[{i}]": {"python": {"peak": number}} for i in range(2000)})
    print(number, flush=True)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_writers_at_once_lose_nothing(tmp_path):
    writers = [start(_WRITE_TESTS_OF_ITS_OWN, tmp_path, name, 25) for name in "abcd"]
    assert [writer.communicate(timeout=120) and writer.returncode for writer in writers] == [0, 0, 0, 0]
    baselines = memory_baselines.load(tmp_path)
    assert len(baselines) == 100
    assert all(
        baselines.get(f"t.py::{name}[{n}]", "python", "peak") == n for name in "abcd" for n in range(25)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_file(tmp_path):
    seed = 20
    number = 0
    moment = random.Random(seed)
    for _ in range(12):
        writer = start(_WRITE_ONE_NUMBER_EVERYWHERE, tmp_path, number + 1)
        number = int(writer.stdout.readline())
        time.sleep(moment.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        numbers = [int(line) for line in writer.communicate(timeout=60)[0].split()]
        number = max([number, *numbers])
        document = json.loads((tmp_path / "memory.json").read_text())
        found = {entry["python"]["peak"] for entry in document["entries"].values()}
        assert len(document["entries"]) == 2000
        assert found <= {number, number + 1}  # the last that it told of, or the one it was just writing
        assert len(found) == 1
        number += 1
    # The next writer clears away what the killed ones left.
    memory_baselines.update(tmp_path, {"t.py::t[0]": {"python": {"peak": 0}}})
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]
