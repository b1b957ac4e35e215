"""Training: start from the teachers, copy them patiently on many crops, correct them where the truth is known."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import cache as crop_cache
from . import metrics
from .config import Paths
from .losses import FourierHead, distil_loss, label_loss, stability_loss, trust
from .network import CEILINGS, Network, joined
from .sampling import weights
from .reconstruct import fit
from .teachers import Teacher, load_teachers


@dataclass(frozen=True)
class Recipe:
    """Every choice of one run; stored beside its weights."""

    name: str = 'full'
    steps: int = 1500
    scenes: int = 48
    """Scenes a batch; each gives two views."""
    rate: float = 3e-4
    decay: float = 0.02
    ema: float = 0.995
    seed: int = 1
    size: str = 'shipped'
    """A key of `network.SIZES`."""
    from_teacher: bool = True
    """Start from the teachers' pruned and refitted weights, else from random ones."""
    distil_weight: float = 1.0
    label_weight: float = 1.0
    branch_weight: float = 0.15
    simulated_weight: float = 0.6
    """Of the label of a simulated attack, beside a real one's 1."""
    stability_weight: float = 0.3
    fourier_weight: float = 0.5
    simulated: bool = True
    data: float = 1.0
    """Share of the scenes that may be seen."""
    without_sets: tuple[str, ...] = ()
    """Sets left out altogether: leave-one-set-out."""
    without_phone_fold: int = -1
    """Videos of `phone-replay` left out: 0 or 1."""
    threads: int = 2
    snapshot_every: int = 250
    log_every: int = 25
    in_memory: bool = True
    start: str = ''
    """A file of weights to go on from, instead of the teachers."""
    head_only: bool = False
    """Only the last linear layer of each branch moves."""


def to_input(pictures: NDArray[np.uint8]) -> Tensor:
    """n x h x w x 3 bytes -> n x 3 x h x w in 0..1, channels last in memory."""
    return (torch.from_numpy(np.ascontiguousarray(pictures)).float() / 255).permute(0, 3, 1, 2)


@torch.no_grad()
def teacher_margins(cache: crop_cache.Cache, teachers: tuple[Teacher, Teacher], file: Path, say: Callable[[str], None] = print) -> NDArray[np.float32]:
    """n x views x 2 (face, context): what the teachers say of every crop. Computed once."""
    if file.exists():
        return np.load(file)
    n, views = cache.face.shape[:2]
    out = np.empty((n, views, 2), np.float32)
    start = time.time()
    with torch.autocast('cpu', torch.bfloat16):
        for i in range(0, n, 32):
            face = np.asarray(cache.face[i : i + 32]).reshape(-1, *cache.face.shape[2:])
            context = np.asarray(cache.context[i : i + 32]).reshape(-1, *cache.context.shape[2:])
            out[i : i + 32, :, 0] = teachers[0](to_input(face)).float().view(-1, views).numpy()
            out[i : i + 32, :, 1] = teachers[1](to_input(context)).float().view(-1, views).numpy()
            if i % 3200 == 0:
                say(f'teachers: {i} of {n} scenes, {time.time() - start:.0f} s')
    np.save(file, out)
    return out


