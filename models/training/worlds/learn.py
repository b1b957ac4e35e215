"""The two training runs that know many cameras: the wide branch by labels, the other two by labels and teachers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..config import SPOOF
from ..losses import FourierHead
from ..network import CEILINGS, Network, bound, joined
from ..train import Average, to_input
from ..wide import WideBranch, pretrained_file, start_from
from . import shares
from .cache import Scenes

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """Numbers of one run."""

    steps: int
    scenes: int
    rate: float
    decay: float
    ema: float
    smoothing: float
    """Share of the label that is given to the other class, on each side."""
    warmup: int
    seed: int = 1
    head_rate: float = 1.0
    """Of new layers, as a multiple of `rate`."""
    label: float = 1.0
    distil: float = 0.0
    branch_label: float = 0.0
    fourier: float = 0.0
    recolour: float = 0.5
    """Share of scenes that take on the colours of another scene."""


DOUBTED = 0.3
"""Trust in a teacher that the label contradicts."""

FROZEN = 2
"""First blocks of the wide branch that stay as ImageNet left them."""

WIDE_RUN = Run(steps=160, scenes=64, rate=3e-4, decay=0.05, ema=0.99, smoothing=0.05, warmup=30, head_rate=3.0)
PAIR_RUN = Run(steps=240, scenes=48, rate=1.5e-4, decay=0.02, ema=0.985, smoothing=0.03, warmup=20, label=0.8, distil=2.0, branch_label=0.15, fourier=0.1)


def recoloured(inputs: tuple[Tensor, ...], share: float, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Mean and deviation of each colour moved some way to those of another scene: a camera's colours must not tell the class.

    The statistics are those of the first input, so that all looks at one scene change alike.
    """
    n = len(inputs[0])
    other = torch.from_numpy(rng.permutation(n))
    mean, spread = inputs[0].mean((2, 3), keepdim=True), inputs[0].std((2, 3), keepdim=True) + 0.02
    some = torch.from_numpy(rng.uniform(0, 1, n) * (rng.random(n) < share)).float().view(-1, 1, 1, 1)
    new_mean, new_spread = mean.lerp(mean[other], some), spread.lerp(spread[other], some)
    return tuple(((x - mean) / spread * new_spread + new_mean).clamp(0, 1).contiguous(memory_format=torch.channels_last) for x in inputs)


def rate_at(step: int, run: Run) -> float:
    """Share of the full rate: a linear warm-up under a cosine to 2 %."""
    return min(1.0, (step + 1) / run.warmup) * (0.02 + 0.98 * (1 + np.cos(np.pi * step / run.steps)) / 2)


