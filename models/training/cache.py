"""The crop cache: uint8 arrays on disk that every later step maps into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .config import CONTEXT_SIZE, FACE_SIZE

META_FIELDS = ('row', 'set', 'label', 'kind', 'species', 'split', 'fold', 'group')


@dataclass
class Cache:
    """`views` crops of each of n scenes; the views of a scene differ in the box only."""

    face: NDArray[np.uint8]
    """n x views x 128 x 128 x 3, RGB."""
    context: NDArray[np.uint8]
    """n x views x 80 x 80 x 3, RGB."""
    meta: dict[str, NDArray[np.generic]]
    """For each scene: `row` (index row), `set`, `label`, `kind` (real, simulated, mixed), `species`, `split`, `fold`, `group`."""
    wide: NDArray[np.uint8] | None = None
    """n x views x 97 x 97 x 3, RGB; None where the pair is trained alone."""

    def __len__(self) -> int:
        return len(self.meta['label'])


def create(folder: Path, n: int, views: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """New, empty arrays on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    face = np.lib.format.open_memmap(folder / 'face.npy', 'w+', np.uint8, (n, views, FACE_SIZE, FACE_SIZE, 3))
    context = np.lib.format.open_memmap(folder / 'context.npy', 'w+', np.uint8, (n, views, CONTEXT_SIZE, CONTEXT_SIZE, 3))
    return face, context


def save_meta(folder: Path, meta: dict[str, NDArray[np.generic]]) -> None:
    """Written last: its presence says that the cache is whole."""
    np.savez(folder / 'meta.npz', **meta)


def load(folder: Path, *, in_memory: bool = False) -> Cache:
    """The arrays, mapped read-only or read whole."""
    with np.load(folder / 'meta.npz') as stored:
        meta = {k: stored[k] for k in stored.files}
    mode = None if in_memory else 'r'
    return Cache(np.load(folder / 'face.npy', mmap_mode=mode), np.load(folder / 'context.npy', mmap_mode=mode), meta)


def joined(a: Cache, b: Cache, limit: int = 4000, seed: int = 5) -> tuple[Cache, NDArray[np.integer]]:
    """`a` and at most `limit` scenes of `b`, in memory; and which scenes of `b` they are."""
    pick = np.sort(np.random.default_rng(seed).choice(len(b), min(limit, len(b)), replace=False))
    meta = {k: np.concatenate((a.meta[k], b.meta[k][pick])) for k in META_FIELDS}
    return Cache(np.concatenate((a.face, b.face[pick])), np.concatenate((a.context, b.context[pick])), meta), pick


def is_whole(folder: Path) -> bool:
    """Whether the step that fills `folder` has finished."""
    return (folder / 'meta.npz').exists()
