"""Who is left out, and how errors are counted: whole worlds, each world and class counting the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 5

# Sets of one room or one camera are left out together.
TOGETHER: tuple[frozenset[str], ...] = (frozenset({'nuaa', 'nuaa-dev'}), frozenset({'phone-replay', 'phone-photos'}))

ALWAYS_TRAINED = frozenset({'faces'})
"""Ordinary photos of many cameras, all live: they are no world, and no fold leaves them out."""


@dataclass(frozen=True)
class Judged:
    """Spoof margins beside what is true, one entry an image."""

    labels: NDArray[np.integer]
    """0 live, 1 attack."""
    margins: NDArray[np.floating]
    worlds: NDArray[np.str_]

    def only(self, chosen: NDArray[np.bool_]) -> Judged:
        return Judged(self.labels[chosen], self.margins[chosen], self.worlds[chosen])


def is_world(name: str) -> bool:
    return name.startswith('worlds-')


def folds_of(sets: NDArray[np.str_]) -> dict[str, int]:
    """The fold that leaves each set out; -1 for sets that are always trained on.

    The largest worlds are dealt first, there and back, so that every fold leaves out about as many images.
    """
    names, counts = np.unique(sets[[is_world(str(s)) for s in sets]], return_counts=True)
    out = {str(s): -1 for s in np.unique(sets)}
    for place, i in enumerate(np.lexsort((names, -counts))):
        turn = place % (2 * FOLDS)
        out[str(names[i])] = turn if turn < FOLDS else 2 * FOLDS - 1 - turn
    groups = [{name} for name in out if not is_world(name) and name not in ALWAYS_TRAINED and not any(name in g for g in TOGETHER)]
    for fold, group in enumerate(sorted([*groups, *map(set, TOGETHER)], key=sorted)):
        for name in group & set(out):
            out[name] = fold % FOLDS
    return out


def weights(labels: NDArray[np.integer], worlds: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each image: each class sums to one, and in it each world counts the same."""
    out = np.zeros(len(labels))
    for label in np.unique(labels):
        names = np.unique(worlds[labels == label])
        for name in names:
            chosen = (labels == label) & (worlds == name)
            out[chosen] = 1 / len(names) / chosen.sum()
    return out


def curve(judged: Judged) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(cut, APCER, BPCER) with worlds balanced: an image passes as live below the cut."""
    weight = weights(judged.labels, judged.worlds)
    order = np.argsort(judged.margins, kind='stable')
    margins, labels, weight = judged.margins[order], judged.labels[order], weight[order]
    last = np.append(margins[1:] != margins[:-1], True)
    accepted = np.cumsum(weight * (labels == 1))[last]
    kept = np.cumsum(weight * (labels == 0))[last]
    cuts = np.append(margins[last], np.inf)
    # Cut k admits everything below it, so its rates are those of the entries before it.
    return cuts, np.concatenate(([0.0], accepted)), 1 - np.concatenate(([0.0], kept))


def eer(judged: Judged) -> tuple[float, float]:
    """(rate, cut) where APCER and BPCER meet; their mean where they jump past each other."""
    cuts, apcer, bpcer = curve(judged)
    i = int(np.argmin(np.abs(apcer - bpcer)))
    return float((apcer[i] + bpcer[i]) / 2), float(cuts[i])


def errors_at(judged: Judged, cut: float) -> tuple[float, float]:
    """(APCER, BPCER) at a cut, worlds balanced."""
    weight = weights(judged.labels, judged.worlds)
    passed = judged.margins < cut
    return float(weight[(judged.labels == 1) & passed].sum()), float(weight[(judged.labels == 0) & ~passed].sum())


def interval(judged: Judged, resamples: int = 500, seed: int = 1) -> tuple[float, float]:
    """95 % interval of the EER by drawing whole worlds with replacement."""
    rng = np.random.default_rng(seed)
    names = np.unique(judged.worlds)
    rows = {name: np.flatnonzero(judged.worlds == name) for name in names}
    found = []
    for _ in range(resamples):
        drawn = rng.choice(names, len(names))
        pick = np.concatenate([rows[name] for name in drawn])
        twins = np.concatenate([np.full(len(rows[name]), str(i)) for i, name in enumerate(drawn)])
        if len(np.unique(judged.labels[pick])) == 2:
            found.append(eer(Judged(judged.labels[pick], judged.margins[pick], twins))[0])
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def cut_for(judged: Judged, *, apcer: float | None = None, bpcer: float | None = None) -> float:
    """The highest cut with at most that APCER, or the lowest with at most that BPCER."""
    cuts, accepted, refused = curve(judged)
    if apcer is not None:
        return float(cuts[np.flatnonzero(accepted <= apcer)[-1]])
    if bpcer is not None:
        return float(cuts[np.flatnonzero(refused <= bpcer)[0]])
    raise ValueError('Expected apcer or bpcer')
