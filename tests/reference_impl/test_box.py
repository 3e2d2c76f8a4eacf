from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.box import Box, image_within, minimum_image
from tests.reference_impl.neighbors.systems import TILTED, cells

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


@given(COORDINATES, cells(), st.tuples(*[st.booleans()] * 3))
def test_the_image_is_the_nearest_of_a_tilted_lattice(displacement, cell, periodic):
    try:
        box = Box.of(cell, periodic)
    except ValueError:
        return  # no volume
    image = minimum_image(displacement, box)
    fractions = (np.array(displacement) - image) @ np.linalg.inv(box.vectors)
    np.testing.assert_allclose(fractions, np.rint(fractions), atol=1e-6)
    np.testing.assert_allclose(fractions[~box.periodic], 0, atol=1e-6)
    size = np.linalg.norm(image)
    for steps in product(*[range(-3, 4) if flag else (0,) for flag in periodic]):
        assert size <= np.linalg.norm(image + steps @ box.vectors) * (1 + 1e-9) + 1e-9


@given(COORDINATES)
def test_images_within_half_the_smallest_width_are_the_nearest(displacement):
    box = Box.of(TILTED)
    near, nearest = image_within(np.array(displacement), box), minimum_image(displacement, box)
    if np.linalg.norm(nearest) < box.smallest_width / 2:
        np.testing.assert_allclose(near, nearest, atol=1e-9)


def test_many_displacements_at_once():
    displacements = np.random.default_rng(0).uniform(-30, 30, (4, 5, 3))
    images = minimum_image(displacements, TILTED)
    assert images.shape == (4, 5, 3)
    np.testing.assert_allclose(images[2, 3], minimum_image(displacements[2, 3], TILTED))


@pytest.mark.parametrize("box", [[5.0, 6.0, 7.0], np.diag([5.0, 6.0, 7.0]), np.diag([-5.0, 6.0, -7.0])])
def test_an_orthorhombic_box_has_lengths(box):
    box = Box.of(box)
    assert box.is_orthorhombic
    assert box.lengths.tolist() == [5, 6, 7]
    assert box.smallest_width == pytest.approx(5)
    assert box.volume == pytest.approx(210)


def test_a_tilted_box_has_widths_but_no_lengths():
    box = Box.of([[10.0, 0, 0], [0, 10.0, 0], [5.0, 0, 10.0]])
    assert not box.is_orthorhombic
    assert box.smallest_width == pytest.approx(10 / np.hypot(1, 0.5))
    assert box.volume == pytest.approx(1000)
    with pytest.raises(ValueError, match="allowed here: a box of three lengths"):
        _ = box.lengths


@pytest.mark.parametrize("scale", [1e-280, 1e-160, 1e160, 1e300])
def test_widths_of_boxes_whose_squares_are_beyond_float64(scale):
    cell = np.array([[10.0, 0, 0], [0, 10.0, 0], [5.0, 0, 10.0]])
    box = Box.of(cell * scale)
    assert box.smallest_width == pytest.approx(scale * 10 / np.hypot(1, 0.5))
    np.testing.assert_allclose(box.inverse, np.linalg.inv(cell) / scale, atol=1e-12 / scale)
    thin = Box.of(cell * [[1.0], [scale], [1.0]])
    assert thin.smallest_width == pytest.approx(10 * min(scale, 1 / np.hypot(1, 0.5)))


def test_vectors_along_open_axes_have_no_meaning():
    box = Box.of([[3.0, 0, 4.0], [np.nan, 0, 0], [0, 0, 0]], (True, False, False))
    assert box.smallest_width == pytest.approx(5)
    assert box.volume == np.inf
    np.testing.assert_allclose(box.vectors @ box.vectors.T, np.diag([25, 1, 1]), atol=1e-12)
    assert Box.of(None).smallest_width == np.inf


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (np.ones((3, 3)), "span no volume, allowed: linearly independent"),
        ([[1.0, 0, 0], [0, 1, 0], [1, 1, 1e-12]], "span no volume"),
        ([[1.0, 0, 0], [0, 1e-300, 0], [0, 1, 1]], "span no volume"),
        ([1.0, 1e-300, 1.0], "allowed: positive and finite along periodic axes, from 1e-290"),
        (np.full((3, 3), np.nan), "allowed: finite along periodic axes"),
        (
            np.ones((2, 3)),
            r"box of shape \(2, 3\), allowed: three lengths, three cell vectors as rows, or None",
        ),
    ],
)
def test_boxes_that_are_refused(box, message):
    with pytest.raises(ValueError, match=message):
        Box.of(box)
