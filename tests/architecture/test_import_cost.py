"""Whoever has the plugin installed pays nothing for it until memguard is on."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = {
    "numpy", "msgspec", "psutil", "rich", "click", "cupy", "torch", "pynvml", "pytest_benchmark", "scipy",
    "tracemalloc",
}  # fmt: skip
_OWN = {
    "pytest_memguard", "pytest_memguard.plugin", "pytest_memguard.hookspecs", "pytest_memguard.session",
    "pytest_memguard.session.options",
}  # fmt: skip
_PROGRAM = """
import sys
import pytest
status = pytest.main([*sys.argv[1:], "-p", "no:cacheprovider"])
print("MODULES", *sorted(sys.modules))
raise SystemExit(status)
"""


def _modules(folder, monkeypatch, *arguments, plugin):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-c", _PROGRAM, *plugin, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    line = next(line for line in done.stdout.splitlines() if line.startswith("MODULES"))
    return set(line.split()[1:])


@pytest.mark.parametrize("arguments", [("--version",), ("test_unguarded.py", "--strict-markers")])
def test_nothing_heavy_is_imported(tmp_path, monkeypatch, arguments):
    (tmp_path / "test_unguarded.py").write_text(
        "import pytest\n@pytest.mark.memory_budget(peak='1 MiB')\ndef test_x(): pass\n"
    )
    base = () if "--strict-markers" not in arguments else ("-o", "markers=memory_budget")
    without = _modules(tmp_path, monkeypatch, *base, *arguments, plugin=())
    imported = _modules(tmp_path, monkeypatch, *arguments, plugin=("-p", "pytest_memguard.plugin")) - without
    own = {name for name in imported if name.partition(".")[0] == "pytest_memguard"}
    assert own <= _OWN
    others = {name.partition(".")[0] for name in imported - own}
    assert not others & _HEAVY
    assert others <= set(sys.stdlib_module_names)
