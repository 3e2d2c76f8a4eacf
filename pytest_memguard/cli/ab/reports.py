"""A comparison as files: the run file with its pairs, Markdown, JUnit's XML, GitHub's annotations."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import msgspec

from pytest_memguard.cli.ab.table import HEADER, cells, closing_lines, words
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.model import Measurement, Run, TestResult
from pytest_memguard.model.encoding import encode_run
from pytest_memguard.model.timing import BenchmarkTiming, TimingVerdict
from pytest_memguard.reports import github
from pytest_memguard.reports.junit import properties
from pytest_memguard.reports.markdown_text import code, cut_to_bytes, plain
from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model.timing import DuetRun

__all__ = [
    "add_job_summary",
    "as_json",
    "as_junit",
    "as_markdown",
    "could_not_run_annotation",
    "github_annotations",
    "run_of",
]  # fmt: skip

_COULD_NOT_RUN = "memguard ab could not run"
_SUMMARY_BYTES = 1_000_000  # GitHub refuses the whole summary of a step from 1 MiB on


def run_of(found: DuetRun, top: Path) -> Run:
    """The comparison as a run: head's seconds against base's."""
    from pytest_memguard.session.environment import describe_environment  # noqa: PLC0415

    return Run(environment=describe_environment(top), tests=tuple(map(_result, found.benchmarks)))


def _result(timing: BenchmarkTiming) -> TestResult:
    verdict = timing.verdict.verdict
    reason = f"{words(timing.verdict)}: {timing.reason}" if timing.reason else words(timing.verdict)
    seconds = Measurement(
        probe="time",
        metric="seconds",
        value=timing.head_seconds,
        unit="s",
        baseline=timing.base_seconds,
        verdict=verdict,
        reason="" if timing.verdict is TimingVerdict.PASS else reason,
    )
    return TestResult(
        nodeid=timing.nodeid,
        file=timing.file,
        line=timing.line,
        verdict=verdict,
        measurements=(seconds,),
        reason=seconds.reason,
    )


def as_json(found: DuetRun, top: Path) -> bytes:
    """A run file; what a run file has no word for stands under ``timing``."""
    content: dict[str, Any] = json.loads(encode_run(run_of(found, top)))
    content["timing"] = msgspec.to_builtins(found)
    return json.dumps(content, indent=1, default=float).encode() + b"\n"


def as_markdown(found: DuetRun, _top: Path | None = None) -> bytes:
    return _markdown(found).encode("utf-8", "backslashreplace")


def _markdown(found: DuetRun) -> str:
    rows = [[code(row[0]), *map(plain, row[1:])] for row in map(cells, found.benchmarks)]
    lines = [
        "### memguard ab",
        "",
        *(f"{plain(line)}  " for line in closing_lines(found)),
        "",
        _row(HEADER),
        _row(["---", *["---:"] * (len(HEADER) - 2), "---"]),
        *map(_row, rows),
        "",
        *(
            f"- {words(each.verdict)}: {code(each.nodeid)}: {plain(each.reason)}"
            for each in found.benchmarks
            if each.reason
        ),
    ]
    return "\n".join(lines) + "\n"


def _row(texts: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(texts)} |"


def as_junit(found: DuetRun, _top: Path | None = None) -> bytes:
    suite = ET.Element("testsuite", name="memguard ab", time=f"{found.seconds:.3f}")
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for timing in found.benchmarks:
        case = _case(suite, timing)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            counts[name] += case.find(tag) is not None
    suite.attrib |= {
        "tests": str(len(found.benchmarks)),
        **{name: str(count) for name, count in counts.items()},
    }
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + ET.tostring(root) + b"\n"


_TAGS = {
    TimingVerdict.REGRESSED: "failure",
    TimingVerdict.COULD_NOT_RUN: "error",
    TimingVerdict.NOT_MEASURED: "skipped",
}


def _case(suite: ET.Element, timing: BenchmarkTiming) -> ET.Element:
    file, _, name = one_line(timing.nodeid).partition("::")
    classname = file.removesuffix(".py").replace("/", ".")
    case = ET.SubElement(
        suite, "testcase", classname=classname, name=name or file, file=one_line(timing.file)
    )
    case.set("time", f"{timing.head_seconds or 0:.9f}")
    held = ET.SubElement(case, "properties")
    for key, value in _properties(timing):
        ET.SubElement(held, "property", name=key, value=str(value))
    if (tag := _TAGS.get(timing.verdict)) is not None:
        ET.SubElement(case, tag, message=one_line(timing.reason or words(timing.verdict)))
    elif timing.reason:
        ET.SubElement(case, "system-out").text = one_line(f"{words(timing.verdict)}: {timing.reason}")
    return case


def _properties(timing: BenchmarkTiming) -> Iterator[tuple[str, object]]:
    yield from (pair for pair in properties(_result(timing)) if pair[0] != "memguard.verdict")
    for name in ("ratio", "lower", "upper"):
        if (value := getattr(timing, name)) is not None:
            yield f"memguard.time.{name}", value
    yield "memguard.time.pairs", len(timing.pair_ratios)
    yield "memguard.verdict", timing.verdict.value


def github_annotations(found: DuetRun, top: Path) -> str:
    """Regressions first: GitHub shows ten errors of a step, and drops the rest in silence."""
    lost = {each.nodeid: each for each in found.benchmarks if each.verdict is TimingVerdict.COULD_NOT_RUN}
    judged = run_of(found, top)
    kept = tuple(test for test in judged.tests if test.nodeid not in lost)
    red = (
        could_not_run_annotation(
            f"{each.nodeid}: {each.reason}", github.place_of(each.file, each.line, title=_COULD_NOT_RUN)
        )
        for each in [*lost.values()][:10]
    )
    return github.render(Run(environment=judged.environment, tests=kept)) + "".join(
        f"{line}\n" for line in red
    )


def could_not_run_annotation(sentence: str, place: str = f"title={_COULD_NOT_RUN}") -> str:
    text = one_line(sentence).replace("%", "%25")
    return f"::error {place}::{text} (this is not a performance verdict)"


def add_job_summary(found: DuetRun) -> None:
    """Append to the summary of the GitHub job that this runs in, if any."""
    if not (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        return
    text = cut_to_bytes(
        _markdown(found), _SUMMARY_BYTES, "The rest is left out: `--markdown` writes all of it."
    )
    try:
        with Path(summary).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise Failure(f"cannot write {summary}: {error.strerror}", ExitCode.COULD_NOT_RUN) from error
