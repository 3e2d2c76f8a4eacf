"""What a pool says when it is used wrongly."""

__all__ = ["PoolError"]


class PoolError(ValueError):
    """A request that a pool refuses, or an array handed back that is not a live lease of it."""
