"""pytest-benchmark's fixture with the measuring taken out of it: all its forms end in these two methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .work import Calls, Rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from .stand import Stand
    from .work import Work

__all__ = ["stand_in"]


def stand_in(stand: Stand, patch: pytest.MonkeyPatch) -> None:
    """Make every ``benchmark`` fixture wait for orders instead of measuring by itself."""
    from pytest_benchmark.fixture import BenchmarkFixture  # noqa: PLC0415

    def raw(fixture: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return _serve(fixture, Calls(function, args, kwargs))

    def raw_pedantic(  # noqa: PLR0913, PLR0917 - as pytest-benchmark has it
        fixture: Any,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        for name, count, least in (
            ("iterations", iterations, 1),
            ("rounds", rounds, 1),
            ("warmup_rounds", warmup_rounds, 0),
        ):
            if not isinstance(count, int) or count < least:
                raise ValueError(f"Must have positive int for `{name}`.")
        if iterations > 1 and setup:
            raise ValueError("Can't use more than 1 `iterations` with a `setup` function.")
        return _serve(fixture, Rounds(target, args, kwargs, setup, teardown, iterations=iterations))

    def _serve(fixture: Any, work: Work) -> Any:
        stats = fixture._make_stats(1)  # noqa: SLF001 - tests look at benchmark.stats afterwards
        for seconds in stand.serve(work) or [0.0]:
            stats.stats.update(seconds)
        return work.result()

    patch.setattr(BenchmarkFixture, "_raw", raw)
    patch.setattr(BenchmarkFixture, "_raw_pedantic", raw_pedantic)
