from __future__ import annotations

import re

import pytest
from hypothesis import given
from msgspec.structs import replace

from pytest_memguard.model import Verdict
from pytest_memguard.reports import github, markdown
from pytest_memguard.reports.text import one_line
from tests.reports.runs import (
    EMPTY,
    EVERYTHING,
    NO_GPU,
    NO_LEAK,
    ROOMY,
    TOO_HIGH,
    UNCLEAR,
    result_of,
    run_of,
    runs,
)

ANNOTATION = re.compile(r"::(error|warning|notice) file=([^:,]*),line=(\d+),title=([^:,]*)::(.*)")


def unescaped(text: str) -> str:
    """As GitHub's runner does it: ActionCommand.cs."""
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def test_everything():
    place = "file=tests/test_x.py,line=12,title=memguard%3A tests/test_x.py%3A%3A"
    assert github.render(EVERYTHING).splitlines() == [
        f"::error {place}test_fail::peak 40.0 MiB, budget 39.0 MiB (+2.6 %25), probe python",
        f"::warning {place}test_unclear::growth fades too slowly to tell",
        f"::warning {place}test_async::no runner of async tests is known",
        f"::notice {place}test_gpu::cupy is not installed",
    ]


@pytest.mark.parametrize("run", [EMPTY, run_of(result_of(ROOMY))], ids=["empty", "pass"])
def test_nothing_to_look_at(run):
    assert github.render(run) == ""


def test_all_reasons_of_a_test_are_one_message():
    leak = replace(NO_LEAK, verdict=Verdict.FAIL, reason="leak 1 B")
    [line] = github.render(run_of(result_of(replace(TOO_HIGH, reason="peak 100 %"), leak))).splitlines()
    assert line.endswith("::peak 100 %25%0Aleak 1 B")


def test_what_was_only_observed_has_no_duty_to_be_measured():
    tests = [result_of(measurement, guarded=False) for measurement in (NO_GPU, UNCLEAR)]
    assert github.render(run_of(*tests)) == ""


def test_github_drops_what_is_more_than_ten_of_a_kind():
    failing = [result_of(TOO_HIGH, name=f"test_{number}") for number in range(13)]
    unclear = [result_of(UNCLEAR, name=f"test_{number}") for number in range(10)]
    lines = github.render(run_of(*failing, *unclear)).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[9].endswith("%0A(3 more are not annotated: the job summary has them all)")
    assert not any("not annotated" in line for line in lines[10:])


@given(run=runs)
def test_one_line_per_annotation_and_nothing_lost(run):
    text = github.render(run)
    text.encode()
    lines = text.splitlines()
    assert len(lines) == text.count("\n")
    by_title = {f"memguard: {one_line(result.nodeid)}": result for result in run.tests}
    for line in lines:
        match = ANNOTATION.fullmatch(line)
        assert match
        assert unescaped(match[4]) in by_title
        assert unescaped(match[2]) in {one_line(result.file) for result in run.tests}


def test_the_summary_is_the_markdown():
    assert github.summary(EVERYTHING) == markdown.render(EVERYTHING)


def test_the_summary_stays_under_the_limit_and_says_what_it_lacks():
    run = run_of(*(result_of(TOO_HIGH, ROOMY, name=f"test_{'é' * 100}_{number}") for number in range(4000)))
    assert len(markdown.render(run).encode()) > 2**20
    summary = github.summary(run)
    assert 900_000 < len(summary.encode()) < 2**20
    assert summary.count("<details>") == summary.count("</details>")
    assert summary.endswith("`--memguard-report markdown` writes all of it.\n")
