"""The fragments render as the changelog of a release."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAGMENTS = [path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]


def test_every_fragment_is_in_the_changelog_as_it_is():
    pytest.importorskip("towncrier", reason="in the dev extra")
    done = subprocess.run(
        [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.8.7", "--date", "2000-01-01"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("## 9.8.7 (2000-01-01)\n\n### Features\n\n- ")
    assert done.stdout.count("\n- ") == len(FRAGMENTS)
    for path in FRAGMENTS:
        first_line = path.read_text(encoding="utf-8").strip().partition("\n")[0]
        assert f"\n- {first_line}\n" in done.stdout
