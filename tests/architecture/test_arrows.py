"""The rooms of the house and the arrows between them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_arrows_go_down():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


def test_the_two_packages_do_not_know_each_other():
    for package, other in (("pytest_memguard", "reference_impl"), ("reference_impl", "pytest_memguard")):
        naming = [
            path for path in (ROOT / package).rglob("*.py") if other in path.read_text(encoding="utf-8")
        ]
        assert not naming


def test_every_room_states_what_it_is_for():
    silent = [
        path.relative_to(ROOT)
        for package in ("pytest_memguard", "reference_impl")
        for path in (ROOT / package).rglob("*.py")
        if not path.read_text(encoding="utf-8").lstrip().startswith(('"""', 'r"""'))
    ]
    assert not silent


@pytest.mark.parametrize("door", ["pytest_memguard", "pytest_memguard.extend", "pytest_memguard.testing"])
def test_public_doors_are_small_and_keep_what_they_promise(door):
    import importlib

    module = importlib.import_module(door)
    assert 0 < len(module.__all__) <= 16
    assert all(hasattr(module, name) for name in module.__all__)


def hatch():
    tomllib = pytest.importorskip("tomllib", reason="in the standard library from Python 3.11 on")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]


def test_the_wheel_is_told_to_hold_the_plugin_alone():
    assert hatch()["build"]["targets"]["wheel"]["packages"] == ["pytest_memguard"]


def test_the_sdist_is_told_to_hold_all_that_is_committed():
    assert "sdist" not in hatch()["build"]["targets"]  # then hatchling takes what .gitignore does not name


def test_links_of_the_readme_lead_somewhere_from_a_package_index_too():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for each in hatch()["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 10
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
