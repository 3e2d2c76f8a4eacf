"""A disk that is full: said clearly, with no flushed frame lost, and none of those in memory either."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("h5py", reason="comes with the extra reference")

from reference_impl.trajectory import TrajectoryReader
from tests.reference_impl.trajectory.systems import is_right

pytestmark = pytest.mark.skipif(
    not hasattr(os, "posix_fallocate"), reason="room cannot be reserved on macOS and Windows, only looked at"
)

PROGRAM = """
import errno, resource, sys
from reference_impl.trajectory import TrajectoryWriter
from tests.reference_impl.trajectory.systems import HEADER, frame

path, limit, room = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
writer = TrajectoryWriter(path, HEADER, buffer_bytes=4 * HEADER.frame_bytes)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    for step in range(1000):
        writer.append(step, **frame(step))
except OSError as error:
    assert error.errno == errno.EFBIG and error.filename == path
    print(error.strerror)
if room:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.close()
else:
    try:
        writer.close()
    except OSError as error:
        print(error.strerror)
"""


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def frames(path):
    with TrajectoryReader(path) as reader:
        found = list(reader)
    assert all(map(is_right, found))
    return len(found)


@pytest.mark.parametrize("limit", [600_000, 700_001])
def test_flushed_frames_stay_and_the_others_are_told(tmp_path, limit):
    path = tmp_path / "run.h5"
    first, second = run(path, limit, 0)
    flushed = frames(path)
    assert 0 < flushed < 1000
    assert flushed % 4 == 0
    assert first == second
    assert f": {flushed} frames are in the file, 4 in memory, which take up to " in first
    assert first.endswith("make room and flush again")


def test_with_room_again_nothing_is_lost(tmp_path):
    path = tmp_path / "run.h5"
    (message,) = run(path, 650_000, 1)
    flushed = int(message.partition(": ")[2].split()[0])
    assert frames(path) == flushed + 4
