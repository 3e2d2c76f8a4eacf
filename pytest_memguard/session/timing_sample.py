"""What pytest-benchmark measured of one test, whatever form its ``benchmark`` was used in."""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
import textwrap
import tokenize
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["Sample", "code_hash", "sample_of"]

_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Seconds per call over the rounds of one process."""

    minimum: float
    quartiles: tuple[float, float, float]


def sample_of(item: pytest.Item) -> Sample | str:
    """The times of a test that has been called, or why there are none."""
    arguments: dict[str, Any] = getattr(item, "funcargs", {})
    benchmark = arguments.get("benchmark") or arguments.get("benchmark_weave")
    if benchmark is None or not hasattr(benchmark, "stats"):
        return "`benchmark` is not pytest-benchmark's own fixture"
    if getattr(benchmark, "disabled", False):
        return "benchmarks are disabled: by --benchmark-disable, or by pytest-xdist"
    stats = getattr(benchmark.stats, "stats", None)
    if not stats or not stats.data:
        return "the test never called its `benchmark`"
    # A clock that did not move between two readings says less than its own resolution.
    rounds = [max(seconds, 1e-9) for seconds in stats.data]
    first, median, third = quantiles(rounds, n=4, method="inclusive") if len(rounds) > 1 else rounds * 3
    return Sample(minimum=min(rounds), quartiles=(first, median, third))


def code_hash(item: pytest.Item) -> str:
    """A hash of the test's own source, without comments, layout and decorators: a marker is no other benchmark."""
    function: Any = inspect.unwrap(getattr(item, "function", None) or item.runtest)
    try:
        source = textwrap.dedent(inspect.getsource(function))
        body = ast.parse(source).body[0]
        lines = source.splitlines(keepends=True)[body.lineno - 1 :]
        tokens = tokenize.generate_tokens(io.StringIO("".join(lines)).readline)
        text = " ".join(token.string for token in tokens if token.type not in _LAYOUT)
    except (OSError, TypeError, SyntaxError, IndexError, tokenize.TokenError):
        text = item.nodeid  # made at run time: there is no source to have changed
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
