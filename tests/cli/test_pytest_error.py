from __future__ import annotations

import pytest

from pytest_memguard.cli.pytest_error import first_error


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (("=== ERRORS ===\nE   NameError: x\nERROR test_x.py\n1 error in 0.1s", ""), "E   NameError: x"),
        (
            ("", "usage: pytest\nERROR: usage: no such option\n  rootdir: /x\n\n"),
            "ERROR: usage: no such option",
        ),
        (("", "/usr/bin/python: No module named pytest\n"), "/usr/bin/python: No module named pytest"),
        (("", ""), ""),
    ],
)
def test_the_line_that_says_it(said, first):
    assert first_error(*said) == first
