"""Tests that use pytest-benchmark's ``benchmark``: timed with every probe closed, then called once more to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

__all__ = ["BenchmarkTarget"]


class BenchmarkTarget:
    """Remembers what a test gave to its ``benchmark`` fixture, so that it can be called again.

    The fixture itself can be used once, so the test's body cannot be repeated; its target can.
    """

    def __init__(self, benchmark: Any) -> None:
        self._benchmark = benchmark
        self._target: Callable[[], object] | None = None
        # Behind __call__ and pedantic, so that the fixture's own checks and modes stay as they are.
        self._raw, self._raw_pedantic = benchmark._raw, benchmark._raw_pedantic  # noqa: SLF001
        benchmark._raw = self._record  # noqa: SLF001
        benchmark._raw_pedantic = self._record_pedantic  # noqa: SLF001

    @classmethod
    def of(cls, item: pytest.Item) -> BenchmarkTarget | None:
        """The recorder for a test that has the fixture, where pytest-benchmark's own is behind the name."""
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        has_hooks = hasattr(benchmark, "_raw") and hasattr(benchmark, "_raw_pedantic")
        return cls(benchmark) if has_hooks else None

    def _record(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._target = lambda: target(*args, **kwargs)
        return self._raw(target, *args, **kwargs)

    def _record_pedantic(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        **counts: Any,
    ) -> Any:
        def call() -> None:
            given, named = args, kwargs or {}
            if setup is not None and (made := setup()):
                given, named = made
            target(*given, **named)
            if teardown is not None:
                teardown(*given, **named)

        self._target = call
        if teardown is not None:  # pytest-benchmark 5.1 has none
            counts["teardown"] = teardown
        return self._raw_pedantic(target, args=args, kwargs=kwargs, setup=setup, **counts)

    def call(self) -> None:
        """Call the target once, outside the timing."""
        if self._target is not None:
            self._target()

    @property
    def was_used(self) -> bool:
        return self._target is not None
