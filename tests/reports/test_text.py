from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.reports.text import aligned, ascii_text, cell_width, one_line, plural, shortened
from tests.reports.runs import texts


@given(text=texts)
def test_one_line_is_one_line_that_any_utf8_file_can_hold(text):
    line = one_line(text)
    assert len(f"{line}.".splitlines()) == 1
    assert line.isprintable()
    line.encode()


def test_one_line_leaves_what_can_be_seen():
    assert one_line("tests/tést.py::test_漢[a b]") == "tests/tést.py::test_漢[a b]"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m"), ("\u202e", r"\u202e"), ("\udc80", r"\udc80")],
    ids=["newline", "escape", "right-to-left", "surrogate"],
)
def test_one_line_spells_out_what_cannot(text, seen):
    assert one_line(text) == seen


@given(text=texts.map(one_line), width=st.integers(0, 20), ellipsis=st.sampled_from(["…", "..."]))
def test_shortened_fits(text, width, ellipsis):
    short = shortened(text, width, ellipsis)
    assert cell_width(short) <= width
    assert short == text or cell_width(text) > width


def test_shortened_keeps_both_ends():
    assert shortened("tests/linalg/test_solve.py::test_solve[float64]", 24) == "tests/l…t_solve[float64]"


def test_wide_letters_take_two_columns_and_marks_none():
    assert [cell_width(text) for text in ("abc", "漢字", "e\u0301")] == [3, 4, 1]


@pytest.mark.parametrize(("right", "expected"), [(False, "漢  "), (True, "  漢")], ids=["left", "right"])
def test_aligned_counts_columns(right, expected):
    assert aligned("漢", 4, right=right) == expected


def test_ascii_text_says_the_same():
    assert ascii_text("12 µs … é") == r"12 us ... \xe9"


def test_plural():
    assert [plural(count, "test") for count in (0, 1, 2)] == ["0 tests", "1 test", "2 tests"]
