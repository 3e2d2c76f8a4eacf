"""What a pool says when it is used wrongly."""

__all__ = ["PoolError", "PoolExhaustedError"]


class PoolError(ValueError):
    """A request that a pool refuses, or an array handed back that is not a live lease of it."""


class PoolExhaustedError(PoolError, MemoryError):
    """A pool has no room for a request, and was told not to look for more."""
