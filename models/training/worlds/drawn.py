"""Drawn faces: ovals with eyes, smileys, dolls, in colours or in lines. A detector finds them; nobody is there."""

from __future__ import annotations

import cv2
import numpy as np

from ..crops import Box
from ..simulate.fields import Image, Rng, blur, chance

SIDE = 200


def draw_face(rng: Rng) -> tuple[Image, Box]:
    """A drawing of 200 x 200 pixels and the box of its face."""
    paper = rng.random(3).astype(np.float32)
    image = np.ones((SIDE, SIDE, 3), np.float32) * paper
    if chance(rng, 0.3):
        image += rng.normal(0, 0.08, (SIDE, SIDE, 1)).astype(np.float32)
    skin = rng.random(3) if chance(rng, 0.5) else np.array([0.9, 0.72, 0.6]) * rng.uniform(0.4, 1.1)
    ink = rng.random(3) * (0.3 if paper.mean() > 0.5 else 1.0)
    x, y = (SIDE / 2 + rng.normal(0, 6, 2)).tolist()
    a, b = rng.uniform(38, 60), rng.uniform(48, 72)
    pen = int(rng.integers(1, 5))

    def oval(at: tuple[float, float], radii: tuple[float, float], colour: np.ndarray, width: int = -1, span: tuple[int, int] = (0, 360)) -> None:
        sides = (max(1, round(radii[0])), max(1, round(radii[1])))
        cv2.ellipse(image, (round(at[0]), round(at[1])), sides, 0, *span, [float(v) for v in colour], width, cv2.LINE_AA)

    coloured = not chance(rng, 0.4)
    if chance(rng, 0.4):
        oval((x, y - b * 0.55), (a * 1.05, b * 0.6), rng.random(3) * 0.5)
    if coloured:
        oval((x, y), (a, b), skin)
    oval((x, y), (a, b), ink, pen)
    apart, height = a * rng.uniform(0.3, 0.5), y - b * rng.uniform(0.05, 0.3)
    for side in (-1, 1):
        eye = (x + side * apart, height)
        if chance(rng, 0.7):
            oval(eye, (a * 0.2, b * 0.12), np.ones(3))
        oval(eye, (a * 0.2, b * 0.12), ink, pen)
        oval(eye, (a * 0.08, b * 0.08), ink)
        if chance(rng, 0.6):
            oval((eye[0], eye[1] - b * 0.15), (a * 0.25, b * 0.08), ink, pen, (180, 360))
    if chance(rng, 0.8):
        oval((x, y + b * 0.12), (a * 0.1, b * 0.15), ink, pen, (0, 180))
    if chance(rng, 0.8):
        oval((x, y + b * 0.4), (a * rng.uniform(0.25, 0.5), b * rng.uniform(0.05, 0.25)), ink, pen, (0, 180))
    else:
        oval((x, y + b * 0.45), (a * 0.3, b * 0.1), rng.random(3))
    if chance(rng, 0.4):
        image = blur(image, rng.uniform(0.5, 3))
    if chance(rng, 0.5):
        image = image * np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1.2), SIDE, dtype=np.float32)[None, :, None]
    return np.clip(image, 0, 1).astype(np.float32), (x - a, y - b * 0.85, 2 * a, 1.8 * b)
