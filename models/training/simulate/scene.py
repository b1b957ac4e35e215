"""Where the print or screen is: filling the frame, or held in a room with its edges and a hand in view."""

from __future__ import annotations

import cv2
import numpy as np

from ..crops import Box
from .fields import Image, Rng, blur, chance, smooth_field


def quadrilateral(width: int, height: int, rng: Rng, tilt: float) -> np.ndarray:
    """Corners of a width x height sheet seen slightly from the side; 4 x 2 pixels, clockwise from the top left."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners += rng.normal(0, tilt, (4, 2)).astype(np.float32) * np.array([width, height], np.float32)
    angle = rng.normal(0, 0.06)
    centre = corners.mean(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return (corners - centre) @ turn.T + centre


def warped_box(box: Box, matrix: np.ndarray) -> Box:
    """The box around the four warped corners of `box`, shrunk to the mean side so that rotation does not grow it."""
    x, y, w, h = box
    points = np.array([[[x, y], [x + w, y], [x + w, y + h], [x, y + h]]], np.float32)
    p = cv2.perspectiveTransform(points, matrix)[0]
    new_w = (np.linalg.norm(p[1] - p[0]) + np.linalg.norm(p[2] - p[3])) / 2
    new_h = (np.linalg.norm(p[3] - p[0]) + np.linalg.norm(p[2] - p[1])) / 2
    cx, cy = p.mean(0)
    return float(cx - new_w / 2), float(cy - new_h / 2), float(new_w), float(new_h)


def fill_frame(sheet: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    """No edge in view: a slight perspective, the borders mirrored."""
    height, width = sheet.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, quadrilateral(width, height, rng, 0.02))
    out = cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return out, warped_box(box, matrix)


def room_background(room: Image | None, width: int, height: int, rng: Rng) -> Image:
    """Another picture out of focus, or a plain wall."""
    if room is not None and chance(rng, 0.75):
        out = cv2.resize(room, (width, height), interpolation=cv2.INTER_AREA)
        return blur(out, rng.uniform(0.5, 8)) * np.float32(rng.uniform(0.5, 1.1))
    wall = np.ones((height, width, 3), np.float32) * rng.uniform(0.15, 0.85, 3).astype(np.float32)
    return wall * (1 + 0.15 * smooth_field(rng, height, width, 2)[..., None])


def hand(canvas: Image, corners: np.ndarray, rng: Rng) -> Image:
    """Fingers over one edge: skin-coloured, softly shaded ovals."""
    edge = int(rng.integers(0, 4))
    a, b = corners[edge], corners[(edge + 1) % 4]
    size = float(np.linalg.norm(b - a)) * rng.uniform(0.08, 0.16)
    tone = np.array([0.85, 0.62, 0.5]) * rng.uniform(0.25, 1.05)
    mask = np.zeros(canvas.shape[:2], np.float32)
    start = rng.uniform(0.1, 0.6)
    inward = corners.mean(0) - (a + b) / 2
    angle = float(np.degrees(np.arctan2(inward[1], inward[0])))
    for i in range(int(rng.integers(1, 5))):
        p = a + (b - a) * min(0.95, start + i * 0.13)
        cv2.ellipse(mask, (int(p[0]), int(p[1])), (max(2, int(size)), max(2, int(size * 0.42))), angle + rng.normal(0, 8), 0, 360, 1.0, -1)
    soft = blur(mask, 1.2)[..., None]
    shade = 0.75 + 0.5 * blur(mask, size / 3)[..., None]
    return canvas * (1 - soft) + soft * shade * tone.astype(np.float32)


def held_in_room(sheet: Image, box: Box, rng: Rng, room: Image | None, *, bezel: bool) -> tuple[Image, Box]:
    """Edges in view: paper margin or display bezel, a background behind, maybe fingers. Keeps the face's size in pixels."""
    x, y, w, h = box
    height, width = sheet.shape[:2]
    # Cut the sheet nearer to the face, so that its edges fall inside the 2.7 x context.
    margin = rng.uniform(0.12, 0.7, 4) * max(w, h)
    x1, y1 = int(max(0, x - margin[0])), int(max(0, y - margin[1]))
    x2, y2 = int(min(width, x + w + margin[2])), int(min(height, y + h + margin[3]))
    part = sheet[y1:y2, x1:x2]
    box = (x - x1, y - y1, w, h)
    if chance(rng, 0.75):
        edge = int(max(1, rng.uniform(0.01, 0.14) * max(w, h)))
        colour = rng.uniform(0.0, 0.12) if bezel and not chance(rng, 0.15) else rng.uniform(0.6, 1.0)
        sides = [edge] * 4 if not bezel else [int(edge * rng.uniform(1, 4)), int(edge * rng.uniform(1, 4)), edge, edge]
        part = cv2.copyMakeBorder(part, *sides, cv2.BORDER_CONSTANT, value=[float(colour)] * 3)
        box = (box[0] + sides[2], box[1] + sides[0], w, h)
    ph, pw = part.shape[:2]
    pad = int(rng.uniform(0.3, 1.2) * max(w, h))
    out_w, out_h = pw + 2 * pad, ph + 2 * pad
    source = np.array([[0, 0], [pw, 0], [pw, ph], [0, ph]], np.float32)
    corners = (quadrilateral(pw, ph, rng, 0.035) + pad).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners)
    front = cv2.warpPerspective(part, matrix, (out_w, out_h), flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones((ph, pw), np.float32), matrix, (out_w, out_h), flags=cv2.INTER_LINEAR)
    mask = blur(mask, rng.uniform(0.0, 0.8))[..., None]
    back = room_background(room, out_w, out_h, rng)
    if chance(rng, 0.4):
        shadow = cv2.warpAffine(mask, np.float32([[1, 0, rng.normal(0, 0.03) * pw], [0, 1, rng.uniform(0, 0.05) * ph]]), (out_w, out_h))
        back = back * (1 - np.float32(rng.uniform(0.1, 0.5)) * blur(shadow, 0.03 * pw + 0.5)[..., None])
    out = front * mask + back * (1 - mask)
    if chance(rng, 0.45):
        out = hand(out, corners, rng)
    return out.astype(np.float32), warped_box(box, matrix)


def cut_out(sheet: Image, original: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    """A printed face cut along its outline and held before a person or a room: paper face, real surroundings."""
    x, y, w, h = box
    height, width = sheet.shape[:2]
    mask = np.zeros((height, width), np.float32)
    grow = rng.uniform(0.95, 1.35)
    centre = (int(x + w / 2), int(y + h / 2 - 0.05 * h))
    cv2.ellipse(mask, centre, (max(2, int(w * grow / 2)), max(2, int(h * grow / 2))), rng.normal(0, 4), 0, 360, 1.0, -1)
    if chance(rng, 0.4):
        for side in (-1, 1):
            eye = (int(x + w / 2 + side * 0.22 * w), int(y + 0.38 * h))
            cv2.ellipse(mask, eye, (max(1, int(0.1 * w)), max(1, int(0.05 * h))), 0, 0, 360, 0.0, -1)
    mask = blur(mask, rng.uniform(0.3, 1.0))[..., None]
    back = original * (1 - np.float32(rng.uniform(0.1, 0.5)) * blur(mask[..., 0], 4)[..., None])
    return (sheet * mask + back * (1 - mask)).astype(np.float32), box