@torch.no_grad()
def predict(model: torch.nn.Module, cache: crop_cache.Cache, rows: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
    """Spoof margins of the first view of the given scenes."""
    model.eval()
    rows = np.arange(len(cache)) if rows is None else rows
    out = []
    for i in range(0, len(rows), 64):
        part = rows[i : i + 64]
        logits = model(to_input(cache.face[part, 0]), to_input(cache.context[part, 0]))
        out.append((logits[:, 1] - logits[:, 0]).numpy())
    return np.concatenate(out) if out else np.zeros(0, np.float32)


def summary(model: torch.nn.Module, evaluation: crop_cache.Cache, skip: tuple[str, ...] = ('nuaa',)) -> dict[str, str]:
    """AUC, EER and errors at zero of each set, held pictures only (all pictures of `phone-replay`). A progress line, not the report."""
    meta = evaluation.meta
    held = (meta['split'] != 'train') | (meta['set'] == 'phone-replay')
    rows = np.flatnonzero(held & ~np.isin(meta['set'], skip))
    margins = predict(model, evaluation, rows)
    out: dict[str, str] = {}
    for name in np.unique(meta['set'][rows]):
        chosen = meta['set'][rows] == name
        labels, scores = meta['label'][rows][chosen], margins[chosen]
        apcer, bpcer = metrics.errors_at(labels, scores)
        rates = f'A {apcer.errors}/{apcer.n} B {bpcer.errors}/{bpcer.n}'
        out[str(name)] = rates if apcer.n == 0 else f'auc {metrics.auc(labels, scores):.4f} eer {100 * metrics.eer(labels, scores):.1f} {rates}'
        if name == 'phone-replay':
            folds = meta['fold'][rows][chosen]
            parts = [f'{metrics.auc(labels[folds == f], scores[folds == f]):.3f}' for f in (0, 1)]
            out[str(name)] += f' folds {"/".join(parts)}'
    return out


class Average:
    """Exponential moving average of the weights, quick at the start."""

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.model = deepcopy(model)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: torch.nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for ours, theirs in zip(self.model.parameters(), model.parameters(), strict=True):
            ours.lerp_(theirs, 1 - decay)
        for ours, theirs in zip(self.model.buffers(), model.buffers(), strict=True):
            ours.copy_(theirs)


def included(cache: crop_cache.Cache, recipe: Recipe) -> NDArray[np.bool_]:
    """Which scenes a recipe may see. A left-out video is left out in its simulated attacks as well."""
    meta = cache.meta
    out = ~np.isin(meta['set'], recipe.without_sets)
    if recipe.without_phone_fold >= 0:
        out &= meta['fold'] != recipe.without_phone_fold
    if not recipe.simulated:
        out &= meta['kind'] != 'simulated'
    if recipe.data < 1:
        out &= np.random.default_rng(recipe.seed).random(len(out)) < recipe.data
    return out


def rate_at(step: int, recipe: Recipe) -> float:
    """Linear warm-up over 4 % of the steps, then a cosine to 1 %."""
    warm = max(1, int(0.04 * recipe.steps))
    if step < warm:
        return recipe.rate * (step + 1) / warm
    part = (step - warm) / max(1, recipe.steps - warm)
    return recipe.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * part)) / 2)


