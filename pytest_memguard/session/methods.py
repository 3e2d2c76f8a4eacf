"""Methods of ``unittest.TestCase``: their setUp and tearDown run within the call, and belong to no window."""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

    import pytest

__all__ = ["around_method", "body_code", "is_unittest"]


def is_unittest(item: pytest.Item) -> bool:
    """Whether ``unittest`` itself calls the test's function."""
    unittest = sys.modules.get("unittest.case")
    return unittest is not None and isinstance(getattr(item, "instance", None), unittest.TestCase)


def body_code(item: pytest.Item) -> CodeType | None:
    """What the author wrote, below the wrappers of plugins; ``None`` where the test is no function."""
    function = getattr(item, "obj", None)
    function = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    return getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None


@contextmanager
def around_method(item: Any, begin: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    """Have ``begin`` and ``end`` called around the test method while the item runs."""
    method = item.obj

    @wraps(method)
    def measured(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        begin()
        try:
            return method(*args, **kwargs)
        finally:
            end()

    @wraps(method)
    async def measured_async(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        begin()
        try:
            return await method(*args, **kwargs)
        finally:
            end()

    if inspect.iscoroutinefunction(
        method
    ):  # unittest looks it up on the instance, pytest hands over the other
        setattr(item.instance, item.name, measured_async)
        try:
            yield
        finally:
            delattr(item.instance, item.name)
    else:
        item.obj = measured
        try:
            yield
        finally:
            item.obj = method
