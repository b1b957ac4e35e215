"""Scenes and evaluation crops on disk, made once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..cache import Cache
from ..config import CONTEXT_SIZE, FACE_SIZE, WIDE_SIZE
from ..crops import crop_pair, crop_wide
from ..index import Row
from ..render import read_picture
from .scenes import DRAWN, THING, Job, Maker, Plan, jobs_of


@dataclass
class Scenes:
    """Crops of n training scenes and what is known of each."""

    crops: tuple[NDArray[np.uint8], ...]
    """`(wide,)` or `(face, context)`."""
    label: NDArray[np.integer]
    kind: NDArray[np.str_]
    row: NDArray[np.integer]
    """The image it is made from; -1 for things and drawings."""
    other: NDArray[np.integer]
    """A second image that took part, or -1."""
    set: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.label)

    def without(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which scenes have nothing of the given images in them."""
        taken = np.append(rows, False)
        return ~taken[self.row] & ~taken[self.other]


def evaluation_cache(rows: list[Row], file: Path) -> Cache:
    """What a user's image would give, by the box of the index."""
    if not file.exists():
        face = np.zeros((len(rows), 1, FACE_SIZE, FACE_SIZE, 3), np.uint8)
        context = np.zeros((len(rows), 1, CONTEXT_SIZE, CONTEXT_SIZE, 3), np.uint8)
        wide = np.zeros((len(rows), 1, WIDE_SIZE, WIDE_SIZE, 3), np.uint8)
        for n, row in enumerate(rows):
            assert row.box is not None
            image = read_picture(row)
            face[n, 0], context[n, 0] = crop_pair(image, row.box)
            wide[n, 0] = crop_wide(image, row.box)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, face=face, context=context, wide=wide)
    meta = {'set': np.array([r.set for r in rows]), 'label': np.array([r.label for r in rows]), 'kind': np.full(len(rows), 'real')}
    with np.load(file) as stored:
        return Cache(stored['face'], stored['context'], meta, stored['wide'])


_state: dict[str, object] = {}


def _work(span: tuple[int, int]) -> list[tuple[tuple[NDArray[np.uint8], ...], int, int]]:
    maker: Maker = _state['maker']  # type: ignore[assignment]
    jobs: list[Job] = _state['jobs']  # type: ignore[assignment]
    out = []
    for n in range(*span):
        rng = np.random.default_rng([int(_state['seed']), n])  # type: ignore[call-overload]
        if _state['wide']:
            crop, label, other = maker.wide(jobs[n], rng)
            out.append(((crop,), label, other))
        else:
            out.append(maker.pair(jobs[n], rng))
    return out


def scenes(rows: list[Row], things: list[Path], plan: Plan, file: Path, *, wide: bool, seed: int = 1, processes: int = 1, say: Callable[[str], None] = print) -> Scenes:
    """Renders every scene of a plan. Skipped where the file is there."""
    if not file.exists():
        jobs = jobs_of(rows, len(things), plan)
        _state.update(maker=Maker(rows, things), jobs=jobs, wide=wide, seed=seed)
        spans = [(a, min(a + 64, len(jobs))) for a in range(0, len(jobs), 64)]
        made: list[tuple[tuple[NDArray[np.uint8], ...], int, int]] = []
        # Before the fork: in a child, changing this waits for ever for threads that were not copied.
        cv2.setNumThreads(1)
        with multiprocessing.get_context('fork').Pool(processes) as pool:
            for part in pool.imap(_work, spans):
                made += part
                if len(made) % 3200 == 0:
                    say(f'rendered {len(made)} of {len(jobs)} scenes')
        from_row = np.array([-1 if j.kind in (THING, DRAWN) else j.row for j in jobs])
        crops = {f'crop{i}': np.stack([m[0][i] for m in made]) for i in range(len(made[0][0]))}
        names = np.array([rows[i].set if i >= 0 else j.kind for i, j in zip(from_row, jobs, strict=True)])
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **crops, label=np.array([m[1] for m in made]), other=np.array([m[2] for m in made]), kind=np.array([j.kind for j in jobs]), row=from_row, set=names)
    with np.load(file) as stored:
        found = tuple(stored[f'crop{i}'] for i in range(1 if wide else 2))
        return Scenes(found, stored['label'], stored['kind'], stored['row'], stored['other'], stored['set'])
