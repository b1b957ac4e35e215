"""Synthetic pictures: no face of anyone is needed to test the recipe."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def synthetic_face(rng: np.random.Generator, width: int = 160, height: int = 200) -> np.ndarray:
    """An oval with eyes and a mouth before a gradient; RGB bytes."""
    picture = np.ones((height, width, 3), np.float32) * rng.uniform(60, 200, 3)
    picture += np.linspace(-30, 30, width)[None, :, None]
    skin = tuple(float(v) for v in np.array([220, 170, 150]) * rng.uniform(0.5, 1.1))
    centre = (width // 2, height // 2)
    cv2.ellipse(picture, centre, (width // 4, height // 4), 0, 0, 360, skin, -1)
    for side in (-1, 1):
        cv2.circle(picture, (centre[0] + side * width // 10, centre[1] - height // 14), 5, (30, 30, 30), -1)
    cv2.ellipse(picture, (centre[0], centre[1] + height // 9), (width // 11, 4), 0, 0, 360, (150, 60, 60), -1)
    picture += rng.normal(0, 4, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture
def face(rng: np.random.Generator) -> np.ndarray:
    return synthetic_face(rng)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """An index of 16 pictures of two sets, both classes; returns the CSV."""
    rng = np.random.default_rng(2)
    lines = ['path,set,label,attack,width,height,face_x,face_y,face_w,face_h,face_score']
    for n in range(16):
        label = 'live' if n % 2 == 0 else 'spoof'
        file = tmp_path / 'toy' / label / f'{n:03d}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), synthetic_face(rng)[..., ::-1])
        lines.append(f'toy/{label}/{n:03d}.png,{"toy" if n < 12 else "celeba-spoof"},{label},{"print" if label == "spoof" else ""},160,200,40,50,80,100,0.9')
    index = tmp_path / 'index.csv'
    index.write_text('\n'.join(lines) + '\n')
    return index
