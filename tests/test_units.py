import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard import GiB, KiB, MiB
from pytest_memguard.units import (
    format_bytes,
    format_seconds,
    format_value,
    parse_bytes,
    parse_percent,
    parse_ratio,
    parse_seconds,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64 MiB", 64 * 2**20),
        ("64MB", 64 * 10**6),
        ("0 B", 0),
        (" 1.5 KiB ", 1536),
        (".5 GiB", 2**29),
        ("0.1 GB", 10**8),
        ("3 kB", 3000),
        ("3 KB", 3000),
        (1234, 1234),
    ],
)
def test_sizes(text, expected):
    assert parse_bytes(text) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "64",
        "64 potatoes",
        "MiB",
        "-1 B",
        "1e3 B",
        "64 MiB!",
        "6 4 MiB",
        "64 mib",
        "٤ B",
        -1,
        1.5,
        True,
        None,
        "",
    ],
)
def test_anything_else_is_refused_by_name(wrong):
    with pytest.raises(
        ValueError, match=r"^got .*, accepted: a number of bytes \(int >= 0\) or a string such as"
    ):
        parse_bytes(wrong)


@given(st.integers(0, 2**60), st.sampled_from(["B", "KiB", "MiB", "GiB", "KB", "MB", "GB"]))
def test_whole_numbers_are_exact(number, unit):
    scale = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}[unit]
    assert parse_bytes(f"{number} {unit}") == number * scale


@given(st.integers(0, 2**59))
def test_what_is_printed_reads_back_to_the_digits_printed(size):
    assert parse_bytes(format_bytes(size)) == pytest.approx(size, rel=0.05 / 1.0)


@given(st.integers(-(2**62), 2**62))
def test_output_is_iec_and_never_a_thousand_of_a_unit(size):
    number, unit = format_bytes(size).split()
    assert unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
    assert unit == "PiB" or abs(float(number)) < 1024


@pytest.mark.parametrize("wrong", [-0.1, 1.01, math.nan, "0.5", True, None])
def test_ratios_are_numbers_from_0_to_1(wrong):
    with pytest.raises(ValueError, match="accepted: a number from 0 to 1"):
        parse_ratio(wrong)


def test_values_for_people():
    assert format_value(41946608, "B") == "40.0 MiB"
    assert format_value(0.25, "ratio") == "0.25"
    assert format_value(12345, "count") == "12,345"
    assert format_value(0.0123, "s") == "12.3 ms"
    assert format_value(None, "B") == "n/a"
    assert format_seconds(2e-9) == "2 ns"
    assert (KiB(1), MiB(0.5), GiB(2)) == (1024, 2**19, 2**31)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("10 ms", 0.01),
        ("1.5 s", 1.5),
        ("300 us", 3e-4),
        ("300 µs", 3e-4),
        ("2ns", 2e-9),
        (0.25, 0.25),
        (2, 2.0),
    ],
)
def test_seconds(duration, seconds):
    assert parse_seconds(duration) == seconds


@pytest.mark.parametrize(
    "duration", ["10", "ms", "-1 s", "1 ms x", "1 Ms", 0, "0 s", -1, None, True, math.inf]
)
def test_what_is_no_time(duration):
    with pytest.raises(ValueError, match=r"got .*accepted: a number of seconds above 0"):
        parse_seconds(duration)


@pytest.mark.parametrize(
    ("share", "ratio"), [("5%", 0.05), ("5 %", 0.05), (0.05, 0.05), ("150%", 1.5), (1, 1.0)]
)
def test_percent(share, ratio):
    assert parse_percent(share) == ratio


@pytest.mark.parametrize("share", ["5", "%", "0%", "-5%", 5, 0, True, None, "5%%"])
def test_what_is_no_percent(share):
    with pytest.raises(ValueError, match=r"got .*accepted: a string such as '5%'"):
        parse_percent(share)
