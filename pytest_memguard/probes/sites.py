"""From allocation traces to the source lines a person can act on."""

from __future__ import annotations

import linecache
import sysconfig
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from tracemalloc import Traceback
from typing import TYPE_CHECKING, Any

from pytest_memguard.model import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from tracemalloc import Frame, Snapshot

__all__ = ["Held", "group_by_line", "held_by_stack", "is_library", "is_stdlib", "site_growth"]

_PURELIB = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_STDLIB = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})


@lru_cache(maxsize=4096)
def is_library(filename: str) -> bool:
    """The file was installed, not written by whoever reads the report."""
    return filename.startswith((*_PURELIB, *_STDLIB, "<"))


@lru_cache(maxsize=4096)
def is_stdlib(filename: str) -> bool:
    """The file came with Python itself."""
    return filename.startswith((*_STDLIB, "<frozen ")) and not filename.startswith(_PURELIB)


@dataclass(frozen=True, slots=True)
class Held:
    """Memory that allocations with one stack (oldest frame first) hold."""

    stack: Traceback
    bytes: int
    blocks: int


def held_by_stack(snapshot: Snapshot, older: Snapshot | None) -> Iterator[Held]:
    """Sums by stack; only what was added since ``older``, where there is one."""
    if older is None:
        # As snapshot.statistics("traceback"), without its objects per trace: it runs for most tests with a leak budget.
        sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for _, size, frames, *_ in snapshot.traces._traces:  # type: ignore[attr-defined]  # noqa: SLF001
            total = sums[frames]
            total[0] += size
            total[1] += 1
        for frames, (size, count) in sums.items():
            yield Held(Traceback(frames), size, count)
        return
    for change in snapshot.compare_to(older, "traceback"):
        if change.size_diff > 0:
            yield Held(change.traceback, change.size_diff, change.count_diff)


def _own_frame(stack: Traceback) -> tuple[Frame, str]:
    """The innermost frame of the user's own code, and the library line it called, if any."""
    innermost = stack[-1]
    for frame in reversed(stack):
        if not is_library(frame.filename):
            via = "" if frame == innermost else f"{innermost.filename}:{innermost.lineno}"
            return frame, via
    return innermost, ""


def group_by_line(all_held: Iterable[Held]) -> tuple[Site, ...]:
    """Sum up by the user's own source line, largest first."""
    by_line: dict[tuple[str, int], list[Held]] = defaultdict(list)
    for held in all_held:
        frame, _ = _own_frame(held.stack)
        by_line[frame.filename, frame.lineno].append(held)
    sites = []
    for (file, line), group in by_line.items():
        largest = max(group, key=lambda held: held.bytes)
        sites.append(
            Site(
                file=file,
                line=line,
                bytes=sum(held.bytes for held in group),
                blocks=sum(held.blocks for held in group),
                text=linecache.getline(file, line).strip(),
                via=_own_frame(largest.stack)[1],
            )
        )
    return tuple(sorted(sites, key=lambda site: -site.bytes))


def site_growth(before: Iterable[Held], after: Iterable[Held]) -> tuple[Site, ...]:
    """Lines that hold more after than before, with what they gained, largest first."""
    old = {(site.file, site.line): site for site in group_by_line(before)}
    gained = []
    for site in group_by_line(after):
        was = old.get((site.file, site.line))
        more_bytes = site.bytes - (was.bytes if was else 0)
        if more_bytes > 0:
            blocks = site.blocks - (was.blocks if was else 0)
            gained.append(replace(site, bytes=more_bytes, blocks=blocks))
    return tuple(sorted(gained, key=lambda site: -site.bytes))
