"""Everyday work with the standard library, most of which sets something up at the first call."""

from __future__ import annotations

import array
import copy
import csv
import email
import hashlib
import io
import json
import locale
import pickle
import random
import string
import time
import zlib
import zoneinfo
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from xml.etree import ElementTree as ET

from zoo.case import KIB, State, lookalike

_TREE = {f"key-{number}": [number, {"deep": list(range(20))}] for number in range(50)}


@lookalike("python")
def deep_copies(state: State) -> None:
    assert copy.deepcopy(_TREE) == _TREE


@lookalike("python")
def pickle_and_back(state: State) -> None:
    assert pickle.loads(pickle.dumps(_TREE)) == _TREE


@lookalike("python")
def json_and_back(state: State) -> None:
    assert json.loads(json.dumps(_TREE, indent=2)) == _TREE


@lookalike("python", "heap")
def compressors_freed(state: State) -> None:
    packed = zlib.compress(bytes(100 * KIB), 9)
    assert len(zlib.decompressobj().decompress(packed)) == 100 * KIB


@lookalike("python", "heap")
def hashes_freed(state: State) -> None:
    for name in ("sha256", "md5", "blake2b"):
        hashlib.new(name, bytes(10 * KIB)).hexdigest()


@lookalike("python")
def decimal_contexts(state: State) -> None:
    with localcontext() as context:
        context.prec = 2000
        assert Decimal(1) / Decimal(7)


@lookalike("python")
def locale_set_and_put_back(state: State) -> None:
    before = locale.setlocale(locale.LC_ALL)
    locale.setlocale(locale.LC_ALL, "C")
    assert locale.localeconv()
    locale.setlocale(locale.LC_ALL, before)


@lookalike("python")
def random_numbers(state: State) -> None:
    generator = random.Random(state.number)
    generator.shuffle(list(range(1000)))


@lookalike("python")
def arrays_of_the_array_module(state: State) -> None:
    samples = array.array("d", range(10_000))
    samples.extend(samples)
    assert sum(samples)


@lookalike("python")
def translation_tables(state: State) -> None:
    table = str.maketrans({letter: letter.upper() for letter in string.ascii_lowercase})
    assert "abc".translate(table) == "ABC"


@lookalike("python", settles_after=1)
def dates_and_zones(state: State) -> None:
    try:
        zone = zoneinfo.ZoneInfo("Europe/Lisbon")
    except zoneinfo.ZoneInfoNotFoundError:
        zone = timezone.utc
    assert datetime(2024, 1, 1, tzinfo=zone).isoformat()
    assert time.strftime("%Y-%m-%d")


@lookalike("python")
def xml_parsed(state: State) -> None:
    text = "<log>" + "".join(f"<entry id='{number}'/>" for number in range(200)) + "</log>"
    assert len(ET.fromstring(text)) == 200


@lookalike("python")
def csv_written_and_read(state: State) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([[number, number * 0.5] for number in range(500)])
    file.seek(0)
    assert len(list(csv.reader(file))) == 500


@lookalike("python", settles_after=1)
def mail_parsed(state: State) -> None:
    message = email.message_from_string(f"Subject: {state.number}\nTo: a@example.org\n\nbody")
    assert message.get_content_type() == "text/plain"


@lookalike("python")
def templates_filled(state: State) -> None:
    assert string.Template("$name is $number").substitute(name="n", number=state.number)
    assert f"{state.number:>20,.3f}".strip()
