"""Layer by layer, in closed form: what a pruned ReLU copy of a teacher gets wrong is made good by the next linear map.

Every convolution of the copy is refitted by ridge regression (towards its pruned weights) so that it gives, from the
copy's own inputs, what the teacher gives there. No gradient is needed: some hundred pictures and a minute replace an
hour of training. After He et al., "Channel pruning for accelerating very deep neural networks" (ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .cache import Cache
from .config import Paths
from .network import Bottleneck, Branch, Network, Unit
from .prune import STAGES, Axes, start_from
from .sampling import weights
from .teachers import Teacher

ROWS = 60_000
CHUNK = 32


def _in_chunks(layer: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([layer(part) for part in x.split(CHUNK)])


def _places(x: Tensor, pick: Tensor) -> Tensor:
    """n x c x h x w -> rows x c at the picked places."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])[pick]


def _ridge(features: Tensor, target: Tensor, prior: Tensor, strength: float) -> Tensor:
    """(inputs + 1) x outputs weights nearest to `prior` that map features (with a one appended) to target."""
    ones = torch.cat((features, features.new_ones(len(features), 1)), 1).double()
    gram = ones.T @ ones / len(ones)
    # In units of each feature's own energy, so that a silent channel keeps its prior.
    gram += torch.diag(strength * (gram.diagonal() + 1e-4))
    right = ones.T @ (target.double() - ones @ prior.double()) / len(ones)
    return (prior.double() + torch.linalg.solve(gram, right)).float()


@torch.no_grad()
def refit_pointwise(conv: nn.Conv2d, x: Tensor, target: Tensor, rows: int = ROWS, strength: float = 3e-3, keep: int | None = None) -> None:
    """A 1x1 convolution so that conv(x) is near target; only the first `keep` outputs where given."""
    places = x.shape[0] * x.shape[2] * x.shape[3]
    pick = torch.randperm(places, generator=torch.Generator().manual_seed(11))[:rows]
    count = keep or conv.weight.shape[0]
    assert conv.bias is not None
    prior = torch.cat((conv.weight[:count, :, 0, 0].T, conv.bias[None, :count]))
    found = _ridge(_places(x, pick), _places(target, pick), prior, strength)
    conv.weight[:count, :, 0, 0] = found[:-1].T
    conv.bias[:count] = found[-1]


@torch.no_grad()
def refit_depthwise(conv: nn.Conv2d, x: Tensor, target: Tensor, strength: float = 3e-3, pictures: int = 48) -> None:
    """A convolution of each channel by itself, the first `target` channels of it."""
    count = target.shape[1]
    kernel = conv.kernel_size[0] * conv.kernel_size[1]
    if target.shape[2] * target.shape[3] == 1:
        pictures = len(x)
    assert conv.bias is not None
    for c in range(count):
        patches = functional.unfold(x[:pictures, c : c + 1], conv.kernel_size, padding=conv.padding, stride=conv.stride)
        features = patches.permute(0, 2, 1).reshape(-1, kernel)
        wanted = target[:pictures, c].reshape(-1, 1)
        prior = torch.cat((conv.weight[c].reshape(-1, 1), conv.bias[c].reshape(1, 1)))
        found = _ridge(features, wanted, prior, strength if kernel < 25 else 0.1)
        conv.weight[c] = found[:-1].reshape(conv.weight[c].shape)
        conv.bias[c] = found[-1, 0]


@torch.no_grad()
def _unit(ours: Unit, theirs: Unit, kept: Tensor, x: Tensor, y: Tensor, *, depthwise: bool) -> tuple[Tensor, Tensor]:
    """Refits one unit to the teacher's values before its rectifier; gives both activations after it."""
    wanted = torch.cat([theirs[0](part)[:, kept] for part in y.split(CHUNK)])
    if depthwise:
        refit_depthwise(ours[0], x, wanted)
    else:
        refit_pointwise(ours[0], x, wanted, keep=len(kept))
    return _in_chunks(ours, x), _in_chunks(theirs, y)


