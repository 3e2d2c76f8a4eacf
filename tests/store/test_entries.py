from __future__ import annotations

import pytest
from hypothesis import given

from pytest_memguard.store.entries import format_entries, parse_entries
from pytest_memguard.store.errors import StoreError
from tests.store.strategies import entries, unhurried

START = '{"schema": 1, "entries": {\n"a": {"p": {"peak": 1}},\n'


@unhurried
@given(written=entries)
def test_what_is_formatted_is_parsed(written):
    text = format_entries(written)
    assert parse_entries(text, "memory.json") == written
    assert text.encode("utf-8", "strict")
    assert text.count("\n") == (len(written) + 2 if written else 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (START + '"b": {"p": {"peak": NaN}}}}', "m.json: got NaN, accepted: a number >= 0"),
        (START + '"a": {}}}', 'm.json: "a" stands there twice; keep one of them'),
        (START + '"b": {"p": {"peak": -1}}}}', "m.json:3: b → p → peak: got -1, accepted: a number >= 0"),
        (START + '"b": {"p": {"peak": "1"}}}}', 'm.json:3: b → p → peak: got "1", accepted: a number >= 0'),
        (START + '"b": {"p": {"peak": true}}}}', "m.json:3: b → p → peak: got true, accepted: a number >= 0"),
        (
            START + '"b": {"p": {"peak": 1e999}}}}',
            "m.json:3: b → p → peak: got Infinity, accepted: a number >= 0",
        ),
        (START + '"b": {"p": 1}}}', "m.json:3: b → p: got 1, accepted: an object of metrics by name"),
        (START + '"b": null}}', "m.json:3: b: got null, accepted: an object of probes by name"),
        ("[]", "m.json is not a baselines file: it has no `schema`"),
        ('{"entries": {}}', "m.json is not a baselines file: it has no `schema`"),
        ('{"schema": true}', "m.json: `schema` is true, accepted: 1"),
        ('{"schema": 1}', "m.json: `entries` is null, accepted: an object of tests by name"),
        (
            '{"schema": 2}',
            "m.json has schema 2, written by a newer pytest-memguard; this one reads schema 1: upgrade it",
        ),
        (
            '{"schema": 0}',
            (
                "m.json has schema 0, written by an older pytest-memguard; this one reads schema 1: "
                "remove the file and write it again with --memguard-update"
            ),
        ),
        ("[" * 10**6, "m.json: not a baselines file: nested too deeply"),
    ],
    ids=range(15),
)
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(StoreError) as error:
        parse_entries(text, "m.json")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "place", "ends_early"),
    [("", "1:1", True), (START, "3:1", True), (START + "]}}", "3:1", False), (START + "x}}", "3:1", False)],
    ids=["empty", "cut", "bracket", "word"],
)
def test_the_place_of_a_wrong_letter_is_said(text, place, ends_early):
    with pytest.raises(StoreError) as error:
        parse_entries(text, "m.json")
    assert str(error.value).startswith(f"m.json:{place}: not JSON: ")
    assert str(error.value).endswith("(the file ends in the middle)") == ends_early


@pytest.mark.parametrize(
    ("line", "marker"), [(2, "<<<<<<< HEAD"), (3, "======="), (3, ">>>>>>> topic"), (2, "|||||||")]
)
def test_an_unresolved_merge_is_named(line, marker):
    lines = START.split("\n")
    lines.insert(line - 1, marker)
    with pytest.raises(StoreError) as error:
        parse_entries("\n".join(lines), "m.json")
    assert str(error.value).startswith(
        f"m.json:{line}: unresolved merge conflict ({marker[:7]}); keep the lines"
    )
