"""Every probe of this run by name, made and calibrated when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.probes import BUILT_IN, make_probe
from pytest_memguard.probes.calibration import complaint_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_memguard.model import Probe

__all__ = ["ProbeRegistry"]


class ProbeRegistry:
    """Built-in probes and those that plugins add; a plugin's probe replaces a built-in one of the same name."""

    def __init__(self, added: Iterable[Probe] = ()) -> None:
        self._probes: dict[str, Probe] = {probe.name: probe for probe in added}
        self._complaints: dict[str, str | None] = {}

    def __iter__(self) -> Iterator[str]:
        yield from {**dict.fromkeys(BUILT_IN), **dict.fromkeys(self._probes)}

    def __contains__(self, name: object) -> bool:
        return name in BUILT_IN or name in self._probes

    def __len__(self) -> int:
        return len(list(iter(self)))

    def probe(self, name: str) -> Probe:
        """The one instance whose windows all nest in each other."""
        if name not in self._probes:
            self._probes[name] = make_probe(name)
        return self._probes[name]

    def complaint(self, name: str) -> str | None:
        """Why the probe cannot be judged by: unavailable here, or it fails its self-calibration."""
        if name not in self._complaints:
            self._complaints[name] = complaint_about(self.probe(name))
        return self._complaints[name]

    def drawable(self) -> Iterator[Probe]:
        """Probes that can be read over time, as far as they can run here or may come to."""
        for probe in map(self.probe, self):
            if hasattr(probe, "counters") and (hasattr(probe, "load") or probe.unavailable() is None):
                yield probe

    def is_observable(self, name: str) -> bool:
        """Whether to open the probe for tests that did not ask for it.

        A probe that would have to import a library is opened anyhow: a later test may import it, watching never does.
        """
        return hasattr(self.probe(name), "load") or self.complaint(name) is None
