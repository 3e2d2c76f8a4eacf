"""The whole of it on real repositories: every kind of benchmark in one comparison, then what goes wrong."""

from __future__ import annotations

import json

import pytest

from tests.timing.repositories import LOADED, Sample

pytestmark = pytest.mark.slow

CALC = """
def loop(count):
    total = 0
    for index in range(count):
        total += index
    return total

def same():
    return loop(500)

def slower():
    return loop({slower})

def faster():
    return loop({faster})

def tiny():
    return None

def value():
    return {value}
"""
BENCH = """
import asyncio
import os
import time

import pytest

import calc


@pytest.fixture(scope="session")
def session_wide():
    made = [0]
    yield made
    assert made[0] == 1


@pytest.fixture(scope="module", params=["a", "b"])
def module_wide(request):
    return request.param


def test_same(benchmark):
    assert benchmark(calc.same) == sum(range(500))
    assert benchmark.stats.stats.mean > 0


def test_slower(benchmark):
    benchmark(calc.slower)


def test_faster(benchmark):
    benchmark(calc.faster)


def test_tiny(benchmark):
    benchmark(calc.tiny)


def test_arguments(benchmark):
    assert benchmark(calc.loop, count=300) == sum(range(300))


def test_waiting(benchmark):
    benchmark(time.sleep, 0.004)


def test_printing(benchmark):
    benchmark(lambda: (print("x" * 100), calc.same()))


def test_pedantic(benchmark):
    steps = []

    def setup():
        steps.append("setup")
        return (500,), {}

    def teardown(count):
        assert steps[-1] == "target"
        steps.append("teardown")

    def target(count):
        assert steps[-1] == "setup"
        steps.append("target")
        return calc.loop(count)

    assert benchmark.pedantic(target, setup=setup, teardown=teardown, rounds=3) == sum(range(500))
    assert steps[-3:] == ["setup", "target", "teardown"]


def test_iterations(benchmark):
    assert benchmark.pedantic(calc.same, iterations=3, rounds=2, warmup_rounds=1) == sum(range(500))


@pytest.mark.benchmark(group="pairs", min_rounds=1)
@pytest.mark.parametrize("count", [200, 400])
def test_group(benchmark, count):
    benchmark.extra_info["count"] = count
    benchmark(calc.loop, count)


class TestFixtures:
    @pytest.fixture(scope="class", autouse=True)
    def class_wide(self):
        self.__class__.ready = True

    def test_scopes(self, benchmark, session_wide, module_wide, tmp_path):
        session_wide[0] = 1
        assert self.ready
        assert os.path.abspath(calc.__file__).startswith(os.path.join(os.getcwd(), "src"))
        benchmark(calc.same)


@pytest.mark.asyncio
async def test_async(benchmark):
    await asyncio.sleep(0)
    benchmark(calc.same)


def test_new_function(benchmark):
    benchmark(calc.brand_new)


def test_fails_on_base(benchmark):
    assert benchmark(calc.value) == 2


def test_fails(benchmark):
    assert benchmark(calc.same) == "a miracle"


def test_raises_later(benchmark):
    calls = []

    def target():
        calls.append(1)
        if len(calls) > 30:
            raise ValueError("worn out")
        calc.same()

    benchmark(target)


def test_twice(benchmark):
    benchmark(calc.same)
    benchmark(calc.same)


def test_never(benchmark):
    pass


def test_skipped(benchmark):
    pytest.skip("no GPU here")


@pytest.mark.xfail(reason="not done yet", strict=True)
def test_expected_to_fail(benchmark):
    benchmark(calc.missing)


def test_plain():
    raise AssertionError("this is no benchmark")
"""
PASSING = {
    "test_same", "test_tiny", "test_arguments", "test_waiting", "test_printing", "test_pedantic", "test_iterations",
    "test_group[200]", "test_group[400]", "test_scopes[a]", "test_scopes[b]", "test_async",
}  # fmt: skip


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    sample = Sample(tmp_path_factory.mktemp("compared") / "sample")
    base = CALC.format(slower=200, faster=2000, value=1)
    head = CALC.format(slower=2000, faster=200, value=2)
    sample.commit({"src/calc/__init__.py": base, "bench/test_calc.py": "", "bench/helper.py": "VALUE = 1\n"})
    sample.commit(
        {
            "src/calc/__init__.py": head + "\ndef brand_new():\n    return same()\n",
            "bench/test_calc.py": BENCH,
            "bench/test_new_file.py": (
                "from calc import brand_new\nimport helper\n\n"
                "def test_new_file(benchmark):\n    assert helper.VALUE == 2\n    benchmark(brand_new)\n"
            ),
            "bench/helper.py": "VALUE = 2\n",
            "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = function\nmarkers =\n    asyncio\n",
        }
    )
    plugins = f"{LOADED} -p pytest_asyncio.plugin -p pytest_timeout --timeout=1 -x -p xdist.plugin -n 2"
    done, found = sample.timed("bench", PYTEST_ADDOPTS=plugins)
    return sample, done, found


