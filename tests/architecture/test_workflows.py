"""The workflows and the action: what they may do, and that no shell reads what strangers write."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

yaml = pytest.importorskip("ruamel.yaml", reason="comes with check-jsonschema, of the dev extra")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs the steps' bash")

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HOSTILE = [
    "two words",
    "it's",
    'a "b"',
    "$(touch evaluated)",
    "`touch evaluated`",
    "; touch evaluated",
    "$HOME\n*",
]


def load(path):
    return yaml.YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def jobs_of(path):
    return load(path)["jobs"].values()


def steps_of(path):
    groups = [load(path)["runs"]] if path == ACTION else jobs_of(path)
    return [step for group in groups for step in group["steps"]]


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def in_environment(name):
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


# --- rules


def test_zizmor_finds_nothing():
    done = run([in_environment("zizmor"), "--offline", "--quiet", "--no-progress", "."], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("github-workflows", WORKFLOWS), ("github-actions", [ACTION])],
    ids=lambda x: str(x)[:16],
)
def test_the_schema_holds(schema, paths):
    done = run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *paths])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_permitted_beyond_what_a_job_asks_for(path):
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert all("permissions" in job and "timeout-minutes" in job for job in jobs_of(path))
    assert path.name in {"comment.yml", "update-baselines.yml"} or not any(
        "write" in job["permissions"].values() for job in jobs_of(path)
    )


def test_jobs_that_may_write_run_no_code_of_the_project():
    writing = [
        step.get("run", "")
        for path in WORKFLOWS
        for job in jobs_of(path)
        if "write" in job["permissions"].values()
        for step in job["steps"]
    ]
    assert writing
    assert not [text for text in writing if re.search(r"pip |pytest |make ", text)]


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_actions_are_pinned_and_keep_no_credentials(path):
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./( # .+)?")
    assert [line for line in used if not pinned.fullmatch(line)] == []
    checkouts = [step for step in steps_of(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_no_expression_is_pasted_into_a_shell(path):
    assert not [step["run"] for step in steps_of(path) if "${{" in step.get("run", "")]


def test_every_job_of_ci_feeds_required_checks():
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert set(jobs["required-checks"]["needs"]) == set(jobs) - {"required-checks"}
    (step,) = jobs["required-checks"]["steps"]
    for results, code in (("success success", 0), ("success skipped", 1), ("failure success", 1)):
        assert (
            run(["bash", "-eo", "pipefail", "-c", step["run"]], env={"RESULTS": results}).returncode == code
        )


def test_nox_has_the_versions_of_ci():
    matrix = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    (line,) = re.findall(
        r"^PYTHONS = \((.*)\)$", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert re.findall(r'"(.*?)"', line) == matrix["python"]


def test_times_that_a_noisy_runner_refuses_do_not_cost_the_other_baselines():
    steps = load(ROOT / ".github" / "workflows" / "update-baselines.yml")["jobs"]["measure"]["steps"]
    (timing,) = [step for step in steps if "--timing" in step.get("run", "")]
    assert timing["continue-on-error"] is True
    later = steps[steps.index(timing) + 1 :]
    assert [step["uses"].partition("@")[0] for step in later] == ["actions/upload-artifact"]


# --- the action's steps, run here


@pytest.fixture
def action(tmp_path):
    """Run a step of action.yml with ``inputs``; what it would have started is recorded instead."""
    for module in ("pytest", "pytest_memguard/cli"):
        folder = tmp_path / "modules" / module
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "__main__.py").write_text(
            "import json, os, pathlib, sys\n"
            "pathlib.Path('arguments.json').write_text(json.dumps(sys.argv[1:]))\n"
            "if run := os.environ.get('RUN'):\n"
            "    pathlib.Path('memguard-report.json').write_text(run)\n"
            "    pathlib.Path('memguard-report.md').write_text('### memguard')\n"
            "sys.exit(int(os.environ['STATUS']))\n"
        )
    (tmp_path / "modules" / "pytest_memguard" / "__init__.py").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run(["git", "init", "-q", work], check=True)
    git = ["git", "-C", work, "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)

    defaults = {name: entry["default"] for name, entry in load(ACTION)["inputs"].items()}

    def act(step_id, status=0, verdict="pass", **inputs):
        given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        (step,) = [step for step in load(ACTION)["runs"]["steps"] if step.get("id") == step_id]
        entries = {
            name: re.fullmatch(r"\$\{\{ inputs\.(.+) \}\}", text)[1] for name, text in step["env"].items()
        }
        environ = {name: given[entry] for name, entry in entries.items()}
        environ |= {
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(tmp_path / "modules"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "STATUS": str(status),
            "RUN": json.dumps({"tests": [{"verdict": verdict}]}) if verdict else "",
        }
        done = run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=work, env=environ
        )
        assert "Traceback" not in done.stderr
        assert not list(tmp_path.rglob("evaluated"))
        output, arguments = tmp_path / "output", work / "arguments.json"
        done.outputs = (
            dict(line.split("=", 1) for line in output.read_text().splitlines()) if output.exists() else {}
        )
        done.arguments = json.loads(arguments.read_text()) if arguments.exists() else None
        done.summary = (tmp_path / "summary").read_text() if (tmp_path / "summary").exists() else ""
        return done

    return act


def quoted(words):
    import shlex

    return " ".join(shlex.quote(word) for word in words)


@pytest.mark.parametrize("mode", ["memory", "duet", "drift"])
def test_arguments_arrive_word_by_word_and_unevaluated(action, mode):
    done = action("run", mode=mode, base="HEAD", pytest_args=quoted(HOSTILE))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.arguments[-len(HOSTILE) :] == HOSTILE
    assert done.outputs["verdict"] == "pass"
    assert Path(done.outputs["run-file"]).is_file()
    assert done.summary == "### memguard"


@pytest.mark.parametrize("text", HOSTILE)
def test_unquoted_text_is_never_evaluated(action, text):
    done = action("run", pytest_args=text, baselines="b; touch evaluated $(touch evaluated)")
    assert done.returncode in (0, 2)
    assert (
        done.arguments is None
        or "--memguard-baselines=b; touch evaluated $(touch evaluated)" in done.arguments
    )


@pytest.mark.parametrize(
    "name", ["mode", "base", "threshold", "strict", "run_file", "markdown_file", "baselines"]
)
def test_inputs_are_validated_before_anything_runs(action, name):
    done = action("run", **{name: "$(touch evaluated)\n::set-output name=verdict::pass"})
    assert done.returncode == 2
    assert done.arguments is None
    assert done.outputs == {"verdict": "wrong_use"}
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"::error title=memguard was used wrongly::{name.replace('_', '-')}: got ")


@pytest.mark.parametrize("base", ["--output=x", "-x", ""])
def test_a_base_is_no_option(action, base):
    assert action("run", mode="duet", base=base).returncode == 2


def test_what_the_commands_are_told(action):
    done = action(
        "run", mode="duet", base="HEAD", threshold="5%", strict="true", baselines="b", pytest_args="t -x"
    )
    options, pytest_args = done.arguments[: done.arguments.index("--")], done.arguments[-3:]
    assert options[:2] == ["ab", "--base"]
    assert re.fullmatch("[0-9a-f]{40}", options[2])
    assert options[-5:] == ["--baselines", "b", "--threshold", "5%", "--strict"]
    assert pytest_args == ["--memguard-baselines=b", "t", "-x"]
    assert action("run", strict="true").arguments[-1] == "--memguard-strict"


def test_drift_is_the_command_of_that_name_with_its_many_pairs(action, tmp_path):
    done = action("run", mode="drift", base="HEAD", baselines="b", pytest_args="t")
    assert done.arguments[:2] == ["drift", "--base"]
    assert done.arguments[-5:] == ["--baselines", "b", "--", "--memguard-baselines=b", "t"]
    assert "memguard drift" in action("run", 4, mode="drift", base="HEAD").stdout

    commit = done.arguments[2]
    (tmp_path / "work" / "b").mkdir()
    timing = {"schema": 1, "reference": {"commit": commit}, "accepted": {}, "benchmarks": {}}
    (tmp_path / "work" / "b" / "timing.json").write_text(json.dumps(timing))
    assert action("run", mode="drift", baselines="b").arguments[:3] == ["drift", "--base", commit]


@pytest.mark.parametrize(
    ("mode", "status", "code", "verdict"),
    [
        *(("duet", status, status, word) for status, word in
          enumerate(["pass", "fail", "wrong_use", "inconclusive", "could_not_run"])),
        ("duet", 137, 4, "could_not_run"),
        ("memory", 0, 0, "pass"),
        ("memory", 1, 1, "fail"),
        ("memory", 2, 4, "could_not_run"),  # interrupted, or errors while collecting
        ("memory", 3, 4, "could_not_run"),  # internal error
        ("memory", 4, 2, "wrong_use"),
        ("memory", 5, 4, "could_not_run"),  # no tests
    ],
)  # fmt: skip
def test_exit_statuses_keep_their_meaning(action, mode, status, code, verdict):
    done = action("run", status, mode=mode, base="HEAD")
    assert (done.returncode, done.outputs["verdict"]) == (code, verdict)
    assert ("not a performance verdict" in done.stdout) == (code == 4)


def test_without_a_run_file_there_is_no_verdict(action):
    assert action("run", 1, verdict=None).returncode == 4


def test_what_stayed_open_is_said(action):
    assert action("run", verdict="inconclusive").outputs["verdict"] == "inconclusive"


def test_a_history_that_is_too_short_is_no_regression(action):
    done = action("run", mode="duet", base="0" * 40)
    assert (done.returncode, done.arguments) == (4, None)
    assert "fetch-depth: 0" in done.stdout
    assert action("run", mode="drift").returncode == 4  # no commit recorded


def test_install_runs_lines_without_a_shell(action):
    code = "import json, sys; open('arguments.json', 'w').write(json.dumps(sys.argv[1:]))"
    done = action("install", install=f"python -c pass\n\n{quoted(['python', '-c', code, *HOSTILE[:-1]])}")
    assert (done.returncode, done.arguments) == (0, HOSTILE[:-1])
    assert action("install", install="python -c 'raise SystemExit(1)'").returncode == 4
    assert action("install", install="no-such-command && touch evaluated").returncode == 4


# --- the comment: an artifact is a stranger's text


def sanitize(tmp_path, text, name="memguard-report.md"):
    with zipfile.ZipFile(tmp_path / "artifact.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    script = ROOT / ".github" / "scripts" / "untrusted_markdown.py"
    return subprocess.run(
        [sys.executable, script, tmp_path / "artifact.zip", "https://run"],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def body_of(comment):
    return comment.partition("</sub>\n")[2]


def test_a_comment_notifies_nobody_and_leads_nowhere(tmp_path):
    text = (
        "@all <img src=x> [a](https://b) ![c](d) [e]: f [e][g] #1 GH-2 "
        "GH\\-3 www.x.y ftp\\://z <!-- memguard --> \x1b[0m\u202e\n"
        "<details><summary>a</summary>\n\n<code>b</code> | c |\n</details>"
    )
    body = body_of(sanitize(tmp_path, text).stdout)
    for active in (
        "@a",
        "<img",
        "](",
        "]:",
        "][",
        "https:",
        "#1",
        "GH-",
        "GH\\",
        "ftp\\",
        "www.",
        "<!--",
        "\x1b",
        "\u202e",
    ):
        assert active not in body
    assert "<details><summary>a</summary>\n\n<code>b</code> | c |\n</details>" in body


@pytest.mark.parametrize(
    "text",
    ["&#64;all", "&#x40;all", "&#64all", "&#x40-all", "&commat;all", "&#35;1", "#&#49;", "&#1",
     "GH&#45;1", "GH-&#49;", "https&colon;//x", "h&#116;tps://x", "ww&#119;.x.y"],
)  # fmt: skip
def test_entities_hide_nothing_active(tmp_path, text):
    from html import unescape

    # GitHub looks for mentions in what Markdown has become; HTML in a folded part needs no semicolon.
    seen = unescape(body_of(sanitize(tmp_path, text).stdout))
    assert not re.search(r"@-?all|#1|GH-1|https:|www\.", seen)
    if ";" in text:
        assert unescape(text) in seen.replace("\u200b", "")


@pytest.mark.parametrize("fence", ["```mermaid", "``` mermaid", "~~~~ geojson", "````&#109;ermaid"])
def test_a_code_block_is_no_drawing(tmp_path, fence):
    line = body_of(sanitize(tmp_path, f"{fence}\nclick a href '//x.y'\n").stdout).splitlines()[1]
    assert line.strip("`~").startswith("\u200b")


def test_a_block_left_open_does_not_hide_whose_text_it_is(tmp_path):
    for opened in ("<details>", "```text", "<code>"):
        comment = sanitize(tmp_path, f"{opened}\nfine").stdout
        assert comment.index("https://run") < comment.index(opened[:3])


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\xff", "memguard-report.md"), ("", "../memguard-report.md")],
    ids=["not UTF-8", "elsewhere"],
)
def test_what_is_no_report_gives_no_comment(tmp_path, data, name):
    done = sanitize(tmp_path, data, name)
    assert done.returncode == 1
    assert not done.stdout
    assert done.stderr.startswith("no comment: ")


def test_names_are_shown_as_they_are_and_can_be_copied(tmp_path):
    from pytest_memguard.reports.markdown_text import code

    name = code("test_a[1|`2`]")
    assert f"- {name}\n" in sanitize(tmp_path, f"- {name}\n").stdout


@pytest.mark.parametrize("block", ["```text", "<details><summary>a</summary>", ""])
def test_a_long_report_is_cut_below_what_a_comment_takes(tmp_path, block):
    done = sanitize(tmp_path, f"first\n{block}\n" + "@é: 5 % slower\n" * 100_000)
    assert done.returncode == 0, done.stderr
    assert 50_000 < len(done.stdout) < 65_536
    *_, before, close, _, note, _ = done.stdout.split("\n")
    assert before.endswith("5 % slower")
    assert close == {"`": "```", "<": "</details>", "": before}[block[:1]]
    assert "The rest does not fit into a comment" in note


def test_our_own_reports_come_through(tmp_path):
    from pytest_memguard.model import Environment, Run
    from pytest_memguard.reports import markdown

    environment = Environment(machine_class="m", python="3", platform="p", commit=None, packages={})
    assert (
        "### memguard" in sanitize(tmp_path, markdown.render(Run(environment=environment, tests=()))).stdout
    )
