"""Printed pictures: ink gamut, halftone, paper, ink noise, bending and cut-outs."""

from __future__ import annotations

import cv2
import numpy as np

from .fields import Image, Rng, blur, chance, contrast, mesh, saturate, shrink_and_grow, smooth_field


def ink_gamut(image: Image, rng: Rng) -> Image:
    """Black ink reflects 3 to 12 %, paper 75 to 97 %; printing loses saturation and tilts the colours."""
    black = rng.uniform(0.03, 0.14) + rng.normal(0, 0.012, 3)
    white = rng.uniform(0.72, 0.97) + rng.normal(0, 0.025, 3)
    gamma = rng.uniform(0.8, 1.35)
    out = saturate(image, rng.uniform(0.45, 1.05)) if not chance(rng, 0.08) else saturate(image, 0.0)
    out = np.clip(out, 0, 1) ** np.float32(gamma)
    return (black + (white - black) * out).astype(np.float32)


def halftone(image: Image, rng: Rng) -> Image:
    """Dot screens of four inks at their usual angles; the camera blurs them to a faint rosette."""
    height, width = image.shape[:2]
    period = rng.uniform(1.6, 5.0)
    depth = rng.uniform(0.02, 0.16) * min(1.0, period / 3)
    x, y = mesh(height, width)
    turn = rng.uniform(0, np.pi)
    out = image.copy()
    for channel, angle in enumerate((15.0, 75.0, 0.0)):
        a = np.deg2rad(angle) + turn
        u = (x * np.cos(a) + y * np.sin(a)) * (2 * np.pi / period)
        v = (-x * np.sin(a) + y * np.cos(a)) * (2 * np.pi / period)
        # Midtones show the screen most, solids and bare paper least.
        room = 4 * image[..., channel] * (1 - image[..., channel])
        out[..., channel] += np.float32(depth) * room * (np.cos(u) + np.cos(v)) / 2
    return out


def ink_noise(image: Image, rng: Rng) -> Image:
    """Ink-jet grain and the bands of the print head."""
    height, width = image.shape[:2]
    grain = rng.standard_normal((height, width, 3), dtype=np.float32)
    grain = blur(grain, rng.uniform(0.4, 1.1)) * np.float32(rng.uniform(0.005, 0.04))
    out = image + grain
    if chance(rng, 0.35):
        period, phase = rng.uniform(4, 30), rng.uniform(0, 6.28)
        axis = np.arange(height if chance(rng, 0.5) else width, dtype=np.float32)
        band = np.float32(rng.uniform(0.004, 0.03)) * np.sin(axis * 2 * np.pi / period + phase)
        out = out + (band[:, None, None] if len(axis) == height else band[None, :, None])
    return out.astype(np.float32)


def paper_texture(image: Image, rng: Rng) -> Image:
    """Fibres and unevenness of the sheet, as a factor on reflectance."""
    height, width = image.shape[:2]
    fine = blur(rng.standard_normal((height, width), dtype=np.float32), rng.uniform(0.5, 1.5))
    coarse = smooth_field(rng, height, width, int(rng.integers(3, 16)))
    factor = 1 + fine * rng.uniform(0.0, 0.03) + coarse * rng.uniform(0.0, 0.025)
    return image * factor[..., None].astype(np.float32)


def bend(image: Image, rng: Rng) -> Image:
    """The sheet is part of a cylinder or loosely crumpled: it shifts pixels and turns away from the light."""
    height, width = image.shape[:2]
    x, y = mesh(height, width)
    angle = rng.normal(0, 0.35) + (np.pi / 2 if chance(rng, 0.25) else 0)
    across = ((x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)) / max(height, width)
    radius = rng.uniform(0.55, 3.0) * (1 if chance(rng, 0.5) else -1)
    squeeze = np.sin(np.clip(across / radius, -1.4, 1.4)) * radius - across
    dx, dy = squeeze * np.cos(angle) * max(height, width), squeeze * np.sin(angle) * max(height, width)
    shade = 1 + np.float32(rng.uniform(0.05, 0.5)) * np.sin(np.clip(across / radius, -1.4, 1.4))
    if chance(rng, 0.35):
        crumple = smooth_field(rng, height, width, int(rng.integers(2, 6)))
        dx += crumple * rng.uniform(0.5, 0.015 * width + 0.5)
        shade += cv2.Sobel(crumple, cv2.CV_32F, 1, 0, ksize=3) * rng.uniform(0.2, 1.5)
    if chance(rng, 0.2):
        fold = np.float32(rng.uniform(0.03, 0.15)) * np.exp(-np.abs(across - rng.uniform(-0.3, 0.3)) * width / 3)
        shade -= fold
    out = cv2.remap(image, (x - dx).astype(np.float32), (y - dy).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return out * shade[..., None].astype(np.float32)


def gloss(image: Image, rng: Rng) -> Image:
    """A soft highlight of photo paper."""
    height, width = image.shape[:2]
    spot = smooth_field(rng, height, width, int(rng.integers(1, 4)))
    spot = np.clip(spot - rng.uniform(0.3, 1.2), 0, None) * rng.uniform(0.05, 0.5)
    return image + spot[..., None].astype(np.float32)


def print_picture(image: Image, rng: Rng) -> Image:
    """The picture as it lies on paper under even light."""
    out = shrink_and_grow(image, rng.choice([1.0, 1.0, 1.3, 1.8, 2.5]))
    out = contrast(out, rng.uniform(0.85, 1.2))
    out = ink_gamut(out, rng)
    if chance(rng, 0.6):
        out = halftone(out, rng)
    if chance(rng, 0.6):
        out = ink_noise(out, rng)
    out = paper_texture(out, rng)
    if chance(rng, 0.75):
        out = bend(out, rng)
    if chance(rng, 0.35):
        out = gloss(out, rng)
    return np.clip(blur(out, rng.uniform(0.0, 0.9)), 0, 1.3).astype(np.float32)