@torch.no_grad()
def _bottleneck(ours: Bottleneck, theirs: Bottleneck, kept: Tensor, axes: Axes, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    ox, oy = _unit(ours.expand, theirs.expand, kept, x, y, depthwise=False)
    ox, oy = _unit(ours.depthwise, theirs.depthwise, kept, ox, oy, depthwise=True)
    out = _in_chunks(theirs, y)
    wanted = axes.reduce(out)
    refit_pointwise(ours.project[0], ox, wanted - x if ours.residual else wanted)
    del ox, oy
    return _in_chunks(ours, x), out


@torch.no_grad()
def reconstruct(branch: Branch, teacher: Teacher, kept: dict[str, Tensor], axes: dict[str, Axes], pictures: Tensor) -> list[float]:
    """Refits a whole branch; `kept` names the teacher's channels each unit keeps, `axes` what is kept between blocks. Gives the relative error of each block."""
    source = teacher.branch
    errors: list[float] = []
    x, y = _in_chunks(branch.stem[0], pictures), _in_chunks(source.stem[0], pictures)
    x, y = _unit(branch.stem[1], source.stem[1], kept['stem'], x, y, depthwise=True)
    for stage in STAGES:
        names = [f'down{stage}', *(f'stage{stage}.{i}' for i in range(len(getattr(branch, f'stage{stage}'))))]
        for name in names:
            x, y = _bottleneck(branch.get_submodule(name), source.get_submodule(name), kept[name], axes[stage], x, y)
            errors.append(float((x - axes[stage].reduce(y)).pow(2).mean() / y.var().clamp_min(1e-6)))
    x, y = _unit(branch.head, source.head, kept['head'], x, y, depthwise=False)
    x, y = _unit(branch.pool, source.pool, kept['head'], x, y, depthwise=True)
    features, wanted = x.flatten(1), source.embed(y.flatten(1))
    prior = torch.cat((branch.embed.weight.T, branch.embed.bias[None]))
    found = _ridge(features, wanted, prior, 0.03)
    branch.embed.weight.copy_(found[:-1].T)
    branch.embed.bias.copy_(found[-1])
    errors.append(float((branch.embed(features) - wanted).pow(2).mean() / wanted.var()))
    return errors


FIT_SCENES = {'face': 640, 'context': 1024}
"""Scenes each branch is fitted on."""


@torch.no_grad()
def fit(paths: Paths, teachers: tuple[Teacher, Teacher], training: Cache, size: str = 'shipped', seed: int = 1, say: Callable[[str], None] = print) -> Path:
    """Both branches from their teachers, fitted, and heads that give the teachers' margins; done once a size, for all runs.

    Labels take no part, and neither do scenes of `phone-replay`, so that runs which leave that set out may start from
    it. (Blended scenes do: one in a hundred of those used here has such a frame as one of its halves.)
    """
    file = paths.cache / f'fitted-{size}.pt'
    if file.exists():
        return file
    model = Network(size)
    chances = weights(training, training.meta['set'] != 'phone-replay')
    for name, branch, teacher, head, source in (
        ('face', model.face, teachers[0], model.face_head, training.face),
        ('context', model.context, teachers[1], model.context_head, training.context),
    ):
        count = min(FIT_SCENES[name], int((chances > 0).sum()))
        pick = np.sort(np.random.default_rng(seed).choice(len(training), count, p=chances, replace=False))
        pictures = (torch.from_numpy(np.asarray(source[pick, 0])).float() / 255).permute(0, 3, 1, 2)
        errors = reconstruct(branch, teacher, *start_from(branch, teacher, pictures[:128]), pictures)
        say(f'fitted {name}: relative error after each block {" ".join(f"{v:.2f}" for v in errors)}')
        others = [i for i in range(teacher.out.shape[1]) if i != teacher.live]
        head.weight.copy_((teacher.out[:, others] - teacher.out[:, [teacher.live]]).T)
        head.bias.zero_()
    torch.save(model.state_dict(), file)
    return file
