"""A matrix in a file: indexing, refusals, locks, a full disk. What a kill leaves is in test_mapped_kills.py."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from reference_impl.memory.mapped_format import Header, Record, newest
from reference_impl.memory.mapped_matrix import MappedMatrix

SHAPE = (13, 5)
DTYPES = ("?", "i1", "u2", "<i4", ">i8", "f2", "<f4", ">f8", "f8", "c8", "c16", ">c16", np.longdouble)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.matrix"


@pytest.fixture
def made(path):
    """A file of rows 0, 1, 2, ... all of them valid."""
    with MappedMatrix.create(path, SHAPE) as matrix:
        matrix[...] = np.arange(65.0).reshape(SHAPE)
    return path


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_what_is_written_is_read_again(path, dtype):
    values = np.random.default_rng(0).uniform(0, 100, SHAPE).astype(dtype)
    with MappedMatrix.create(path, SHAPE, dtype) as matrix:
        assert not np.any(matrix.array)
        matrix[...] = values
        assert not matrix.valid.any()
        matrix.flush()
        assert matrix.valid.all()
    with MappedMatrix(path, shape=SHAPE, dtype=dtype) as matrix:
        assert matrix.dtype == np.dtype(dtype)
        assert np.array_equal(matrix, values)
        rows = np.empty((4, 5), dtype)
        matrix.read_rows(9, rows)
        assert np.array_equal(rows, values[9:])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(arrays.basic_indices(SHAPE), st.integers(-9, 9)), max_size=6),
    st.lists(arrays.integer_array_indices(SHAPE), max_size=2),
)
def test_indexing_is_numpys_and_rows_written_are_valid_after_a_flush(tmp_path_factory, basic, integers):
    path = tmp_path_factory.mktemp("indexed") / "a.matrix"
    model, written = np.zeros(SHAPE), np.zeros(SHAPE, bool)
    with MappedMatrix.create(path, SHAPE) as matrix:
        for number, key in enumerate([key for key, _ in basic] + integers):
            matrix[key] = number
            model[key] = number
            written[key] = True
            assert np.array_equal(matrix[key], model[key])
            assert not matrix.valid.any()
    with MappedMatrix(path) as matrix:
        assert np.array_equal(matrix.array, model)
        assert np.array_equal(matrix.valid, written.any(axis=1))


def test_masks_touch_their_rows(made):
    mask = np.zeros(SHAPE, bool)
    mask[[2, 7], 3] = True
    with MappedMatrix(made, "r+") as matrix:
        matrix[mask] = -1
        assert np.flatnonzero(~matrix.valid).tolist() == [2, 7]
        matrix[mask.any(axis=1), 0] = -1
        assert matrix.array.sum() == np.arange(65).sum() - 13 - 38 - 10 - 35 - 4


def test_a_valid_row_is_not_while_it_is_written_to(made):
    with MappedMatrix(made, "r+") as matrix:
        before = matrix.version
        matrix[3] = 0
        assert np.flatnonzero(~matrix.valid).tolist() == [3]
        assert matrix.version != before
        with MappedMatrix(made) as reader:
            assert np.flatnonzero(~reader.valid).tolist() == [3]
        matrix.flush()
        assert matrix.valid.all()


def test_a_write_that_fails_leaves_its_rows_not_valid(made):
    with MappedMatrix(made, "r+") as matrix:
        with pytest.raises(ValueError, match="broadcast"):
            matrix[3:5] = np.ones(4)
        assert np.flatnonzero(~matrix.valid).tolist() == [3, 4]
        with pytest.raises(IndexError):
            matrix[99] = 1
    with MappedMatrix(made) as matrix:
        assert np.flatnonzero(~matrix.valid).tolist() == [3, 4]


def test_an_exception_in_the_block_leaves_out_what_was_not_flushed(made):
    def fail():
        with MappedMatrix(made, "r+") as matrix:
            matrix[1] = 5
            matrix.flush()
            matrix[2] = 5
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    MappedMatrix(made, "r+").close()  # the lock is free again
    with MappedMatrix(made) as matrix:
        assert np.flatnonzero(~matrix.valid).tolist() == [2]


def test_views_and_read_only_matrices_cannot_be_written_to(made):
    with MappedMatrix(made, "r+") as matrix, pytest.raises(ValueError, match="read-only"):
        matrix[0][0] = 1
    with MappedMatrix(made) as matrix:
        with pytest.raises(ValueError, match="got a write in mode 'r', allowed: writes in mode 'r\\+'"):
            matrix[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            matrix.array[0] = 1
        matrix.flush()


def test_nothing_works_after_close_but_views(made):
    matrix = MappedMatrix(made, "r+")
    view = matrix[4]
    matrix.close()
    matrix.close()
    assert np.array_equal(view, np.arange(20, 25))
    uses = (
        lambda: matrix[0],
        lambda: matrix.array,
        lambda: matrix.valid,
        lambda: matrix.version,
        lambda: matrix.__setitem__(0, 1),
        lambda: matrix.read_rows(0, np.empty((1, 5))),
        lambda: np.asarray(matrix),
        matrix.flush,
        matrix.evict,
        matrix.__enter__,
    )
    for use in uses:
        with pytest.raises(ValueError, match="got use after close"):
            use()


def test_copies_are_copies(made):
    with MappedMatrix(made) as matrix:
        assert np.array(matrix).flags.writeable
        assert np.asarray(matrix, np.float32).dtype == np.float32
        if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
            with pytest.raises(ValueError, match="copy=False"):
                np.array(matrix, np.float32, copy=False)


@pytest.mark.parametrize(
    ("first", "out", "message"),
    [
        (0, np.empty((1, 4)), "allowed: \\(rows, 5\\)"),
        (0, np.empty((1, 5), np.float32), "float32"),
        (0, np.empty((5, 2)).T, "contiguous"),
        (0, np.empty((2, 10))[:, ::2], "contiguous"),
        (12, np.empty((2, 5)), "got rows 12 to 14, allowed: 0 to 13"),
        (-1, np.empty((2, 5)), "got rows -1"),
    ],
)
def test_reading_into_what_does_not_fit(made, first, out, message):
    with MappedMatrix(made) as matrix, pytest.raises(ValueError, match=message):
        matrix.read_rows(first, out)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"shape": (5, 13)}, "got shape \\(13, 5\\), allowed: \\(5, 13\\)"),
        ({"dtype": np.float32}, "got dtype float64, allowed: float32"),
        ({"mode": "w"}, "got mode 'w', allowed: 'r', 'r\\+'"),
    ],
)
def test_another_shape_or_dtype_than_expected_is_refused(made, expected, message):
    with pytest.raises(ValueError, match=message):
        MappedMatrix(made, **expected)


def with_bytes(path, offset, data):
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


DAMAGES = {
    "shorter": (lambda path: os.truncate(path, path.stat().st_size - 1), "got 12807 bytes, allowed: 12808"),
    "longer": (lambda path: os.truncate(path, path.stat().st_size + 1), "got 12809 bytes, allowed: 12808"),
    "empty": (lambda path: os.truncate(path, 0), "got a file that begins with b''"),
    "cut in the header": (lambda path: os.truncate(path, 50), "got a header of 50 bytes"),
    "another file": (lambda path: path.write_text("x" * 9999), "got a file that begins with b'xxxxxxxx'"),
    "another version": (lambda path: with_bytes(path, 8, b"\x02"), "got version 2 of the format, allowed: 1"),
    "damaged header": (lambda path: with_bytes(path, 30, b"\x07"), "checksum is wrong"),
    "damaged records": (lambda path: with_bytes(path, 4096, b"\x11" * 8192), "two damaged records"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_what_is_no_matrix_is_refused(made, damage, mode):
    change, message = DAMAGES[damage]
    change(made)
    with pytest.raises(ValueError, match=message) as caught:
        MappedMatrix(made, mode)
    assert str(made) in str(caught.value)
    made.unlink()  # nothing has it open, not on Windows either


@given(st.integers(1, 99), st.data())
def test_a_torn_record_leaves_the_one_before(rows, data):
    valid = data.draw(arrays.arrays(bool, (2, rows)))
    old, new = (Record(number, bits) for number, bits in zip((6, 7), valid, strict=True))
    cut = data.draw(st.integers(0, len(new.pack())))
    torn = new.pack()[:cut] + Record(5, ~valid[1]).pack()[cut:]
    found = newest([Record.unpack(old.pack(), rows), Record.unpack(torn, rows)])
    assert found.number in ((7,) if torn == new.pack() else (5, 6))
    if found.number != 5:
        assert np.array_equal(found.valid, valid[found.number - 6])


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (-1, 3), (5,), (1, 2, 3)])
def test_shapes_that_are_none(path, shape):
    with pytest.raises(ValueError, match="allowed: \\(rows, columns\\), both at least 1"):
        MappedMatrix.create(path, shape)


@pytest.mark.parametrize("dtype", ["O", "U3", "M8[s]", [("a", "f8")]], ids=str)
def test_dtypes_that_are_no_numbers(path, dtype):
    with pytest.raises(ValueError, match="allowed: booleans, integers, floats and complex numbers"):
        MappedMatrix.create(path, SHAPE, dtype)
    assert not list(path.parent.iterdir())


def test_one_writer_at_a_time(made):
    with MappedMatrix(made, "r+"):
        with pytest.raises(BlockingIOError):
            MappedMatrix(made, "r+")
        with pytest.raises(BlockingIOError):
            MappedMatrix.create(made, SHAPE, overwrite=True)
        program = "import sys; from reference_impl.memory.mapped_matrix import MappedMatrix as M; M(sys.argv[1], 'r+')"
        done = subprocess.run(
            [sys.executable, "-c", program, made], capture_output=True, text=True, check=False
        )
        assert "BlockingIOError" in done.stderr
        with MappedMatrix(made) as reader:
            assert reader.valid.all()
    MappedMatrix(made, "r+").close()


def test_an_old_file_is_replaced_only_when_asked(made):
    with pytest.raises(FileExistsError, match="overwrite=False"):
        MappedMatrix.create(made, (2, 2))
    with MappedMatrix(made) as matrix:
        assert matrix.shape == SHAPE
    with MappedMatrix.create(made, (2, 2), overwrite=True) as matrix:
        assert matrix.shape == (2, 2)
    assert [file.name for file in made.parent.iterdir()] == [made.name]


FULL_DISK = """
import errno, resource, sys
from reference_impl.memory.mapped_matrix import MappedMatrix
if sys.argv[2] == "zeros":
    import os
    del os.posix_fallocate  # as on macOS
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    MappedMatrix.create(sys.argv[1], (1000, 1000), overwrite=True)
except OSError as error:
    assert error.errno == errno.EFBIG and error.filename == sys.argv[1], error
    print("full")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files, which Windows cannot")
