"""The teachers: MiniFASNetV2 (2.7 x, 80 px) and MiniFASNetV2-SE (1.5 x, 128 px), both Apache-2.0, as PyTorch modules.

They are read from their ONNX files so that their feature maps can be compared with the student's. The module's
output is checked against onnxruntime before anything is learned from it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .config import CONTEXT_SIZE, FACE_SIZE
from .network import Bottleneck, Branch, Network, Rectifier, Unit, Widths

FACE_TEACHER = 'minifasnet-v2-se-128-fp32.onnx'
FACE_TEACHER_EARLIER = 'minifasnet-v2-se-128-fp32-earlier.onnx'
CONTEXT_TEACHER = 'minifasnet-v2-80-scale2.7.onnx'


class SqueezeExcite(nn.Module):
    """Channel gate of MiniFASNetV2-SE."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Gated(Bottleneck):
    """A bottleneck whose update is gated before it is added."""

    def __init__(self, inputs: int, middle: int, outputs: int, hidden: int) -> None:
        super().__init__(inputs, middle, outputs, 1, residual=True)
        self.gate = SqueezeExcite(outputs, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gate(self.project(self.depthwise(self.expand(x))))


class Teacher(nn.Module):
    """One teacher: its branch, and its margin logit(spoof) - logit(live)."""

    def __init__(self, branch: Branch, weight: Tensor, live: int) -> None:
        super().__init__()
        self.branch = branch
        self.register_buffer('out', weight)
        self.live = live

    def margin_of(self, embedding: Tensor) -> Tensor:
        logits = embedding.float() @ self.out
        others = [i for i in range(logits.shape[1]) if i != self.live]
        return torch.logsumexp(logits[:, others], 1) - logits[:, self.live]

    def forward(self, x: Tensor) -> Tensor:
        return self.margin_of(self.branch(x))


def _weights(file: Path) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Convolutions, slopes, matrices and batch-norm vectors in the order of the graph."""
    model = onnx.load(str(file))
    stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    convs, slopes, matrices, norm = [], [], [], []
    for node in model.graph.node:
        if node.op_type == 'Conv':
            convs.append((stored[node.input[1]], stored[node.input[2]]))
        elif node.op_type == 'PRelu':
            slopes.append(stored[node.input[1]].ravel())
        elif node.op_type == 'MatMul':
            matrices.append(stored[node.input[1]])
        elif node.op_type == 'BatchNormalization':
            norm = [stored[name] for name in node.input[1:]]
    return convs, slopes, matrices, norm


def load_teacher(file: Path, size: int, live: int, *, bgr_255: bool) -> Teacher:
    """The teacher as a module that takes RGB 0..1, whatever it took in the file."""
    convs, slopes, matrices, norm = _weights(file)
    branch = Branch(size, Widths.teacher())
    gated = len(convs) > 49
    if gated:
        for stage, channels, middle, hidden in ((branch.stage3, 64, 13, 16), (branch.stage4, 128, 26, 32), (branch.stage5, 128, 26, 32)):
            stage[len(stage) - 1] = Gated(channels, middle, channels, hidden)
    conv_queue, slope_queue = iter(convs), iter(slopes)
    for module in branch.modules():
        if isinstance(module, nn.Conv2d):
            weight, bias = next(conv_queue)
            assert module.weight.shape == weight.shape, (module.weight.shape, weight.shape)
            module.weight.data = torch.tensor(weight)
            assert module.bias is not None
            module.bias.data = torch.tensor(bias)
        elif isinstance(module, Rectifier):
            module.slope = torch.tensor(next(slope_queue))
    assert next(conv_queue, None) is None and next(slope_queue, None) is None, 'the file has layers the module lacks'
    # linear, then batch norm over its output: one affine map to the embedding.
    scale, shift, mean, variance = (torch.tensor(v) for v in norm)
    factor = scale / torch.sqrt(variance + 1e-5)
    branch.embed.weight.data = torch.tensor(matrices[0]).T * factor[:, None]
    branch.embed.bias.data = shift - mean * factor
    if bgr_255:
        first = next(m for m in branch.modules() if isinstance(m, nn.Conv2d))
        first.weight.data = first.weight.data.flip(1) * 255
    teacher = Teacher(branch, torch.tensor(matrices[1]), live).eval()
    for parameter in teacher.parameters():
        parameter.requires_grad_(False)
    return teacher.to(memory_format=torch.channels_last)


def load_teachers(folder: Path) -> tuple[Teacher, Teacher]:
    """(face, context)."""
    face = load_teacher(folder / FACE_TEACHER, FACE_SIZE, 0, bgr_255=False)
    context = load_teacher(folder / CONTEXT_TEACHER, CONTEXT_SIZE, 1, bgr_255=True)
    return face, context


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


@torch.no_grad()
def _copy_bottleneck(target: Bottleneck, source: Bottleneck, seen: dict[nn.Module, Tensor]) -> Tensor:
    """Copies the most active middle channels; free ones become negated twins, which see what ReLU cuts off. Gives the kept ones."""
    energy = seen[source.depthwise] * source.project[0].weight[:, :, 0, 0].pow(2).sum(0)
    keep = _keep(energy, target.expand[0].weight.shape[0])
    _copy(target.expand[0], source.expand[0].weight[keep], source.expand[0].bias[keep])
    _copy(target.depthwise[0], source.depthwise[0].weight[keep], source.depthwise[0].bias[keep])
    _copy(target.project[0], source.project[0].weight[:, keep], source.project[0].bias)
    spare = target.expand[0].weight.shape[0] - len(keep)
    if spare > 0:
        strongest = energy[keep].argsort(descending=True)[:spare]
        free = slice(len(keep), len(keep) + len(strongest))
        target.expand[0].weight.data[free] = -target.expand[0].weight.data[strongest]
        target.expand[0].bias.data[free] = -target.expand[0].bias.data[strongest]
        target.depthwise[0].weight.data[free] = target.depthwise[0].weight.data[strongest]
        target.project[0].weight.data[:, len(keep) :] = 0.0
    return keep


@torch.no_grad()
def start_from(branch: Branch, teacher: Teacher, pictures: Tensor) -> dict[str, Tensor]:
    """A branch with the teacher's most active channels: pruning by energy measured on `pictures`, and ReLU for PReLU.

    The result is a poor copy; `reconstruct` makes it a good one. Gives the teacher's channels that each block keeps.
    """
    source = teacher.branch
    seen = _activity(source, pictures)
    kept: dict[str, Tensor] = {}
    for ours, theirs in zip(branch.stem, source.stem, strict=True):
        _copy(ours[0], theirs[0].weight, theirs[0].bias)
    for name in ('down3', 'down4', 'down5'):
        kept[name] = _copy_bottleneck(getattr(branch, name), getattr(source, name), seen)
    for name in ('stage3', 'stage4', 'stage5'):
        for i, (ours, theirs) in enumerate(zip(getattr(branch, name), getattr(source, name), strict=True)):
            kept[f'{name}.{i}'] = _copy_bottleneck(ours, theirs, seen)
    keep = _keep(seen[source.pool] * source.embed.weight.pow(2).sum(0), branch.widths.head)
    _copy(branch.head[0], source.head[0].weight[keep], source.head[0].bias[keep])
    _copy(branch.pool[0], source.pool[0].weight[keep], source.pool[0].bias[keep])
    branch.embed.weight.data[:, : len(keep)] = source.embed.weight[:, keep]
    branch.embed.bias.data.copy_(source.embed.bias)
    kept['head'] = keep
    return kept
