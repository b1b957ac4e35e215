"""What is trained on: real images, attacks made from live ones, live people beside a device, things and drawings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config import LIVE, SPOOF
from ..crops import Box, crop_pair, crop_wide, jitter_box
from ..index import PICTURE_ENDINGS, Row
from ..render import around_face, camera_strength, read_picture, to_bytes
from ..simulate import Camera, shoot, simulate_attack
from ..simulate.fields import Image, Rng, chance
from .devices import beside_device, held_device
from .drawn import draw_face

REAL, ATTACK, BESIDE, THING, DRAWN = 'real', 'simulated', 'beside', 'thing', 'drawn'

DEV_ONLY = frozenset({'nuaa-dev'})
WIDE_SIDE = 260
"""Longer side, in pixels, of what the wide look's scenes are made from."""


@dataclass(frozen=True)
class Job:
    """One scene: a kind, and the row (or thing) it is made from."""

    kind: str
    row: int


@dataclass(frozen=True)
class Plan:
    """Scenes an image, by set; `*` is every other set."""

    real: dict[str, int]
    simulated: dict[str, int]
    beside: int
    things: int
    drawn: int


WIDE_PLAN = Plan(
    {'celeba-spoof': 4, 'nuaa': 1, 'phone-replay': 4, 'faces': 1, 'phone-photos': 2, 'worlds-w12': 3, 'worlds-w10': 4, 'worlds-w02': 5, '*': 6},
    {'celeba-spoof': 1, 'nuaa': 1, 'phone-replay': 2, 'faces': 1, 'phone-photos': 2, '*': 4},
    beside=3,
    things=4,
    drawn=1000,
)
PAIR_PLAN = Plan(
    {'celeba-spoof': 5, 'nuaa': 1, 'phone-replay': 5, 'faces': 1, 'phone-photos': 2, 'worlds-w12': 2, 'worlds-w10': 3, 'worlds-w02': 3, 'worlds-w09': 4, '*': 6},
    {'celeba-spoof': 2, 'nuaa': 1, 'phone-replay': 2, 'faces': 1, 'phone-photos': 2, '*': 4},
    beside=0,
    things=3,
    drawn=400,
)


def things_in(folder: Path) -> list[Path]:
    """Images without a person; every second one is trained on, the others are kept to count what passes."""
    return sorted(p for p in folder.rglob('*') if p.suffix.lower() in PICTURE_ENDINGS) if folder.is_dir() else []


def jobs_of(rows: list[Row], things: int, plan: Plan, seed: int = 9) -> list[Job]:
    """All scenes, shuffled."""
    out: list[Job] = []
    for i, row in enumerate(rows):
        if row.set in DEV_ONLY:
            continue
        out += [Job(REAL, i)] * plan.real.get(row.set, plan.real['*'])
        if row.label == LIVE:
            out += [Job(ATTACK, i)] * plan.simulated.get(row.set, plan.simulated['*'])
            if row.whole and row.set != 'faces':
                out += [Job(BESIDE, i)] * plan.beside
    out += [Job(THING, i) for i in range(things) for _ in range(plan.things)] + [Job(DRAWN, i) for i in range(plan.drawn)]
    return [out[i] for i in np.random.default_rng(seed).permutation(len(out))]


