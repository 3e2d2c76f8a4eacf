"""A function of a library, replaced while a window is open: of what nothing else tells that it was called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Replaced"]


def _behind_closed(function: Any) -> Any:
    while isinstance(function, Replaced) and not function.is_open:
        function = function.original
    return function


class Replaced:
    """Stands for ``module.name``, and tells of every call before it, with what it was called with.

    Another probe's may stand above it when it is closed. Then it stays there, and passes on.
    """

    def __init__(self, module: Any, name: str, tell: Callable[..., None]) -> None:
        self.original: Callable[..., Any] = _behind_closed(getattr(module, name))
        self._module, self._name, self._tell = module, name, tell
        self.is_open: bool = True
        setattr(module, name, self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self.is_open:
            self._tell(*arguments, **named)
        return self.original(*arguments, **named)

    def close(self) -> None:
        self.is_open = False
        if getattr(self._module, self._name) is self:
            setattr(self._module, self._name, _behind_closed(self.original))
