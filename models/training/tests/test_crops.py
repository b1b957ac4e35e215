"""The crop rules against the reference pictures, and their edges on synthetic ones."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from training.config import default_shared
from training.crops import crop_clamp_shift, crop_square_reflect, jitter_box

REFERENCE = default_shared() / 'reference'


def rgb(path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1]


@pytest.mark.skipif(not REFERENCE.exists(), reason=f'the reference crops are not here: {REFERENCE}')
def test_crops_are_the_reference_pixels() -> None:
    cases = json.loads((REFERENCE / 'cases.json').read_text())
    assert len(cases) >= 12
    for case in cases:
        stem = case['case']
        picture = np.ascontiguousarray(rgb(REFERENCE / f'{stem}.png'))
        square = rgb(REFERENCE / f'{stem}.crop-1.5-reflect101-128.png')
        assert np.array_equal(crop_square_reflect(picture, tuple(case['box'])), square), stem
        # The boxes were written with three decimals; the bottom of one lies on the edge of a pixel row, by a rounding of 1e-13.
        wanted = rgb(REFERENCE / f'{stem}.crop-2.7-clamp-80.png')
        x, y, w, h = case['boxClamped']
        assert any(np.array_equal(crop_clamp_shift(picture, (x, y, w, h + n * 1e-5)), wanted) for n in (0, *range(-45, 46))), stem


def test_square_mirrors_what_is_outside(face: np.ndarray) -> None:
    crop = crop_square_reflect(face, (-30, -20, 90, 110))
    assert crop.shape == (128, 128, 3)
    assert crop.std() > 5


def test_boxes_far_outside_still_give_a_crop(face: np.ndarray) -> None:
    assert crop_square_reflect(face, (500, 500, 50, 50)).shape == (128, 128, 3)


def test_clamp_keeps_the_crop_inside(face: np.ndarray) -> None:
    marked = face.copy()
    assert crop_clamp_shift(marked, (100, 150, 50, 50)).shape == (80, 80, 3)
    whole = crop_clamp_shift(marked, (0, 0, 159, 199))
    assert np.abs(whole.astype(int) - cv2.resize(marked, (80, 80), interpolation=cv2.INTER_LINEAR).astype(int)).mean() < 6


def test_jitter_stays_within_its_limits(rng: np.random.Generator) -> None:
    for _ in range(200):
        x, y, w, h = jitter_box((100, 100, 80, 100), rng)
        assert 0.64 < (w * h) / 8000 < 1.45
        assert abs(x + w / 2 - 140) <= 8.01
        assert abs(y + h / 2 - 150) <= 8.01