def shrunk(image: Image, box: Box, side: int = WIDE_SIDE) -> tuple[Image, Box]:
    """At most `side` pixels long."""
    factor = side / max(image.shape[:2])
    if factor >= 1:
        return image, box
    size = (max(8, round(image.shape[1] * factor)), max(8, round(image.shape[0] * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), tuple(v * factor for v in box)  # type: ignore[return-value]


def reframed(image: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    """Another framing: somebody nearer to the camera, or an image cut around the face."""
    height, width = image.shape[:2]
    x, y, w, h = box
    margin = rng.uniform(0.05, 1.2, 4) * max(w, h)
    if chance(rng, 0.35):
        margin = np.maximum(margin * 0.3, 0.02 * max(w, h))
    x1, y1 = int(max(0, min(x - margin[0], width - 9))), int(max(0, min(y - margin[1], height - 9)))
    x2, y2 = int(min(width, max(x + w + margin[2], x1 + 9))), int(min(height, max(y + h + margin[3], y1 + 9)))
    return image[y1:y2, x1:x2], (x - x1, y - y1, w, h)


def _thing(file: Path, rng: Rng) -> tuple[Image, Box]:
    """Any part of an image in which nobody is."""
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f'Expected an image at {file}')
    image = bgr[..., ::-1].astype(np.float32) / 255
    height, width = image.shape[:2]
    side = rng.uniform(0.3, 0.95) * min(height, width)
    return image, (rng.uniform(0, width - side), rng.uniform(0, height - side), side * 0.8, side)


class Maker:
    """Makes scenes one by one. Each has its own generator, so their order changes nothing."""

    def __init__(self, rows: list[Row], things: list[Path]) -> None:
        self.rows = rows
        self.things = things
        live = [i for i, r in enumerate(rows) if r.label == LIVE and r.whole and r.set not in DEV_ONLY]
        self.live = live or [i for i, r in enumerate(rows) if r.label == LIVE]
        self.live_of = {name: [i for i in self.live if rows[i].set == name] for name in {r.set for r in rows}}

    def other(self, row: int, rng: Rng) -> int:
        """A live image, half of the time of the same world."""
        own = self.live_of.get(self.rows[row].set)
        return int(rng.choice(own if own and chance(rng, 0.5) else self.live))

    def _read(self, row: int) -> tuple[Image, Box]:
        box = self.rows[row].box
        assert box is not None
        return read_picture(self.rows[row]).astype(np.float32) / 255, box

    def wide(self, job: Job, rng: Rng) -> tuple[NDArray[np.uint8], int, int]:
        """(wide crop, label, the other row that took part or -1)."""
        other, label = -1, SPOOF
        if job.kind in (THING, DRAWN):
            image, box = _thing(self.things[job.row], rng) if job.kind == THING else draw_face(rng)
        else:
            image, box = shrunk(*self._read(job.row))
            label = self.rows[job.row].label
            if job.kind != REAL:
                other = self.other(job.row, rng)
                second, second_box = shrunk(*self._read(other))
                if job.kind == ATTACK:
                    image, box = shrunk(*held_device(image, box, rng, second))
                    label = SPOOF
                else:
                    image = beside_device(image, box, rng, second, second_box)
        if chance(rng, 0.35):
            image, box = reframed(image, box, rng)
        image, box = _mirrored(image, box, rng)
        strength = 0.0 if chance(rng, 0.25) else float(rng.uniform(0.1, 0.9))
        return crop_wide(to_bytes(shoot(image, rng, Camera(strength))), jitter_box(box, rng)), label, other

    def pair(self, job: Job, rng: Rng) -> tuple[tuple[NDArray[np.uint8], NDArray[np.uint8]], int, int]:
        """((face, context), label, the other row that took part or -1)."""
        other, label = -1, SPOOF
        if job.kind in (THING, DRAWN):
            image, box = _thing(self.things[job.row], rng) if job.kind == THING else draw_face(rng)
        else:
            row = self.rows[job.row]
            assert row.box is not None
            image, box = around_face(read_picture(row), row.box, rng)
            label = row.label
            if job.kind == ATTACK:
                other = self.other(job.row, rng)
                room = cv2.resize(self._read(other)[0], (256, 256), interpolation=cv2.INTER_AREA)
                attack = simulate_attack(image, box, rng, room)
                image, box, label = attack.image, attack.box, SPOOF
        image, box = _mirrored(image, box, rng)
        return crop_pair(to_bytes(shoot(image, rng, Camera(camera_strength(rng)))), jitter_box(box, rng)), label, other


def _mirrored(image: Image, box: Box, rng: Rng) -> tuple[Image, Box]:
    if chance(rng, 0.5):
        return np.ascontiguousarray(image), box
    return np.ascontiguousarray(image[:, ::-1]), (image.shape[1] - box[0] - box[2], *box[1:])
