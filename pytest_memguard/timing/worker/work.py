"""What one benchmark repeats: calls of a function, with or without setup and teardown around each."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stopwatch import Stopwatch

__all__ = ["Calls", "Rounds", "Work"]

_TOO_SLOW_FOR_ONE_MORE = 0.5  # seconds


class Work(Protocol):
    """Something to repeat and time."""

    def time(self, times: int, watch: Stopwatch) -> float:
        """Repeat, and return the seconds that count."""

    def result(self) -> Any:
        """What the function returned, for the test to look at."""


class Calls:
    """``benchmark(function, *args, **kwargs)``."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        self._first: list[Any] = []
        self._was_called = False

    def time(self, times: int, watch: Stopwatch) -> float:
        if not self._was_called:
            return self._first_call(times, watch)
        function, args, kwargs = self._function, self._args, self._kwargs
        calls = repeat(None, times)
        if args or kwargs:
            watch.start()
            for _ in calls:
                function(*args, **kwargs)
        else:
            watch.start()
            for _ in calls:
                function()
        return watch.stop()

    def _first_call(self, times: int, watch: Stopwatch) -> float:
        self._was_called = True
        watch.start()
        result = self._function(*self._args, **self._kwargs)
        seconds = watch.stop()
        if seconds > _TOO_SLOW_FOR_ONE_MORE:
            self._first.append(result)
        del result
        return seconds + (self.time(times - 1, watch) if times > 1 else 0.0)

    def result(self) -> Any:
        """Of one more call, as pytest-benchmark does it; of the first one where a call is slow."""
        return self._first[0] if self._first else self._function(*self._args, **self._kwargs)


class Rounds:
    """``benchmark.pedantic``: a round is setup, ``iterations`` timed calls, teardown.

    ``rounds`` and ``warmup_rounds`` say how much statistics the author wanted, and are not looked at.
    """

    def __init__(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        *,
        iterations: int = 1,
    ) -> None:
        self._target, self._args, self._kwargs = target, tuple(args), kwargs or {}
        self._setup, self._teardown, self._iterations = setup, teardown, iterations
        self._result: Any = None

    def time(self, times: int, watch: Stopwatch) -> float:
        if self._setup is None and self._teardown is None:
            # Nothing stands between two rounds, so one stopwatch does for all of them.
            return self._timed(self._args, self._kwargs, times * self._iterations, watch) / self._iterations
        seconds = 0.0
        for _ in repeat(None, times):
            args, kwargs = self._arguments()
            seconds += self._timed(args, kwargs, self._iterations, watch)
            if self._teardown is not None:
                self._teardown(*args, **kwargs)
        return seconds / self._iterations

    def _timed(self, args: tuple[Any, ...], kwargs: dict[str, Any], calls: int, watch: Stopwatch) -> float:
        target = self._target
        if calls == 1:
            watch.start()
            result = target(*args, **kwargs)
            seconds = watch.stop()
            self._result = result
            return seconds
        watch.start()
        for _ in repeat(None, calls):
            target(*args, **kwargs)
        return watch.stop()

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        made = self._setup() if self._setup is not None else None
        if not made:
            return self._args, self._kwargs
        if self._args or self._kwargs:
            raise TypeError("Can't use `args` or `kwargs` if `setup` returns the arguments.")
        args, kwargs = made
        return args, kwargs

    def result(self) -> Any:
        """Of the last round timed alone, or of one more."""
        if self._iterations > 1 or self._result is None:
            args, kwargs = self._arguments()
            self._result = self._target(*args, **kwargs)
            if self._teardown is not None:
                self._teardown(*args, **kwargs)
        return self._result
