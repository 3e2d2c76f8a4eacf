"""Options, exit status and reports, over comparisons that were never made."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_memguard.cli.ab import progress, reports, running
from pytest_memguard.cli.ab.accepted import accepted_since
from pytest_memguard.model import Verdict
from pytest_memguard.model.timing import BenchmarkTiming, ControlTiming, DuetRun, TimingVerdict
from pytest_memguard.model.timing_baseline import Acceptance, MachineClass, Reference, TimingEntry
from pytest_memguard.stats.duet import LOOKS
from pytest_memguard.store import run_file, timing_baselines
from pytest_memguard.store.timing_baselines import Measured
from pytest_memguard.timing.census import Benchmark
from pytest_memguard.timing.errors import CouldNotRun, Terminated, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.pair import Timed
from pytest_memguard.timing.record import Record
from pytest_memguard.timing.settings import DuetSettings
from tests.cli.repository import Repository as History
from tests.cli.samples import memguard


def timing(verdict, name="one", **more) -> BenchmarkTiming:
    return BenchmarkTiming(
        nodeid=f"bench/test_a.py::test_{name}", file="bench/test_a.py", line=7, verdict=verdict, **more
    )


REGRESSED = timing(
    TimingVerdict.REGRESSED,
    "slow|er",
    reason="10.0 % slower than base (8.0 % to 12.0 %), threshold 5.0 %",
    base_seconds=0.001,
    head_seconds=0.0011,
    ratio=1.1,
    lower=1.08,
    upper=1.12,
    pair_ratios=(0.095,) * 10,
)
INCONCLUSIVE = timing(TimingVerdict.INCONCLUSIVE, "noisy", reason="too noisy for the threshold")
LOST = timing(TimingVerdict.COULD_NOT_RUN, "lost", reason="failed on head: assert 1 == 2")


def found(*benchmarks: BenchmarkTiming) -> DuetRun:
    return DuetRun(
        base="a" * 40,
        head="b" * 40 + "+",
        threshold=0.05,
        alpha=0.001,
        pairs=10,
        seconds=12.3,
        benchmarks=benchmarks,
        controls=(ControlTiming(name="loop", ratio=1.002, is_off=False),),
        notes=("the processes could not be pinned to one core: expect more noise",),
    )


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A repository, and a comparison that ends as it is told to."""
    asked = {}

    def comparing(repository, **given):
        asked.update(given, top=repository.top)
        if isinstance(asked["outcome"], BaseException):
            raise asked["outcome"]
        return asked["outcome"]

    monkeypatch.setattr(running, "compare", comparing)
    monkeypatch.setattr(Repository, "around", classmethod(lambda cls, folder: cls(folder)))
    monkeypatch.setattr(Repository, "commit", lambda _, name: f"<{name}>")
    monkeypatch.setattr(Repository, "fork_point", lambda _, base, head: f"{base} under {head}")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path.resolve())
    asked["outcome"] = found(timing(TimingVerdict.PASS))
    return asked


@pytest.mark.parametrize(
    ("benchmarks", "status", "strict_status"),
    [
        ((timing(TimingVerdict.PASS), timing(TimingVerdict.IMPROVED)), 0, 0),
        (
            (timing(TimingVerdict.NEW), timing(TimingVerdict.ACCEPTED), timing(TimingVerdict.NOT_MEASURED)),
            0,
            0,
        ),
        ((INCONCLUSIVE, timing(TimingVerdict.PASS)), 0, 3),
        ((LOST, INCONCLUSIVE), 4, 4),
        ((REGRESSED, LOST, INCONCLUSIVE), 1, 1),
    ],
)
def test_exit_status(here, benchmarks, status, strict_status):
    here["outcome"] = found(*benchmarks)
    assert memguard("ab", "--base", "main").exit_code == status
    assert memguard("ab", "--base", "main", "--strict").exit_code == strict_status


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            CouldNotRun("base does not import"),
            4,
            "could not run, which is no verdict on performance: base does",
        ),
        (WrongUse("pytest refuses: -z"), 2, "pytest refuses: -z"),
        (Terminated("SIGTERM"), 4, "ended by SIGTERM"),
        (KeyboardInterrupt(), 4, "interrupted"),
    ],
)
def test_what_ends_a_comparison_is_never_a_regression(here, error, status, said):
    here["outcome"] = error
    done = memguard("ab", "--base", "main")
    assert done.exit_code == status
    assert said in done.stderr


