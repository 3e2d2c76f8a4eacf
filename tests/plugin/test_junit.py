"""Numbers and failures in JUnit's XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def test_numbers_are_properties_of_their_test_case(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_large():
            bytearray(3 << 20)

        def test_unguarded():
            pass
        """
    )
    run.enforced("--junit-xml=junit.xml")
    root = ET.parse(pytester.path / "junit.xml").getroot()
    cases = {case.get("name"): case for case in root.iter("testcase")}
    properties = {p.get("name"): p.get("value") for p in cases["test_large"].iter("property")}
    assert {name.partition("[")[0] for name in properties}
    assert any(
        "peak" in name and int(value) > 3 << 20 for name, value in properties.items() if value.isdigit()
    )
    assert any("leak" in name for name in properties)
    assert (
        cases["test_large"].find("failure").get("message").startswith("Failed: peak 3.0 MiB, budget 1.0 MiB")
    )
    assert not list(cases["test_unguarded"].iter("property"))
    assert root.find("testsuite").get("failures") == "1"
