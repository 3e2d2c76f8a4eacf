"""One file per format, each with one pure ``render``; a new format is one line in the table below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.reports import bmf, github, html_page, json_file, markdown, smaller_is_better

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_memguard.model import Report, Run

__all__ = ["FORMATS"]


class _Format:
    """A module's ``render`` under its public name."""

    def __init__(self, name: str, render: Callable[[Run], str], *, default_path: str | None = None) -> None:
        self.name = name
        self.default_path = default_path
        self._render = render

    def render(self, run: Run) -> str:
        return self._render(run)


FORMATS: dict[str, Report] = {
    report.name: report
    for report in (
        _Format("json", json_file.render, default_path="memguard.json"),
        _Format("markdown", markdown.render, default_path="memguard.md"),
        _Format("html", html_page.render, default_path="memguard.html"),
        _Format("github", github.render),
        _Format("bmf", bmf.render, default_path="memguard-bmf.json"),
        _Format(
            "smaller_is_better", smaller_is_better.render, default_path="memguard-smaller-is-better.json"
        ),
    )
}
