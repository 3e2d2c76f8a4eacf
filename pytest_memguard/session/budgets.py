"""A marker's arguments, or a line of the ini, into a :class:`Budget`."""

from __future__ import annotations

import inspect
import math
import re
from numbers import Real
from typing import TYPE_CHECKING, Any

from pytest_memguard.model import KERNEL_METRICS, MEMORY_METRICS, METRICS, Budget
from pytest_memguard.units import parse_bytes, parse_ratio

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_memguard.model.budget import Limit

__all__ = ["BudgetError", "call_limit", "check_limit", "parse_budget", "parse_budget_line", "parse_limit"]

_ACCEPTED = (*MEMORY_METRICS, "probe", "rounds", "warmup")
_BASELINE_METRICS = ("peak", "leak", *KERNEL_METRICS)


class BudgetError(ValueError):
    """Says what was got and what is accepted."""


def parse_budget(
    arguments: Mapping[str, Any],
    *,
    known_probes: Collection[str] | None,
    test_arguments: Collection[str] | None = None,
) -> Budget:
    """Check every argument by name and value.

    ``known_probes`` is ``None`` where a probe may still be named by ``memguard.watch``. ``test_arguments`` are the
    names that a callable limit may ask for, ``None`` where there are none to be had.
    """
    for name in arguments:
        if name not in _ACCEPTED:
            raise BudgetError(f"got an argument {name!r}, accepted: {', '.join(_ACCEPTED)}")
    probe = arguments.get("probe", "python")
    if not isinstance(probe, str) or not probe:
        raise BudgetError(f"probe: got {probe!r}, accepted: the name of a probe")
    if known_probes is not None and probe not in known_probes:
        raise BudgetError(
            f"probe: got {probe!r}, accepted: {', '.join(sorted(known_probes))}, "
            "or a name given to memguard.watch by a fixture of this test"
        )
    limits = tuple(
        (metric, check_limit(metric, arguments[metric], test_arguments))
        for metric in MEMORY_METRICS
        if arguments.get(metric) is not None
    )
    if not limits:
        raise BudgetError(f"it limits nothing, accepted: at least one of {', '.join(MEMORY_METRICS)}")
    return Budget(
        probe=probe,
        limits=limits,
        rounds=_rounds(arguments.get("rounds")),
        warmup=_count("warmup", arguments.get("warmup"), minimum=0),
    )


def check_limit(metric: str, limit: Any, test_arguments: Collection[str] | None) -> Limit:
    """A marker's limit: a number in the metric's unit, or ``"baseline"`` or a callable where they are accepted.

    Raises
    ------
    BudgetError
        When it is none of them.
    """
    if metric in _BASELINE_METRICS:
        if limit == "baseline":
            return "baseline"
        if callable(limit):
            _check_parameters(metric, limit, test_arguments)
            checked: Limit = limit
            return checked
    return parse_limit(metric, limit)


def parse_limit(metric: str, limit: Any) -> int | float:
    """A limit in the metric's own unit."""
    also = ", 'baseline', or a callable over the test's arguments" if metric in _BASELINE_METRICS else ""
    try:
        if METRICS[metric].unit == "B":
            return parse_bytes(limit)
        if METRICS[metric].unit == "ratio":
            return parse_ratio(limit)
    except ValueError as error:
        raise BudgetError(f"{metric}: {error}{also}") from None
    count = _count(metric, limit, minimum=0, also=also)
    assert count is not None
    return count


def _check_parameters(metric: str, limit: Any, test_arguments: Collection[str] | None) -> None:
    try:
        parameters = inspect.signature(limit).parameters
    except (TypeError, ValueError):
        raise BudgetError(f"{metric}: got {limit!r}, a callable without a readable signature") from None
    if test_arguments is None:
        raise BudgetError(f"{metric}: got {limit!r}, but there are no arguments of a test to give it here")
    for parameter in parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise BudgetError(
                f"{metric}: got a callable with the parameter {parameter}, accepted: parameters by name"
            )
        if parameter.name not in test_arguments and parameter.default is parameter.empty:
            names = ", ".join(sorted(test_arguments)) or "none: this test has no arguments"
            raise BudgetError(f"{metric}: got a callable over {parameter.name!r}, accepted: {names}")


def call_limit(metric: str, limit: Any, test_arguments: Mapping[str, Any]) -> int | float:
    """The limit that a callable gives for these arguments of the test."""
    names = inspect.signature(limit).parameters
    given = {name: test_arguments[name] for name in names if name in test_arguments}
    try:
        result: Any = limit(**given)
    except Exception as error:
        raise BudgetError(f"{metric}: the callable budget raised {type(error).__name__}: {error}") from error
    is_number = isinstance(result, Real) and not isinstance(result, bool)  # NumPy's numbers, too
    if is_number and 0 <= result < math.inf:
        return int(result)
    try:
        return parse_limit(metric, result)
    except BudgetError:
        size = " or a string such as '64 MiB'" if METRICS[metric].unit == "B" else ""
        raise BudgetError(
            f"{metric}: the callable budget gave {result!r}, accepted: a number >= 0{size}"
        ) from None


def _rounds(rounds: Any) -> Any:
    return "auto" if rounds == "auto" else _count("rounds", rounds, minimum=1, also=" or 'auto'")


def _count(name: str, count: Any, *, minimum: int, also: str = "") -> int | None:
    if count is None:
        return None
    if not isinstance(count, int) or isinstance(count, bool) or count < minimum:
        raise BudgetError(f"{name}: got {count!r}, accepted: a whole number, at least {minimum}{also}")
    return count


_KEY = re.compile(r"(?:^|\s)([a-z_]+)\s*=")


def parse_budget_line(line: str) -> tuple[str, dict[str, Any]]:
    """``glob: peak=1 GiB leak=1 MiB probe=cupy`` as the glob and marker arguments."""
    glob, colon, rest = line.strip().rpartition(": ")
    if not colon or not glob.strip():
        raise BudgetError("accepted: 'glob: peak=1 GiB leak=1 MiB probe=rss'")
    if "::" in glob:
        raise BudgetError(
            f"got the glob {glob.strip()!r}, accepted: one over paths of files, relative to rootdir"
        )
    parts = _KEY.split(rest)
    if parts[0].strip() or len(parts) < 3:
        raise BudgetError(f"got {rest!r} after the glob, accepted: name=value pairs")
    arguments: dict[str, Any] = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name in arguments:
            raise BudgetError(f"{name} is given twice")
        arguments[name] = _typed(name, text.strip())
    return glob.strip(), arguments


def _typed(name: str, text: str) -> Any:
    """The value a marker would have been given."""
    number = MEMORY_METRICS[name].unit == "count" if name in MEMORY_METRICS else name in ("rounds", "warmup")
    if number or (name in MEMORY_METRICS and MEMORY_METRICS[name].unit == "B"):
        return int(text) if text.isascii() and text.isdigit() else text
    if name in MEMORY_METRICS:
        try:
            return float(text)
        except ValueError:
            return text
    return text