def train(recipe: Recipe, paths: Paths, say: Callable[[str], None] = print, *, beside: Path | None = None) -> Network:
    """One run; weights, recipe and log go to `runs/<name>`. A finished run is loaded, an interrupted one goes on.

    `beside` is a second cache that is trained on as well.
    """
    folder = paths.runs / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / 'weights.pt'
    torch.set_num_threads(recipe.threads)
    # Weights and gradients that have all but vanished cost many times a normal multiplication.
    torch.set_flush_denormal(True)
    torch.manual_seed(recipe.seed)
    model = Network(recipe.size)
    if final.exists():
        model.load_state_dict(torch.load(final, weights_only=True))
        return model
    # Into memory where it fits: random reads of mapped files are slow as soon as the page cache is under pressure.
    training = crop_cache.load(paths.cache / 'train', in_memory=recipe.in_memory)
    evaluation = crop_cache.load(paths.cache / 'evaluation')
    starts_from_teachers = recipe.from_teacher and not recipe.start
    teachers = load_teachers(paths.teachers) if recipe.distil_weight or starts_from_teachers else None

    def known(cache: crop_cache.Cache, folder: Path) -> NDArray[np.float32]:
        if teachers is None:
            return np.zeros((*cache.face.shape[:2], 2), np.float32)
        return teacher_margins(cache, teachers, folder / 'teachers.npy', say)

    said = known(training, paths.cache / 'train')
    if beside is not None:
        other = crop_cache.load(beside)
        said_of_other = known(other, beside)
        training, pick = crop_cache.joined(training, other)
        said = np.concatenate((said, said_of_other[pick]))
    margins = torch.from_numpy(said)
    # Both boxes around a face are one face: the target is what the teachers say on average, so noise is not copied.
    targets = margins.mean(1, keepdim=True).expand_as(margins)
    labels = torch.from_numpy(training.meta['label'].astype(np.int64))
    is_simulated = torch.from_numpy(training.meta['kind'] == 'simulated')
    chances = weights(training, included(training, recipe))
    if recipe.start:
        model.load_state_dict(torch.load(recipe.start, weights_only=True))
    elif starts_from_teachers and teachers is not None:
        model.load_state_dict(torch.load(fit(paths, teachers, training, recipe.size, say=say), weights_only=True))
    model = model.to(memory_format=torch.channels_last)
    spectrum = FourierHead(model.face.widths.trunk[1])
    if recipe.head_only:
        for branch in (model.face, model.context):
            branch.requires_grad_(False)
    parameters = [p for p in (*model.parameters(), *spectrum.parameters()) if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=recipe.decay)
    average = Average(model, recipe.ema)
    state_file = folder / 'state.pt'
    first = 0
    if state_file.exists():
        state = torch.load(state_file, weights_only=False)
        model.load_state_dict(state['model'])
        average.model.load_state_dict(state['average'])
        average.steps = first = state['step']
        optimiser.load_state_dict(state['optimiser'])
        spectrum.load_state_dict(state['spectrum'])
    (folder / 'recipe.json').write_text(json.dumps(asdict(recipe), indent=2))
    log = (folder / 'log.txt').open('a')

    def note(text: str) -> None:
        say(text)
        log.write(text + '\n')
        log.flush()

    sums: dict[str, float] = {}
    start = time.time()
    for step in range(first, recipe.steps):
        # Each step has its own generator, so an interrupted run goes on with the same batches.
        rng = np.random.default_rng([recipe.seed, step])
        for group in optimiser.param_groups:
            group['lr'] = rate_at(step, recipe)
        pick = rng.choice(len(training), recipe.scenes, p=chances, replace=False)
        pick.sort()
        face = np.asarray(training.face[pick]).reshape(-1, *training.face.shape[2:])
        context = np.asarray(training.context[pick]).reshape(-1, *training.context.shape[2:])
        if rng.random() < 0.5:
            face, context = face[:, :, ::-1].copy(), context[:, :, ::-1].copy()
        views = training.face.shape[1]
        x_face, x_context = to_input(face), to_input(context)
        target = targets[pick].reshape(-1, 2)
        label = labels[pick].repeat_interleave(views)
        simulated = is_simulated[pick].repeat_interleave(views)

        model.train()
        # Half precision makes the larger branch a third faster and the smaller one slower.
        with torch.autocast('cpu', torch.bfloat16):
            ours_face = tuple(stage.float() for stage in model.face.stages(x_face))
        ours_context = model.context.stages(x_context)
        m_face, m_context = model.face_margin(ours_face[3]), model.context_margin(ours_context[3])
        margin = joined(m_face, m_context)
        parts: dict[str, Tensor] = {}
        if recipe.label_weight:
            certain = torch.where(simulated, recipe.simulated_weight, 1.0)
            # Each branch is told as well, at less weight: a joint margin alone lets one branch hide behind the other.
            alone = label_loss(m_face, label, certain) + label_loss(m_context, label, certain)
            parts['label'] = recipe.label_weight * (label_loss(margin, label, certain) + recipe.branch_weight * alone)
        if recipe.distil_weight:
            trusted = trust(label, joined(target[:, 0], target[:, 1]))
            pairs = zip((m_face, m_context), target.unbind(1), CEILINGS, strict=True)
            parts['distil'] = recipe.distil_weight * torch.stack([distil_loss(own, said_of_it, trusted, ceiling) for own, said_of_it, ceiling in pairs]).mean()
        if recipe.stability_weight:
            parts['stable'] = recipe.stability_weight * stability_loss(margin, views)
        if recipe.fourier_weight:
            parts['fourier'] = recipe.fourier_weight * spectrum(ours_face[1], x_face)
        loss = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(loss):
            raise FloatingPointError(f'the loss is {loss} at step {step}')
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        optimiser.step()
        average.update(model)
        for key, value in parts.items():
            sums[key] = sums.get(key, 0.0) + float(value.detach())
        if (step + 1) % recipe.log_every == 0:
            note(f'step {step + 1}/{recipe.steps} {time.time() - start:.0f} s ' + ' '.join(f'{k} {v / recipe.log_every:.3f}' for k, v in sums.items()))
            sums = {}
        if (step + 1) % recipe.snapshot_every == 0 or step + 1 == recipe.steps:
            for name, text in summary(average.model, evaluation).items():
                note(f'  {name}: {text}')
            torch.save({'model': model.state_dict(), 'average': average.model.state_dict(), 'optimiser': optimiser.state_dict(), 'spectrum': spectrum.state_dict(), 'step': step + 1}, state_file)
    torch.save(average.model.state_dict(), final)
    state_file.unlink(missing_ok=True)
    log.close()
    return average.model
