"""Weights of one's own: the shipped recipe goes on from given weights with pictures from the place they will be used in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from . import cache as crop_cache
from . import metrics, prepare, splits
from .config import LIVE, SPOOF, Paths
from .index import Row, read_any
from .network import Network
from .teachers import CONTEXT_TEACHER, FACE_TEACHER
from .train import Recipe, predict, train


def split_captures(rows: list[Row], share: float = 0.3) -> tuple[list[Row], list[Row]]:
    """(train, held) by person or artefact: a group is on one side, and each label has at least one group on either.

    Raises ValueError where a label has fewer than two groups.
    """
    held: set[str] = set()
    for label in (LIVE, SPOOF):
        groups = sorted({r.group for r in rows if r.label == label}, key=splits.stable_fraction)
        if len(groups) < 2:
            raise ValueError('Expected captures of at least two people in live/ and two artefacts in spoof/<species>/, so that some can be kept out for the report')
        held.update(groups[: max(1, round(share * len(groups)))])
    return [r for r in rows if r.group not in held], [r for r in rows if r.group in held]


def measure(model: torch.nn.Module, cache: crop_cache.Cache) -> str:
    """One line: errors at the default threshold, AUC and EER on the held captures."""
    labels = cache.meta['label'].astype(np.int64)
    scores = predict(model, cache)
    apcer, bpcer = metrics.errors_at(labels, scores)
    groups = len(np.unique(cache.meta['group']))
    return f'APCER {apcer}, BPCER {bpcer}, AUC {metrics.auc(labels, scores):.3f}, EER {100 * metrics.eer(labels, scores):.1f} %, {groups} people or artefacts'


def finetune(data: Path, weights: Path, paths: Paths, *, mode: str = 'full', steps: int = 150, rate: float = 1e-4, say: Callable[[str], None] = print) -> Path:
    """Trains on the captures beside the recipe's own cache where it exists, so that what was known is not forgotten.

    `mode` `head` moves the last layer only: for fewer than some hundred pictures. Returns the file of the new weights.
    """
    if mode not in ('head', 'full'):
        raise ValueError(f"Expected 'head' or 'full' for mode but received {mode!r}")
    rows = prepare.with_boxes(read_any(data), paths)
    mine, held = split_captures(rows)
    work = replace(paths, work=paths.work / f'finetune-{data.name}')
    held_cache = prepare.build_evaluation_cache(held, work.cache / 'evaluation')
    plan = prepare.Plan({'*': 8}, {'*': 4}, 0.0)
    prepare.build_training_cache(mine, work.cache / 'train', plan, seed=1, processes=2, say=say, keep_all=True)
    model = Network()
    model.load_state_dict(torch.load(weights, weights_only=True))
    before = measure(model, held_cache)
    recipe = Recipe(name=f'finetune-{mode}', steps=steps, rate=rate, start=str(weights), head_only=mode == 'head', scenes=16, snapshot_every=steps)
    if not all((paths.teachers / name).exists() for name in (FACE_TEACHER, CONTEXT_TEACHER)):
        say(f'no teachers in {paths.teachers}: learning from the labels alone')
        recipe = replace(recipe, distil_weight=0.0)
    beside = paths.cache / 'train' if crop_cache.is_whole(paths.cache / 'train') else None
    after = measure(train(recipe, work, say, beside=beside), held_cache)
    live = sum(r.label == LIVE for r in held)
    say(f'{len(held)} held captures ({live} live) of people and artefacts not trained on')
    say(f'before: {before}')
    say(f'after:  {after}')
    return work.runs / recipe.name / 'weights.pt'
