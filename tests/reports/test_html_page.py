from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given

from pytest_memguard.model import Curve, Timeline
from pytest_memguard.reports.html_page import render
from pytest_memguard.reports.text import one_line
from tests.reports.runs import EMPTY, EVERYTHING, runs

VOID = {"meta", "input"}


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.rows: list[dict[str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "action"}]
        if tag == "tr":
            self.rows.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_every_result_has_its_row_gravest_first():
    page = Page(render(EVERYTHING))
    verdicts = ["fail", "inconclusive", "unavailable", "not_measured", "pass", "pass", "pass"]
    assert [row.get("data-verdict") for row in page.rows] == [None, *verdicts]
    assert page.text.count("numpy/core.py:3") == 1
    assert "numpy 2.4.6" in page.text
    assert "no runner of async tests is known" in page.text


def test_cells_sort_by_number():
    html = render(EVERYTHING)
    assert '<td class="number" data-sort="41946608">40.0 MiB</td>' in html
    assert '<td class="number" data-sort="">n/a</td>' in html


def test_a_filter_for_every_verdict_that_occurs():
    assert re.findall(r'value="(\w+)" checked', render(EMPTY)) == []
    assert re.findall(r'value="(\w+)" checked', render(EVERYTHING)) == [
        "fail",
        "inconclusive",
        "unavailable",
        "not_measured",
        "pass",
    ]


@given(run=runs)
def test_whatever_tests_are_called_the_page_is_ours(run):
    text = render(run)
    text.encode()
    page = Page(text)
    assert page.open == []
    assert page.links == []
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert all(one_line(result.nodeid) in page.text for result in run.tests)


def test_timelines_are_drawn_with_gaps():
    curves = (
        Curve(name="rss", unit="B", values=(0, 2**20, None, 2**20)),
        Curve(name="available", unit="B", values=(2**30, 2**29, 2**30, 2**30)),
        Curve(name="cpu", unit="%", values=(None, 0.0, 0.0, 0.0)),
    )
    timeline = Timeline(nodeid="t.py::test_<x>", label="a", seconds=(0.0, 1.0, 2.0, 4.0), curves=curves)
    html = render(replace(EMPTY, timelines=(timeline,)))
    page = Page(html)
    assert not page.open
    assert page.tags.count("svg") == 3
    assert "t.py::test_<x> a" in page.text
    assert re.findall(r'points="([^"]*)"', html)[:2] == [
        "0.0,120.0 180.0,0.0 180.0,0.0",
        "720.0,0.0 720.0,0.0",
    ]
    assert "rss: max 1.0 MiB" in page.text
    assert "available: min 512.0 MiB" in page.text
    assert "cpu: max 0 %" in page.text
