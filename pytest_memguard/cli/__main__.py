"""``python -m pytest_memguard.cli`` is ``memguard``."""

from __future__ import annotations

from pytest_memguard.cli.group import main

if __name__ == "__main__":
    main(prog_name="memguard")
