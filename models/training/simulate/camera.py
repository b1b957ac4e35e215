"""One camera for everything: optics, exposure, white balance, noise, ISP, compression. Bona fide and attack alike."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .fields import Image, Rng, blur, chance, contrast, jpeg, saturate, smooth_field


@dataclass(frozen=True)
class Camera:
    """How far from perfect the camera is: 0 leaves the picture alone, 1 is a bad webcam in a dark room."""

    strength: float = 0.5


def optics(image: Image, rng: Rng, strength: float) -> Image:
    """Defocus, motion, or a lens that is simply not sharp; sometimes a sensor with fewer pixels."""
    out = image
    if chance(rng, 0.5):
        out = blur(out, rng.uniform(0.0, 1.6) * strength)
    if chance(rng, 0.12 * strength):
        length = int(rng.integers(2, 3 + int(6 * strength)))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(rng.integers(0, length))), (length - 1, int(rng.integers(0, length))), 1.0)
        out = cv2.filter2D(out, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)
    return out


def light(image: Image, rng: Rng, strength: float) -> Image:
    """Exposure, white balance, a gradient of light across the scene, tone curve."""
    height, width = image.shape[:2]
    gain = np.exp(rng.normal(0, 0.22 * strength)) * np.exp(rng.normal(0, 0.06 * strength, 3))
    out = image * gain.astype(np.float32)
    if chance(rng, 0.3):
        field = smooth_field(rng, height, width, 1) * (0.15 * strength)
        out = out * (1 + field[..., None])
    out = contrast(out, np.exp(rng.normal(0, 0.12 * strength)), 0.45)
    out = saturate(out, np.exp(rng.normal(0, 0.18 * strength)))
    return np.clip(out, 0, 1.2).astype(np.float32) ** np.float32(np.exp(rng.normal(0, 0.14 * strength)))


def sensor_noise(image: Image, rng: Rng, strength: float) -> Image:
    """Shot and read noise, correlated over neighbours by demosaicing."""
    level = rng.uniform(0, 0.045) * strength
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    if chance(rng, 0.6):
        noise = blur(noise, rng.uniform(0.4, 0.9)) * 1.6
    return image + noise * np.float32(level) * np.sqrt(np.clip(image, 0.02, 1) + 0.15)


def isp(image: Image, rng: Rng, strength: float) -> Image:
    """Denoising that eats texture and sharpening that puts halos back: the look of phone front cameras."""
    out = np.clip(image, 0, 1).astype(np.float32)
    draw = rng.random()
    if draw < 0.15 * strength * 2:
        out = cv2.bilateralFilter(out, 5, rng.uniform(0.03, 0.12), rng.uniform(1.0, 2.5))
    elif draw < 0.25 * strength * 2:
        out = cv2.medianBlur((out * 255).astype(np.uint8), 3).astype(np.float32) / 255
    if chance(rng, 0.4):
        out = out + (out - blur(out, rng.uniform(0.6, 1.8))) * np.float32(rng.uniform(0.1, 1.3) * strength)
    return np.clip(out, 0, 1)


def compress(image: Image, rng: Rng, strength: float) -> Image:
    """JPEG once or twice, or the coarser blocks of a video frame."""
    low = int(90 - 60 * strength)
    out = jpeg(image, int(rng.integers(low, 98)))
    if chance(rng, 0.2):
        out = jpeg(np.roll(out, (3, 5), (0, 1)), int(rng.integers(low, 98)))
    return out


def shoot(image: Image, rng: Rng, camera: Camera = Camera()) -> Image:
    """The scene as the camera stores it."""
    s = camera.strength
    if s <= 0:
        return np.clip(image, 0, 1)
    out = optics(image, rng, s)
    out = light(out, rng, s)
    if chance(rng, 0.7):
        out = sensor_noise(out, rng, s)
    if chance(rng, 0.7):
        out = isp(out, rng, s)
    out = np.clip(out, 0, 1).astype(np.float32)
    if chance(rng, 0.8):
        out = compress(out, rng, s)
    return np.clip(out, 0, 1).astype(np.float32)
