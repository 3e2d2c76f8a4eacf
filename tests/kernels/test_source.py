from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_memguard.kernels.source import read_source

CODE = """
__global__ void k() {}
"""


def test_a_path_is_read(tmp_path):
    path = tmp_path / "k.cu"
    path.write_text(CODE)
    for given in (path, str(path)):
        source = read_source(given)
        assert (source.text, source.name, source.folder) == (CODE, str(path), tmp_path)


def test_code_gets_the_lines_of_the_file_that_holds_it():
    line = Path(__file__).read_text(encoding="utf-8").split("\n").index('CODE = """') + 1
    text = read_source(CODE, Path(__file__)).text
    assert text.startswith(f'#line {line} "{Path(__file__).as_posix()}"\n')
    assert text.endswith(CODE)


@pytest.mark.parametrize("written_in", [None, Path("none.py"), Path(__file__)])
def test_code_that_stands_nowhere_is_taken_as_it_is(written_in):
    code = "__global__ void " + "elsewhere() {}"
    assert read_source(code, written_in).text == code


def test_what_is_no_source_is_refused():
    for name in ("none.cu", "no\0ne.cu"):
        with pytest.raises(ValueError, match=f"got {re.escape(repr(name))}, which cannot be read"):
            read_source(name)
    with pytest.raises(TypeError, match=r"got 7, accepted: a path of a \.cu file, or a string"):
        read_source(7)
