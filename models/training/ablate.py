"""What each ingredient is worth: short runs that differ in one thing, judged on the same held pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from . import cache as crop_cache
from . import metrics
from .config import CONTEXT_SIZE, FACE_SIZE, Paths
from .network import joined, multiplications
from .runs import BASE
from .teachers import load_teachers
from .train import Recipe, predict, teacher_margins, train

# `phone-replay` takes no part in any of them, so all of its videos are of a kind none of the runs has seen.
SHORT = replace(BASE, name='ablate-short', steps=100, snapshot_every=1000, in_memory=False)
FIT = replace(SHORT, steps=0)

VARIANTS: dict[str, Recipe] = {
    'the fit alone, no training': replace(FIT, name='ablate-fit'),
    'the fit of a large network': replace(FIT, name='ablate-fit-large', size='large'),
    'the fit of a small network': replace(FIT, name='ablate-fit-small', size='small'),
    'the fit of the smallest network': replace(FIT, name='ablate-fit-smallest', size='smallest'),
    '`base`': BASE,
    '`base` of the smallest network': replace(BASE, name='base-smallest', size='smallest'),
    'the recipe of `base`, short': SHORT,
    'with a tenth of the scenes': replace(SHORT, name='ablate-tenth', data=0.1),
    'at three times the rate': replace(SHORT, name='ablate-fast', rate=3 * BASE.rate),
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
    """One row a variant, after one of the teachers; AUC / EER. Finished runs are not repeated."""
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    blank = torch.zeros(1, 3, FACE_SIZE, FACE_SIZE), torch.zeros(1, 3, CONTEXT_SIZE, CONTEXT_SIZE)
    table: list[dict[str, object]] = []
    if not only:
        said = teacher_margins(evaluation, load_teachers(paths.teachers), paths.cache / 'evaluation' / 'teachers.npy', say)
        both = joined(*torch.from_numpy(said[:, 0]).unbind(1)).numpy()
        table.append({'run': 'the teachers, joined as the branches are', 'million multiplications': '', 'steps': '', **measure(both, evaluation)})
    for title, recipe in VARIANTS.items():
        if only and recipe.name not in only:
            continue
        model = train(recipe, paths, say)
        table.append({'run': title, 'million multiplications': round(multiplications(model, *blank) / 1e6), 'steps': recipe.steps, **measure(predict(model, evaluation), evaluation)})
        say(f'{table[-1]}')
        (paths.work / 'ablation.json').write_text(json.dumps(table, indent=1))
    return table
