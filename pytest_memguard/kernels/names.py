"""Kernels as their source names them.

The mangling is that of the Itanium C++ ABI (section 5.1), of which kernels use little: names within namespaces, and
template arguments that are built-in types or whole numbers. NVRTC's wheel brings no demangler, and that of the C++
runtime is there on some platforms only, so that one kernel would have several names.
"""

from __future__ import annotations

import re

__all__ = ["source_name"]

_TYPES = {
    "a": "signed char", "b": "bool", "c": "char", "d": "double", "f": "float", "h": "unsigned char", "i": "int",
    "j": "unsigned int", "l": "long", "m": "unsigned long", "s": "short", "t": "unsigned short", "x": "long long",
    "y": "unsigned long long",
}  # fmt: skip
_LITERAL = re.compile(r"L([a-z])(n?)(\d+)E")
_LENGTH = re.compile(r"\d+")


class _Unknown(Exception):  # noqa: N818 - never leaves this file
    pass


def source_name(mangled: str) -> str:
    """``md::tile<float, 256>`` of ``_ZN2md4tileIfLi256EEEvPT_``; what is mangled in another way stays as it is."""
    if not mangled.startswith("_Z"):
        return mangled  # extern "C"
    try:
        return "::".join(_Reader(mangled[2:]).names())
    except _Unknown:
        return mangled


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def names(self) -> list[str]:
        if not self._takes("N"):
            return [self._name()]
        names = [self._name()]
        while not self._takes("E"):
            names.append(self._name())
        return names

    def _takes(self, prefix: str) -> bool:
        found = self._text.startswith(prefix)
        self._text = self._text[len(prefix) :] if found else self._text
        return found

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text)
        if match is None:
            raise _Unknown
        self._text = self._text[match.end() :]
        return match

    def _name(self) -> str:
        length = int(self._match(_LENGTH)[0])
        name, self._text = self._text[:length], self._text[length:]
        if not 0 < length == len(name):
            raise _Unknown
        if name.startswith("_GLOBAL__N_"):
            name = "(anonymous namespace)"
        if not self._takes("I"):
            return name
        arguments = [self._argument()]
        while not self._takes("E"):
            arguments.append(self._argument())
        return f"{name}<{', '.join(arguments)}>"

    def _argument(self) -> str:
        if self._text.startswith("L"):
            kind, minus, digits = self._match(_LITERAL).groups()
            if kind == "b":
                return "true" if int(digits) else "false"
            return f"{'-' if minus else ''}{digits}"
        if self._takes("P"):
            return f"{self._argument()}*"
        if self._takes("K"):
            return f"const {self._argument()}"
        for code, name in _TYPES.items():
            if self._takes(code):
                return name
        if self._text[:1].isdigit():
            return self._name()
        raise _Unknown
