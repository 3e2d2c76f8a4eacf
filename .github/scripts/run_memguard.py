"""What action.yml does. Inputs arrive as environment variables and leave as arguments: no shell reads them."""
# ruff: noqa: INP001 - a script of the action, not of a package
# ruff: noqa: T201 - standard output is where the runner reads its commands

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMANDS = {"duet": "ab", "drift": "drift"}
_MODES = ("memory", *_COMMANDS)
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./~^+#@-]*")  # the first character keeps it from being an option
_THRESHOLD = re.compile(r"\d{1,3}(\.\d+)?%")
_SUMMARY_BYTES = 1_000_000  # GitHub refuses the whole summary of a step from 1 MiB on


class Exit(IntEnum):
    """The same scale as the ``memguard`` command's."""

    PASS = 0
    FAIL = 1
    WRONG_USE = 2
    INCONCLUSIVE = 3
    COULD_NOT_RUN = 4


_OF_PYTEST = {
    0: Exit.PASS,
    1: Exit.FAIL,
    4: Exit.WRONG_USE,
}  # the rest: interrupted, internal error, no tests
_TITLES = {
    Exit.WRONG_USE: "memguard was used wrongly",
    Exit.COULD_NOT_RUN: "memguard could not run: not a performance verdict",
}


class Trouble(Exception):  # noqa: N818 - one sentence and the exit status that goes with it
    def __init__(self, sentence: str, code: Exit) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Inputs:
    mode: str
    pytest_args: tuple[str, ...]
    base: str
    threshold: str
    is_strict: bool
    baselines: str
    run_file: Path
    markdown_file: Path


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Everything checked before anything runs; ``Trouble`` names the input, what was got and what is accepted."""

    def got(name: str, pattern: str | re.Pattern[str], accepted: str) -> str:
        text = environ.get(f"INPUT_{name}", "").strip()
        if not re.fullmatch(pattern, text):
            sentence = f"{name.lower().replace('_', '-')}: got {text!r}, accepted: {accepted}"
            raise Trouble(sentence, Exit.WRONG_USE)
        return text

    path, maybe_path = r"[^\x00-\x1f\x7f]+", r"[^\x00-\x1f\x7f]*"
    return Inputs(
        mode=got("MODE", "|".join(_MODES), ", ".join(_MODES)),
        pytest_args=_words("pytest-args", environ.get("INPUT_PYTEST_ARGS", "")),
        base=got("BASE", f"({_REF.pattern})?", "a commit, a branch or a tag"),
        threshold=got("THRESHOLD", f"({_THRESHOLD.pattern})?", "a percentage such as 5%"),
        is_strict=got("STRICT", "true|false", "true or false") == "true",
        baselines=got("BASELINES", maybe_path, "a path on one line"),
        run_file=Path(got("RUN_FILE", path, "a path on one line")).absolute(),
        markdown_file=Path(got("MARKDOWN_FILE", path, "a path on one line")).absolute(),
    )


def _words(name: str, text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Trouble(f"{name}: {error}", Exit.WRONG_USE) from None


def install(environ: Mapping[str, str]) -> Exit:
    """Run each line of the input as one command."""
    for line in environ.get("INPUT_INSTALL", "").splitlines():
        if command := _words("install", line):
            try:
                code = subprocess.run(command, check=False).returncode
            except OSError as error:
                raise Trouble(f"install: {command[0]!r}: {error.strerror}", Exit.COULD_NOT_RUN) from None
            if code:
                raise Trouble(f"install: {command[0]!r} ended with status {code}", Exit.COULD_NOT_RUN)
    return Exit.PASS


def run(environ: Mapping[str, str]) -> Exit:
    inputs = read_inputs(environ)
    for report in (inputs.run_file, inputs.markdown_file):
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)  # an older run's must not pass for this one's
    try:
        code = _measure(inputs, environ)
    except Trouble as trouble:
        _complain(trouble)
        code = trouble.code
    outputs = {
        "verdict": _verdict(code, inputs.run_file),
        "run-file": inputs.run_file,
        "markdown-file": inputs.markdown_file,
    }
    _append(environ.get("GITHUB_OUTPUT"), "".join(f"{name}={value}\n" for name, value in outputs.items()))
    _summarize(environ.get("GITHUB_STEP_SUMMARY"), inputs.markdown_file)
    return code


def _measure(inputs: Inputs, environ: Mapping[str, str]) -> Exit:
    is_memory = inputs.mode == "memory"
    status = subprocess.run(command_line(inputs, environ), check=False).returncode
    ended = f"{'pytest' if is_memory else f'memguard {_COMMANDS[inputs.mode]}'} ended with status {status}"
    scale = _OF_PYTEST if is_memory else {known.value: known for known in Exit}
    code = scale.get(status, Exit.COULD_NOT_RUN)
    if code in _TITLES:
        raise Trouble(f"{ended}; the log has its reason", code)
    if code is not Exit.INCONCLUSIVE and not inputs.run_file.exists():
        # The interpreter's own status for a missing module is 1 too.
        raise Trouble(f"{ended} and left no run file at {inputs.run_file}", Exit.COULD_NOT_RUN)
    return code


def command_line(inputs: Inputs, environ: Mapping[str, str]) -> list[str]:
    python = [sys.executable, "-m"]
    baselines = [f"--memguard-baselines={inputs.baselines}"] if inputs.baselines else []
    if inputs.mode == "memory":
        reports = [f"json:{inputs.run_file}", f"markdown:{inputs.markdown_file}"]
        options = ["--memguard", *(f"--memguard-report={report}" for report in reports), *baselines]
        options += ["--memguard-strict"] if inputs.is_strict else []
        return [*python, "pytest", *options, *inputs.pytest_args]
    options = ["--base", _base_commit(inputs, environ)]
    options += ["--json", str(inputs.run_file), "--markdown", str(inputs.markdown_file)]
    options += ["--baselines", inputs.baselines] if inputs.baselines else []
    options += ["--threshold", inputs.threshold] if inputs.threshold else []
    options += ["--strict"] if inputs.is_strict else []
    command = _COMMANDS[inputs.mode]
    return [*python, "pytest_memguard.cli", command, *options, "--", *baselines, *inputs.pytest_args]


def _base_commit(inputs: Inputs, environ: Mapping[str, str]) -> str:
    if inputs.mode == "drift":
        base = inputs.base or _recorded_commit(Path(inputs.baselines or "baselines", "timing.json"))
        git = ["git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"]
    else:
        target = environ.get("GITHUB_BASE_REF")  # of pull requests alone
        base = inputs.base or (f"origin/{target}" if target else "")
        git = ["git", "merge-base", base, "HEAD"]
    if not _REF.fullmatch(base):
        raise Trouble(f"base: got {base!r}, accepted: a commit, a branch or a tag", Exit.WRONG_USE)
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    if found.returncode:
        hint = "actions/checkout needs fetch-depth: 0"
        raise Trouble(f"the history here does not reach {base!r}; {hint}", Exit.COULD_NOT_RUN)
    return found.stdout.split()[0]


def _recorded_commit(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["reference"]["commit"])
    except (OSError, ValueError, LookupError, TypeError):
        raise Trouble(f"{path} records no commit to compare with", Exit.COULD_NOT_RUN) from None


def _verdict(code: Exit, run_file: Path) -> str:
    if code is Exit.PASS:
        try:
            tests = json.loads(run_file.read_text(encoding="utf-8"))["tests"]
            if any(test["verdict"] == "inconclusive" for test in tests):
                return "inconclusive"
        except (OSError, ValueError, LookupError, TypeError):
            pass  # the exit status says enough
    return code.name.lower()


def _summarize(summary: str | None, markdown: Path) -> None:
    """The job summary, where nobody wrote it yet: the plugin does so itself on GitHub."""
    if summary and markdown.exists() and not (Path(summary).exists() and Path(summary).stat().st_size):
        _append(summary, markdown.read_bytes()[:_SUMMARY_BYTES].decode(errors="ignore"))


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _complain(trouble: Trouble) -> None:
    sentence = str(trouble).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error title={_TITLES[trouble.code]}::{sentence}", flush=True)


def main(arguments: Sequence[str]) -> int:
    try:
        return {"install": install, "run": run}[arguments[0]](os.environ)
    except Trouble as trouble:  # before anything was measured
        _complain(trouble)
        _append(os.environ.get("GITHUB_OUTPUT"), f"verdict={trouble.code.name.lower()}\n")
        return trouble.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
