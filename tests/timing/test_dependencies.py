from __future__ import annotations

import pytest

from pytest_memguard.timing.dependencies import differing_dependencies


@pytest.fixture
def differing(tmp_path):
    def compared(base, head):
        for side, files in (("base", base), ("head", head)):
            for name, content in files.items():
                path = tmp_path / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        for side in ("base", "head"):
            (tmp_path / side).mkdir(exist_ok=True)
        return differing_dependencies(tmp_path / "base", tmp_path / "head")

    return compared


PROJECT = '[project]\nname = "x"\nversion = "{}"\ndependencies = ["{}"]\n'


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ({}, {}, ()),
        ({"pyproject.toml": PROJECT.format(1, "numpy")}, {"pyproject.toml": PROJECT.format(2, "numpy")}, ()),
        (
            {"pyproject.toml": PROJECT.format(1, "numpy")},
            {"pyproject.toml": PROJECT.format(1, "numpy>2")},
            ("pyproject.toml",),
        ),
        ({}, {"pyproject.toml": "[tool.ruff]\n"}, ("pyproject.toml",)),
        ({"uv.lock": "a"}, {"uv.lock": "b"}, ("uv.lock",)),
        ({"requirements/test.txt": "a  # why\n"}, {"requirements/test.txt": "a\n\n"}, ()),
        ({"requirements-dev.txt": "a"}, {}, ("requirements-dev.txt",)),
        ({"setup.cfg": "[flake8]\nx = 1\n"}, {}, ()),
        ({"setup.cfg": "[options]\ninstall_requires =\n  a\n"}, {}, ("setup.cfg",)),
        ({"notes.txt": "a"}, {"notes.txt": "b"}, ()),
    ],
)
def test_what_counts(differing, base, head, expected):
    assert differing(base, head) == expected
