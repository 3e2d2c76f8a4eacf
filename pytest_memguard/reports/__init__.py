"""One file per format, each with one pure ``render``; a new format is one line in the table below."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_memguard.model import Report, Run

__all__ = ["FORMATS"]


class _Format:
    """A format by the name of its module, which is imported when a report is asked for.

    Every guarded session, and every worker of it, looks at the table; few of them write a report.
    """

    def __init__(self, name: str, module: str, *, default_path: str | None = None) -> None:
        self.name = name
        self.default_path = default_path
        self._module = module

    def render(self, run: Run) -> str:
        text: str = import_module(f"{__name__}.{self._module}").render(run)
        return text


FORMATS: dict[str, Report] = {
    report.name: report
    for report in (
        _Format("json", "json_file", default_path="memguard.json"),
        _Format("markdown", "markdown", default_path="memguard.md"),
        _Format("html", "html_page", default_path="memguard.html"),
        _Format("github", "github"),
        _Format("bmf", "bmf", default_path="memguard-bmf.json"),
        _Format("smaller_is_better", "smaller_is_better", default_path="memguard-smaller-is-better.json"),
        _Format("benchmark_json", "benchmark_json", default_path="memguard-benchmark.json"),
    )
}