def label_loss(margin: Tensor, label: Tensor, smoothing: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(margin, label * (1 - 2 * smoothing) + smoothing)


def _loop(model: nn.Module, groups: list[tuple[list[nn.Parameter], float]], scenes: Scenes, chances: NDArray[np.float64], run: Run, loss_of: Callable[[tuple[Tensor, ...], Tensor, NDArray[np.integer]], Tensor], say: Say) -> nn.Module:
    """Draws batches, mirrors and recolours them, follows `loss_of`; gives the averaged model."""
    optimiser = torch.optim.AdamW([{'params': p, 'share': share} for p, share in groups], lr=run.rate, weight_decay=run.decay)
    average = Average(model, run.ema)
    everything = [p for group, _ in groups for p in group]
    start, total = time.time(), 0.0
    for step in range(run.steps):
        rng = np.random.default_rng([run.seed, step])
        for group in optimiser.param_groups:
            group['lr'] = run.rate * rate_at(step, run) * group['share']
        pick = np.sort(rng.choice(len(scenes), run.scenes, p=chances))
        inputs = tuple(to_input(crops[pick]) for crops in scenes.crops)
        if rng.random() < 0.5:
            inputs = tuple(x.flip(3) for x in inputs)
        inputs = recoloured(inputs, run.recolour, rng)
        model.train()
        loss = loss_of(inputs, torch.from_numpy((scenes.label[pick] == SPOOF).astype(np.float32)), pick)
        if not torch.isfinite(loss):
            raise FloatingPointError(f'the loss is {loss} at step {step}')
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(everything, 2.0)
        optimiser.step()
        average.update(model)
        total += float(loss.detach())
        if (step + 1) % 25 == 0:
            say(f'step {step + 1}/{run.steps} {time.time() - start:.0f} s loss {total / 25:.3f}')
            total = 0.0
    return average.model


def learn_wide(scenes: Scenes, include: NDArray[np.bool_], run: Run = WIDE_RUN, say: Say = print) -> WideBranch:
    """The wide branch from ImageNet's weights and the scenes' labels."""
    torch.manual_seed(run.seed)
    model = WideBranch()
    start_from(model, pretrained_file())
    model = model.to(memory_format=torch.channels_last)
    # The first layers know edges and colours already, and cost most to train.
    for part in (model.stem, model.blocks[:FROZEN]):
        part.requires_grad_(False)
    old = [*model.blocks[FROZEN:].parameters()]
    new = [p for part in (model.head, model.pool, model.out) for p in part.parameters()]

    def loss_of(inputs: tuple[Tensor, ...], label: Tensor, _: NDArray[np.integer]) -> Tensor:
        return label_loss(model(inputs[0]), label, run.smoothing)

    chances = shares.chances(scenes, include, shares.WIDE, shares.WIDE_WORTH)
    return _loop(model, [(old, 1.0), (new, run.head_rate)], scenes, chances, run, loss_of, say)  # type: ignore[return-value]


def learn_pair(model: Network, scenes: Scenes, include: NDArray[np.bool_], said: tuple[NDArray[np.float32], NDArray[np.bool_]], run: Run = PAIR_RUN, say: Say = print) -> Network:
    """The face and context branches go on from `model`: labels, and the teachers' answers, trusted less where a label contradicts them.

    `said` is what `targets.branch_targets` gives.
    """
    torch.manual_seed(run.seed)
    model = model.to(memory_format=torch.channels_last)
    for branch in (model.face, model.context):
        branch.stem.requires_grad_(False)
    spectrum = FourierHead(model.face.widths.trunk[1])
    of_scene, known = torch.from_numpy(said[0]), torch.from_numpy(said[1]).float()

    def loss_of(inputs: tuple[Tensor, ...], label: Tensor, pick: NDArray[np.integer]) -> Tensor:
        face, context = inputs
        stages = model.face.stages(face)
        margins = (model.face_margin(stages[3]), model.context_margin(model.context(context)))
        alone = sum(label_loss(m.clamp(-12, 12), label, 0.05) for m in margins)
        loss = run.label * (label_loss(joined(*margins), label, run.smoothing) + run.branch_label * alone)
        target = of_scene[pick]
        contradicted = target * (2 * label[:, None] - 1) < 0
        trusted = torch.where(contradicted, DOUBTED, 1.0) * known[pick, None]
        apart = [functional.smooth_l1_loss(bound(m, c), target[:, i], reduction='none') * trusted[:, i] for i, (m, c) in enumerate(zip(margins, CEILINGS, strict=True))]
        loss = loss + run.distil * torch.stack(apart).sum() / (2 * known[pick].sum()).clamp_min(1)
        return loss + run.fourier * spectrum(stages[1], face)

    chances = shares.chances(scenes, include, shares.PAIR, shares.PAIR_WORTH)
    groups = [([*(p for p in model.parameters() if p.requires_grad), *spectrum.parameters()], 1.0)]
    return _loop(model, groups, scenes, chances, run, loss_of, say)  # type: ignore[return-value]


def shortened(run: Run, steps: int | None) -> Run:
    """The same run with other steps, for tests and for folds."""
    return run if steps is None else replace(run, steps=steps)
