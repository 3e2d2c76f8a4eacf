"""The base of our own kinds of arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

__all__ = ["ParameterType"]

if TYPE_CHECKING:
    ParameterType = click.ParamType[Any]
else:  # older ones of click are no generics
    ParameterType = click.ParamType
