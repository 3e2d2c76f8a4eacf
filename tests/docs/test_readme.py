"""What the README shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language, path="README.md"):
    text = (ROOT / path).read_text(encoding="utf-8")
    return [body for found, body in BLOCK.findall(text) if found == language]


@pytest.fixture
def run(tmp_path):
    def run(source, *arguments):
        (tmp_path / "test_solver.py").write_text(source, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "--memguard",
                *arguments,
                "test_solver.py",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "120", "PYTHONWARNINGS": "ignore"},
        )

    return run


def normalized(text):
    """Spaces as one, without rules that fill the terminal, and without what differs between versions of NumPy."""
    text = re.sub(r"[=_]{3,}|\(via [^)]*\)|\d+ blocks?", "", text)
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="the README shows the sizes that objects have from Python 3.11 on"
)
def test_the_first_example_fails_as_shown(run):
    source, output = blocks("python")[0], blocks("console")[0]
    done = run(source)
    assert done.returncode == 1, done.stdout
    printed = normalized(done.stdout)
    shown = [line for line in normalized(output) if not line.startswith("$")]
    assert len(shown) > 5
    assert [line for line in shown if line not in printed] == []


def test_every_other_example_of_a_marker_is_accepted(run):
    for source in blocks("python")[1:]:
        done = run(source, "--collect-only")
        assert done.returncode in (0, 5), source + done.stdout


def test_the_commands_shown_are_in_the_makefile():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)`", text)) | set(re.findall(r"^make (\w+)", text, re.MULTILINE))
    assert {"gate", "test"} <= targets
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("**/docs/*.md") if ".venv" not in path.parts
    ),
)
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+\.md)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_readme_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_options_named_in_the_documentation_exist():
    from pytest_memguard.session.options import OPTIONS

    known = {"--memguard", "--memguard-observe", "--no-memguard", *(f"--memguard-{o.name}" for o in OPTIONS)}
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"--(?:no-)?memguard(?:-[a-z]+)*", path.read_text(encoding="utf-8")))
        assert named <= known, path


def test_the_file_of_baselines_is_shown_as_it_is_written():
    from pytest_memguard.store.entries import format_entries, parse_entries

    (shown,) = blocks("json", "docs/baselines.md")
    assert format_entries(parse_entries(shown, "baselines.md")) == shown


def test_every_page_is_linked_from_the_readme_or_from_another():
    links = re.compile(r"\]\((?:docs/)?([\w-]+\.md)")
    linked = {
        target
        for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for target in links.findall(page.read_text(encoding="utf-8"))
        if target != page.name
    }
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= linked


def test_extras_that_are_named_exist():
    tomllib = pytest.importorskip("tomllib", reason="in the standard library from Python 3.11 on")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        named = re.findall(r"pytest-memguard\[([\w,-]+)\]", path.read_text(encoding="utf-8"))
        assert {name for names in named for name in names.split(",")} <= set(extras), path
