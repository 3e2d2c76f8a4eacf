"""What pytest records of a test: log messages and warnings, told from what the test keeps itself."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

__all__ = ["copied", "log_handlers", "recorded_warnings", "release_arguments"]


def log_handlers(item: pytest.Item) -> Iterator[Any]:
    """Pytest's handlers that keep log records: ``caplog``'s and that of the failure report."""
    from _pytest.logging import caplog_handler_key  # noqa: PLC0415 - no public way leads to the handler

    handler = item.stash.get(caplog_handler_key, None)
    if handler is not None:
        yield handler
    report_handler = getattr(item.config.pluginmanager.get_plugin("logging-plugin"), "report_handler", None)
    if report_handler is not None:
        yield report_handler


def recorded_warnings() -> list[Any]:
    """The list into which the innermost ``catch_warnings(record=True)`` puts warnings."""
    log = getattr(getattr(warnings, "_showwarnmsg_impl", None), "__self__", None)
    return log if isinstance(log, list) else []


def release_arguments(item: pytest.Item) -> None:
    """Let records keep the text of their messages and nothing that the test's own lines made.

    As :meth:`logging.handlers.QueueHandler.prepare` does for a record that is to be sent away. The copies are made
    here, so their memory counts as the runner's.
    """
    for handler in log_handlers(item):
        for record in handler.records:
            if isinstance(record.msg, str):
                record.msg, record.args = copied(record.getMessage()), None
    recorded = recorded_warnings()
    for index, warning in enumerate(recorded):
        message = warning.message
        if isinstance(message, Warning) and all(type(argument) is str for argument in message.args):
            try:
                message = type(message)(*map(copied, message.args))
            except Exception:  # noqa: BLE001, S112 - somebody's own warning may refuse; it stays as it is
                continue
            recorded[index] = warnings.WarningMessage(
                message,
                warning.category,
                warning.filename,
                warning.lineno,
                warning.file,
                warning.line,
                warning.source,
            )


def copied(text: str) -> str:
    """An equal string of its own: slices and joins of one piece would hand out the same object."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