def test_options_arrive(here):
    options = ("--threshold", "2.5%", "--memguard-budget", "90s", "--threads", "2")
    memguard("ab", "--base", "main", *options, "--", "bench", "-k", "x")
    assert here["base"] == "<main> under <HEAD>"
    assert here["arguments"] == ("bench", "-k", "x")
    assert here["settings"] == DuetSettings(threshold=0.025, budget_seconds=90, threads=2)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--base", "x", "--threshold", "5"),
        ("--base", "x", "--threshold", "0%"),
        ("--base", "x", "--budget", "10"),
        ("--base", "x", "--budget", "soon"),
        ("--base", "x", "--looks", "3,5"),
        ("--base", "x", "--threads", "0"),
    ],
)
def test_wrong_options(here, arguments):
    assert memguard("ab", *arguments).exit_code == 2


def test_the_table(here):
    here["outcome"] = found(timing(TimingVerdict.PASS), REGRESSED, INCONCLUSIVE)
    lines = memguard("ab", "--base", "main").stdout.splitlines()
    assert lines[1].split() == [
        "bench/test_a.py::test_slow|er", "1", "ms", "1.1", "ms", "1.100", "1.080", "..", "1.120", "10", "regressed"
    ]  # fmt: skip
    assert "inconclusive: bench/test_a.py::test_noisy: too noisy for the threshold" in lines
    assert lines[-3] == (
        "3 benchmarks: 1 regressed, 1 inconclusive, 1 pass; 10 pairs in 12.3 s, base aaaaaaaaaaaa, head bbbbbbbbbbbb+"
    )
    assert lines[-2] == "controls, the same on both sides: loop +0.2 %"


def test_reports(here, tmp_path):
    here["outcome"] = found(
        REGRESSED, INCONCLUSIVE, LOST, timing(TimingVerdict.NOT_MEASURED, "skipped", reason="no GPU")
    )
    memguard("ab", "--base", "x", "--json", "run.json", "--markdown", "run.md", "--junit", "run.xml")
    content = json.loads((tmp_path / "run.json").read_text())
    assert content["timing"]["benchmarks"][0]["pair_ratios"] == [0.095] * 10
    assert content["timing"]["benchmarks"][0]["verdict"] == "regressed"
    loaded = run_file.load(tmp_path / "run.json")
    assert [test.verdict for test in loaded.tests] == [
        Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNAVAILABLE, Verdict.NOT_MEASURED
    ]  # fmt: skip
    (seconds,) = loaded.tests[0].measurements
    assert (seconds.probe, seconds.metric, seconds.value, seconds.baseline) == (
        "time",
        "seconds",
        0.0011,
        0.001,
    )
    assert seconds.reason.startswith("regressed: 10.0 % slower")
    text = (tmp_path / "run.md").read_text()
    assert (
        "| <code>bench/test_a.py::test_slow&#124;er</code> | 1 ms | 1.1 ms | 1.100 | 1.080 .. 1.120 | 10 | regressed |"
        in text
    )
    suite = ET.parse(tmp_path / "run.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1"
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite}
    assert cases["test_slow|er"].find("failure").get("message") == REGRESSED.reason
    assert cases["test_noisy"].find("system-out").text == "inconclusive: too noisy for the threshold"
    properties = {each.get("name"): each.get("value") for each in cases["test_slow|er"].iter("property")}
    assert properties["memguard.time.ratio"] == "1.1"
    assert properties["memguard.verdict"] == "regressed"


@pytest.mark.parametrize("option", ["--json", "--markdown", "--junit"])
def test_a_report_has_standard_output_for_itself(here, option):
    here["outcome"] = found(REGRESSED)
    memguard("ab", "--base", "x", option, "report")
    done = memguard("ab", "--base", "x", option, "-", "--github")
    assert done.stdout == Path("report").read_text()
    assert "1 benchmark: 1 regressed" in done.stderr
    assert "::error file=" in done.stderr
    assert memguard("ab", "--base", "x", option, "-", "--json", "-", "--markdown", "-").exit_code == 2


