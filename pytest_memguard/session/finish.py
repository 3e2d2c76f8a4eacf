"""The end of a run: baselines written, reports rendered, the verdict over the whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pytest_memguard.model import KERNEL_METRICS, Run, Verdict
from pytest_memguard.probes.memray_stacks import MemrayStacks
from pytest_memguard.reports import github
from pytest_memguard.reports.terminal import summary_lines
from pytest_memguard.session.environment import describe_environment
from pytest_memguard.session.settings import ReportTarget
from pytest_memguard.store import kernel_baselines, memory_baselines
from pytest_memguard.store.atomic import write_atomically
from pytest_memguard.store.errors import StoreError
from pytest_memguard.store.next_baselines import numbers_of
from pytest_memguard.store.orphans import orphans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_memguard.model import Report, TestResult
    from pytest_memguard.session.census import Census
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.session.transport import Collector
    from pytest_memguard.store.diff import Diff
    from pytest_memguard.store.memory_baselines import Baselines

__all__ = ["Finish"]

_UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.UNAVAILABLE, Verdict.NOT_MEASURED)


class Finish:
    """Registered where the run is reported: everywhere but in xdist's workers."""

    def __init__(
        self,
        settings: Settings,
        collector: Collector,
        census: Census,
        baselines: Baselines,
        formats: Mapping[str, Report],
    ) -> None:
        self._settings = settings
        self._collector = collector
        self._census = census
        self._baselines = baselines
        self._formats = formats
        self._notes: list[tuple[str, dict[str, bool]]] = []
        self._run: Run | None = None
        self._annotations = ""

    def pytest_report_header(self) -> list[str]:
        settings = self._settings
        count, folder = len(self._baselines), settings.baselines
        lines = [f"memguard: {settings.mode.value}, baselines of {count} tests in {folder}"]
        if settings.blame == "memray" and not MemrayStacks.is_installed():
            lines.append("memguard: memray is not installed: allocation sites come from tracemalloc")
        return lines

    @pytest.hookimpl(tryfirst=True)  # before the terminal prints its summary
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.getoption("collectonly"):
            return  # nothing ran: the reports of the run before stay
        run = self._run = self._make_run(session.config.rootpath)
        if self._settings.is_updating:
            for update in (self._update_memory, self._update_kernels):
                with self._telling(session, "baselines"):
                    update(run)
        for target in self._targets():
            with self._telling(session, f"the {target.format} report"):
                shown = _in_workspace(run, session.config.rootpath) if target.format == "github" else run
                self._write(target, shown, session.config.invocation_params.dir)
        if (
            self._settings.is_strict
            and session.exitstatus == pytest.ExitCode.OK
            and self._strict_problems(run)
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @contextmanager
    def _telling(self, session: pytest.Session, what: str) -> Iterator[None]:
        """An error here is told, and keeps nothing else from being written."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - reports are anybody's code
            is_told = isinstance(error, StoreError)
            text = str(error) if is_told else f"{what} raised {type(error).__name__}: {error}"
            self._note(f"memguard: {text}", red=True)
            session.exitstatus = max(session.exitstatus, pytest.ExitCode.USAGE_ERROR)

    def _make_run(self, rootdir: Path) -> Run:
        results = sorted(self._collector.results, key=lambda r: (r.file, r.line, r.nodeid))
        return Run(
            environment=describe_environment(rootdir),
            tests=tuple(results),
            unguarded=len(self._collector.without_result),
            missing_baselines=() if self._settings.is_updating else tuple(_missing_baselines(results)),
            orphaned_baselines=orphans(
                self._baselines, self._census.collected, self._census.whole_files, rootdir
            ),
            timelines=tuple(self._collector.timelines),
        )

    def _note(self, text: str, **markup: bool) -> None:
        self._notes.append((text, markup))

    # --- baselines

    def _sound(self, run: Run) -> Run:
        """A failing test's numbers are no baseline."""
        failed = self._collector.failed
        return replace(run, tests=tuple(test for test in run.tests if test.nodeid not in failed))

    def _update_memory(self, run: Run) -> None:
        diff = memory_baselines.update(self._settings.baselines, numbers_of(self._sound(run)))
        self._note_diff(memory_baselines.FILE_NAME, diff)

    def _update_kernels(self, run: Run) -> None:
        folder = self._settings.baselines
        diff = kernel_baselines.update(folder, numbers_of(self._sound(run), KERNEL_METRICS))
        if diff or (folder / kernel_baselines.FILE_NAME).exists():
            self._note_diff(kernel_baselines.FILE_NAME, diff)

    def _note_diff(self, name: str, diff: Diff) -> None:
        path = self._settings.baselines / name
        self._note(f"memguard: {path} {'updated' if diff else 'is up to date'}", bold=True)
        for line in diff.lines():
            self._note(f"    {line}")

    # --- reports

    def _targets(self) -> Iterator[ReportTarget]:
        yield from self._settings.reports
        is_asked = any(target.format == "github" for target in self._settings.reports)
        if os.environ.get("GITHUB_ACTIONS") == "true" and not is_asked:
            yield ReportTarget(format="github", path=None)

    def _write(self, target: ReportTarget, run: Run, folder: Path) -> None:
        report = self._formats[target.format]
        text = report.render(run)
        path = target.path or (Path(report.default_path) if report.default_path else None)
        if path is not None:
            write_atomically(folder / path, text.encode("utf-8", "backslashreplace"))
            self._note(f"memguard: {target.format} report in {path}")
        elif target.format == "github":
            self._annotations = text
            if summary_path := os.environ.get("GITHUB_STEP_SUMMARY"):
                _append(Path(summary_path), github.summary(run))
        else:
            self._note(text)

    # --- verdict

    def _strict_problems(self, run: Run) -> bool:
        undecided = any(result.verdict in _UNDECIDED for result in run.tests if result.guarded)
        return undecided or bool(run.missing_baselines or run.orphaned_baselines)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        run, config = self._run, terminalreporter.config
        if run is None:
            return
        verbosity = config.get_verbosity()
        if run.tests or run.missing_baselines or run.orphaned_baselines or self._notes:
            if verbosity >= 0:
                terminalreporter.section("memguard")
            lines = summary_lines(
                run,
                width=terminalreporter._tw.fullwidth,  # noqa: SLF001 - every plugin with a table reads it here
                verbose=verbosity >= 2,
                ascii_only=not _prints_unicode(terminalreporter),
            )
            for text, markup in lines:
                if verbosity >= 0 or text.startswith("memguard:") or not markup.get("bold"):
                    terminalreporter.write_line(text, **markup)
        for text, markup in self._notes:
            terminalreporter.write_line(text, **markup)
        if self._settings.is_strict and self._strict_problems(run):
            terminalreporter.write_line("memguard: strict: what is listed above fails the run", red=True)
        if self._annotations:
            terminalreporter.ensure_newline()
            terminalreporter.write_line(self._annotations)


def _missing_baselines(results: list[TestResult]) -> Iterator[str]:
    for result in results:
        for m in result.measurements:
            if (
                m.verdict is Verdict.INCONCLUSIVE
                and (
                    m.budget is None or m.probe == "time"
                )  # which may have a maximum beside what is committed
                and m.baseline is None
                and m.value is not None
            ):
                yield f"{result.nodeid} [{m.probe} {m.metric}]"


def _in_workspace(run: Run, rootdir: Path) -> Run:
    """With files as GitHub knows them, from the folder of the checkout on, where rootdir is one below it."""
    rootdir = rootdir.resolve()
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or rootdir).resolve()
    if workspace == rootdir or not rootdir.is_relative_to(workspace):
        return run
    below = rootdir.relative_to(workspace).as_posix()
    return replace(run, tests=tuple(structs.replace(test, file=f"{below}/{test.file}") for test in run.tests))


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise StoreError(f"cannot write the job summary to {path}: {error.strerror}") from error


def _prints_unicode(terminalreporter: pytest.TerminalReporter) -> bool:
    encoding = getattr(terminalreporter._tw._file, "encoding", None) or "ascii"  # noqa: SLF001
    return "utf" in encoding.lower()
