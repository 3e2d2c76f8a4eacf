from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.box import Box, minimum_image

COORDINATES = st.lists(st.floats(-100, 100), min_size=3, max_size=3)
LENGTHS = st.lists(st.floats(0.5, 50), min_size=3, max_size=3)


@given(COORDINATES, LENGTHS)
def test_the_image_is_the_nearest_of_all(displacement, lengths):
    image = minimum_image(displacement, lengths)
    lengths = np.array(lengths)
    assert (abs(image) <= lengths / 2 * (1 + 1e-12)).all()
    whole = (np.array(displacement) - image) / lengths
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-9)


@given(COORDINATES, LENGTHS)
def test_the_image_of_the_reverse_is_the_reverse(displacement, lengths):
    there = minimum_image(displacement, lengths)
    np.testing.assert_array_equal(minimum_image(np.negative(displacement), lengths), -there)


def test_open_axes_are_left_alone():
    box = Box.of([1.0, 1.0, 1.0], (True, False, True))
    assert minimum_image([0.75, 0.75, 0.75], box).tolist() == [-0.25, 0.75, -0.25]
    assert minimum_image([[5.0, 6.0, 7.0]], None).tolist() == [[5.0, 6.0, 7.0]]


def test_input_is_not_changed():
    displacement = np.array([0.75, 0.0, 0.0])
    displacement.flags.writeable = False
    minimum_image(displacement, [1.0] * 3)


@pytest.mark.parametrize("shape", [(), (2,), (3, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"allowed: \(\.\.\., 3\)"):
        minimum_image(np.zeros(shape), [1.0] * 3)


def test_a_box_cannot_change_under_a_list():
    lengths = np.ones(3)
    box = Box.of(lengths)
    lengths[0] = 5
    assert box.lengths[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        box.lengths[0] = 2