def test_github(here, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    here["outcome"] = found(REGRESSED, INCONCLUSIVE, LOST)
    out = memguard("ab", "--base", "x").stdout
    regressed = "line=7,title=memguard%3A bench/test_a.py%3A%3Atest_slow|er::regressed: 10.0 %25"
    lost = "line=7,title=memguard ab could not run::bench/test_a.py::test_lost: failed on head"
    # In this order, for GitHub shows ten of a kind.
    assert (
        -1
        < out.find(f"::error file=bench/test_a.py,{regressed}")
        < out.find(f"::error file=bench/test_a.py,{lost}")
    )
    assert "::warning file=bench/test_a.py,line=7" in out
    assert "test_lost: failed on head: assert 1 == 2 (this is not a performance verdict)" in out
    assert "### memguard ab" in (tmp_path / "summary").read_text()
    assert "::" not in memguard("ab", "--base", "x", "--no-github").stdout.replace("test_a.py::", "")
    here["outcome"] = CouldNotRun("no compiler")
    assert "::error title=memguard ab could not run::no compiler" in memguard("ab", "--base", "x").stdout


def test_drift_takes_the_recorded_commit_and_many_pairs(here, tmp_path):
    folder = tmp_path / "baselines"
    folder.mkdir()
    assert memguard("drift").exit_code == 4
    (folder / "timing.json").write_text('{"schema": 1, "reference": {"commit": "c0ffee"}}')
    assert memguard("drift", "--", "bench").exit_code == 0
    assert here["base"] == "<c0ffee>"
    assert here["arguments"] == ("bench",)
    assert here["settings"].looks == (30,)
    assert memguard("drift", "--base", "main", "--looks", "5,8").exit_code == 0
    assert (here["base"], here["settings"].looks) == ("<main>", (5, 8))
    (folder / "timing.json").write_text('{"schema": 1}')
    assert memguard("drift").exit_code == 4
    for content in ("{}", '{"schema": 1, "reference": 3}', "[]", "{"):
        (folder / "timing.json").write_text(content)
        assert memguard("drift").exit_code == 2


def accepting(folder, ratio, reason, expires="2999-01-01"):
    arguments = ("t.py::t", "--ratio", ratio, "--reason", reason, "--expires", expires)
    assert memguard("baseline", "accept", *arguments, "--baselines", folder).exit_code == 0


def test_what_was_accepted_since_base_is_allowed_for(tmp_path):
    history = History(tmp_path / "repository")
    folder = history.folder / "baselines"
    entries = {
        nodeid: TimingEntry(code="h", minima=(0.01,), band=0.1, date="2026-01-01T00:00:00Z")
        for nodeid in ("t.py::t", "t.py::u")
    }
    empty = history.commit({"t.py": ""})
    timing_baselines.update(
        folder,
        Measured(machine=MachineClass(name="m"), reference=Reference(), entries=entries, settings={}),
    )
    without = history.commit({})
    accepting(folder, "1.3", "exact")
    with_it = history.commit({})
    repository = Repository(history.folder)
    for base in (empty, without):
        found = accepted_since(repository, base, folder)
        assert {nodeid: each.ratio for nodeid, each in found.items()} == {"t.py::t": 1.3}
    assert accepted_since(repository, with_it, folder) == {}, "it is in base's own time"
    accepting(folder, "1.5", "more")
    assert accepted_since(repository, with_it, folder)["t.py::t"].ratio == 1.5
    old = Acceptance(ratio=2.0, reason="r", date="2026-01-02T00:00:00Z", expires="2026-02-01")
    timing_baselines.accept(folder, "t.py::u", old)
    assert "t.py::u" not in accepted_since(repository, without, folder), "expired"


def test_the_live_table_narrows():
    from rich.console import Console
    from rich.live import Live

    record = Record(benchmark=Benchmark(nodeid="t.py::test_[x]", file="t.py", line=1))
    settings = DuetSettings(looks=LOOKS)
    out = Console(file=io.StringIO(), width=120, force_terminal=True)
    with Live(console=out, auto_refresh=False) as live:
        screen = progress._Screen(live, "checkout against base", settings)
        screen.step("making two trees")
        screen.pair(1, [record])
        for _ in range(5):
            seconds = Timed(
                log_ratio=0.0, mean_log_ratio=0.0, base_seconds=1, head_seconds=1, measuring_seconds=0.4
            )
            record.add(seconds, settings=settings, alpha=0.001)
            screen.timed(record)
        out.print(screen._table())
    text = out.file.getvalue()
    assert "t.py::test_[x]" in text
    assert "1.000" in text
    assert "pass" in text


def test_the_scale():
    assert progress._scale(None, 0.05).strip() == "|       :"
    assert len(progress._scale(None, 0.05)) == 31


def test_could_not_run_is_one_line():
    assert "\n" not in reports.could_not_run_annotation("a\nb 5 %")
    assert "5 %25" in reports.could_not_run_annotation("a\nb 5 %")
