from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pytest_memguard.store import lock
from pytest_memguard.store.errors import StoreError
from pytest_memguard.store.lock import locked

_HOLD = """
import sys, time
from pathlib import Path
from pytest_memguard.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of ``tmp_path``."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_waiting_ends(tmp_path, holder):
    start = time.monotonic()
    with pytest.raises(StoreError) as error, locked(tmp_path, timeout_seconds=0.2):
        pytest.fail("two hold it")
    assert 0.2 <= time.monotonic() - start < 5
    assert str(error.value) == (
        f"another process has held the lock of {tmp_path} for 0.2 s: "
        "wait for its update to end, or end it, and run again"
    )


def test_a_lock_ends_with_its_process(tmp_path, holder):
    holder.kill()
    with locked(tmp_path, timeout_seconds=20):
        assert not list(tmp_path.iterdir())


def test_it_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        _ = 1 / 0
    with locked(tmp_path, timeout_seconds=0):
        pass


def test_nobody_holds_it_twice(tmp_path):
    with locked(tmp_path), pytest.raises(StoreError), locked(tmp_path, timeout_seconds=0):
        pass


def test_no_folder(tmp_path):
    with (
        pytest.raises(StoreError, match=r"^cannot lock .*none: no such file or directory$"),
        locked(tmp_path / "none"),
    ):
        pass


@pytest.fixture
def folders_cannot_be_locked(monkeypatch, tmp_path_factory):
    fcntl = pytest.importorskip("fcntl", reason="only POSIX locks folders")
    flock = fcntl.flock
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("tmp")))

    def files_only(descriptor, operation):
        if not lock._is_stand_in(descriptor):
            raise OSError(errno.EBADF, "Bad file descriptor")
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", files_only)


def test_where_folders_cannot_be_locked_a_file_elsewhere_stands_in(tmp_path, folders_cannot_be_locked):
    with locked(tmp_path):
        [stand_in] = Path(tempfile.gettempdir()).iterdir()
        assert stand_in.name.startswith("pytest-memguard-")
        with pytest.raises(StoreError, match="another process"), locked(tmp_path, timeout_seconds=0.05):
            pass
    with locked(tmp_path, timeout_seconds=0):
        assert not list(tmp_path.iterdir())


def test_a_system_without_locks_is_said(tmp_path, monkeypatch):
    def none(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", none)
    with pytest.raises(StoreError, match="no locks available"), locked(tmp_path):
        pass


def test_a_forked_child_does_not_keep_it(tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    with locked(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with locked(tmp_path, timeout_seconds=0):
        pass
    child.communicate(b"\n")
