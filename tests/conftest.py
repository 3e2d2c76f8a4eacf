"""What every test may use."""

from __future__ import annotations

import os

pytest_plugins = ["pytester"]

# Tests start pytest themselves. It is no worker of the run that they belong to, though xdist's variables say so, and
# pytest-benchmark would not time anything.
for _name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
    os.environ.pop(_name, None)