@pytest.mark.parametrize("way", ["reserved", "zeros"])
def test_a_full_disk_leaves_the_old_file_as_it_was(made, way):
    before = zlib.crc32(made.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, made, way], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("full\n", "")
    assert zlib.crc32(made.read_bytes()) == before
    assert [file.name for file in made.parent.iterdir()] == [made.name]


def test_the_disk_has_room_for_all_of_it(path):
    """Writing through a mapping to where the disk has no room would kill the process."""
    MappedMatrix.create(path, (512, 512)).close()
    if hasattr(os.stat_result, "st_blocks"):
        assert path.stat().st_blocks * 512 >= 512 * 512 * 8


def test_the_format_is_what_it_was(path):
    """Files outlive programs: a change here needs a new version."""
    MappedMatrix.create(path, (9, 2), ">c16").close()
    data = path.read_bytes()
    assert data[:12] == b"\x93MATRIX\n\x01\0\0\0"
    assert data[12:28].rstrip(b"\0") == b">c16"
    assert [int.from_bytes(data[i : i + 8], "little") for i in (28, 36)] == [9, 2]
    assert len(data) == 3 * 4096 + 9 * 2 * 16
    assert Header.unpack(data).offset == 3 * 4096


@contextmanager
def forked(in_child):
    """Runs ``in_child`` in a forked process, which then waits for the end of the block; yields what it answered."""
    answer, go_on = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(answer[1], repr(in_child()).encode())
        except BaseException as error:
            os.write(answer[1], f"{type(error).__name__}: {error}".encode())
        os.close(go_on[1])
        os.read(go_on[0], 1)
        os._exit(0)
    try:
        yield os.read(answer[0], 1000).decode()
    finally:
        for handle in (*answer, *go_on):
            os.close(handle)
        os.waitpid(child, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestForked:
    @pytest.mark.parametrize("way", ["write", "flush"])
    def test_it_does_not_write(self, made, way):
        with MappedMatrix(made, "r+") as matrix:
            matrix[1] = 5
            write = matrix.flush if way == "flush" else partial(matrix.__setitem__, 2, 7)
            with forked(write) as answer:
                assert f"ValueError: {made}: got a write in process" in answer
            assert np.flatnonzero(~matrix.valid).tolist() == [1]

    def test_its_close_flushes_nothing_and_leaves_the_lock(self, made):
        with MappedMatrix(made, "r+") as matrix:
            matrix[1] = 5
            before = matrix.version
            with forked(matrix.close) as answer:
                assert answer == "None"
                with pytest.raises(BlockingIOError):
                    MappedMatrix(made, "r+")
                with MappedMatrix(made) as reader:
                    assert reader.version == before

    def test_it_keeps_no_lock(self, made):
        matrix = MappedMatrix(made, "r+")
        with forked(lambda: 1):
            matrix.close()
            MappedMatrix(made, "r+").close()

    def test_it_reads_beside_the_other(self, made):
        """One position in the file, for both, would give the rows of the other."""

        def read():
            row = np.empty((1, 5))
            for number in range(2_000):
                matrix.read_rows(number % 13, row)
                if row[0, 0] != number % 13 * 5:
                    return row
            return None

        with MappedMatrix(made) as matrix, forked(read) as answer:
            assert (read(), answer) == (None, "None")


@pytest.mark.parametrize("content", [b"precious", "a matrix", "a folder"])
def test_what_has_the_name_of_a_half_made_file_stays(path, content):
    part = path.with_name(path.name + ".part")
    if content == "a folder":
        part.mkdir()
    elif content == "a matrix":
        with MappedMatrix.create(part, SHAPE) as matrix:
            matrix[...] = 1
    else:
        part.write_bytes(content)
    with pytest.raises(FileExistsError, match=r"a\.matrix\.part") as caught:
        MappedMatrix.create(path, SHAPE)
    assert caught.value.filename == str(path)
    assert part.exists()
    assert not path.exists()


def test_what_a_killed_maker_left_is_taken_over(path):
    part = path.with_name(path.name + ".part")
    MappedMatrix.create(part, SHAPE).close()
    whole = part.read_bytes()
    for left in (b"", bytes(5000), bytes(4096) + whole[4096:], whole):
        part.write_bytes(left)
        MappedMatrix.create(path, SHAPE, overwrite=True).close()
        assert not part.exists()


def test_a_folder_that_is_not_there_is_told_with_the_matrix(path):
    with pytest.raises(FileNotFoundError) as caught:
        MappedMatrix.create(path / "b.matrix", SHAPE)
    assert caught.value.filename == str(path / "b.matrix")
