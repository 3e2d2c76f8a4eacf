from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.reports.terminal import summary_lines
from pytest_memguard.reports.text import cell_width
from tests.reports.runs import (
    AT_BASELINE,
    EMPTY,
    EVERYTHING,
    NO_LEAK,
    ROOMY,
    TOO_HIGH,
    result_of,
    run_of,
    runs,
)


def text_of(run, **options) -> str:
    return "\n".join(text for text, _ in summary_lines(run, **{"width": 120} | options))


def test_everything():
    assert (
        text_of(EVERYTHING)
        == """\
test                           probe   metric    measured             budget  head-room  verdict
tests/test_x.py::test_fail     python  peak      40.0 MiB           39.0 MiB     -2.6 %  fail
tests/test_x.py::test_unclear  python  leak          41 B                0 B          -  inconclusive
tests/test_x.py::test_pass     heap    peak       1.0 MiB  1.0 MiB +24.5 KiB      2.3 %
tests/test_x.py::test_pass     cupy    hit_rate      0.95             >= 0.9      5.6 %
tests/test_x.py::test_fail     python  leak           0 B                0 B          -
memguard: 3 guarded (1 pass, 1 fail, 1 inconclusive), 30 unguarded, 1 unavailable, 1 not measured
inconclusive: growth fades too slowly to tell
    tests/test_x.py::test_unclear
unavailable: cupy is not installed
    tests/test_x.py::test_gpu
not measured: no runner of async tests is known
    tests/test_x.py::test_async
1 baseline missing: run `pytest --memguard --memguard-update`
    tests/test_x.py::test_new [python peak]
2 orphaned baselines: run `memguard baseline prune`
    tests/test_gone.py::test_a
    tests/test_gone.py::test_b"""
    )


def test_nothing_guarded():
    assert list(summary_lines(EMPTY, width=80)) == [("memguard: 0 guarded", {"green": True, "bold": True})]


def test_no_verdict_column_where_all_pass():
    assert (
        text_of(run_of(result_of(ROOMY)))
        == """\
test                     probe  metric    measured  budget  head-room
tests/test_x.py::test_y  cupy   hit_rate      0.95  >= 0.9      5.6 %
memguard: 1 guarded (1 pass)"""
    )


def test_markup_follows_the_verdict():
    markup = {text.split("  ")[0]: markup for text, markup in summary_lines(EVERYTHING, width=120)}
    assert markup["test"] == {"bold": True}
    assert markup["tests/test_x.py::test_unclear"] == {"yellow": True}
    assert markup["tests/test_x.py::test_pass"] == {}
    [counts] = [
        markup for text, markup in summary_lines(EVERYTHING, width=120) if text.startswith("memguard")
    ]
    assert counts == {"red": True, "bold": True}


def test_names_are_cut_in_the_middle():
    run = run_of(result_of(ROOMY, name="test_" + "long_" * 9 + "[n]"))
    header, row, _ = text_of(run, width=80).splitlines()
    assert row == "tests/test…g_long_long_long_[n]  cupy   hit_rate      0.95  >= 0.9      5.6 %"
    assert len(row) == len(header) == 77


def test_failures_are_never_among_the_rest():
    failing = [result_of(TOO_HIGH, name=f"test_fail{number}") for number in range(3)]
    passing = [result_of(ROOMY, name=f"test_pass{number}") for number in range(40)]
    text = text_of(run_of(*failing, *passing))
    assert text.count("test_fail") == 3
    assert text.count("test_pass") == 20
    assert "... and 20 more with more head-room" in text
    assert text_of(run_of(*failing, *passing), verbose=True).count("test_pass") == 40
    assert text_of(run_of(*failing, *passing), rows=0).count("test_pass") == 0


def test_what_has_no_head_room_has_not_more_of_it():
    results = [result_of(NO_LEAK, name=f"test_{number}") for number in range(3)]
    assert "\n... and 2 more\n" in text_of(run_of(*results), rows=1)


def test_long_lists_of_names_are_cut_unless_verbose():
    run = run_of(missing_baselines=tuple(f"t.py::test_{number} [python peak]" for number in range(8)))
    assert text_of(run).splitlines()[-1] == "    ... and 3 more"
    assert text_of(run, verbose=True).count("[python peak]") == 8


@given(run=runs, width=st.integers(0, 200), verbose=st.booleans(), ascii_only=st.booleans())
def test_any_run(run, width, verbose, ascii_only):
    for text, markup in summary_lines(run, width=width, verbose=verbose, ascii_only=ascii_only):
        assert len(f"{text}.".splitlines()) == 1
        assert set(markup) <= {"bold", "red", "yellow", "green"}
        text.encode("ascii" if ascii_only else "utf-8")


@given(name=st.text(max_size=80), width=st.integers(90, 200), ascii_only=st.booleans())
def test_the_table_fits(name, width, ascii_only):
    lines = summary_lines(run_of(result_of(AT_BASELINE, name=name)), width=width, ascii_only=ascii_only)
    table = [text for text, _ in lines if not text.startswith("memguard:")]
    assert all(cell_width(line) < width for line in table)
