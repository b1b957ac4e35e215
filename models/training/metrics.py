"""Error rates in the words of ISO/IEC 30107-3, with intervals. Scores are spoof margins: higher is more like an attack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Scores = NDArray[np.floating]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Rate:
    """Errors of n, with the 95 % Clopper-Pearson interval."""

    errors: int
    n: int

    @property
    def value(self) -> float:
        return self.errors / self.n if self.n else float('nan')

    @property
    def interval(self) -> tuple[float, float]:
        return clopper_pearson(self.errors, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        if self.n == 0:
            return '-'
        if self.errors == 0:
            return f'0 of {self.n} (<= {100 * high:.1f} %)'
        return f'{self.errors} of {self.n} ({100 * low:.1f}-{100 * high:.1f} %)'


def clopper_pearson(errors: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval of a proportion."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if errors == 0 else float(stats.beta.ppf(tail, errors, n - errors + 1))
    high = 1.0 if errors == n else float(stats.beta.ppf(1 - tail, errors + 1, n - errors))
    return low, high


def auc(labels: Labels, scores: Scores) -> float:
    """Probability that an attack scores higher than a bona fide presentation; ties count half."""
    ranks = stats.rankdata(scores)
    positive = labels == 1
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if n1 == 0 or n0 == 0:
        return float('nan')
    return float((ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def curve(labels: Labels, scores: Scores) -> tuple[Scores, Scores, Scores]:
    """(threshold, APCER, BPCER): an attack is accepted when its margin is below the threshold."""
    cuts = np.concatenate(([-np.inf], np.unique(scores), [np.inf]))
    attacks, live = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    apcer = np.searchsorted(attacks, cuts, side='left') / max(1, len(attacks))
    bpcer = 1 - np.searchsorted(live, cuts, side='left') / max(1, len(live))
    return cuts, apcer, bpcer


def eer(labels: Labels, scores: Scores) -> float:
    """The rate at which APCER and BPCER meet (mean of the two at the nearest threshold)."""
    if len(np.unique(labels)) < 2:
        return float('nan')
    _, apcer, bpcer = curve(labels, scores)
    i = int(np.argmin(np.abs(apcer - bpcer)))
    return float((apcer[i] + bpcer[i]) / 2)


def bpcer_at(labels: Labels, scores: Scores, apcer_limit: float) -> float:
    """The lowest BPCER with an APCER of at most `apcer_limit`."""
    _, apcer, bpcer = curve(labels, scores)
    return float(bpcer[apcer <= apcer_limit].min())


def errors_at(labels: Labels, scores: Scores, threshold: float = 0.0) -> tuple[Rate, Rate]:
    """(APCER, BPCER) with live below `threshold`."""
    attacks, live = scores[labels == 1], scores[labels == 0]
    return Rate(int((attacks < threshold).sum()), len(attacks)), Rate(int((live >= threshold).sum()), len(live))
