"""Whatever happens, no worktree, no file and no process is left."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time

import pytest

from tests.timing.repositories import environment, processes_in

pytestmark = pytest.mark.slow

WAITING = """
import time

def test_waiting(benchmark):
    benchmark(time.sleep, 100)
"""


@contextlib.contextmanager
def _midway(process, has_come):
    """Waits until it ``has_come`` to where it takes long; behind the block it is ended."""
    try:
        deadline = time.monotonic() + 60
        while not has_come():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def waiting(sample):
    """A comparison in the middle of its first slice."""
    sample.commit({"calc.py": "", "test_calc.py": WAITING})
    sample.commit()
    # A shell starts what it puts into the background with SIGINT ignored, nohup with SIGHUP, and that is inherited.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        process = sample.start("ab", "--base", "HEAD~1")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    with _midway(process, lambda: _is_sleeping(sample.temp)):
        yield process


def _is_sleeping(temp) -> bool:
    """Base has come to its benchmark, so head's processes have long been started."""
    logs = list(temp.glob("memguard-ab-*/base.log"))
    return bool(logs) and "test_calc.py" in logs[0].read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(sample, waiting, number):
    waiting.send_signal(number)
    _, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 4
    assert "interrupted" in err or f"ended by {number.name}" in err
    sample.assert_untouched()


@pytest.fixture
def bisecting(sample, tmp_path):
    """A bisection that has asked both ends, in the middle of a commit whose test takes long."""
    test = "import pytest\nimport calc\n\n@pytest.mark.memory_budget(peak='1 MiB')\ndef test_one():\n    calc.work()\n"
    mark = str(tmp_path / "here")
    waiting = f"import time\ndef work():\n    open({mark!r}, 'w')\n    time.sleep(100)\n"
    sample.commit({"calc.py": "def work():\n    pass\n", "test_calc.py": test})
    sample.commit({"calc.py": waiting})
    sample.commit({"calc.py": "def work():\n    return bytearray(3 << 20)\n"})
    process = sample.start("bisect", "HEAD~2", "HEAD", "test_calc.py::test_one")
    with _midway(process, (tmp_path / "here").exists):
        yield process


def test_a_bisection_that_is_ended(sample, bisecting):
    bisecting.send_signal(signal.SIGTERM)
    out, err = bisecting.communicate(timeout=30)
    assert (bisecting.returncode, out) == (4, "")
    assert "ended by SIGTERM" in err
    sample.assert_untouched()


def test_a_driver_that_is_killed_takes_its_processes_along_and_the_next_one_tidies_up(sample, waiting):
    waiting.kill()
    waiting.communicate()
    deadline = time.monotonic() + 30
    while processes_in(sample.temp):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert sample.git("worktree", "list").count("\n") == 2
    sample.put(
        {"test_calc.py": "def test_new(benchmark):\n    benchmark(int)\n    import there\n", "there.py": ""}
    )
    assert sample.ab().returncode == 0
    sample.assert_untouched()


def test_processes_that_die_cost_their_benchmark_alone(sample):
    code = """
import os
import signal
import calc

def test_dies_on_head(benchmark):
    benchmark(lambda: calc.SIDE == "head" and os.kill(os.getpid(), signal.SIGSEGV))

def test_dies_on_base(benchmark):
    benchmark(lambda: calc.SIDE == "base" and os._exit(3))

def test_new(benchmark):
    benchmark(lambda: calc.NEW)
"""
    sample.commit({"calc.py": 'SIDE = "base"\n', "test_calc.py": code})
    sample.commit({"calc.py": 'SIDE = "head"\nNEW = 1\n'})
    done, found = sample.timed()
    assert done.returncode == 4
    assert "killed by SIGSEGV" in found["test_dies_on_head"]["reason"]
    assert found["test_dies_on_head"]["verdict"] == "could_not_run"
    assert "ends the process on base: its process ended with status 3" in found["test_dies_on_base"]["reason"]
    assert found["test_dies_on_base"]["verdict"] == "new"
    assert found["test_new"]["verdict"] == "new"
    sample.assert_untouched()


