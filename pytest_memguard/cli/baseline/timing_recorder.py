"""Run as a program: time the benchmarks once, in this fresh process, and write down what they took."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.session.time_budget import uses_benchmark
from pytest_memguard.session.timing_reference import calibration_scores
from pytest_memguard.session.timing_sample import code_hash, sample_of

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["main"]


class _Recorder:
    def __init__(self, answer: Path) -> None:
        self._answer = answer
        self._rootdir = ""
        self._benchmarks: dict[str, dict[str, Any]] = {}
        self._troubles: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        self._rootdir = str(session.config.rootpath)
        items[:] = [item for item in items if uses_benchmark(item)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        outcome = yield
        sample = sample_of(item)
        if isinstance(sample, str):
            self._troubles[item.nodeid] = sample
        else:
            self._benchmarks[item.nodeid] = {
                "minimum": sample.minimum,
                "quartiles": sample.quartiles,
                "code": code_hash(item),
            }
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            message = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
            self._benchmarks.pop(report.nodeid, None)
            self._troubles[report.nodeid] = f"{report.when}: {message.splitlines()[0]}"

    def pytest_sessionfinish(self) -> None:
        content = {
            "rootdir": self._rootdir,
            "benchmarks": self._benchmarks,
            "troubles": self._troubles,
            "scores": calibration_scores(),
        }
        self._answer.write_text(json.dumps(content), encoding="utf-8")


def main(answer: str, *arguments: str) -> int:
    options = ["--no-memguard", "-p", "no:cacheprovider", "-q"]
    return pytest.main([*options, *arguments], plugins=[_Recorder(Path(answer))])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
