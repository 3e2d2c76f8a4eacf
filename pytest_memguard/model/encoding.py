"""The run file as bytes: the one place that knows how a run is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_memguard.model.run import Run

__all__ = ["encode_run"]


def encode_run(run: Run) -> bytes:
    """``run`` as indented JSON: keys in the nouns' order, packages sorted, tests in the run's own order."""
    import msgspec  # noqa: PLC0415  the nouns are imported in every session, JSON is written in few

    try:
        content = msgspec.json.encode(run, order="deterministic")
    except UnicodeEncodeError:
        # A file name that is no valid text reaches us as lone surrogates, and JSON cannot hold those.
        content = msgspec.json.encode(_encodable(msgspec.to_builtins(run)), order="deterministic")
    return msgspec.json.format(content, indent=1) + b"\n"


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(part) for part in value]
    return value
