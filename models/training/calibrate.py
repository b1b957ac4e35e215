"""From margins to a live probability (Platt), and the three operating points, on development pictures only."""

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


def evened_out(labels: NDArray[np.integer], spoof_margins: NDArray[np.floating], sets: NDArray[np.str_]) -> float:
    """The spoof margin at which the larger of APCER and BPCER is smallest, sets balanced; of several, the middle one."""
    cuts = np.unique(spoof_margins)
    # Twice a class's weights is a share of that class, in which a set of a hundred pictures counts as one of forty does.
    weight = 2 * class_and_set_weights(labels, sets)
    accepted = (labels == 1) & (spoof_margins < cuts[:, None])
    refused = (labels == 0) & (spoof_margins >= cuts[:, None])
    worst = np.maximum(accepted @ weight, refused @ weight)
    best = cuts[worst <= worst.min() + 1e-12]
    return float((best.min() + best.max()) / 2)


def operating_points(labels: NDArray[np.integer], spoof_margins: NDArray[np.floating], sets: NDArray[np.str_], unseen: NDArray[np.bool_], calibration: Calibration) -> dict[str, float]:
    """Live-probability thresholds.

    `strict` evens out APCER and BPCER over all development pictures, `lenient` over those that are not `unseen`: attacks of a
    kind the judging model had not met, which pass so often that weighing them in refuses many. `balanced` is
    halfway between, in log-odds. Without unseen attacks, the outer points stand one log-odd away from the evened-out one.
    Sets count the same, as they do in the calibration.
    """
    lenient = evened_out(labels[~unseen], spoof_margins[~unseen], sets[~unseen])
    strict = evened_out(labels, spoof_margins, sets) if unseen.any() else lenient
    # Spoof margins fall as thresholds rise.
    strict = min(strict, lenient - 1 / calibration.slope)
    cuts = {'strict': strict, 'balanced': (strict + lenient) / 2, 'lenient': lenient}
    return {name: float(np.clip(calibration.live(np.array([cut]))[0], 0.05, 0.98)) for name, cut in cuts.items()}
