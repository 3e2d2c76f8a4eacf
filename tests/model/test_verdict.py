from pytest_memguard.model import Verdict


def test_a_whole_is_as_grave_as_its_gravest_part():
    assert Verdict.gravest([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.UNAVAILABLE]) is Verdict.INCONCLUSIVE
    assert Verdict.gravest([*Verdict]) is Verdict.FAIL
    assert Verdict.gravest([Verdict.PASS, Verdict.NOT_MEASURED]) is Verdict.NOT_MEASURED


def test_nothing_measured_is_never_a_pass():
    assert Verdict.gravest([]) is Verdict.NOT_MEASURED