def test_equal_code_passes_whatever_form_the_benchmark_has(compared):
    _, done, found = compared
    assert {name for name, each in found.items() if each["verdict"] == "pass"} == PASSING, done.stdout
    for name in PASSING:
        assert len(found[name]["slices"]) == len(found[name]["pair_ratios"]) >= 5
        assert 0.5 < found[name]["ratio"] < 1.6


def test_slower_and_faster_code_is_found(compared):
    _, done, found = compared
    assert found["test_slower"]["verdict"] == "regressed", done.stdout
    assert found["test_slower"]["ratio"] > 4
    assert found["test_faster"]["verdict"] == "improved", done.stdout
    assert done.returncode == 1
    assert "regressed: bench/test_calc.py::test_slower: " in done.stdout
    assert "beside benchmarks, so not compared: bench/helper.py" in done.stdout


def test_what_base_cannot_do_is_new(compared):
    _, _, found = compared
    new = {name: each for name, each in found.items() if each["verdict"] == "new"}
    assert set(new) == {"test_new_function", "test_fails_on_base", "test_new_file"}
    assert "AttributeError" in new["test_new_function"]["reason"]
    reason = "head's files cannot be collected on base: ImportError: cannot import name 'brand_new'"
    assert new["test_new_file"]["reason"].startswith(reason)
    assert new["test_new_function"]["head_seconds"] > 0


def test_what_head_cannot_do_has_no_verdict(compared):
    _, _, found = compared
    lost = {name: each["reason"] for name, each in found.items() if each["verdict"] == "could_not_run"}
    assert set(lost) == {"test_fails", "test_raises_later", "test_twice"}
    assert "a miracle" in lost["test_fails"]
    assert "worn out" in lost["test_raises_later"]
    assert "only be used once" in lost["test_twice"]
    missing = {name: each["reason"] for name, each in found.items() if each["verdict"] == "not_measured"}
    assert missing == {
        "test_never": "never calls benchmark",
        "test_skipped": "no GPU here",
        "test_expected_to_fail": "not done yet",
    }


def test_nothing_is_left_of_a_comparison(compared):
    sample, _, _ = compared
    sample.assert_untouched()


MINIMAL = "import calc\n\ndef test_one(benchmark):\n    benchmark(calc.same)\n"


def test_uncommitted_changes_are_head(sample):
    """Every benchmark is new, so that one pair tells."""
    sample.commit({"calc.py": "", "gone.py": "", "test_calc.py": MINIMAL})
    sample.git("rm", "-q", "gone.py")
    sample.put({"calc.py": "from other import same\n", "other.py": "def same():\n    return 1\n"})
    there = "import os\n\ndef test_two(benchmark):\n    assert not os.path.exists('gone.py')\n    benchmark(int)\n"
    sample.put({"test_two.py": there})
    process = sample.start("ab", "--base", "HEAD", "--json", "../run.json")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, out + err
    found = json.loads((sample.path.parent / "run.json").read_text())["timing"]
    assert [each["verdict"] for each in found["benchmarks"]] == ["new", "new"]
    assert found["head"] == sample.git("rev-parse", "HEAD") + "+"
    assert found["pairs"] == 1
    sample.assert_untouched()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("def same(:\n", "SyntaxError"),
        ("import not_installed_anywhere\n", "not_installed_anywhere"),
    ],
)
def test_base_that_does_not_import_is_no_verdict(sample, broken, said):
    sample.commit({"calc/__init__.py": broken, "bench/test_calc.py": MINIMAL})
    sample.commit({"calc/__init__.py": "def same():\n    return 1\n"})
    done = sample.ab("bench")
    assert done.returncode == 4
    assert "base does not import" in done.stderr
    assert said in done.stderr
    sample.assert_untouched()


def test_a_build_that_fails_is_no_verdict(sample):
    sample.commit({"calc.py": "def same():\n    return 1\n", "test_calc.py": MINIMAL})
    sample.commit({"made": ""})
    done = sample.ab("--build", "test -e made || { echo no compiler; exit 3; }")
    assert done.returncode == 4
    assert "base does not build: no compiler" in done.stderr
    sample.assert_untouched()