def test_a_process_that_dies_before_any_benchmark(sample):
    sample.commit({"calc.py": "", "test_calc.py": "def test_one(benchmark):\n    benchmark(int)\n"})
    sample.commit({"conftest.py": "import os\n\ndef pytest_collection_finish():\n    os._exit(9)\n"})
    done = sample.ab()
    assert done.returncode == 4
    assert "pytest collects nothing on head: its process ended with status 9" in done.stderr
    sample.assert_untouched()


def test_a_benchmark_that_hangs(sample):
    sample.commit({"calc.py": "", "test_calc.py": WAITING})
    sample.commit()
    done, found = sample.timed("--budget", "1s", "--grace", "1s")
    assert done.returncode == 0
    assert found["test_waiting"]["verdict"] == "inconclusive"
    assert "the budget of 0.0167 min was spent" in found["test_waiting"]["reason"]
    sample.assert_untouched()


def test_a_benchmark_too_slow_for_the_budget_takes_no_time_of_the_others(sample):
    test = WAITING.replace("100", "1.0") + "def test_quick(benchmark):\n    benchmark(sum, range(2000))\n"
    sample.commit({"calc.py": "", "test_calc.py": test})
    sample.commit()
    _, found = sample.timed("--budget", "30s")
    assert found["test_waiting"]["verdict"] == "inconclusive"
    assert len(found["test_waiting"]["pair_ratios"]) < 5
    assert len(found["test_quick"]["pair_ratios"]) >= 5
    reason = "the budget of 0.5 min has no room for the pairs it takes: more pairs would tell"
    assert found["test_waiting"]["reason"] == reason


def test_a_folder_that_may_not_be_written_to(sample):
    """What the benchmarks leave behind is in nobody's way."""
    code = "import os\n\ndef test_one(benchmark, tmp_path):\n    benchmark(int)\n"
    code += "    (tmp_path / 'in').mkdir()\n    (tmp_path / 'in' / 'a').touch()\n    (tmp_path / 'in').chmod(0o500)\n"
    code += "    os.mkdir('here')\n    os.chmod('here', 0)\n    assert os.path.exists('there.py')\n"
    sample.commit({"calc.py": "", "test_calc.py": code})
    sample.commit({"there.py": ""})
    done, found = sample.timed()
    assert found["test_one"]["verdict"] == "new", done.stdout
    sample.assert_untouched()


def test_a_full_disk(sample):
    if shutil.which("unshare") is None:
        pytest.skip("no unshare, to mount a small disk with")
    sample.commit({"calc.py": "", "large": "x" * 2**20, "test_calc.py": WAITING})
    sample.commit()
    small = f"mount -t tmpfs -o size=600k none {sample.temp} || exit 77; "
    process = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", small + 'exec "$@"', "sh", *sample.command("ab", "--base", "HEAD~1")],
        cwd=sample.path,
        env=environment(sample.temp),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, err = process.communicate(timeout=60)
    if process.returncode in {1, 77}:
        pytest.skip(f"a small disk cannot be mounted here: {err.strip()}")
    assert process.returncode == 4, err
    assert "cannot make the two trees" in err
    sample.assert_untouched()


def test_a_limit_of_file_size(sample):
    """Writing fails in the middle of a checkout, without a disk to mount."""
    sample.commit({"calc.py": "", "large": "x" * 2**20, "test_calc.py": WAITING})
    sample.commit()
    process = subprocess.Popen(
        ["sh", "-c", 'ulimit -f 512; exec "$@"', "sh", *sample.command("ab", "--base", "HEAD~1")],
        cwd=sample.path,
        env=environment(sample.temp, PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "cannot make the two trees" in err
    sample.assert_untouched()
