"""Which scenes a batch holds: every world the same, live and attack even, so that no world can teach its class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..config import LIVE, SPOOF
from .cache import Scenes
from .scenes import ATTACK, BESIDE, DRAWN, REAL, THING

WIDE = {LIVE: 0.42, SPOOF: 0.36, BESIDE: 0.08, ATTACK: 0.09, THING: 0.03, DRAWN: 0.02}
PAIR = {LIVE: 0.46, SPOOF: 0.40, BESIDE: 0.0, ATTACK: 0.09, THING: 0.03, DRAWN: 0.02}

WIDE_WORTH = {'faces': 2.0, 'worlds-w05': 0.15}
"""Worlds that count for more or less than one: many cameras in one set, or one image."""
PAIR_WORTH = {'faces': 3.0, 'worlds-w05': 0.15, 'celeba-spoof': 2.0, 'nuaa': 1.5, 'phone-replay': 1.5, 'phone-photos': 1.5}


def chances(scenes: Scenes, include: NDArray[np.bool_], shares: dict[int | str, float], worth: dict[str, float]) -> NDArray[np.float64]:
    """Probability of each scene; scenes outside `include` have none."""
    out = np.zeros(len(scenes))

    def give(chosen: NDArray[np.bool_], share: float) -> None:
        chosen = chosen & include
        if chosen.any():
            out[chosen] += share / chosen.sum()

    for label in (LIVE, SPOOF):
        of_label = (scenes.kind == REAL) & (scenes.label == label)
        names = np.unique(scenes.set[of_label & include])
        total = sum(worth.get(str(name), 1.0) for name in names)
        for name in names:
            give(of_label & (scenes.set == name), shares[label] * worth.get(str(name), 1.0) / total)
    for kind in (BESIDE, ATTACK, THING, DRAWN):
        give(scenes.kind == kind, shares[kind])
    return out / out.sum()
