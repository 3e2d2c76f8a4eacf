"""Exclusive sums of integers on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.cuda.device import blocks_for, launch

if TYPE_CHECKING:
    from reference_impl.cuda.device import Device

__all__ = ["exclusive_scan"]

_ITEMS = 4  # of a thread, as in scan.cu


def exclusive_scan(device: Device, counts: Any, starts: Any, *, block: int = 256) -> None:
    """``starts`` (n + 1,) int64 becomes the sums of what is before each of ``counts`` (n,) int32, and of all."""
    n = len(counts)
    if n == 0:
        device.zero(starts)
        return
    threads = -(-n // _ITEMS)
    tiles = blocks_for(threads, block)
    totals = device.empty(tiles, np.int64)
    launch(device, "scan_sums", threads, counts, n, totals, block=block)
    launch(device, "scan_totals", block, totals, tiles, block=block)
    launch(device, "scan_tiles", threads, counts, n, totals, starts, block=block)
