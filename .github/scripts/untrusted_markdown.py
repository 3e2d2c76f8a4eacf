"""Print the Markdown of an artifact that anybody may have written, fit for a comment by a privileged token.

Nothing of the archive is extracted or executed. What remains active is headings, tables, lists, emphasis, code
and folding; mentions, links, images, references to issues and other HTML stay visible as the text they are.
"""
# ruff: noqa: INP001 - a script of a workflow, not of a package

from __future__ import annotations

import codecs
import html
import re
import sys
import zipfile
import zlib

NAME = "memguard-report.md"
MARKER = "<!-- memguard -->"
_MOST_BYTES = 60_000  # GitHub takes 65 536 characters
_MOST_READ = 1_000_000
_BREAK = "\N{ZERO WIDTH SPACE}"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f]")
_ACTIVE = re.compile(
    r"<(?!/?(?:details|summary|code)>)"  # HTML, autolinks and comments, except for what our own reports fold with
    r"|@|(?<!&)#(?=\d)|#(?=\d+(?![\d;]))|GH(?=\\?-\d)"
    r"|\](?=[(\[:])"  # links, images and the definitions that they refer to
    r"|(?:https?|ftp)(?=\\?:)|www(?=\\?\.)"
    r"|(?:`{3}|~{3})(?=[ \t]*[^\s`~])",  # diagrams and maps are code blocks in a language of that name
    re.IGNORECASE,
)
# GitHub looks for mentions and references in what Markdown has become, where entities are characters again.
_ENTITY = re.compile(r"&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]*);?", re.IGNORECASE)
_HARMLESS = frozenset(
    "\\`*[]<>&|~$!_"
)  # as characters of text; what reports escape in names, which can be copied


def neutralize(text: str) -> str:
    """``text`` with everything that notifies or leads elsewhere broken by a character of no width."""
    broken = _ACTIVE.sub(lambda match: match[0] + _BREAK, _CONTROL.sub("", text))
    return _ENTITY.sub(_apart, broken)


def _apart(match: re.Match[str]) -> str:
    char = html.unescape(match[0])
    return match[0] if char in _HARMLESS or char == match[0] else f"{_BREAK}{match[0]}{_BREAK}"


def read(path: str) -> str:
    """The report inside the archive at ``path``.

    Raises
    ------
    ValueError
        When there is none, or it is not UTF-8.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(NAME) as file:
            data = file.read(_MOST_READ)  # whatever size the archive claims
    except (
        zipfile.BadZipFile,
        KeyError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        zlib.error,
    ) as error:
        raise ValueError(f"no {NAME} to be read in the artifact: {error}") from None
    # What was read may end within a character.
    return codecs.getincrementaldecoder("utf-8")().decode(data, final=len(data) < _MOST_READ)


def cut(text: str) -> str:
    """``text``, or as many of its lines as a comment takes, with what is open closed."""
    if len(text.encode()) <= _MOST_BYTES:
        return text
    kept: list[str] = []
    fence, folded, size = "", 0, 0
    for line in text.split("\n"):
        size += len(line.encode()) + 1
        if size > _MOST_BYTES:
            break
        kept.append(line)
        if run := re.match("`{3,}", line):
            fence = "" if line == fence else fence or run[0]
        if not fence:
            folded = max(0, folded + line.count("<details>") - line.count("</details>"))
    ending = [*filter(None, [fence]), *["</details>"] * folded]
    return "\n".join([*kept, *ending, "", "The rest does not fit into a comment: the job summary has it."])


def main(path: str, run_url: str) -> None:
    body = cut(neutralize(read(path)).strip())
    source = f"<sub>Written by the pull request's own [run]({run_url}).</sub>"
    # The source comes first: a block that the body leaves open would hide it.
    sys.stdout.buffer.write(f"{MARKER}\n{source}\n\n{body}\n".encode())


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except ValueError as error:
        sys.exit(f"no comment: {error}")
