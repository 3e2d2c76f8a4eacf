"""What pytest holds on the test's behalf until the test is over."""

from __future__ import annotations

import logging
import sys
import warnings
from unittest.mock import patch

import pytest

from zoo.case import KIB, State, lookalike

_LOGGER = logging.getLogger("zoo.application")


class _Settings:
    level = 1


def _log_everything(state: State) -> None:
    _LOGGER.setLevel(logging.DEBUG)


def _show_every_warning(state: State) -> None:
    warnings.simplefilter("always")


@lookalike("python", held_by_pytest=True, prepare=_log_everything)
def log_records(state: State) -> None:
    _LOGGER.info("step %d of %s", state.number, "many")


@lookalike("python", held_by_pytest=True, prepare=_log_everything)
def long_log_records(state: State) -> None:
    _LOGGER.warning("state: %s", "x" * 10 * KIB)


@lookalike("python", held_by_pytest=True, prepare=_log_everything)
def many_log_records(state: State) -> None:
    for step in range(200):
        _LOGGER.debug("step %d", step)


@lookalike("python", held_by_pytest=True, fixtures=("caplog",))
def log_records_asked_for(state: State) -> None:
    with state.caplog.at_level(logging.DEBUG, logger=_LOGGER.name):
        _LOGGER.debug("step %d", state.number)


@lookalike("python")
def long_output(state: State) -> None:
    sys.stdout.write("x" * 79 * KIB + "\n")


@lookalike("python")
def many_lines_of_output(state: State) -> None:
    for line in range(1000):
        sys.stdout.write(f"line {line} of {state.number}\n")


@lookalike("python", held_by_pytest=True, fixtures=("capsys",))
def output_captured_in_memory(state: State) -> None:
    sys.stdout.write("x" * 10 * KIB + "\n")


@lookalike("python", fixtures=("capsys",))
def output_captured_and_read(state: State) -> None:
    sys.stdout.write("x" * 10 * KIB + "\n")
    assert len(state.capsys.readouterr().out) == 10 * KIB + 1


@lookalike("python", held_by_pytest=True, prepare=_show_every_warning)
def warnings_shown(state: State) -> None:
    warnings.warn("the old name goes away", UserWarning, stacklevel=1)


@lookalike("python")
def warnings_ignored(state: State) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("the old name goes away", UserWarning, stacklevel=1)


@lookalike("python")
def pytest_raises(state: State) -> None:
    table = bytes(100 * KIB)
    with pytest.raises(ValueError, match=r"number \d+"):
        raise ValueError(f"number {state.number} of {len(table)}")


@lookalike("python")
def pytest_warns(state: State) -> None:
    with pytest.warns(UserWarning, match="old"):
        warnings.warn(f"old {state.number}", UserWarning, stacklevel=1)


@lookalike("python")
def pytest_approx(state: State) -> None:
    assert pytest.approx([0.3] * 100) == [0.1 + 0.2] * 100


@lookalike("python", held_by_pytest=True, fixtures=("monkeypatch",))
def monkeypatch_undone_later(state: State) -> None:
    state.monkeypatch.setattr(_Settings, "level", state.number)
    state.monkeypatch.setenv("ZOO_LEVEL", "7")


@lookalike("python", fixtures=("monkeypatch",))
def monkeypatch_undone_at_once(state: State) -> None:
    with state.monkeypatch.context() as patched:
        patched.setattr(_Settings, "level", state.number)


@lookalike("python")
def mock_in_a_patch(state: State) -> None:
    with patch.object(_Settings, "level") as level:
        level(bytes(KIB))


@lookalike("python", fixtures=("tmp_path",))
def files_in_tmp_path(state: State) -> None:
    path = state.tmp_path / "result.bin"
    path.write_bytes(bytes(100 * KIB))
    assert len(path.read_bytes()) == 100 * KIB


@lookalike("python", held_by_pytest=True, fixtures=("record_property",))
def properties_recorded(state: State) -> None:
    state.record_property("number", state.number)


@lookalike("python", held_by_pytest=True, fixtures=("request",))
def finalizers_added(state: State) -> None:
    state.request.addfinalizer(lambda: None)
