"""Options and ini, parsed once into one frozen object; the unknown is refused."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_memguard.session.budgets import BudgetError, parse_budget, parse_budget_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.model import Budget

__all__ = ["Mode", "ReportTarget", "Settings", "mode_of", "parse_settings"]


class Mode(str, Enum):
    ENFORCE = "enforce"
    OBSERVE = "observe"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    """One ``--memguard-report FORMAT[:PATH]``."""

    format: str
    path: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run of memguard was asked to do."""

    mode: Mode
    baselines: Path
    is_updating: bool
    is_strict: bool
    observed_probes: tuple[str, ...]
    reports: tuple[ReportTarget, ...]
    rounds: int | Literal["auto"]
    warmup: int | None
    top: int | None  # None: all
    blame: str | None
    path_budgets: tuple[tuple[str, Budget], ...]

    def budgets_for_path(self, path: str) -> tuple[Budget, ...]:
        """Defaults by path, the last matching line of each probe winning."""
        matching = {b.probe: b for glob, b in self.path_budgets if fnmatch.fnmatchcase(path, glob)}
        return tuple(matching.values())


def mode_of(config: pytest.Config) -> Mode:
    """What this run was asked for, without reading anything else."""
    asked = config.getoption("memguard")
    mode = asked if asked is not None else str(config.getini("memguard")).strip() or "off"
    try:
        return Mode(mode)
    except ValueError:
        raise pytest.UsageError(
            f"memguard: got {mode!r}, accepted: {', '.join(m.value for m in Mode)}"
        ) from None


def parse_settings(config: pytest.Config, *, probes: Sequence[str], formats: Sequence[str]) -> Settings:
    """Everything at once; ``probes`` and ``formats`` are the names that are accepted.

    Raises
    ------
    pytest.UsageError
        Naming the option, what was got and what is accepted.
    """
    reader, mode = _Reader(config), mode_of(config)
    baselines = Path(reader.text("baselines") or "baselines")
    return Settings(
        mode=mode,
        baselines=baselines if baselines.is_absolute() else config.rootpath / baselines,
        is_updating=reader.flag("update"),
        is_strict=reader.flag("strict") and mode is not Mode.OBSERVE,  # which fails nothing
        observed_probes=reader.probes(probes),
        reports=reader.reports(formats),
        rounds=reader.rounds(),
        warmup=reader.count("warmup", minimum=0),
        top=reader.top(),
        blame=reader.choice("blame", ("memray",)),
        path_budgets=reader.path_budgets(probes),
    )


class _Reader:
    """Reads one setting: the option where it was given, else the ini."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def _raw(self, name: str) -> Any:
        given = self._config.getoption(f"memguard_{name}")
        return self._config.getini(f"memguard_{name}") if given is None else given

    def _refuse(self, name: str, got: object, accepted: str) -> pytest.UsageError:
        return pytest.UsageError(f"memguard-{name} (ini memguard_{name}): got {got!r}, accepted: {accepted}")

    def text(self, name: str) -> str:
        return str(self._raw(name)).strip()

    def flag(self, name: str) -> bool:
        words = {"": False, "false": False, "0": False, "no": False, "off": False}
        words |= {"true": True, "1": True, "yes": True, "on": True}
        try:
            return words[self.text(name).lower()]
        except KeyError:
            raise self._refuse(name, self.text(name), "true or false") from None

    def count(self, name: str, *, minimum: int, also: str = "") -> int | None:
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or int(text) < minimum:
            raise self._refuse(name, text, f"a whole number, at least {minimum}{also}")
        return int(text)

    def rounds(self) -> int | Literal["auto"]:
        if self.text("rounds") == "auto":
            return "auto"
        return self.count("rounds", minimum=1, also=", or auto") or 1

    def top(self) -> int | None:
        count = self.count("top", minimum=0)
        verbosity = self._config.get_verbosity()
        if verbosity >= 2:
            return None
        return 0 if verbosity < 0 else 5 if count is None else count

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text and text not in choices:
            raise self._refuse(name, text, ", ".join(choices))
        return text or None

    def probes(self, known: Sequence[str]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in (self.text("probes") or "heap,rss").split(",") if name.strip())
        for name in names:
            if name not in known:
                raise self._refuse("probes", name, ", ".join(sorted(known)))
        if not names:
            raise self._refuse("probes", self.text("probes"), ", ".join(sorted(known)))
        return names

    def reports(self, known: Sequence[str]) -> tuple[ReportTarget, ...]:
        targets: list[ReportTarget] = []
        for asked in self._raw("report"):
            name, colon, path = asked.strip().partition(":")
            if name not in known or (colon and not path):
                accepted = f"FORMAT or FORMAT:PATH with FORMAT one of {', '.join(sorted(known))}"
                raise self._refuse("report", asked, accepted)
            if path and any(target.path == Path(path) and target.format != name for target in targets):
                raise self._refuse("report", asked, "a path of its own for each format")
            targets.append(ReportTarget(format=name, path=Path(path) if path else None))
        return tuple(targets)

    def path_budgets(self, known: Sequence[str]) -> tuple[tuple[str, Budget], ...]:
        parsed = []
        for line in self._config.getini("memguard_budgets"):
            if not line.strip():
                continue
            try:
                glob, arguments = parse_budget_line(line)
                parsed.append((glob, parse_budget(arguments, known_probes=known)))
            except BudgetError as error:
                raise pytest.UsageError(f"ini memguard_budgets, line {line.strip()!r}: {error}") from None
        return tuple(parsed)
