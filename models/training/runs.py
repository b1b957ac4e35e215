"""The two runs that copy the teachers into the pair of branches; `worlds` goes on from the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .config import Paths
from .network import Network
from .train import Recipe, train

# The long run: the teachers copied on everything but `phone-replay`, so it can be judged on all of that set's videos.
# Labels take no part (beyond whom to trust): learned early, they cost more on kinds of attack nobody trained on than they gain on the others.
BASE = Recipe(name='base', steps=1500, scenes=32, rate=1e-4, ema=0.99, label_weight=0.0, fourier_weight=0.1, snapshot_every=250, log_every=50, threads=1, without_sets=('phone-replay',))

# The short run after it: with every training image, and real labels.
FINAL = replace(BASE, name='final', steps=200, rate=1e-4, label_weight=0.1, simulated_weight=0.0, branch_weight=0.0, without_sets=(), start='base')

RUNS: dict[str, Recipe] = {
    'base': BASE,
    'final': FINAL,
}


def train_chain(recipe: Recipe, paths: Paths, say: Callable[[str], None] = print) -> Network:
    """A run, after the run it starts from."""
    if recipe.start in RUNS:
        train_chain(RUNS[recipe.start], paths, say)
        recipe = replace(recipe, start=str(paths.runs / recipe.start / 'weights.pt'))
    return train(recipe, paths, say)
