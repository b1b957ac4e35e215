"""What each ingredient is worth: short runs that differ in one thing, judged on the same held pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import cache as crop_cache
from . import metrics
from .config import Paths
from .runs import BASE
from .train import Recipe, predict, train

# `phone-replay` takes no part in any of them, so all of its videos are of a kind none of the runs has seen.
SHORT = replace(BASE, name='ablate-full', steps=150, snapshot_every=1000, share=1.0, in_memory=False)

VARIANTS: dict[str, Recipe] = {
    'the fit alone, no training': replace(SHORT, name='ablate-fit', steps=0),
    'the recipe of `base`, short': SHORT,
    'without the Fourier loss': replace(SHORT, name='ablate-no-fourier', fourier_weight=0.0),
    'without the stability loss': replace(SHORT, name='ablate-no-stability', stability_weight=0.0),
    'without simulated attacks': replace(SHORT, name='ablate-no-simulation', simulated=False),
    'with labels, real and simulated': replace(SHORT, name='ablate-labels', label_weight=0.7, simulated_weight=0.5),
    'labels without distillation': replace(SHORT, name='ablate-labels-only', label_weight=0.7, simulated_weight=0.5, distil_weight=0.0),
    'random start': replace(SHORT, name='ablate-random', from_teacher=False),
}


def measure(margins: np.ndarray, evaluation: crop_cache.Cache) -> dict[str, object]:
    """AUC and EER of each set with both classes; bona fide refused at zero on the sets with one."""
    meta = evaluation.meta
    held = (meta['split'] != 'train') | (meta['set'] == 'phone-replay')
    out: dict[str, object] = {}
    for name in ('celeba-spoof', 'nuaa-dev', 'phone-replay'):
        chosen = held & (meta['set'] == name)
        if chosen.any():
            labels = meta['label'][chosen].astype(np.int64)
            out[name] = f'{metrics.auc(labels, margins[chosen]):.3f} / {100 * metrics.eer(labels, margins[chosen]):.1f} %'
    chosen = held & (meta['set'] == 'faces')
    if chosen.any():
        out['faces refused'] = str(metrics.errors_at(meta['label'][chosen].astype(np.int64), margins[chosen])[1])
    return out


def ablate(paths: Paths, say: Callable[[str], None] = print, only: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """One row a variant, AUC / EER; finished runs are not repeated."""
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    table: list[dict[str, object]] = []
    for title, recipe in VARIANTS.items():
        if only and recipe.name not in only:
            continue
        model = train(recipe, paths, say)
        table.append({'run': title, 'steps': recipe.steps, **measure(predict(model, evaluation), evaluation)})
        say(f'{table[-1]}')
        (paths.work / 'ablation.json').write_text(json.dumps(table, indent=1))
    return table
