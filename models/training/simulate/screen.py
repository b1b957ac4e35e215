"""Pictures on a display: source video, sub-pixels sampled by the camera, banding, veiling glare."""

from __future__ import annotations

import cv2
import numpy as np

from .fields import Image, Rng, blur, chance, contrast, jpeg, mesh, saturate, shrink_and_grow, smooth_field


def source_video(image: Image, rng: Rng) -> Image:
    """What the phone plays is itself a recording: smaller, compressed, sharpened."""
    out = shrink_and_grow(image, float(rng.choice([1.0, 1.2, 1.6, 2.2, 3.0], p=[0.3, 0.25, 0.2, 0.15, 0.1])))
    if chance(rng, 0.6):
        out = jpeg(out, int(rng.integers(15, 85)))
    if chance(rng, 0.3):
        out = out + (out - blur(out, 1.2)) * np.float32(rng.uniform(0.2, 1.2))
    return np.clip(out, 0, 1).astype(np.float32)


def display_tone(image: Image, rng: Rng) -> Image:
    """White point towards blue (or a night filter), black level of the panel, contrast and saturation of the display."""
    gain = np.array([1.0, 1.0, 1.0]) + np.array([-1, -0.2, 1.0]) * rng.normal(0.05, 0.07) + rng.normal(0, 0.02, 3)
    black = rng.uniform(0.0, 0.08)
    out = saturate(contrast(image, rng.uniform(0.9, 1.3)), rng.uniform(0.75, 1.4))
    out = np.clip(out, 0, 1) ** np.float32(rng.uniform(0.75, 1.3))
    return ((black + (1 - black) * out) * gain * rng.uniform(0.7, 1.25)).astype(np.float32)


def subpixels(image: Image, rng: Rng) -> Image:
    """The grid of red, green and blue stripes, point-sampled by the sensor.

    The grid has `pitch` camera pixels a display pixel. Its harmonics above half the sampling rate are not removed
    (sensors sample with a small aperture, red and blue at half rate), so moire appears by aliasing, as in nature, and
    a slight curvature of the sampling makes it bend.
    """
    height, width = image.shape[:2]
    x, y = mesh(height, width)
    pitch = float(np.exp(rng.uniform(np.log(0.55), np.log(3.4))))
    angle = rng.normal(0, 0.12) if chance(rng, 0.7) else rng.uniform(0, np.pi)
    warp = rng.uniform(0.0, 1.2)
    wx = smooth_field(rng, height, width, 2) * warp
    wy = smooth_field(rng, height, width, 2) * warp
    u = ((x + wx) * np.cos(angle) + (y + wy) * np.sin(angle)) / pitch
    v = (-(x + wx) * np.sin(angle) + (y + wy) * np.cos(angle)) / pitch
    # Amplitude left after a square aperture of 0.6 camera pixels and the optics.
    aperture = abs(float(np.sinc(0.6 / pitch))) * float(np.exp(-((rng.uniform(0.15, 0.6) / pitch) ** 2)))
    depth = np.float32(rng.uniform(0.05, 0.55) * aperture)
    rows = np.float32(rng.uniform(0.1, 0.8)) * np.cos(2 * np.pi * v)
    pentile = chance(rng, 0.35)
    out = np.empty_like(image)
    for channel in range(3):
        # OLED "pentile" panels have half as many red and blue as green, in a checker.
        if pentile and channel != 1:
            stripe = np.cos(np.pi * (u + v)) * np.cos(np.pi * (u - v))
        else:
            stripe = np.cos(2 * np.pi * (u + (channel - 1) / 3))
        out[..., channel] = image[..., channel] * (1 + depth * (stripe + rows) / 1.4)
    return out


def banding(image: Image, rng: Rng) -> Image:
    """Rolling shutter against the refresh or the dimming of the panel: soft bars, usually along rows."""
    height, width = image.shape[:2]
    along = height if chance(rng, 0.8) else width
    bars = rng.uniform(0.5, 7)
    wave = np.sin(np.arange(along, dtype=np.float32) / along * 2 * np.pi * bars + rng.uniform(0, 6.28))
    if chance(rng, 0.3):
        wave = np.tanh(wave * 3)
    factor = 1 + np.float32(rng.uniform(0.02, 0.22)) * wave
    return image * (factor[:, None, None] if along == height else factor[None, :, None])


def veil(image: Image, rng: Rng, room: Image | None) -> Image:
    """Light of the room on the glass: a haze, sometimes a mirrored scene or a lamp."""
    height, width = image.shape[:2]
    haze = rng.uniform(0.0, 0.1) * (1 + 0.6 * smooth_field(rng, height, width, int(rng.integers(1, 4))))
    out = image + np.clip(haze, 0, 1)[..., None].astype(np.float32) * rng.uniform(0.8, 1.0, 3).astype(np.float32)
    if room is not None and chance(rng, 0.3):
        scene = cv2.resize(room, (width, height), interpolation=cv2.INTER_LINEAR)[:, ::-1]
        out = out + blur(scene, rng.uniform(1, 6)) * np.float32(rng.uniform(0.02, 0.15))
    if chance(rng, 0.15):
        x, y = mesh(height, width)
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.15) * width
        lamp = np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r)))
        out = out + np.float32(rng.uniform(0.2, 0.8)) * lamp[..., None]
    return out.astype(np.float32)


def show_picture(image: Image, rng: Rng, room: Image | None = None) -> Image:
    """The picture as a camera finds it on a display."""
    out = display_tone(source_video(image, rng), rng)
    if chance(rng, 0.8):
        out = subpixels(out, rng)
    if chance(rng, 0.3):
        out = banding(out, rng)
    if chance(rng, 0.7):
        out = veil(out, rng, room)
    return np.clip(blur(out, rng.uniform(0.0, 0.8)), 0, 1.3).astype(np.float32)
