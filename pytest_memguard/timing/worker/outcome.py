"""What became of one test, from the reports of its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["error_place", "outcome_of"]


def outcome_of(reports: list[pytest.TestReport]) -> tuple[str, str]:
    """``passed``, ``skipped`` or ``failed``, and why in one line."""
    for report in reports:
        if report.failed:
            return "failed", _crash(report)
    for report in reports:
        if report.skipped:
            is_expected = hasattr(report, "wasxfail")  # empty where no reason was given
            return "skipped", (report.wasxfail or "expected to fail") if is_expected else _skip_reason(report)
    return "passed", ""


def _crash(report: pytest.TestReport) -> str:
    message = getattr(getattr(report.longrepr, "reprcrash", None), "message", None)
    lines = str(message or report.longrepr or "no reason given").strip().splitlines()
    line = (lines[0] if message else lines[-1]) if lines else "no reason given"
    return line if report.when == "call" else f"{report.when}: {line}"


def _skip_reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")


def error_place(error: BaseException) -> tuple[str, str, str]:
    """The file that an error came from, its kind and its text."""
    while type(error).__name__ == "CollectError" and error.__cause__ is not None:
        error = error.__cause__
    text = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, "SyntaxError", text
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return (frame.tb_frame.f_code.co_filename if frame else ""), type(error).__name__, text
