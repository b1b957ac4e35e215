"""From margins to a live probability (Platt). The operating points are fitted by `worlds/points.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit



@dataclass(frozen=True)
class Calibration:
    """P(live) = sigmoid(slope * margin + offset) with margin = logit(live) - logit(spoof)."""

    slope: float
    offset: float

    def live(self, spoof_margin: NDArray[np.floating]) -> NDArray[np.floating]:
        return expit(-self.slope * spoof_margin + self.offset)

    def spoof_margin(self, live_probability: float) -> float:
        """The spoof margin whose live probability is the given one."""
        return (self.offset - float(np.log(live_probability / (1 - live_probability)))) / self.slope


def class_and_set_weights(labels: NDArray[np.integer], sets: NDArray[np.str_]) -> NDArray[np.float64]:
    """Each set counts the same within its class, each class half."""
    out = np.zeros(len(labels))
    for label in (0, 1):
        names = np.unique(sets[labels == label])
        for name in names:
            chosen = (labels == label) & (sets == name)
            out[chosen] = 0.5 / len(names) / chosen.sum()
    return out


def fit(labels: NDArray[np.integer], spoof_margins: NDArray[np.floating], sets: NDArray[np.str_]) -> Calibration:
    """Platt's fit with his smoothed targets, classes and sets balanced."""
    weight = class_and_set_weights(labels, sets)
    n1, n0 = int((labels == 0).sum()), int((labels == 1).sum())
    target = np.where(labels == 0, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    margin = -spoof_margins.astype(np.float64)

    def loss(p: NDArray[np.float64]) -> float:
        z = p[0] * margin + p[1]
        return float((weight * (np.logaddexp(0, z) - target * z)).sum())

    found = minimize(loss, np.array([1.0, 0.0]), method='Nelder-Mead')
    return Calibration(float(found.x[0]), float(found.x[1]))


def calibration_error(labels: NDArray[np.integer], live: NDArray[np.floating], bins: int = 10) -> float:
    """Expected calibration error over equal-width bins, weighted by n."""
    index = np.minimum((live * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        chosen = index == b
        if chosen.any():
            total += chosen.sum() * abs(float(live[chosen].mean()) - float((labels[chosen] == 0).mean()))
    return total / len(labels)
