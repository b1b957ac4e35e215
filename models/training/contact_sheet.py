"""A picture of what the simulator makes: bona fide crops beside their attacks, face and context."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .config import CONTEXT_SIZE, FACE_SIZE, LIVE
from .index import Row
from .render import render


def contact_sheet(rows: list[Row], target: Path, *, count: int = 36, seed: int = 0, columns: int = 6) -> None:
    """`count` scenes, a third of them live, with their species written below the context crop."""
    live = [r for r in rows if r.label == LIVE and r.box is not None]
    rng = np.random.default_rng(seed)
    tiles = []
    for n in range(count):
        row, room = live[int(rng.integers(len(live)))], live[int(rng.integers(len(live)))]
        crops, _, species = render(row, rng, simulated=n % 3 > 0, room=room, views=1)
        tile = np.zeros((FACE_SIZE, FACE_SIZE + CONTEXT_SIZE, 3), np.uint8)
        tile[:, :FACE_SIZE], tile[:CONTEXT_SIZE, FACE_SIZE:] = crops[0]
        cv2.putText(tile, species or 'live', (FACE_SIZE + 2, FACE_SIZE - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 0))
        tiles.append(tile)
    while len(tiles) % columns:
        tiles.append(np.zeros_like(tiles[0]))
    sheet = np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), sheet[..., ::-1])


def write_attacks(rows: list[Row], folder: Path, *, each: int = 2, seed: int = 0) -> int:
    """The simulator for tests of one's own: whole pictures of attacks on `rows`, one folder a species. Returns how many."""
    from .render import around_face, read_picture, to_bytes
    from .simulate import Camera, shoot, simulate_attack

    written = 0
    live = [r for r in rows if r.label == LIVE and r.box is not None]
    for n, row in enumerate(live):
        rng = np.random.default_rng([seed, n])
        room = read_picture(live[int(rng.integers(len(live)))]).astype(np.float32) / 255
        for k in range(each):
            assert row.box is not None
            image, box = around_face(read_picture(row), row.box, rng)
            attack = simulate_attack(image, box, rng, room)
            picture = to_bytes(shoot(attack.image, rng, Camera(float(rng.uniform(0.1, 0.8)))))
            file = folder / 'spoof' / attack.species / f'{n:05d}-{k}.jpg'
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
            written += 1
    return written
