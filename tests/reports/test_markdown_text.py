from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_memguard.reports.markdown_text import code, cut_to_bytes, fenced, plain
from pytest_memguard.reports.text import one_line
from tests.reports.runs import texts

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shown(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


@given(text=texts)
def test_plain_text_is_shown_as_it_is(text):
    html = MARKDOWN.renderInline(f"x{plain(text)}x")
    assert "<" not in html
    assert unescape(html).replace("\u200b", "") == f"x{one_line(text)}x"


@given(text=texts)
def test_code_is_shown_as_it_is(text):
    html = MARKDOWN.renderInline(f"x{code(text)}x")
    assert re.findall("<[^>]*>", html) == ["<code>", "</code>"]
    assert shown(html) == f"x{one_line(text)}x"


@given(left=texts, right=texts)
def test_a_cell_stays_a_cell(left, right):
    html = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {plain(left)} | {code(right)} |\n")
    cells = re.findall("<td>(.*?)</td>", html)
    assert [shown(cell).replace("\u200b", "") for cell in cells] == [
        one_line(left).strip(" "),
        one_line(right),
    ]


@given(lines=st.lists(texts | st.sampled_from(["```", "`" * 7, "~~~", "</details>"]), max_size=5))
def test_a_code_block_ends_where_it_should(lines):
    tokens = MARKDOWN.parse("\n".join([*fenced(lines), "after", ""]))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


def test_usual_names_stay_readable():
    assert plain("tests/test_x.py::test_a") == "tests/test_x.py::test_a"
    assert code("test_x.py::test_a[1]") == "<code>test_x.py::test_a&#91;1&#93;</code>"


@pytest.mark.parametrize("mention", ["@team", "#12", "$x$", "https://x.org", "__init__", "<b>"])
def test_nothing_on_github_is_set_off(mention):
    assert mention not in plain(mention)


@pytest.mark.parametrize("mention", ["@team", "a@b.org", "#12", "a/b#12", "GH-12", "gh-12", "www.x.org"])
def test_what_github_finds_in_rendered_text_is_broken_there(mention):
    rendered = MARKDOWN.renderInline(plain(f"x {mention}"))
    assert mention not in unescape(rendered)
    assert mention in unescape(
        MARKDOWN.renderInline(code(mention))
    )  # it leaves code alone; names can be copied


FOLDED = "\n".join(
    ["top", "<details>", *fenced(["inside"] * 9), "</details>", "<details>", "", "- item", "</details>", ""]
)


@given(limit=st.integers(60, len(FOLDED)))
def test_what_is_cut_is_closed(limit):
    text = cut_to_bytes(FOLDED, limit, "(cut)")
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0
    assert (text == FOLDED) != text.endswith("\n(cut)\n")


def test_what_fits_is_left_alone():
    assert cut_to_bytes(FOLDED, len(FOLDED), "(cut)") == FOLDED
