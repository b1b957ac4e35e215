"""Random smooth fields and small picture helpers that prints, screens and the camera share."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""height x width x 3 (or height x width), 0..1."""

Rng = np.random.Generator


def smooth_field(rng: Rng, height: int, width: int, cells: int) -> Image:
    """Noise of `cells` bumps across, normal with unit variance at the grid points, cubic between them."""
    grid = rng.standard_normal((cells + 2, cells + 2), dtype=np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def mesh(height: int, width: int) -> tuple[Image, Image]:
    """Pixel coordinates: x and y, each height x width."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def luma(image: Image) -> Image:
    """Rec. 601 luma, height x width."""
    return image @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def saturate(image: Image, amount: float) -> Image:
    """Colour distance from grey times `amount`."""
    grey = luma(image)[..., None]
    return grey + (image - grey) * np.float32(amount)


def contrast(image: Image, amount: float, pivot: float = 0.5) -> Image:
    """Distance from `pivot` times `amount`."""
    return pivot + (image - pivot) * np.float32(amount)


def blur(image: Image, sigma: float) -> Image:
    """Gaussian blur; below a quarter of a pixel it does nothing."""
    return image if sigma < 0.25 else cv2.GaussianBlur(image, (0, 0), sigma)


def jpeg(image: Image, quality: int) -> Image:
    """Through JPEG (4:2:0) and back."""
    bgr = np.clip(image[..., ::-1] * 255 + 0.5, 0, 255).astype(np.uint8)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255


def shrink_and_grow(image: Image, factor: float) -> Image:
    """Detail finer than `factor` pixels is lost, as in a small source picture shown large."""
    if factor <= 1.01:
        return image
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(8, int(width / factor)), max(8, int(height / factor))), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def chance(rng: Rng, p: float) -> bool:
    """True in `p` of the draws."""
    return bool(rng.random() < p)
