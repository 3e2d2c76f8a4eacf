"""Doctests, guarded by path."""

from __future__ import annotations


def test_budgets_by_path(pytester, run):
    pytester.makeini("[pytest]\nmemguard_budgets =\n    docs/*: peak=1 MiB leak=0 B rounds=3\n")
    docs = pytester.mkdir("docs")
    (docs / "small.txt").write_text(">>> numbers = [1]\n>>> numbers.append(2)\n>>> numbers\n[1, 2]\n")
    (docs / "large.txt").write_text(">>> len(bytearray(3 << 20))\n3145728\n")
    (docs / "wrong.txt").write_text(">>> 1 + 1\n3\n")
    result = run.enforced("--doctest-glob=*.txt")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["peak 3.0 MiB, budget 1.0 MiB*"])
    assert run.measurement("small.txt", "leak")["verdict"] == "pass"
