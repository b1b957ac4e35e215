"""One training scene: a picture, maybe made an attack, shot by the camera, cropped by two jittered boxes."""

from __future__ import annotations

import cv2
import numpy as np

from .config import LIVE, SPOOF, UNKNOWN
from .crops import Box, Picture, crop_pair, jitter_box
from .index import Row
from .simulate import Camera, shoot, simulate_attack
from .simulate.fields import Image, Rng, chance

# The context crop reaches 2.7 x; with 20 % of scale and 8 % of shift that is 1.7 box sides from the centre.
REACH = 1.75
LARGEST_FACE = 220


def read_picture(row: Row) -> Picture:
    """RGB, as stored; orientation tags applied, as the runtime does."""
    bgr = cv2.imread(str(row.path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f'Expected a picture at {row.path}')
    return np.ascontiguousarray(bgr[..., ::-1])


def around_face(picture: Picture, box: Box, rng: Rng) -> tuple[Image, Box]:
    """The part of the picture that any crop may reach, as float, sometimes smaller: cameras differ in pixels a face."""
    height, width = picture.shape[:2]
    x, y, w, h = box
    longer = max(w, h)
    cx, cy = x + w / 2, y + h / 2
    x1, y1 = max(0, int(cx - REACH * longer)), max(0, int(cy - REACH * longer))
    x2, y2 = min(width, int(cx + REACH * longer) + 1), min(height, int(cy + REACH * longer) + 1)
    part = picture[y1:y2, x1:x2].astype(np.float32) / 255
    box = (x - x1, y - y1, w, h)
    target = rng.uniform(85, LARGEST_FACE) if chance(rng, 0.5) else LARGEST_FACE
    if longer > target:
        factor = target / longer
        size = (max(16, round(part.shape[1] * factor)), max(16, round(part.shape[0] * factor)))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        box = tuple(v * factor for v in box)  # type: ignore[assignment]
    return part, box


def camera_strength(rng: Rng) -> float:
    """A fifth of all scenes keep the camera they were taken with; the same law for bona fide and attack."""
    return 0.0 if chance(rng, 0.2) else float(rng.uniform(0.15, 1.0))


def to_bytes(image: Image) -> Picture:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def render(row: Row, rng: Rng, *, simulated: bool, room: Row | None, views: int) -> tuple[list[tuple[Picture, Picture]], int, str]:
    """`views` crop pairs of one scene, its label and its species."""
    assert row.box is not None
    image, box = around_face(read_picture(row), row.box, rng)
    label, species = row.label, row.attack
    if simulated:
        back = read_picture(room).astype(np.float32) / 255 if room is not None else None
        if back is not None and max(back.shape) > 400:
            back = cv2.resize(back, None, fx=400 / max(back.shape), fy=400 / max(back.shape), interpolation=cv2.INTER_AREA)
        attack = simulate_attack(image, box, rng, back)
        image, box, label, species = attack.image, attack.box, SPOOF, attack.species
    if chance(rng, 0.5):
        image = image[:, ::-1]
        box = (image.shape[1] - box[0] - box[2], box[1], box[2], box[3])
    picture = to_bytes(shoot(np.ascontiguousarray(image), rng, Camera(camera_strength(rng))))
    return [crop_pair(picture, jitter_box(box, rng)) for _ in range(views)], label, species


def mix(a: list[tuple[Picture, Picture]], b: list[tuple[Picture, Picture]], rng: Rng) -> list[tuple[Picture, Picture]]:
    """Two scenes blended or cut together: what it is, only the teachers can say (label unknown)."""
    share = float(rng.uniform(0.2, 0.8))
    cut = rng.random() < 0.5
    across = rng.random() < 0.5
    out = []
    for (fa, ca), (fb, cb) in zip(a, b, strict=True):
        pair = []
        for pa, pb in ((fa, fb), (ca, cb)):
            if cut:
                merged = pa.copy()
                at = int(share * pa.shape[0])
                if across:
                    merged[:, at:] = pb[:, at:]
                else:
                    merged[at:] = pb[at:]
            else:
                merged = cv2.addWeighted(pa, share, pb, 1 - share, 0)
            pair.append(merged)
        out.append((pair[0], pair[1]))
    return out


__all__ = ['LIVE', 'SPOOF', 'UNKNOWN', 'mix', 'read_picture', 'render']
