"""Sums of float64 arrays on a device, in an order of their own: the same array gives the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.cuda.device import launch

if TYPE_CHECKING:
    from reference_impl.cuda.device import Device

__all__ = ["sum_of", "sum_of_squares"]

_BLOCKS, _BLOCK = 256, 256


def sum_of(device: Device, values: Any) -> float:
    """Of all elements; waits for the device."""
    return _total(device, "sum_values", values)


def sum_of_squares(device: Device, values: Any) -> float:
    return _total(device, "sum_squares", values)


def _total(device: Device, name: str, values: Any) -> float:
    blocks = max(1, min(_BLOCKS, values.size // _BLOCK))
    sums, total = device.empty(blocks, np.float64), device.empty(1, np.float64)
    launch(device, name, blocks * _BLOCK, values, values.size, sums, block=_BLOCK)
    launch(device, "sum_values", _BLOCK, sums, blocks, total, block=_BLOCK)
    return float(device.to_host(total)[0])
