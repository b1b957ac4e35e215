"""A phone, tablet or monitor that shows a face, held before a camera; and people beside such a device, who are no attack.

Made small: what the wide look must know is the device's outline, its bars and the hand, not its pixels.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..crops import Box
from ..simulate.fields import Image, Rng, blur, chance
from ..simulate.scene import hand, quadrilateral, room_background, warped_box


def _display(image: Image, rng: Rng) -> Image:
    """Brightness, tint, black level and blur of a screen before a camera."""
    gain = np.exp(rng.normal(0, 0.33)) * np.exp(rng.normal(0, 0.13, 3))
    out = image * gain.astype(np.float32)
    if chance(rng, 0.4):
        out = out + np.float32(rng.uniform(0, 0.15))
    if chance(rng, 0.5):
        out = out * np.array([rng.uniform(0.8, 1), rng.uniform(0.85, 1), 1.1], np.float32)
    if chance(rng, 0.3):
        out = blur(out, rng.uniform(0.3, 1.5))
    return np.clip(out, 0, 1).astype(np.float32)


def _content(image: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    """What the screen shows: the face and some of its surroundings, with bars where the image ends, and buttons on them."""
    height, width = image.shape[:2]
    x, y, w, h = box
    upright = chance(rng, 0.7)
    aspect = rng.uniform(1.6, 2.2) if upright else rng.uniform(0.5, 0.8)
    shown_w = w * (rng.uniform(1.1, 3.0) if upright else rng.uniform(1.6, 5.0))
    shown_h = max(shown_w * aspect, h * 1.1)
    shown_w = shown_h / aspect
    cx = x + w / 2 + rng.uniform(-0.5, 0.5) * (shown_w - w)
    cy = y + h / 2 + rng.uniform(-0.4, 0.4) * (shown_h - h)
    x1, y1 = int(max(0, cx - shown_w / 2)), int(max(0, cy - shown_h / 2))
    x2, y2 = int(min(width, cx + shown_w / 2)), int(min(height, cy + shown_h / 2))
    if x2 - x1 < 8 or y2 - y1 < 8:
        x1, y1, x2, y2 = 0, 0, width, height
    out, left, top = image[y1:y2, x1:x2], x - x1, y - y1
    missing = out.shape[1] * aspect - out.shape[0]
    if missing > 2:
        above = int(missing * rng.uniform(0.1, 0.9))
        below = int(missing - above)
        grey = float(rng.choice([0.02, 0.05, 0.95, 0.9, rng.random()]))
        out = cv2.copyMakeBorder(out, above, below, 0, 0, cv2.BORDER_CONSTANT, value=[grey] * 3)
        top += above
        for _ in range(int(rng.integers(0, 5))):
            row = int(rng.integers(0, max(1, above))) if chance(rng, 0.5) else out.shape[0] - 1 - int(rng.integers(0, max(1, below)))
            cv2.circle(out, (int(rng.integers(0, out.shape[1])), row), max(1, int(out.shape[1] * 0.025)), [float(v) for v in rng.random(3)], -1)
    elif missing < -2:
        beside = int(-missing / aspect)
        out = cv2.copyMakeBorder(out, 0, 0, beside // 2, beside - beside // 2, cv2.BORDER_CONSTANT, value=[0.02] * 3)
        left += beside // 2
    out = np.ascontiguousarray(out)
    if chance(rng, 0.12):
        middle, radius = (out.shape[1] // 2, out.shape[0] // 2), int(0.09 * out.shape[1])
        cv2.circle(out, middle, radius, [0.9] * 3, max(1, radius // 5))
        cv2.circle(out, middle, max(1, radius // 3), [0.9] * 3, -1)
    return out, (left, top, w, h)


def device(image: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    """The front of a device that shows `image`, and the face's box on it."""
    shown, (x, y, w, h) = _content(image, box, rng)
    shown = _display(shown, rng)
    side = max(1, int(shown.shape[1] * rng.uniform(0.015, 0.1)))
    end = max(1, int(shown.shape[1] * rng.uniform(0.02, 0.25)))
    grey = rng.uniform(0, 0.12) if chance(rng, 0.75) else rng.uniform(0.3, 1)
    return cv2.copyMakeBorder(shown, end, end, side, side, cv2.BORDER_CONSTANT, value=[float(grey)] * 3), (x + side, y + end, w, h)