def test_other_code_and_other_packages_make_it_advice(sample, tmp_path):
    """A finder that stands before the search path on one side, and a changed lock file."""
    elsewhere = tmp_path / "elsewhere" / "calc.py"
    elsewhere.parent.mkdir()
    elsewhere.write_text("def same():\n    return sum(range(300))\n")
    conftest = f"import sys\nif 'head-' in __file__:\n    sys.path.insert(0, {str(elsewhere.parent)!r})\n"
    files = {"bench/test_calc.py": MINIMAL, "bench/conftest.py": conftest, "requirements.txt": "numpy==1\n"}
    files = {f"project/{name}": content for name, content in files.items()}
    sample.commit({"project/calc.py": "def same():\n    return sum(range(300))\n", **files})
    sample.commit({"project/requirements.txt": "numpy==2\n"})
    done, found = sample.timed("--strict", "bench", below="project")
    assert found["test_one"]["verdict"] == "inconclusive", done.stdout
    assert "calc was imported from" in found["test_one"]["reason"]
    assert "project/requirements.txt" in found["test_one"]["reason"]
    assert done.returncode == 3


HOOK = """
import sys
from importlib.machinery import PathFinder

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{folder!r}]) if name == "calc" else None

sys.meta_path.insert(0, Finder)
"""


LATE = "def test_one(benchmark):\n    import calc\n    benchmark(calc.same)\n"


@pytest.mark.parametrize("test", [MINIMAL, LATE])
def test_head_is_not_compared_with_head(sample, test):
    """An editable install whose finder answers before the search path, when collecting or in the benchmark."""
    sample.commit({"calc.py": "def same():\n    return 1\n"})
    sample.commit({"test_calc.py": test, "conftest.py": HOOK.format(folder=str(sample.path))})
    done = sample.ab()
    assert done.returncode == 4, done.stdout
    assert f"both sides import calc from {sample.path / 'calc.py'}, and nothing from their own" in done.stderr
    assert ("pair 1" in done.stderr) is (test == LATE)
    sample.assert_untouched()


def test_wrong_use(sample):
    sample.commit({"calc.py": "", "test_calc.py": "def test_one(): pass\n"})
    sample.commit()
    done = sample.ab()
    assert done.returncode == 4
    assert "pytest found no test that uses" in done.stderr
    assert sample.ab("--no-such-option-of-pytest").returncode == 2
    done = sample.ab("--", "--no-such-option-of-pytest")
    assert done.returncode == 2
    assert "unrecognized arguments" in done.stderr
    done = sample.ab("--", "nowhere.py")
    assert done.returncode == 2
    assert (
        "pytest refuses: its process ended with status 4: ERROR: file or directory not found: nowhere.py"
        in done.stderr
    )
    sample.put({"conftest.py": "import nothing\n"})  # which is no wrong use of ours
    done = sample.ab()
    assert done.returncode == 4
    assert "No module named 'nothing'" in done.stderr
    process = sample.start("ab", "--base", "nowhere")
    assert "git knows no commit 'nowhere'" in process.communicate(timeout=60)[1]
    assert process.returncode == 2
    sample.assert_untouched()


def test_a_project_in_a_folder_of_the_repository(sample):
    """Node ids are those of its own pytest, and each side imports its own commit of what is installed editable."""
    test = "import core\nimport other\n\ndef test_one(benchmark):\n    benchmark(core.same)\n\n"
    sample.commit(
        {
            "one/pyproject.toml": "[tool.pytest.ini_options]\n",
            "one/src/core/__init__.py": "def same():\n    return sum(range(300))\n",
            "one/bench/test_a.py": test + "def test_other(benchmark):\n    benchmark(other.slower)\n",
            "two/src/other.py": "def slower():\n    return sum(range(300))\n",
        }
    )
    sample.commit({"two/src/other.py": "def slower():\n    return sum(range(3000))\n"})
    link, outside = sample.temp.parent / "link", sample.temp.parent / "tests"
    link.symlink_to(sample.path)
    outside.mkdir()
    (outside / "test_outside.py").write_text(test.replace("test_one", "test_outside"))
    arguments = (str(link / "one" / "bench"), str(outside))
    done, found = sample.timed(*arguments, PYTHONPATH=str(sample.path / "two" / "src"))
    verdicts = {name: each["verdict"] for name, each in found.items()}
    assert verdicts == {"test_one": "pass", "test_outside": "pass", "test_other": "regressed"}, done.stdout
    assert (outside / "test_outside.py").exists()
    assert found["test_one"]["nodeid"] == "bench/test_a.py::test_one"
    assert found["test_one"]["file"] == "one/bench/test_a.py"
