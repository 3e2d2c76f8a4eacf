"""What there is once: a copy would give back the same memory again, or write beside the one writer."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex

__all__ = ["Uncopied"]


class Uncopied:
    """Refuses `copy.copy`, `copy.deepcopy` and `pickle`, which all ask `__reduce_ex__`."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"got a copy or a pickle of a {name}, allowed: the {name} itself, or what is in it")
