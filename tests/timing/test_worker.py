"""What runs inside a timed process, without the process."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from time import perf_counter, sleep
from types import ModuleType, SimpleNamespace

import pytest

from pytest_memguard.timing.worker import plugin
from pytest_memguard.timing.worker.controls import CONTROLS, Control
from pytest_memguard.timing.worker.outcome import error_place, outcome_of
from pytest_memguard.timing.worker.stand import Stand
from pytest_memguard.timing.worker.stopwatch import Stopwatch
from pytest_memguard.timing.worker.work import Calls, Rounds


@pytest.mark.parametrize("given", [((), {}), ((1,), {}), ((), {"value": 2})])
def test_calls_are_counted(given):
    args, kwargs = given
    calls = []
    work = Calls(lambda value=0: calls.append(value) or value, args, kwargs)
    work.time(1, Stopwatch())
    work.time(5, Stopwatch())
    assert len(calls) == 6
    assert work.result() == calls[0] == (*args, *kwargs.values(), 0)[0]
    assert len(calls) == 7


def test_a_slow_function_is_not_called_again_for_its_result(monkeypatch):
    monkeypatch.setattr("pytest_memguard.timing.worker.work._TOO_SLOW_FOR_ONE_MORE", 0.001)
    calls = []
    work = Calls(lambda: (sleep(0.002), calls.append(1)) and len(calls), (), {})
    work.time(3, Stopwatch())
    assert work.result() == 1
    assert len(calls) == 3


def test_setup_and_teardown_are_not_timed():
    work = Rounds(
        lambda value: value, setup=lambda: (sleep(0.01), ((7,), {}))[1], teardown=lambda value: sleep(0.01)
    )
    start = perf_counter()
    seconds = work.time(3, Stopwatch())
    assert perf_counter() - start > 0.06
    assert seconds < 0.01
    assert work.result() == 7


def test_iterations_are_one_repetition():
    calls = []
    work = Rounds(lambda: calls.append(1), iterations=10)
    work.time(3, Stopwatch())
    assert len(calls) == 30


def test_arguments_from_two_places():
    with pytest.raises(TypeError, match="if `setup` returns"):
        Rounds(print, (1,), setup=lambda: ((2,), {})).time(1, Stopwatch())


class Script:
    """Orders, and what was told."""

    def __init__(self, *orders):
        self.orders, self.told = list(orders), []

    def tell(self, event, **facts):
        self.told.append((event, facts))

    def hear(self):
        return self.orders.pop(0)


def test_slices_are_quiet_and_leave_everything_as_it_was():
    states = []
    tracer, enabled = sys.gettrace(), gc.isenabled()
    script = Script({"do": "slice", "batches": 3, "size": 2}, {"do": "end"})
    work = Calls(lambda: states.append((gc.isenabled(), sys.gettrace(), sys.getprofile())), (), {})
    slices = Stand(script).serve(work)
    assert states == [(False, None, None)] * 6
    assert (sys.gettrace(), gc.isenabled(), gc.get_freeze_count()) == (tracer, enabled, 0)
    assert [event for event, _ in script.told] == ["ready", "sliced"]
    assert 0 < script.told[1][1]["fastest"] <= script.told[1][1]["mean"] == slices[0]


def test_a_call_that_raises_leaves_the_collector_on():
    script = Script({"do": "slice", "batches": 1, "size": 1})
    with pytest.raises(ZeroDivisionError):
        Stand(script).serve(Calls(lambda: 1 / 0, (), {}))
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("kernel", CONTROLS.values(), ids=CONTROLS)
def test_controls_are_neither_free_nor_slow(kernel):
    work = Control(kernel)
    assert 1e-5 < min(work.time(1, Stopwatch()) for _ in range(5)) < 0.02
    assert work.result() == work.result()


def test_where_an_error_came_from():
    with pytest.raises(SyntaxError) as broken:
        compile("def (", "/somewhere/code.py", "exec")
    assert error_place(broken.value)[:2] == ("/somewhere/code.py", "SyntaxError")
    with pytest.raises(KeyError) as missing:
        {}["a\nb"]
    assert error_place(missing.value) == (__file__, "KeyError", "KeyError: 'a\\nb'")


@pytest.fixture
def checkout(tmp_path):
    """Beside a tree of it, with an environment and another checkout within."""
    places = ("src/a.py", ".venv/lib/site-packages/b.py", "more/other/src/c.py")
    for folder, names in (("checkout", places), ("both/tree", ("src/a.py",))):
        for path in (tmp_path / folder / name for name in names):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    checkouts = [str(tmp_path / "checkout"), str(tmp_path / "checkout" / "more" / "other")]
    return tmp_path / "checkout", {"checkouts": checkouts, "tree": str(tmp_path / "both" / "tree")}


def test_an_editable_install_becomes_that_of_the_tree(checkout):
    top, given = checkout
    tree = given["tree"]
    for entry, expected in (
        (top / "src", f"{tree}/src"),
        (top / "more/other/src", f"{tree}/src"),
        (top / "gone", None),
        (top / ".venv/lib/site-packages", str(top / ".venv/lib/site-packages")),
        ("/usr/lib", "/usr/lib"),
    ):
        assert plugin._moved(str(entry), **given) == expected


def test_code_of_a_checkout_is_told_whatever_it_is_called(checkout, monkeypatch):
    top, given = checkout
    for name, path in (
        ("namespace.a", top / "src/a.py"),
        ("b", top / ".venv/lib/site-packages/b.py"),
        ("own", f"{given['tree']}/src/a.py"),
    ):
        module = ModuleType(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
    assert plugin._origins(["own"], **given) == {
        "namespace": str(top / "src/a.py"),
        "own": sys.modules["own"].__file__,
    }


def test_waiting_for_a_core_does_not_count_and_sleeping_does():
    watch = Stopwatch()
    watch.start()
    sleep(0.02)
    assert watch.stop() >= 0.0199
    if not hasattr(os, "sched_setaffinity") or watch._fd is None:
        pytest.skip("nobody counts here how long a thread waits for a core")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    rival = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        sleep(0.2)
        seconds, wall = [], []
        for _ in range(20):
            start = perf_counter()
            watch.start()
            sum(range(400_000))
            seconds.append(watch.stop())
            wall.append(perf_counter() - start)
    finally:
        rival.kill()
        rival.wait()
        os.sched_setaffinity(0, before)
        watch.close()
    assert min(seconds) > 0
    assert sum(seconds) < 0.8 * sum(wall)


@pytest.mark.parametrize(("given", "reason"), [("", "expected to fail"), ("not done yet", "not done yet")])
def test_a_failure_that_was_expected_has_a_reason_of_one_line(given, reason):
    text = "def test_x():\n>   assert 0\nE   assert 0"
    report = SimpleNamespace(failed=False, skipped=True, wasxfail=given, longrepr=text, when="call")
    assert outcome_of([report]) == ("skipped", reason)
