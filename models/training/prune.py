"""A narrow copy of a teacher: the most active channels inside its blocks, the principal axes of what runs between them.

Between the blocks nothing but sums is taken, so the channels there may be turned onto other axes without a change of
what is computed, and the faint ones left out. After Ashkboos et al., "SliceGPT" (ICLR 2024), which does it to transformers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .network import Bottleneck, Branch, Unit
from .teachers import Teacher


@torch.no_grad()
def _activity(branch: Branch, x: Tensor) -> dict[nn.Module, Tensor]:
    """Mean square of every unit's output channels over a batch."""
    seen: dict[nn.Module, Tensor] = {}

    def note(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen[module] = output.float().pow(2).mean((0, 2, 3))

    handles = [m.register_forward_hook(note) for m in branch.modules() if isinstance(m, Unit)]
    branch(x)
    for handle in handles:
        handle.remove()
    return seen


def _keep(importance: Tensor, count: int) -> Tensor:
    """The `count` most important channels, in their order; all of them where there are no more."""
    return importance.argsort(descending=True)[:count].sort().values


@torch.no_grad()
def _copy(target: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    """Into the first channels of `target`; what is left over starts small, so that it may learn and does no harm."""
    target.weight.data.mul_(0.05)
    assert target.bias is not None
    target.bias.data.zero_()
    target.weight.data[: weight.shape[0], : weight.shape[1]] = weight
    target.bias.data[: bias.shape[0]] = bias


@dataclass(frozen=True)
class Axes:
    """What a narrower copy keeps of the channels between two blocks: full x kept orthonormal columns, and the mean of what it leaves out."""

    columns: Tensor
    rest: Tensor

    def reduce(self, features: Tensor) -> Tensor:
        """n x full x h x w in the teacher's channels -> n x kept x h x w in ours."""
        return torch.einsum('nchw,ck->nkhw', features, self.columns)

    def into(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """The 1x1 convolution that reads our channels as the given one reads the teacher's."""
        return weight @ self.columns, bias + weight @ self.rest

    def out_of(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """The 1x1 convolution that writes our channels as the given one writes the teacher's."""
        return self.columns.T @ weight, self.columns.T @ bias


def _axes(columns: Tensor, mean: Tensor) -> Axes:
    """The columns, and what they leave out of the mean."""
    return Axes(columns, mean - columns @ (columns.T @ mean))


def _principal(features: list[Tensor], count: int) -> Axes:
    """The `count` directions in which the features of one stage vary most; all channels, unturned, where none is left out."""
    rows = torch.cat([f.permute(0, 2, 3, 1).reshape(-1, f.shape[1]) for f in features])
    mean = rows.mean(0)
    if count == rows.shape[1]:
        return _axes(torch.eye(count), mean)
    centred = rows - mean
    _, vectors = torch.linalg.eigh((centred.T @ centred / len(rows)).double())
    return _axes(vectors[:, -count:].flip(1).float(), mean)


def _chosen(features: Tensor, importance: Tensor, count: int) -> tuple[Tensor, Axes]:
    """The `count` most important channels themselves, where a rectifier forbids to turn them."""
    keep = _keep(importance, count)
    return keep, _axes(torch.eye(features.shape[1])[:, keep], features.mean((0, 2, 3)))


@torch.no_grad()
def _copy_bottleneck(target: Bottleneck, source: Bottleneck, seen: dict[nn.Module, Tensor], before: Axes, after: Axes) -> Tensor:
    """Copies the most active middle channels; free ones become negated twins, which see what ReLU cuts off. Gives the kept ones."""
    energy = seen[source.depthwise] * source.project[0].weight[:, :, 0, 0].pow(2).sum(0)
    keep = _keep(energy, target.expand[0].weight.shape[0])
    weight, bias = before.into(source.expand[0].weight[keep, :, 0, 0], source.expand[0].bias[keep])
    _copy(target.expand[0], weight[:, :, None, None], bias)
    _copy(target.depthwise[0], source.depthwise[0].weight[keep], source.depthwise[0].bias[keep])
    weight, bias = after.out_of(source.project[0].weight[:, keep, 0, 0], source.project[0].bias)
    _copy(target.project[0], weight[:, :, None, None], bias)
    spare = target.expand[0].weight.shape[0] - len(keep)
    if spare > 0:
        strongest = energy[keep].argsort(descending=True)[:spare]
        free = slice(len(keep), len(keep) + len(strongest))
        target.expand[0].weight.data[free] = -target.expand[0].weight.data[strongest]
        target.expand[0].bias.data[free] = -target.expand[0].bias.data[strongest]
        target.depthwise[0].weight.data[free] = target.depthwise[0].weight.data[strongest]
        target.project[0].weight.data[:, len(keep) :] = 0.0
    return keep


STAGES = ('3', '4', '5')


@torch.no_grad()
def start_from(branch: Branch, teacher: Teacher, pictures: Tensor) -> tuple[dict[str, Tensor], dict[str, Axes]]:
    """A branch with the teacher's most active channels inside the blocks and its principal axes between them, measured on `pictures`, and ReLU for PReLU.

    The result is a poor copy; `reconstruct` makes it a good one. Gives the teacher's channels that each block keeps,
    and the axes of the stem and of each stage.
    """
    source = teacher.branch
    seen = _activity(source, pictures)
    x = source.stem(pictures)
    # A channel of the stem is worth what the next layer makes of it.
    kept_of_stem, before = _chosen(x, seen[source.stem[1]] * source.down3.expand[0].weight[:, :, 0, 0].pow(2).sum(0), branch.widths.stem)
    kept: dict[str, Tensor] = {'stem': kept_of_stem}
    axes: dict[str, Axes] = {'stem': before}
    for ours, theirs in zip(branch.stem, source.stem, strict=True):
        _copy(ours[0], theirs[0].weight[kept_of_stem], theirs[0].bias[kept_of_stem])
    for stage, count in zip(STAGES, branch.widths.trunk, strict=True):
        down, blocks = getattr(source, f'down{stage}'), getattr(source, f'stage{stage}')
        features = [down(x)]
        for block in blocks:
            features.append(block(features[-1]))
        x = features[-1]
        axes[stage] = after = _principal(features, count)
        kept[f'down{stage}'] = _copy_bottleneck(getattr(branch, f'down{stage}'), down, seen, before, after)
        for i, (ours, theirs) in enumerate(zip(getattr(branch, f'stage{stage}'), blocks, strict=True)):
            kept[f'stage{stage}.{i}'] = _copy_bottleneck(ours, theirs, seen, after, after)
        before = after
    keep = _keep(seen[source.pool] * source.embed.weight.pow(2).sum(0), branch.widths.head)
    weight, bias = before.into(source.head[0].weight[keep, :, 0, 0], source.head[0].bias[keep])
    _copy(branch.head[0], weight[:, :, None, None], bias)
    _copy(branch.pool[0], source.pool[0].weight[keep], source.pool[0].bias[keep])
    branch.embed.weight.data[:, : len(keep)] = source.embed.weight[:, keep]
    branch.embed.bias.data.copy_(source.embed.bias)
    kept['head'] = keep
    return kept, axes
