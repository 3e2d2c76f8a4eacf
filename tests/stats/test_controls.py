import random

import pytest

from pytest_memguard.stats import controls_complaint


def control(seed, shift, count=12):
    draw = random.Random(seed)
    return [shift + draw.gauss(0, 0.005) for _ in range(count)]


def test_controls_that_agree_are_silent():
    assert controls_complaint({"loop": control(1, 0), "sum": control(2, 0.01)}, threshold=0.05) is None
    assert controls_complaint({}, threshold=0.05) is None


@pytest.mark.parametrize("shift", [0.05, -0.05])
def test_a_control_that_is_off_either_way_is_named(shift):
    complaint = controls_complaint({"loop": control(1, 0), "sum": control(2, shift)}, threshold=0.05)
    assert "sum came out at" in complaint
    assert "loop" not in complaint
    assert "allowed 0.976 to 1.025" in complaint


def test_one_wild_pair_is_no_complaint():
    assert controls_complaint({"loop": [*control(1, 0), 0.9]}, threshold=0.05) is None


def test_few_pairs_say_nothing():
    assert controls_complaint({"loop": [0.3] * 4}, threshold=0.05) is None