def _outline(height: int, width: int, rng: Rng) -> Image:
    """Ones where the device is; its corners may be round."""
    radius = int(min(height, width) * rng.uniform(0, 0.12))
    if radius <= 2 or chance(rng, 0.4):
        return np.ones((height, width), np.float32)
    out = np.zeros((height, width), np.float32)
    cv2.rectangle(out, (radius, 0), (width - radius, height), 1.0, -1)
    cv2.rectangle(out, (0, radius), (width, height - radius), 1.0, -1)
    for corner in ((radius, radius), (width - radius, radius), (radius, height - radius), (width - radius, height - radius)):
        cv2.circle(out, corner, radius, 1.0, -1)
    return out


def _placed(sheet: Image, left: float, top: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """(matrix, corners) that put the sheet at a place, seen slightly from the side."""
    height, width = sheet.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = (quadrilateral(width, height, rng, 0.03) + np.array([left, top])).astype(np.float32)
    return cv2.getPerspectiveTransform(source, corners), corners


def _glare(image: Image, size: float, rng: Rng) -> Image:
    """A lamp's reflection."""
    height, width = image.shape[:2]
    spot = np.zeros((height, width), np.float32)
    cv2.circle(spot, (int(rng.integers(0, width)), int(rng.integers(0, height))), max(2, int(size * rng.uniform(0.05, 0.25))), 1.0, -1)
    return image + blur(spot, size * 0.06)[..., None] * np.float32(rng.uniform(0.2, 0.9))


def held_device(image: Image, box: Box, rng: Rng, room: Image | None) -> tuple[Image, Box]:
    """A replay: a device with `image` on it before a room, the face inside the frame."""
    sheet, (x, y, w, h) = device(image, box, rng)
    height, width = sheet.shape[:2]
    frame_w = width * rng.uniform(1.0, 3.0)
    frame_h = int(max(frame_w * rng.choice([0.75, 0.56, 1.33, 1.78]), height * rng.uniform(0.8, 1.3)))
    frame_w = int(frame_w)
    left, top = rng.uniform(-0.15, 1.15) * (frame_w - width), rng.uniform(-0.15, 1.15) * (frame_h - height)
    left, top = min(max(left, 2 - x), frame_w - x - w - 2), min(max(top, 2 - y), frame_h - y - h - 2)
    matrix, corners = _placed(sheet, left, top, rng)
    front = cv2.warpPerspective(sheet, matrix, (frame_w, frame_h))
    mask = cv2.warpPerspective(_outline(height, width, rng), matrix, (frame_w, frame_h))[..., None]
    if room is not None and chance(rng, 0.7):
        back = cv2.resize(room, (frame_w, frame_h), interpolation=cv2.INTER_AREA) * np.float32(rng.uniform(0.3, 1.1))
        back = blur(back, rng.uniform(0, 4)) if chance(rng, 0.6) else back
    else:
        back = room_background(room, frame_w, frame_h, rng)
    out = front * mask + back * (1 - mask)
    if chance(rng, 0.65):
        out = hand(out, corners, rng)
    if chance(rng, 0.3):
        out = _glare(out, width, rng)
    return np.clip(out, 0, 1).astype(np.float32), warped_box((x, y, w, h), matrix)


def beside_device(image: Image, box: Box, rng: Rng, other: Image, other_box: Box) -> Image:
    """A live person with a device (or a poster, or a dark monitor) that does not cover the face; the image itself where none fits."""
    sheet, _ = device(other, other_box, rng)
    if chance(rng, 0.25):
        sheet = np.full_like(sheet, rng.uniform(0, 0.15))
    height, width = image.shape[:2]
    x, y, w, h = box
    factor = w * rng.uniform(0.6, 2.2) / sheet.shape[1]
    sheet = cv2.resize(sheet, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    tall, broad = sheet.shape[:2]
    for _ in range(12):
        left, top = rng.uniform(-0.6 * broad, width - 0.4 * broad), rng.uniform(-0.4 * tall, height - 0.3 * tall)
        if left + broad < x - 0.1 * w or left > x + 1.1 * w or top + tall < y - 0.25 * h or top > y + 1.05 * h:
            break
    else:
        return image
    matrix, corners = _placed(sheet, left, top, rng)
    mask = cv2.warpPerspective(np.ones((tall, broad), np.float32), matrix, (width, height))[..., None]
    out = image * (1 - mask) + cv2.warpPerspective(sheet, matrix, (width, height)) * mask
    if chance(rng, 0.5):
        out = hand(out, corners, rng)
    return np.clip(out, 0, 1).astype(np.float32)
