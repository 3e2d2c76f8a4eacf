"""Where runs took place, held side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model import Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["differing", "joined"]

_PACKAGE = "package "


def differing(environments: Sequence[Environment]) -> dict[str, tuple[str | None, ...]]:
    """What is not the same in all: name -> one value for each environment, ``None`` where it has none."""
    facts = [_facts(environment) for environment in environments]
    names = dict.fromkeys(name for each in facts for name in each)
    values = {name: tuple(each.get(name) for each in facts) for name in names}
    return {name: each for name, each in values.items() if len(set(each)) > 1}


def joined(environments: Sequence[Environment]) -> Environment:
    """One environment for all: where they differ, each value once, so that it is taken for none of them."""
    facts = [_facts(environment) for environment in environments]
    values = {
        name: " | ".join(dict.fromkeys(each[name] for each in facts if each.get(name)))
        for name in dict.fromkeys(name for each in facts for name in each)
    }
    return Environment(
        machine_class=values["machine class"],
        python=values["python"],
        platform=values["platform"],
        commit=values.get("commit"),
        packages={
            name.removeprefix(_PACKAGE): value for name, value in values.items() if name.startswith(_PACKAGE)
        },
    )


def _facts(environment: Environment) -> dict[str, str]:
    facts = {
        "machine class": environment.machine_class,
        "python": environment.python,
        "platform": environment.platform,
    }
    if environment.commit is not None:
        facts["commit"] = environment.commit
    return facts | {f"{_PACKAGE}{name}": version for name, version in environment.packages.items()}
