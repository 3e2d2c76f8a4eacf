"""The suites over the versions that are supported. ``nox`` runs everything, ``nox -l`` lists the sessions.

Interpreters are taken from PATH; one that is missing skips its sessions and says so. Arguments after ``--`` go to
pytest: ``nox -s tests -- tests/plugin -x``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MIDDLE = "3.11"
FREE_THREADED = "3.14t"
# The newest pytest everywhere, the older ones once.
PYTESTS = [*((python, "newest") for python in PYTHONS), (MIDDLE, "9.0"), (MIDDLE, "8.4")]
WITHOUT_EXTRAS = (
    "tests/gate", "tests/model", "tests/plugin", "tests/probes", "tests/stats", "tests/store",
    "tests/reports", "tests/cli",
)  # fmt: skip
NEEDED_BY_TESTS = (
    "hypothesis",
    "scipy",
    "pytest-asyncio",
    "pytest-rerunfailures",
    "pytest-xdist",
    "anyio",
    "trio",
)
GUARDED = """
import pytest

KEPT = []

@pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
def test_within():
    assert len(bytearray(100_000)) == 100_000

@pytest.mark.memory_budget(peak="1 MiB")
def test_spikes():
    bytearray(3 * 2**20)

@pytest.mark.memory_budget(leak="0 B")
def test_leaks():
    KEPT.append(bytearray(100_000))
"""


def run_pytest(session: nox.Session, *default: str, env: dict[str, str] | None = None) -> None:
    session.run("python", "-m", "pytest", *(session.posargs or default), env=env)


@nox.session
@nox.parametrize("python,pytest", PYTESTS)
def tests(session: nox.Session, pytest: str) -> None:
    """The whole suite: the newest pytest on every Python, older ones on one."""
    wanted = "pytest" if pytest == "newest" else f"pytest=={pytest}.*"
    session.install("-e", ".[dev]", "--upgrade-strategy", "eager", wanted)
    session.run("python", "-m", "pytest", "--version")
    run_pytest(session, "-n", "2", "--ignore", "tests/guarded", "tests")


@nox.session(python=PYTHONS[0])
def minimal(session: nox.Session) -> None:
    """The required dependencies alone, each at the lowest version that is declared."""
    lowest = [requirement.replace(">=", "==") for requirement in PYPROJECT["dependencies"]]
    session.install(*lowest, *NEEDED_BY_TESTS)
    session.install("--no-deps", "-e", ".")
    session.run("python", "-m", "pip", "list")
    run_pytest(session, *WITHOUT_EXTRAS)  # without -n: the oldest pytest-benchmark warns beside xdist


@nox.session(python=FREE_THREADED)
def free_threaded(session: nox.Session) -> None:
    """Pools where no lock of the interpreter keeps threads apart: against their models, and from eight at once."""
    session.install("-e", ".", "hypothesis", "pytest-asyncio")
    session.run("python", "-c", "import sys; print(sys.version, sys._is_gil_enabled())")
    run_pytest(session, "tests/reference_impl/memory", env={"PYTHON_GIL": "0"})


@nox.session(python=MIDDLE)
def lint(session: nox.Session) -> None:
    """Style, arrows between the rooms, types."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("mypy")


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """What is built holds the package alone, and guards tests where it is installed."""
    session.install("build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder, str(ROOT))
        (built,) = Path(folder).glob("*.whl")
        check_content(session, built)
        session.run("python", "-m", "venv", f"{folder}/venv")
        python = str(Path(folder, "venv", "Scripts" if sys.platform == "win32" else "bin", "python"))
        session.run(python, "-m", "pip", "install", "--quiet", str(built), external=True)
        check_installed(session, python, Path(folder, "suite"))


def check_content(session: nox.Session, built: Path) -> None:
    names = zipfile.ZipFile(built).namelist()
    rooms = {name.partition("/")[0] for name in names}
    strangers = {room for room in rooms if room != "pytest_memguard" and not room.endswith(".dist-info")}
    if strangers or "pytest_memguard/py.typed" not in names:
        session.error(
            f"{built.name} holds {', '.join(sorted(rooms))}; wanted: pytest_memguard with py.typed alone"
        )


def check_installed(session: nox.Session, python: str, suite: Path) -> None:
    """Both broken budgets fail, the kept one passes, and nothing fails without --memguard."""
    suite.mkdir()
    (suite / "test_guarded.py").write_text(GUARDED)
    with session.chdir(suite):
        command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider")
        session.run(*command, external=True)
        told = session.run(*command, "--memguard", external=True, silent=True, success_codes=[1])
        if "2 failed, 1 passed" not in str(told):
            session.error(f"wanted 2 failed, 1 passed; got\n{told}")
        if memguard := shutil.which("memguard", path=str(Path(python).parent)):
            session.run(memguard, "--help", external=True, silent=True)
        else:
            session.error("the command memguard was not installed")
