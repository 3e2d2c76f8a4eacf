"""A writer that is killed leaves every flushed frame readable, and a file that the next writer goes on with."""

# ruff: noqa: E402 - h5py may be missing

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

h5py = pytest.importorskip("h5py", reason="comes with the extra reference")

from reference_impl.trajectory import TrajectoryReader, TrajectoryWriter, recover
from tests.reference_impl.trajectory.systems import HEADER, frame, is_right, write

WRITE_FOR_EVER = """
import sys
from tests.reference_impl.trajectory.systems import write
for flushed in write(sys.argv[1], range(int(sys.argv[2]), 10**9), append=True):
    print(flushed, flush=True)
"""


def check(path, flushed):
    with TrajectoryReader(path) as reader:
        found = list(reader)
    assert len(found) >= flushed
    assert all(map(is_right, found))
    return [one.step for one in found]


def killed_writer(path, step, seconds):
    """Let a process write from ``step`` on, kill it some time after its first flush; frames it said were flushed."""
    command = [sys.executable, "-c", WRITE_FOR_EVER, path, str(step)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        flushed = begun = int(process.stdout.readline())
        while flushed == begun:
            flushed = int(process.stdout.readline())
        time.sleep(seconds)
        process.kill()
        lines = process.stdout.read().split("\n")[:-1]  # the last may be half a number
        return int(lines[-1]) if lines else flushed


def test_killed_again_and_again(tmp_path):
    path = tmp_path / "run.h5"
    moments = random.Random(0)
    step = 0
    for _ in range(8):
        flushed = killed_writer(path, step, moments.uniform(0, 0.03))
        steps = check(path, flushed)
        assert steps == sorted(set(steps))
        step = steps[-1] + 1
    assert recover(path)
    assert not recover(path)
    with h5py.File(path, "r") as file:  # as other tools open it
        assert file["particles/all/position/step"][: len(steps)].tolist() == steps


@pytest.fixture
def recorder(tmp_path):
    """Environment in which a process records its writes, and where to."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("records writes by a library that is preloaded: needs Linux and a C compiler")
    library, record = tmp_path / "recorder.so", tmp_path / "record"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "RECORD": str(record), "TRAJECTORY": str(tmp_path / "run.h5")}


RECORDED = """
import os, struct, sys
from tests.reference_impl.trajectory.systems import write
record = open(os.environ["RECORD"], "ab", 0)
for flushed in write(os.environ["TRAJECTORY"], range(int(sys.argv[1])), append=True):
    record.write(struct.pack("<3Q", 3, flushed, 0))
"""


def images(base, record):
    """What a kill could leave: the file after each write, and after each part of one that ends with a page.

    Yields the file's bytes and the number of frames that were flushed then.
    """
    image, flushed, at = bytearray(base), 0, 0
    while at < len(record):
        kind, offset, size = struct.unpack_from("<3Q", record, at)
        data = record[at + 24 : at + 24 + size]
        at += 24 + size
        if kind == 3:
            flushed = offset
            continue
        if kind == 2:
            image = image[:offset].ljust(offset, b"\0")
        else:
            image = image.ljust(offset + size, b"\0")
            first_border = 4096 - offset % 4096
            for end in (*range(first_border, size, 4096), size):
                image[offset : offset + end] = data[:end]
                yield image, flushed
        yield image, flushed


def test_every_write_may_be_the_last(tmp_path, recorder):
    path = Path(recorder["TRAJECTORY"])
    TrajectoryWriter(path, HEADER).close()
    base = path.read_bytes()
    subprocess.run([sys.executable, "-c", RECORDED, "28"], env=os.environ | recorder, check=True)
    left = tmp_path / "left.h5"
    count = 0
    for count, (image, flushed) in enumerate(images(base, Path(recorder["RECORD"]).read_bytes()), 1):
        left.write_bytes(image)
        steps = check(left, flushed)
        if count % 7 == 0:
            with TrajectoryWriter(left, HEADER, append=True) as writer:
                assert writer.frames == len(steps)
                for step in range(100, 106):
                    writer.append(step, **frame(step))
            assert check(left, flushed + 6) == [*steps, *range(100, 106)]
    assert count > 200
    assert image == path.read_bytes()  # nothing was missed
    assert check(path, 28) == list(range(28))


def test_a_file_without_frames_is_whole_or_not_there(tmp_path):
    path = tmp_path / "run.h5"
    assert list(write(path, [])) == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.h5"]
    assert not recover(path)
    with TrajectoryReader(path) as reader:
        assert (len(reader), list(reader)) == (0, [])
