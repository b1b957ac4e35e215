"""The runs that make what is shipped, and the two that judge it on videos it would otherwise have seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from . import cache as crop_cache
from . import quantize as q
from .config import Paths
from .export import export_fp32
from .network import Network
from .train import Recipe, train

# The long run: the teachers copied on everything but `phone-replay`, so it can be judged on all of that set's videos.
# Labels take no part (beyond whom to trust): learned early, they cost more on kinds of attack nobody trained on than they gain on the others.
BASE = Recipe(name='base', steps=1500, scenes=32, rate=1e-4, ema=0.99, label_weight=0.0, fourier_weight=0.1, snapshot_every=250, log_every=50, threads=1, without_sets=('phone-replay',))

# The short run that is shipped: with every training picture, and real labels.
FINAL = replace(BASE, name='final', steps=200, rate=1e-4, label_weight=0.1, simulated_weight=0.0, branch_weight=0.0, without_sets=(), start='base')

RUNS: dict[str, Recipe] = {
    'base': BASE,
    'final': FINAL,
    'phone-fold-0': replace(FINAL, name='phone-fold-0', without_phone_fold=0),
    'phone-fold-1': replace(FINAL, name='phone-fold-1', without_phone_fold=1),
}


def train_chain(recipe: Recipe, paths: Paths, say: Callable[[str], None] = print) -> Network:
    """A run, after the run it starts from."""
    if recipe.start in RUNS:
        train_chain(RUNS[recipe.start], paths, say)
        recipe = replace(recipe, start=str(paths.runs / recipe.start / 'weights.pt'))
    return train(recipe, paths, say)


def fold_files(paths: Paths) -> dict[int, Path]:
    """FP32 graphs of the fold runs that are finished: fold -> the model that has not seen its videos."""
    out: dict[int, Path] = {}
    for fold in (0, 1):
        folder = paths.runs / f'phone-fold-{fold}'
        if not (folder / 'weights.pt').exists():
            continue
        out[fold] = folder / 'model.fp32.onnx'
        if not out[fold].exists():
            model = Network()
            model.load_state_dict(torch.load(folder / 'weights.pt', weights_only=True))
            export_fp32(model, out[fold])
    return out


def int8_fold_files(paths: Paths, folds: dict[int, Path]) -> dict[int, Path]:
    """The fold models quantised exactly as the shipped one is, so that all margins a threshold is fitted on are INT8 margins."""
    out: dict[int, Path] = {}
    for fold, source in folds.items():
        out[fold] = source.with_name('model.onnx')
        if not out[fold].exists():
            training = crop_cache.load(paths.cache / 'train')
            q.quantize(source, out[fold], q.SHIPPED, training, q.calibration_rows(training))
    return out


def out_of_fold(paths: Paths, folds: dict[int, Path]) -> NDArray[np.float32]:
    """Margins of every `phone-replay` frame by the graph that has not seen its video, in the order of the evaluation cache."""
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    margins = np.zeros(len(evaluation), np.float32)
    for fold, file in folds.items():
        rows = np.flatnonzero(evaluation.meta['fold'] == fold)
        margins[rows] = q.margins_of(file, evaluation, rows)
    return margins[evaluation.meta['set'] == 'phone-replay']
