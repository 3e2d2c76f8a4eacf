from __future__ import annotations

import os
import re
import subprocess
import sys

import click
import pytest

from pytest_memguard import __version__
from pytest_memguard.cli import group
from pytest_memguard.timing.errors import Terminated
from tests.cli.samples import invoke, measured, memguard, result, run_of, saved

COMMAND = [sys.executable, "-c", "from pytest_memguard.cli import main; main()"]


def test_version():
    assert memguard("--version").stdout.strip() == f"memguard, version {__version__}"


@pytest.mark.parametrize("arguments", [["--help"], ["baseline", "--help"]])
def test_help_is_no_error(arguments):
    done = memguard(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.search(r"^Commands:$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("arguments", [[], ["baseline"]])
def test_no_command_is_wrong_use_with_help(arguments):
    done = memguard(*arguments)
    assert done.exit_code == 2
    assert "Commands:" in done.stdout


@pytest.mark.parametrize("name", group._COMMANDS)
def test_every_command_has_help(name):
    done = memguard(name, "--help")
    assert done.exit_code == 0
    assert f"Usage: main {name}" in done.stdout or f"Usage: memguard {name}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["compar"], "no such command 'compar'"),
        (["--nope"], "no such option:? '?--nope'?"),
        (["compare", "a.json"], "missing argument 'B.json'"),
        (["merge", "a.json"], "missing option '-o' / '--output'"),
        (["baseline", "nope"], "no such command 'nope'"),
    ],
)
def test_wrong_use_is_one_sentence(arguments, complaint):
    done = memguard(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert re.fullmatch(rf"memguard: {complaint}.*; see .* --help\n", done.stderr)


def command_that_raises(error):
    @click.command(name="fail")
    def fail():
        raise error

    main = group._Main(package="none", names=(), name="memguard")
    main.get_command = lambda ctx, name: fail
    return main


@pytest.mark.parametrize(
    ("error", "exit_code", "end"),
    [
        (KeyboardInterrupt(), 4, "memguard: interrupted\n"),
        (Terminated("SIGTERM"), 4, "memguard: ended by SIGTERM\n"),
        (click.ClickException("no file"), 2, "memguard: no file\n"),
        (ZeroDivisionError("x"), 4, "ZeroDivisionError: x\nmemguard: this is a bug of pytest-memguard\n"),
    ],
)
def test_nothing_else_passes_for_a_regression(error, exit_code, end):
    done = invoke(command_that_raises(error), "fail")
    assert done.exit_code == exit_code
    assert done.stderr.endswith(end)


def test_importing_it_costs_little():
    program = "import sys, pytest_memguard.cli; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"rich", "msgspec", "numpy", "pytest", "psutil", "pytest_memguard.reports"}
    assert not heavy & set(done.stdout.split())


@pytest.fixture
def many(tmp_path):
    return saved(tmp_path, "run.json", run_of(*(result(f"t.py::t[{n}]", measured()) for n in range(5000))))


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_leaves_gets_no_traceback(many):
    with subprocess.Popen(
        [*COMMAND, "compare", many, many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 4


def test_a_full_disk_gets_no_traceback(many):
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*COMMAND, "compare", many, many], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 4
    assert done.stderr == "memguard: cannot write: No space left on device\n"


def test_names_that_the_terminal_cannot_show(tmp_path):
    path = saved(tmp_path, "run.json", run_of(result("t.py::t[é→]", measured())))
    done = subprocess.run(
        [*COMMAND, "compare", path, path],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0, done.stderr
    assert b"t.py::t[\xe9\\u2192]" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_colors_are_for_terminals_alone(tmp_path):
    a = saved(tmp_path, "a.json", run_of(result("t", measured())))
    b = saved(tmp_path, "b.json", run_of(result("t", measured(value=1))))

    def on_a_terminal(**environment):
        import pty

        leader, follower = pty.openpty()
        environment = {"TERM": "xterm", "PATH": os.environ["PATH"], **environment}
        command = [*COMMAND, "compare", a, b]
        done = subprocess.run(command, stdout=follower, stderr=follower, check=False, env=environment)
        os.close(follower)
        assert done.returncode == 0
        output = os.read(leader, 100_000)
        os.close(leader)
        return output

    assert b"\x1b[32m" in on_a_terminal()
    assert b"\x1b[32m" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in memguard("compare", a, b).stdout
