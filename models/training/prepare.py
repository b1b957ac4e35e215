"""Pictures to crops: boxes where there are none, splits, the evaluation crops, and the training cache with its attacks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from . import cache, splits
from .config import LIVE, SPOOF, UNKNOWN, Paths
from .crops import crop_pair
from .index import Row, read_any
from .render import mix, read_picture, render

VIEWS = 2


@dataclass(frozen=True)
class Plan:
    """How many scenes of each picture. Small sets are drawn from more often; the sampler balances the rest."""

    real: dict[str, int]
    simulated: dict[str, int]
    mixed: float

    def scaled(self, factor: float) -> Plan:
        return Plan({k: max(1, round(v * factor)) for k, v in self.real.items()}, {k: max(1, round(v * factor)) for k, v in self.simulated.items()}, self.mixed)


DEFAULT_PLAN = Plan(
    real={'celeba-spoof': 20, 'phone-replay': 12, 'nuaa': 3, 'faces': 4, 'phone-photos': 8, '*': 8},
    simulated={'celeba-spoof': 8, 'phone-replay': 5, 'nuaa': 1, 'faces': 3, 'phone-photos': 8, '*': 5},
    mixed=0.4,
)


def with_boxes(rows: list[Row], paths: Paths) -> list[Row]:
    """Rows with a box each; a picture in which no face is found is dropped, and counted by the caller."""
    missing = [r for r in rows if r.box is None]
    if not missing:
        return rows
    from .detect import FaceDetector

    detector = FaceDetector(paths.teachers / 'yunet-2023mar-640.onnx')
    found = [replace(r, box=r.box if r.box is not None else detector.largest(read_picture(r))) for r in rows]
    return [r for r in found if r.box is not None]


def scenes_of(rows: list[Row], plan: Plan, *, keep_all: bool = False) -> list[tuple[int, bool]]:
    """(row, simulated) for every scene of the training split, or of all rows."""
    jobs: list[tuple[int, bool]] = []
    for i, row in enumerate(rows):
        if not keep_all and splits.split_of(row) != splits.TRAIN:
            continue
        jobs += [(i, False)] * plan.real.get(row.set, plan.real['*'])
        if row.label == LIVE:
            jobs += [(i, True)] * plan.simulated.get(row.set, plan.simulated['*'])
    return jobs


_state: dict[str, object] = {}


def _work(span: tuple[int, int]) -> list[tuple[int, str]]:
    """Fills scenes span[0]..span[1]; each scene has its own generator, so the number of processes changes nothing."""
    rows: list[Row] = _state['rows']  # type: ignore[assignment]
    jobs: list[tuple[int, bool]] = _state['jobs']  # type: ignore[assignment]
    folder: Path = _state['folder']  # type: ignore[assignment]
    seed: int = _state['seed']  # type: ignore[assignment]
    shared: list[int] = _state['shared']  # type: ignore[assignment]
    face = np.load(folder / 'face.npy', mmap_mode='r+')
    context = np.load(folder / 'context.npy', mmap_mode='r+')
    out: list[tuple[int, str]] = []
    for n in range(*span):
        rng = np.random.default_rng([seed, n])
        i, simulated = jobs[n]
        if simulated is None:  # mixed: i is a pair of scenes that are drawn afresh
            parts = []
            for _ in range(2):
                j = int(rng.choice(shared))
                room = rows[int(rng.choice(shared))]
                parts.append(render(rows[j], rng, simulated=rows[j].label == LIVE and rng.random() < 0.5, room=room, views=VIEWS)[0])
            crops, label, species = mix(parts[0], parts[1], rng), UNKNOWN, ''
        else:
            room = rows[int(rng.choice(shared))]
            crops, label, species = render(rows[i], rng, simulated=simulated, room=room, views=VIEWS)
        for v, (f, c) in enumerate(crops):
            face[n, v], context[n, v] = f, c
        out.append((label, species))
    return out


def build_training_cache(rows: list[Row], folder: Path, plan: Plan, seed: int, processes: int, say: Callable[[str], None] = print, *, keep_all: bool = False) -> cache.Cache:
    """Renders every scene once. Skipped when `folder` is whole. `keep_all` takes rows as they are, already split."""
    if cache.is_whole(folder):
        return cache.load(folder)
    train = [i for i, r in enumerate(rows) if keep_all or splits.split_of(r) == splits.TRAIN]
    # Blends and rooms come from pictures that every run may see, so that a run which leaves videos out may use them all.
    shared = [i for i in train if splits.phone_fold(rows[i]) < 0] or train
    jobs: list[tuple[int, bool | None]] = list(scenes_of(rows, plan, keep_all=keep_all))
    jobs += [(shared[0], None)] * int(len(jobs) * plan.mixed)
    face, context = cache.create(folder, len(jobs), VIEWS)
    del face, context
    _state.update(rows=rows, jobs=jobs, folder=folder, seed=seed, shared=shared)
    spans = [(a, min(a + 64, len(jobs))) for a in range(0, len(jobs), 64)]
    answers: list[tuple[int, str]] = []
    # Before the fork: in a child, changing this waits for ever for threads that were not copied.
    cv2.setNumThreads(1)
    with multiprocessing.get_context('fork').Pool(processes) as pool:
        for done, part in enumerate(pool.imap(_work, spans), 1):
            answers += part
            if done % 20 == 0:
                say(f'rendered {len(answers)} of {len(jobs)} scenes')
    row = np.array([i if s is not None else -1 for i, s in jobs])
    cache.save_meta(
        folder,
        {
            'row': row,
            'set': np.array([rows[i].set if i >= 0 else 'mixed' for i in row]),
            'label': np.array([a[0] for a in answers], dtype=np.int8),
            'kind': np.array(['mixed' if s is None else 'simulated' if s else 'real' for _, s in jobs]),
            'species': np.array([a[1] for a in answers]),
            'split': np.array([splits.TRAIN] * len(jobs)),
            'fold': np.array([splits.phone_fold(rows[i]) if i >= 0 else -1 for i in row], dtype=np.int8),
            'group': np.array([rows[i].group if i >= 0 else '' for i in row]),
        },
    )
    return cache.load(folder)


def build_evaluation_cache(rows: list[Row], folder: Path) -> cache.Cache:
    """One crop pair a picture by the box of the index, nothing drawn: what a user's picture would give."""
    if cache.is_whole(folder):
        return cache.load(folder)
    face, context = cache.create(folder, len(rows), 1)
    for n, row in enumerate(rows):
        assert row.box is not None
        face[n, 0], context[n, 0] = crop_pair(read_picture(row), row.box)
    face.flush()
    context.flush()
    cache.save_meta(
        folder,
        {
            'row': np.arange(len(rows)),
            'set': np.array([r.set for r in rows]),
            'label': np.array([r.label for r in rows], dtype=np.int8),
            'kind': np.array(['real'] * len(rows)),
            'species': np.array([r.attack for r in rows]),
            'split': np.array([splits.split_of(r) for r in rows]),
            'fold': np.array([splits.phone_fold(r) for r in rows], dtype=np.int8),
            'group': np.array([r.group for r in rows]),
        },
    )
    return cache.load(folder)


