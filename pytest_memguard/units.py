"""Bytes, seconds and ratios: the only place that reads and prints units."""

from __future__ import annotations

import math
import re

__all__ = [
    "format_bytes",
    "format_ratio",
    "format_seconds",
    "format_value",
    "parse_bytes",
    "parse_percent",
    "parse_ratio",
    "parse_seconds",
]

_BYTES_PER_UNIT: dict[str, int] = {
    "B": 1,
    **{f"{letter}iB": 2 ** (10 * power) for power, letter in enumerate("KMGTP", start=1)},
    **{f"{letter}B": 10 ** (3 * power) for power, letter in enumerate(("k", "M", "G", "T", "P"), start=1)},
    "KB": 10**3,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]+)\s*", re.ASCII)
_ACCEPTED_SIZES = "a number of bytes (int >= 0) or a string such as '64 MiB' (2**20) or '64 MB' (10**6)"
_ACCEPTED_RATIOS = "a number from 0 to 1"
_SECONDS_PER_UNIT = {"s": 0, "ms": -3, "us": -6, "µs": -6, "μs": -6, "ns": -9}  # powers of ten
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-zµμ]+)\s*")
_ACCEPTED_TIMES = "a number of seconds above 0 or a string such as '10 ms', with the units s, ms, us, ns"
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*%\s*", re.ASCII)
_ACCEPTED_PERCENTS = "a string such as '5%' or a share above 0, up to 1, such as 0.05"


def parse_bytes(size: object) -> int:
    """Bytes of ``64``, ``"64 MiB"`` (2**20-based) or ``"64 MB"`` (10**6-based).

    Raises
    ------
    ValueError
        When the whole of ``size`` is not such a size; says what was got and what is accepted.
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    if isinstance(size, str) and (match := _SIZE.fullmatch(size)) and match[2] in _BYTES_PER_UNIT:
        # Decimal digits times a power of two or ten: only a fraction of a byte is ever rounded away.
        whole, _, fraction = match[1].partition(".")
        scale: int = 10 ** len(fraction)
        digits = int((whole or "0") + fraction)
        return digits * _BYTES_PER_UNIT[match[2]] // scale
    hint = ""
    if isinstance(size, str) and (match := _SIZE.fullmatch(size)):
        hint = f"; units: {', '.join(_BYTES_PER_UNIT)}"
    raise ValueError(f"got {size!r}, accepted: {_ACCEPTED_SIZES}{hint}")


def parse_ratio(ratio: object) -> float:
    """A ratio from 0.0 to 1.0.

    Raises
    ------
    ValueError
        When ``ratio`` is anything else.
    """
    if isinstance(ratio, (int, float)) and not isinstance(ratio, bool) and 0 <= ratio <= 1:
        return float(ratio)
    raise ValueError(f"got {ratio!r}, accepted: {_ACCEPTED_RATIOS}")


def parse_seconds(duration: object) -> float:
    """Seconds of ``0.01`` or ``"10 ms"``.

    Raises
    ------
    ValueError
        When the whole of ``duration`` is not such a time above zero.
    """
    seconds = math.nan
    if isinstance(duration, (int, float)) and not isinstance(duration, bool):
        seconds = float(duration)
    elif isinstance(duration, str) and (match := _TIME.fullmatch(duration)) and match[2] in _SECONDS_PER_UNIT:
        # One decimal literal instead of a product: "10 ms" is 0.01 to the last bit.
        seconds = float(f"{match[1]}e{_SECONDS_PER_UNIT[match[2]]}")
    if 0 < seconds < math.inf:
        return seconds
    raise ValueError(f"got {duration!r}, accepted: {_ACCEPTED_TIMES}")


def parse_percent(share: object) -> float:
    """The share of ``"5%"`` or ``0.05``.

    Raises
    ------
    ValueError
        When ``share`` is anything else; a bare ``5`` could be meant either way.
    """
    if (
        isinstance(share, str)
        and (match := _PERCENT.fullmatch(share))
        and (ratio := float(f"{match[1]}e-2")) > 0
    ):
        return ratio
    if isinstance(share, (int, float)) and not isinstance(share, bool) and 0 < share <= 1:
        return float(share)
    raise ValueError(f"got {share!r}, accepted: {_ACCEPTED_PERCENTS}")


def format_bytes(size: float) -> str:
    """``41943040`` as ``"40.0 MiB"``: IEC units, one decimal, whole bytes below 1 KiB."""
    magnitude = abs(size)
    if round(magnitude) < 2**10:
        return f"{round(size)} B"
    for power, letter in enumerate("KMGTP", start=1):
        scaled = magnitude / 2 ** (10 * power)
        # 1023.96 KiB would print as 1024.0 KiB: it belongs to the next unit.
        if round(scaled, 1) < 2**10 or letter == "P":
            return f"{math.copysign(scaled, size):.1f} {letter}iB"
    raise AssertionError


def format_seconds(seconds: float) -> str:
    """``0.0123`` as ``"12.3 ms"``."""
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if abs(seconds) >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def format_ratio(ratio: float) -> str:
    """``0.256`` as ``"0.256"``, at most four decimals."""
    return f"{ratio:.4f}".rstrip("0").rstrip(".") or "0"


def format_value(value: float | None, unit: str) -> str:
    """A number for people, by its unit: ``"B"``, ``"s"``, ``"ratio"``, ``"count"``; ``n/a`` for ``None``."""
    if value is None:
        return "n/a"
    if unit == "B":
        return format_bytes(value)
    if unit == "s":
        return format_seconds(value)
    return f"{value:,.0f}" if unit == "count" else format_ratio(value)
