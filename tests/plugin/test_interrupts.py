"""What ends a run from within a test leaves nothing running."""

from __future__ import annotations

import pytest

_CONFTEST = """
import tracemalloc
import pytest

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    print(f"tracing: {tracemalloc.is_tracing()}")
"""


@pytest.mark.parametrize(
    ("ending", "status"), [("raise KeyboardInterrupt", 2), ("pytest.exit('enough', returncode=5)", 5)]
)
def test_leaving_the_run(pytester, run, ending, status):
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_ends():
            bytearray(3 << 20)
            {ending}

        def test_never_runs():
            pass
        """
    )
    result = run.enforced(is_apart=True)
    assert result.ret == status
    result.stdout.fnmatch_lines(["*tracing: False*"])
    assert run.tests() == {}