def check_leaks(rows: list[Row]) -> list[tuple[str, str]]:
    """Near-duplicates between training pictures and held pictures (64-bit hash of the face crop, distance <= 4)."""
    hashes: dict[str, dict[str, int]] = {'train': {}, 'held': {}}
    for row in rows:
        assert row.box is not None
        side = 'train' if splits.split_of(row) == splits.TRAIN else 'held'
        hashes[side][row.name] = splits.perceptual_hash(crop_pair(read_picture(row), row.box)[0])
    return splits.leaks(hashes['train'], hashes['held'])


def prepare(sources: list[Path], paths: Paths, *, scale: float = 1.0, seed: int = 1, processes: int = 2, say: Callable[[str], None] = print) -> tuple[cache.Cache, cache.Cache]:
    """The two caches: `train` and `evaluation`."""
    rows = [row for source in sources for row in read_any(source)]
    boxed = with_boxes(rows, paths)
    say(f'{len(rows)} pictures, {len(rows) - len(boxed)} without a face')
    evaluation = build_evaluation_cache(boxed, paths.cache / 'evaluation')
    found = check_leaks(boxed)
    say(f'near-duplicates across the split: {len(found)} {found[:5]}')
    leaking = {name for _, name in found}
    usable = [r for r in boxed if r.name not in leaking]
    training = build_training_cache(usable, paths.cache / 'train', DEFAULT_PLAN.scaled(scale), seed, processes, say)
    return training, evaluation


__all__ = ['SPOOF', 'prepare']
