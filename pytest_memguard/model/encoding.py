"""The run file as bytes: the one place that knows how a run is written."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pytest_memguard.model.run import Run

__all__ = ["encode_run", "plain_number"]


def encode_run(run: Run) -> bytes:
    """``run`` as indented JSON: keys in the nouns' order, packages sorted, tests in the run's own order.

    A number that JSON has no word for (NaN, infinity) is written as ``null``.
    """
    try:
        content = msgspec.json.encode(run, enc_hook=plain_number, order="deterministic")
    except UnicodeEncodeError:
        # A file name that is no UTF-8 lives in a str as lone surrogates: no reason to lose a whole run.
        content = msgspec.json.encode(
            _escaped(msgspec.to_builtins(run, enc_hook=plain_number)), order="deterministic"
        )
    return msgspec.json.format(content, indent=1) + b"\n"


def plain_number(value: object) -> int | float:
    """Numpy's numbers, which end up among the measured ones."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"got {value!r} in a run, accepted: what its types say")


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(key): _escaped(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(part) for part in value]
    return value
