from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_memguard.store.atomic import remove_leftovers, write_atomically
from pytest_memguard.store.errors import StoreError

posix = pytest.mark.skipif(os.name == "nt", reason="modes, links and devices of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old(tmp_path) -> Path:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    return path


def test_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "file.json", b"new")
    assert (tmp_path / "a" / "b" / "file.json").read_bytes() == b"new"


def test_a_name_of_the_greatest_length(tmp_path):
    write_atomically(tmp_path / ("é" * 125 + ".json"), b"new")
    assert len(names(tmp_path)) == 1


@posix
def test_mode_is_kept_and_that_of_a_new_file_is_the_users(old):
    old.chmod(0o640)
    write_atomically(old, b"new")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    mask = os.umask(0o027)
    try:
        write_atomically(old.with_name("other"), b"new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(old.with_name("other").stat().st_mode) == 0o640


@posix
def test_a_link_stays(old, tmp_path):
    link = tmp_path / "there" / "link.json"
    link.parent.mkdir()
    link.symlink_to(old)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert old.read_bytes() == b"new"
    assert names(link.parent) == ["link.json"]


@posix
def test_a_device_is_written_to_and_says_that_it_is_full():
    write_atomically(Path(os.devnull), b"new")
    if Path("/dev/full").exists():
        with pytest.raises(StoreError, match=r"^cannot write /dev/full: no space left on device$"):
            write_atomically(Path("/dev/full"), b"new")
        assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("function", ["write", "fsync"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "I/O error")]
)
def test_a_disk_that_fails_leaves_the_old_file_alone(old, monkeypatch, function, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(StoreError, match=f"^cannot write .*: {error.strerror.lower()}$"):
        write_atomically(old, b"new")
    assert old.read_bytes() == b"old"
    assert names(old.parent) == ["file.json"]


def test_a_disk_that_takes_a_few_bytes_at_a_time(old, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    write_atomically(old, b"a long text")
    assert old.read_bytes() == b"a long text"


def test_an_interrupt_leaves_nothing_behind(old, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(old, b"new")
    assert old.read_bytes() == b"old"
    assert names(old.parent) == ["file.json"]


@posix
def test_a_file_system_that_cannot_sync_folders_is_no_failure(old, monkeypatch):
    fsync = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write_atomically(old, b"new")
    assert old.read_bytes() == b"new"


def test_a_folder_in_the_place_of_the_file(tmp_path):
    with pytest.raises(StoreError, match=r"^cannot write"):
        write_atomically(tmp_path, b"new")
    assert not names(tmp_path)


def in_a_process(program: str, *arguments: object) -> str:
    """The output of a program, for limits that a process cannot take back."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


_TRY = """
try:
    write_atomically(Path(sys.argv[1]), b"x" * 100_000)
except StoreError as error:
    print(error)
"""
_IMPORTS = """
import os, sys
from pathlib import Path
from pytest_memguard.store.atomic import write_atomically
from pytest_memguard.store.errors import StoreError
"""


@posix
def test_a_limit_on_file_sizes(old):
    limit = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""
    assert in_a_process(_IMPORTS + limit + _TRY, old) == f"cannot write {old}: file too large"
    assert old.read_bytes() == b"old"
    assert names(old.parent) == ["file.json"]


@posix
def test_a_read_only_folder(old):
    folder = old.parent
    for parent in (folder, *folder.parents[:2]):  # pytest's own folders are for their owner alone
        parent.chmod(0o755)
    folder.chmod(0o555)
    try:
        drop_root = "if os.geteuid() == 0:\n    os.setgid(65534)\n    os.setuid(65534)\n"
        assert in_a_process(_IMPORTS + drop_root + _TRY, old) == f"cannot write {old}: permission denied"
    finally:
        folder.chmod(0o755)
    assert old.read_bytes() == b"old"
    assert names(folder) == ["file.json"]


def test_leftovers_of_this_file_alone_are_removed(old):
    for name in (".file.json.0123456789ab.tmp", ".other.json.0123456789ab.tmp", "file.json.tmp"):
        (old.parent / name).write_text("")
    remove_leftovers(old)
    assert names(old.parent) == [".other.json.0123456789ab.tmp", "file.json", "file.json.tmp"]
