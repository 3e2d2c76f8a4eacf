"""Call stacks at the high-water mark from memray, for ``--memguard-blame memray``.

Evidence for people, native frames included; the verdict stays with the probe that carries the budget.
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_memguard.model import Site
from pytest_memguard.probes.allowances import is_runner
from pytest_memguard.probes.sites import is_library

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MemrayStacks"]


class MemrayStacks:
    """Records the allocations of one call."""

    @staticmethod
    def is_installed() -> bool:
        return importlib.util.find_spec("memray") is not None

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="memguard-memray-")
        self._file = Path(self._folder.name) / "allocations.bin"
        self._tracker: Any = None

    def start(self) -> None:
        """Start recording; where somebody else records already (there can be one), nothing is recorded."""
        import memray  # noqa: PLC0415 - heavy, and asked for by option only

        tracker = memray.Tracker(self._file)
        try:
            tracker.__enter__()
        except RuntimeError:
            return
        self._tracker = tracker

    def stop(self) -> None:
        if self._tracker is not None:
            self._tracker.__exit__(None, None, None)

    def sites(self) -> tuple[Site, ...]:
        """Bytes alive at the high-water mark by the user's own line, largest first."""
        if self._tracker is None:
            return ()
        import memray  # noqa: PLC0415

        with memray.FileReader(self._file) as reader:
            sites = _by_line(reader.get_high_watermark_allocation_records(merge_threads=True))
        return sites  # noqa: RET504 - inside the block, mypy would miss a return after it

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()


def _by_line(records: Iterable[Any]) -> tuple[Site, ...]:
    import linecache  # noqa: PLC0415

    totals: dict[tuple[str, int], list[int]] = {}
    via: dict[tuple[str, int], str] = {}
    for record in records:
        stack = record.stack_trace()  # (function, file, line), innermost first
        if not stack:
            continue
        if is_runner(stack[0][1]):
            continue
        own = next(
            (frame for frame in stack if not is_library(frame[1]) and not is_runner(frame[1])), stack[0]
        )
        place = (own[1], own[2])
        total = totals.setdefault(place, [0, 0])
        total[0] += record.size
        total[1] += record.n_allocations
        if own is not stack[0]:
            via[place] = f"{stack[0][1]}:{stack[0][2]}"
    return tuple(
        Site(
            file=file,
            line=line,
            bytes=size,
            blocks=blocks,
            text=linecache.getline(file, line).strip(),
            via=via.get((file, line), ""),
        )
        for (file, line), (size, blocks) in sorted(totals.items(), key=lambda entry: -entry[1][0])
    )
