"""Who is on which side. A person, a video or a picture is on one side only, and sides never change between runs."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from .crops import Picture
from .index import Row

TRAIN, DEV, TEST = 'train', 'dev', 'test'
"""Trained on; calibration and operating points are fixed on; only reported on."""

# The two folds of `phone-replay`: whole videos, one attack video in each.
PHONE_FOLD_A = frozenset({'phone-replay/1', 'phone-replay/2', 'phone-replay/11'})


def stable_fraction(text: str) -> float:
    """A number in 0..1 that depends on the text alone, so that adding pictures moves nobody to the other side."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], 'big') / 2**48


def split_of(row: Row) -> str:
    """The side of a row.

    celeba-spoof: half trained on, a quarter each for dev and test. nuaa-dev: two people dev, two people test.
    Other sets: a tenth of the groups is kept out of training where the set has many groups.
    """
    if row.set == 'celeba-spoof':
        part = stable_fraction(row.group)
        return TRAIN if part < 0.5 else DEV if part < 0.75 else TEST
    if row.set == 'nuaa-dev':
        return DEV if row.group in ('nuaa/0009', 'nuaa/0010') else TEST
    if row.set in ('faces', 'phone-photos'):
        # Live pictures of people never trained on: BPCER on ordinary photos, and the stability measure.
        part = stable_fraction(row.group)
        return TRAIN if part < 0.9 else DEV if part < 0.95 else TEST
    return TRAIN


def phone_fold(row: Row) -> int:
    """0 or 1 for `phone-replay`, -1 elsewhere."""
    if row.set != 'phone-replay':
        return -1
    return 0 if row.group in PHONE_FOLD_A else 1


def perceptual_hash(picture: Picture) -> int:
    """64-bit DCT hash of the luma: near-duplicates differ in at most four bits."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int(np.packbits(bits).tobytes().hex(), 16)


def leaks(train: dict[str, int], held: dict[str, int], distance: int = 4) -> list[tuple[str, str]]:
    """Pairs (held, train) of near-duplicates across the split, by Hamming distance of their hashes."""
    names = list(train)
    if not names or not held:
        return []
    table = np.array([[(h >> (8 * i)) & 255 for i in range(8)] for h in train.values()], dtype=np.uint8)
    found: list[tuple[str, str]] = []
    for name, value in held.items():
        row = np.array([(value >> (8 * i)) & 255 for i in range(8)], dtype=np.uint8)
        bits = np.unpackbits(table ^ row, axis=1).sum(1)
        found += [(name, names[i]) for i in np.flatnonzero(bits <= distance)]
    return found
