"""A pytest plugin that writes every test's outcomes, and the seconds of the test loop, to $OUTCOMES_FILE."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest


class Outcomes:
    def __init__(self):
        self.outcomes = {}
        self.wall_seconds = self.cpu_seconds = 0.0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self):
        wall, cpu = time.perf_counter(), time.process_time()
        result = yield
        self.wall_seconds, self.cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        return result

    def pytest_runtest_logreport(self, report):
        outcome = report.outcome + (" xfail" if hasattr(report, "wasxfail") else "")
        self.outcomes.setdefault(report.nodeid, []).append((report.when, outcome))

    def pytest_sessionfinish(self):
        Path(os.environ["OUTCOMES_FILE"]).write_text(json.dumps(vars(self)))


def pytest_configure(config):
    config.pluginmanager.register(Outcomes())
