"""Which scenes a batch holds: every source and class with a fixed share, whatever its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cache import Cache
from .config import LIVE, SPOOF

# Shares of (set, label, kind), before they are scaled to a sum of one. Live and spoof come out even; a sixth is of unknown class.
SHARES: dict[tuple[str, int, str], float] = {
    ('celeba-spoof', LIVE, 'real'): 0.10,
    ('celeba-spoof', SPOOF, 'real'): 0.11,
    ('nuaa', LIVE, 'real'): 0.06,
    ('nuaa', SPOOF, 'real'): 0.06,
    ('phone-replay', LIVE, 'real'): 0.05,
    ('phone-replay', SPOOF, 'real'): 0.06,
    ('faces', LIVE, 'real'): 0.13,
    ('phone-photos', LIVE, 'real'): 0.10,
}
SHARE_SIMULATED = 0.22
SHARE_MIXED = 0.2
SHARE_OTHER = 0.10
"""Of each (set, label) of real pictures that is not named above."""


def weights(cache: Cache, include: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Probability of each scene; scenes outside `include` have none."""
    meta = cache.meta
    out = np.zeros(len(cache))
    kinds = meta['kind']
    for kind, share in (('simulated', SHARE_SIMULATED), ('mixed', SHARE_MIXED)):
        chosen = include & (kinds == kind)
        if chosen.any():
            out[chosen] = share / chosen.sum()
    real = include & (kinds == 'real')
    for name in np.unique(meta['set'][real]) if real.any() else []:
        for label in (LIVE, SPOOF):
            chosen = real & (meta['set'] == name) & (meta['label'] == label)
            if chosen.any():
                out[chosen] = SHARES.get((str(name), label, 'real'), SHARE_OTHER) / chosen.sum()
    return out / out.sum()
