"""The crop rules of the model card, pixel for pixel what @unspoof/core cuts.

A training crop and an inference crop of the same picture and box must be the same pixels: a classifier of recapture
texture reads the resampling filter as much as it reads the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .config import CONTEXT_SCALE, CONTEXT_SIZE, FACE_SCALE, FACE_SIZE, WIDE_SCALE, WIDE_SIZE

Picture = NDArray[np.uint8]
"""height x width x 3, RGB, 0..255."""

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels; may reach outside the picture."""


def crop_square_reflect(picture: Picture, box: Box, scale: float = FACE_SCALE, size: int = FACE_SIZE) -> Picture:
    """Square of `scale` x the longer side; outside is mirrored (reflect-101); area filter down, Lanczos-4 up.

    Coordinates are truncated toward zero, as in the published preprocessing of the teacher.
    """
    height, width = picture.shape[:2]
    x, y, w, h = (int(v) for v in box)
    longer = max(w, h)
    side = max(1, int(longer * scale))
    left = int(x + w / 2 - longer * scale / 2)
    top = int(y + h / 2 - longer * scale / 2)
    right, bottom = left + side, top + side
    # A box wholly outside the picture has no inside part to mirror; keep one pixel so that the answer stays defined.
    x1, y1 = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    x2, y2 = max(min(right, width), x1 + 1), max(min(bottom, height), y1 + 1)
    inside = picture[y1:y2, x1:x2]
    square = cv2.copyMakeBorder(
        inside,
        max(0, y1 - top),
        max(0, bottom - y2),
        max(0, x1 - left),
        max(0, right - x2),
        cv2.BORDER_REFLECT_101,
    )
    filter_ = cv2.INTER_AREA if square.shape[0] > size else cv2.INTER_LANCZOS4
    return cv2.resize(square, (size, size), interpolation=filter_)


def crop_clamp_shift(picture: Picture, box: Box, scale: float = CONTEXT_SCALE, size: int = CONTEXT_SIZE, down: int = cv2.INTER_LINEAR) -> Picture:
    """The box grown `scale` x (less where the picture ends), shifted to stay inside; `down` to shrink, bilinear to grow; sides keep no ratio."""
    height, width = picture.shape[:2]
    x, y, w, h = box
    x, y = max(0.0, x), max(0.0, y)
    scale = min((height - 1) / h, (width - 1) / w, scale)
    grown_w, grown_h = w * scale, h * scale
    centre_x, centre_y = x + w / 2, y + h / 2
    left, top = centre_x - grown_w / 2, centre_y - grown_h / 2
    right, bottom = centre_x + grown_w / 2, centre_y + grown_h / 2
    if left < 0:
        right -= left
        left = 0.0
    if top < 0:
        bottom -= top
        top = 0.0
    if right > width - 1:
        left -= right - width + 1
        right = width - 1.0
    if bottom > height - 1:
        top -= bottom - height + 1
        bottom = height - 1.0
    inside = picture[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
    larger = inside.shape[0] > size or inside.shape[1] > size
    return cv2.resize(inside, (size, size), interpolation=down if larger else cv2.INTER_LINEAR)


def crop_wide(picture: Picture, box: Box) -> Picture:
    """The `wide` crop: the frame as far as it goes around the face, so that the edge of a screen is in it."""
    return crop_clamp_shift(picture, box, WIDE_SCALE, WIDE_SIZE, cv2.INTER_AREA)


def crop_pair(picture: Picture, box: Box) -> tuple[Picture, Picture]:
    """The `face` and the `context` crop of one face."""
    return crop_square_reflect(picture, box), crop_clamp_shift(picture, box)


def jitter_box(box: Box, rng: np.random.Generator, scale: float = 0.2, shift: float = 0.08) -> Box:
    """The same face as another detector might box it: size within +-`scale`, centre within +-`shift` of the longer side."""
    x, y, w, h = box
    grow = float(np.exp(rng.uniform(np.log(1 - scale), np.log(1 + scale))))
    aspect = float(np.exp(rng.normal(0, 0.05)))
    longer = max(w, h)
    centre_x = x + w / 2 + rng.uniform(-shift, shift) * longer
    centre_y = y + h / 2 + rng.uniform(-shift, shift) * longer
    new_w, new_h = w * grow * aspect, h * grow / aspect
    return centre_x - new_w / 2, centre_y - new_h / 2, new_w, new_h
