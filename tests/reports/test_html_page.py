from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given

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
