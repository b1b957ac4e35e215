"""Operating points with two cuts each: live below the one, spoof from the other on, between them it is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .protocol import Judged, cut_for, errors_at


@dataclass(frozen=True)
class Point:
    """Spoof margins: below `live` the answer is live, from `spoof` on it is spoof; `live` <= `spoof`."""

    live: float
    spoof: float


AIMS: dict[str, tuple[float, float]] = {'strict': (0.05, 0.10), 'balanced': (0.10, 0.08), 'lenient': (0.20, 0.02)}
"""The most attacks accepted, and the most live people called spoof, worlds and classes balanced."""


def fit(judged: Judged) -> dict[str, Point]:
    """The points whose aims hold on the given images. Where both aims hold with one cut, it lies halfway and nothing is uncertain."""
    out: dict[str, Point] = {}
    for name, (apcer, bpcer) in AIMS.items():
        live, spoof = cut_for(judged, apcer=apcer), cut_for(judged, bpcer=bpcer)
        out[name] = Point(live, spoof) if live <= spoof else Point((live + spoof) / 2, (live + spoof) / 2)
    return ordered(out)


def ordered(points: dict[str, Point]) -> dict[str, Point]:
    """A stricter point never admits more, nor refuses less, than the next one."""
    strict, balanced, lenient = (points[name] for name in ('strict', 'balanced', 'lenient'))
    balanced = Point(max(balanced.live, strict.live), max(balanced.spoof, strict.spoof))
    return {'strict': strict, 'balanced': balanced, 'lenient': Point(max(lenient.live, balanced.live), max(lenient.spoof, balanced.spoof))}


@dataclass(frozen=True)
class Rates:
    """Shares of attacks and of live people, worlds balanced."""

    accepted: float
    called_spoof: float
    uncertain_attacks: float
    uncertain_live: float


def rates(judged: Judged, point: Point) -> Rates:
    """What one point does on the given images."""
    accepted, not_live = errors_at(judged, point.live)
    not_spoof, called = errors_at(judged, point.spoof)
    return Rates(accepted, called, not_spoof - accepted, not_live - called)


def cross_fitted(judged: Judged) -> tuple[dict[str, Rates], dict[str, dict[str, Point]]]:
    """The rates where each world is judged by the points fitted on all others; and those points, by world."""
    points = {str(name): fit(judged.only(judged.worlds != name)) for name in np.unique(judged.worlds)}
    out = {}
    for name in AIMS:
        # Each world's margins moved so that its own cuts lie at 0 and 1.
        live = np.array([points[str(w)][name].live for w in judged.worlds])
        spoof = np.array([points[str(w)][name].spoof for w in judged.worlds])
        place = np.where(judged.margins < live, -1.0, np.where(judged.margins < spoof, 0.5, 1.0))
        out[name] = rates(Judged(judged.labels, place, judged.worlds), Point(0.0, 0.75))
    return out, points
