"""A writer that is killed, at every step it takes on the disk: rows that are valid afterwards are whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from reference_impl.memory.mapped_matrix import MappedMatrix

ROWS, COLUMNS, STEP = 60, 999, 20

DIE_AT_SYNC = """
import os, signal, sys
from tests.reference_impl.memory.test_mapped_kills import fill

syncs, left = os.fsync, int(sys.argv[2])

def counted(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    syncs(handle)

os.fsync = counted
fill(sys.argv[1])
print("done")
"""

WRITE_FOR_EVER = """
import sys
from reference_impl.memory.mapped_matrix import MappedMatrix
with MappedMatrix(sys.argv[1], "r+") as matrix:
    number = int(sys.argv[2])
    while True:
        for row in range(0, matrix.shape[0], 20):
            number += 1
            matrix[row : row + 20] = number
            matrix.flush()
            print(row, number, flush=True)
"""


def fill(path):
    """Ones, block by block; then twos over the middle of them."""
    with MappedMatrix.create(path, (ROWS, COLUMNS)) as matrix:
        for row in range(0, ROWS, STEP):
            matrix[row : row + STEP] = 1
            matrix.flush()
        matrix[STEP : 2 * STEP] = 2


# Record, header, file, folder; data and record of each flush; a record before the twos; their data and record.
SYNCS = 4 + 2 * (ROWS // STEP) + 1 + 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("sync", range(1, SYNCS + 2))
def test_killed_at_each_sync(tmp_path, sync):
    path = tmp_path / "a.matrix"
    done = subprocess.run(
        [sys.executable, "-c", DIE_AT_SYNC, path, str(sync)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if sync > SYNCS:
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    else:
        assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
    if sync <= 3:
        assert not path.exists()
        MappedMatrix.create(path, (ROWS, COLUMNS)).close()
        return
    with MappedMatrix(path, "r+") as matrix:
        valid, rows = matrix.valid, matrix.array
        blocks = valid.reshape(-1, STEP)
        assert np.array_equal(blocks.any(axis=1), blocks.all(axis=1))
        first = int(np.argmin(blocks[:, 0])) if not blocks.all() else len(blocks)
        assert first >= min((sync - 5) // 2, 1)  # what a flush has noted stays noted, but for the overwritten
        allowed = np.ones((ROWS, 1))
        allowed[STEP : 2 * STEP] = rows[STEP, 0]
        assert rows[STEP, 0] in (0, 1, 2)
        assert np.array_equal(rows[valid], np.broadcast_to(allowed, rows.shape)[valid])
        matrix[~valid] = 7  # and it can be gone on with
    with MappedMatrix(path) as matrix:
        assert matrix.valid.all()


def test_killed_at_any_moment_again_and_again(tmp_path):
    path = tmp_path / "a.matrix"
    MappedMatrix.create(path, (ROWS, COLUMNS)).close()
    moments = random.Random(0)
    flushed = dict.fromkeys(range(0, ROWS, STEP), 0)
    number = 0
    for _ in range(6):
        command = [sys.executable, "-c", WRITE_FOR_EVER, path, str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            lines = [process.stdout.readline()]
            time.sleep(moments.uniform(0, 0.03))
            process.kill()
            lines += process.stdout.read().split("\n")[:-1]  # the last may be half a line
        for line in lines:
            row, number = map(int, line.split())
            flushed[row] = number
        with MappedMatrix(path) as matrix:
            valid = matrix.valid
            for row, least in flushed.items():
                block = matrix[row : row + STEP]
                if valid[row : row + STEP].all():
                    assert block[0, 0] >= least
                    assert np.all(block == block[0, 0])
                else:  # the one that was being written
                    assert not valid[row : row + STEP].any()
            begun = {int(line.split()[0]) for line in lines}
            assert sum(not valid[row] for row in begun) <= 1
        number += 10


def test_a_maker_killed_half_way_has_made_nothing(tmp_path):
    if not hasattr(os, "posix_fallocate"):
        pytest.skip("the kill is set off where the room is reserved")
    path = tmp_path / "a.matrix"
    program = (
        "import os, signal, sys\n"
        "os.posix_fallocate = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from reference_impl.memory.mapped_matrix import MappedMatrix\n"
        "MappedMatrix.create(sys.argv[1], (9, 9), overwrite=True)\n"
    )
    with MappedMatrix.create(path, (3, 3)) as matrix:
        matrix[...] = 3
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -signal.SIGKILL
    with MappedMatrix(path) as matrix:
        assert np.all(matrix.array == 3)
    with MappedMatrix.create(path, (2, 2), overwrite=True) as matrix:
        assert matrix.shape == (2, 2)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
