"""Searches that are stopped, some of them by a kill, end as they would have."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("scipy", reason="comes with the extra reference")

from reference_impl.memory import MappedMatrix
from reference_impl.quantum import ConvergenceError, Symmetry, lowest_eigenpairs
from reference_impl.quantum.checkpoint import save
from tests.reference_impl.quantum.systems import reflected, reflector, stored

N = 300
K = 3
HERMITIAN, SYMMETRIC = Symmetry

PROGRAM = """
import sys, time
from reference_impl.memory import MappedMatrix
from reference_impl.quantum import Symmetry, lowest_eigenpairs

def tell(state):
    print(state.passes, flush=True)
    time.sleep(0.01)  # so that the kill meets a search that is under way

with MappedMatrix(sys.argv[1]) as matrix:
    lowest_eigenpairs(matrix, 3, Symmetry[sys.argv[3]], memory_bytes=matrix.nbytes // 3, checkpoint=sys.argv[2],
                      passes_per_checkpoint=int(sys.argv[4]), progress=tell)
"""


@pytest.fixture(params=Symmetry, ids=lambda symmetry: symmetry.name)
def symmetry(request):
    return request.param


@pytest.fixture
def matrix(tmp_path, symmetry):
    values = np.concatenate((np.linspace(-3, -1, 6), np.linspace(0, 10, N - 6)))
    if symmetry is SYMMETRIC:
        values = values - 0.1j * np.arange(N) / N
    made, _ = reflected(values, reflector(N))
    with stored(tmp_path / "a", made) as file:
        yield file


def solve(matrix, symmetry, **options):
    return lowest_eigenpairs(matrix, K, symmetry, memory_bytes=matrix.nbytes // 3, **options)


def same(one, other):
    return np.allclose(one.values, other.values, rtol=0, atol=1e-10) and np.allclose(
        abs(np.sum(one.vectors.conj() * other.vectors, axis=0)), 1, rtol=0, atol=1e-10
    )


def killed(matrix, checkpoint, symmetry, *, passes, every):
    """Run the search in a process and kill it after ``passes`` of its own; the first pass it told of."""
    command = [sys.executable, "-c", PROGRAM, matrix.path, checkpoint, symmetry.name, str(every)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = [int(process.stdout.readline()) for _ in range(passes)]
        process.kill()
    assert process.returncode != 0
    return told[0]


@pytest.mark.parametrize("every", [1, 4])
def test_killed_again_and_again_it_ends_with_the_same_pairs(tmp_path, matrix, symmetry, every):
    checkpoint = tmp_path / "state"
    whole = solve(matrix, symmetry)
    begun = [killed(matrix, checkpoint, symmetry, passes=passes, every=every) for passes in (5, 7, 6)]
    assert begun[0] == 1
    assert begun[2] > begun[1] > 1  # not from the beginning
    assert all(first % every == 0 for first in begun[1:])
    told = []
    resumed = solve(matrix, symmetry, checkpoint=checkpoint, progress=told.append)
    assert told[0].passes >= begun[2]
    assert resumed.passes == whole.passes
    assert same(resumed, whole)


def test_more_passes_go_on_where_they_were_spent(tmp_path, matrix, symmetry):
    whole = solve(matrix, symmetry)
    with pytest.raises(ConvergenceError):
        solve(matrix, symmetry, checkpoint=tmp_path / "state", max_passes=8)
    told = []
    resumed = solve(matrix, symmetry, checkpoint=tmp_path / "state", progress=told.append)
    assert told[0].passes == 8
    assert resumed.passes == whole.passes
    assert same(resumed, whole)


def test_a_search_that_has_ended_is_one_pass_away(tmp_path, matrix, symmetry):
    first = solve(matrix, symmetry, checkpoint=tmp_path / "state")
    told = []
    again = solve(matrix, symmetry, checkpoint=tmp_path / "state", progress=told.append)
    assert len(told) == 1
    assert same(first, again)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "state"]


@pytest.fixture
def checkpoint(tmp_path):
    """Of a Hermitian matrix, and the matrix."""
    made, _ = reflected(np.linspace(0, 30, N), reflector(N))
    with stored(tmp_path / "m", made) as file:
        with pytest.raises(ConvergenceError):
            solve(file, HERMITIAN, checkpoint=tmp_path / "state", max_passes=6)
        yield tmp_path / "state", file


def overwrite(path, offset, data):
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


DAMAGES = {
    "turned bits": (lambda path: overwrite(path, 5000, b"\xff\xff\xff"), "checksum is wrong"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-9]), "ended early"),
    "empty": (lambda path: path.write_bytes(b""), "got a file that begins with b''"),
    "another file": (lambda path: path.write_bytes(b"{}" * 999), "allowed: 'eigensolver checkpoint 1'"),
    "another format": (lambda path: overwrite(path, 35, b"9"), "allowed: 'eigensolver checkpoint 1'"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoints_are_refused(checkpoint, damage):
    path, matrix = checkpoint
    change, message = DAMAGES[damage]
    change(path)
    with pytest.raises(ValueError, match=message) as caught:
        solve(matrix, HERMITIAN, checkpoint=path)
    assert str(path) in str(caught.value)


def test_a_checkpoint_of_another_matrix_or_of_this_one_before_a_change_is_refused(checkpoint):
    path, matrix = checkpoint
    with MappedMatrix(matrix.path, "r+") as file:
        file[0, 0] = file[0, 0]
    with MappedMatrix(matrix.path) as file, pytest.raises(ValueError, match="got a checkpoint with matrix"):
        solve(file, HERMITIAN, checkpoint=path)


def test_a_checkpoint_that_does_not_fit_is_refused(checkpoint):
    path, matrix = checkpoint
    with pytest.raises(ValueError, match="got a checkpoint of 18 vectors and 3 more, allowed with this k"):
        lowest_eigenpairs(matrix, 1, memory_bytes=matrix.nbytes // 4, checkpoint=path)


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files, which Windows cannot")
def test_a_full_disk_leaves_the_last_checkpoint(checkpoint):
    path, matrix = checkpoint
    before = path.read_bytes()
    program = (
        "import resource, sys\n"
        "from reference_impl.memory import MappedMatrix\n"
        "from reference_impl.quantum import lowest_eigenpairs\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))\n"
        "with MappedMatrix(sys.argv[1]) as matrix:\n"
        "    try:\n"
        "        lowest_eigenpairs(matrix, 3, memory_bytes=matrix.nbytes // 3, checkpoint=sys.argv[2])\n"
        "    except OSError as error:\n"
        "        print(error.filename)\n"
    )
    command = [sys.executable, "-c", program, matrix.path, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{path}\n", "")
    assert path.read_bytes() == before
    assert not path.with_name("state.part").exists()


def test_a_file_that_has_the_name_of_a_half_made_checkpoint_stays(tmp_path):
    part = tmp_path / "state.part"
    part.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"state\.part"):
        save(tmp_path / "state", {}, [])
    assert part.read_bytes() == b"precious"
    for left in (b"", b" " * 600):
        part.write_bytes(left)
        save(tmp_path / "state", {}, [])
    (tmp_path / "state").rename(part)
    save(tmp_path / "state", {}, [])
    assert not part.exists()
