"""The network: two branches of inverted bottlenecks in ReLU, one a crop, their embeddings joined by one linear layer.

The shape is MiniFASNet's, so that a branch can start from its teacher and be fitted to it layer by layer: students that
started from random weights did not learn from the teachers what those know about phone screens (see the ablations). What
differs is what makes it fast: ReLU where the teacher has PReLU (onnxruntime fuses the one and computes the other slowly,
half of the teacher's time), channel counts that are multiples of 16 (its blocked layout wants them), no squeeze-and-excite,
fewer channels inside the bottlenecks, and fewer between them: what runs from block to block is linear there, so it can be
turned onto its principal axes and the faint ones left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import CONTEXT_SIZE, FACE_SIZE


@dataclass(frozen=True)
class Widths:
    """Channels of one branch: after the stem, between bottlenecks (at strides 4, 8, 16), inside the strided ones, inside the residual ones, in the head."""

    stem: int
    trunk: tuple[int, int, int]
    down: tuple[int, int, int]
    stage3: tuple[int, ...]
    stage4: tuple[int, ...]
    stage5: tuple[int, ...]
    head: int

    @staticmethod
    def teacher() -> Widths:
        """MiniFASNetV2 as published."""
        return Widths(32, (64, 128, 128), (103, 231, 308), (13,) * 4, (231, 52, 26, 77, 26, 26), (26, 26), 512)


SIZES: dict[str, tuple[Widths, Widths]] = {
    'large': (
        Widths(32, (64, 128, 128), (48, 96, 128), (16,) * 4, (96, 48, 32, 64, 32, 32), (32, 32), 256),
        Widths(32, (64, 128, 128), (96, 192, 208), (16,) * 4, (160, 64, 32, 80, 32, 32), (32, 32), 256),
    ),
    # The face branch sees 128 pixels, where the first two strides cost most; channels of the context branch, at 80, are
    # cheap, and its teacher is copied less well when narrow.
    'shipped': (
        Widths(32, (32, 48, 32), (48, 80, 96), (16,) * 4, (80, 48, 32, 48, 32, 32), (32, 32), 128),
        Widths(24, (48, 96, 64), (64, 128, 160), (16,) * 4, (128, 48, 32, 64, 32, 32), (32, 32), 256),
    ),
    'small': (
        Widths(16, (32, 48, 32), (32, 64, 96), (16,) * 4, (64, 32, 32, 48, 32, 32), (32, 32), 128),
        Widths(16, (32, 80, 48), (48, 96, 128), (16,) * 4, (96, 32, 16, 48, 16, 16), (16, 16), 128),
    ),
    'smallest': (
        Widths(16, (16, 48, 32), (32, 48, 64), (16,) * 4, (48, 32, 16, 32, 16, 16), (16, 16), 128),
        Widths(16, (32, 64, 48), (32, 64, 96), (16,) * 4, (64, 32, 16, 48, 16, 16), (16, 16), 128),
    ),
}
"""Face and context of the shipped network, and of others that the ablations compare it with."""


class Rectifier(nn.Module):
    """max(x, 0), or the teacher's PReLU where slopes are given: max(x, 0) + slope min(x, 0), a slope a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.slope: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.slope is None:
            return functional.relu(x)
        # Three vectorised passes; PyTorch's own prelu is several times slower on channels-last pictures.
        return x.clamp_min(0) + self.slope.to(x.dtype).view(1, -1, 1, 1) * x.clamp_max(0)


class Unit(nn.Sequential):
    """Convolution with bias (the teacher's batch norms are folded in), then the rectifier where there is one."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, depthwise: bool = False, rectify: bool = True, padding: int | None = None) -> None:
        pad = kernel // 2 if padding is None else padding
        layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=inputs if depthwise else 1)]
        if rectify:
            layers.append(Rectifier(outputs))
        super().__init__(*layers)


class Bottleneck(nn.Module):
    """1x1 up, 3x3 a channel, 1x1 down without a rectifier; added to its input where `residual`."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int, *, residual: bool) -> None:
        super().__init__()
        self.expand = Unit(inputs, middle)
        self.depthwise = Unit(middle, middle, 3, stride, depthwise=True)
        self.project = Unit(middle, outputs, rectify=False)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class Branch(nn.Module):
    """One crop to one embedding. `stages` gives the feature maps after strides 4, 8 and 16 as well."""

    def __init__(self, size: int, widths: Widths, embedding: int = 128) -> None:
        super().__init__()
        self.size = size
        self.widths = widths
        stem, (trunk3, trunk4, trunk5) = widths.stem, widths.trunk
        self.stem = nn.Sequential(Unit(3, stem, 3, 2), Unit(stem, stem, 3, 1, depthwise=True))
        self.down3 = Bottleneck(stem, widths.down[0], trunk3, 2, residual=False)
        self.stage3 = nn.Sequential(*(Bottleneck(trunk3, m, trunk3, 1, residual=True) for m in widths.stage3))
        self.down4 = Bottleneck(trunk3, widths.down[1], trunk4, 2, residual=False)
        self.stage4 = nn.Sequential(*(Bottleneck(trunk4, m, trunk4, 1, residual=True) for m in widths.stage4))
        self.down5 = Bottleneck(trunk4, widths.down[2], trunk5, 2, residual=False)
        self.stage5 = nn.Sequential(*(Bottleneck(trunk5, m, trunk5, 1, residual=True) for m in widths.stage5))
        self.head = Unit(trunk5, widths.head)
        self.pool = Unit(widths.head, widths.head, size // 16, 1, depthwise=True, rectify=False, padding=0)
        self.embed = nn.Linear(widths.head, embedding)
        # The inputs are RGB 0..1; the teacher of `context` saw 0..255, which is folded into the stem's weights.

    def stages(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Feature maps at strides 4, 8, 16 and the embedding."""
        s3 = self.stage3(self.down3(self.stem(x)))
        s4 = self.stage4(self.down4(s3))
        s5 = self.stage5(self.down5(s4))
        return s3, s4, s5, self.embed(self.pool(self.head(s5)).flatten(1))

    def pooled(self, x: Tensor) -> Tensor:
        """What the embedding is a linear map of."""
        s5 = self.stage5(self.down5(self.stage4(self.down4(self.stage3(self.down3(self.stem(x)))))))
        return self.pool(self.head(s5)).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.embed(self.pooled(x))


def either(margins: Tensor) -> Tensor:
    """n x 2 margins of two kinds of attack against live -> n, the margin of their sum: log(exp(a) + exp(b))."""
    return margins[:, 0] + functional.softplus(margins[:, 1] - margins[:, 0])


SHARES = (0.4, 0.6)
"""Of face and context in the answer."""

CEILINGS = (4.0, 4.0)
"""No branch's margin counts for more than this: one that errs with great confidence must not outvote the other."""


def bound(margin: Tensor, ceiling: float) -> Tensor:
    """`margin`, bent so that it stays within +-ceiling and keeps its slope around zero."""
    return ceiling * torch.tanh(margin / ceiling)


def joined(face: Tensor, context: Tensor) -> Tensor:
    """The margins of both branches, teachers' or ours, to one."""
    return SHARES[0] * bound(face, CEILINGS[0]) + SHARES[1] * bound(context, CEILINGS[1])


class Network(nn.Module):
    """`face` n x 3 x 128 x 128 and `context` n x 3 x 80 x 80, RGB 0..1 -> logits n x 2 (0 live, 1 spoof)."""

    def __init__(self, size: str = 'shipped') -> None:
        super().__init__()
        face, context = SIZES[size]
        self.face = Branch(FACE_SIZE, face)
        self.context = Branch(CONTEXT_SIZE, context)
        self.face_head = nn.Linear(128, 1)
        # Two kinds of attack, as its teacher has them: one line cannot part both from live.
        self.context_head = nn.Linear(128, 2)

    def face_margin(self, embedding: Tensor) -> Tensor:
        return self.face_head(embedding)[:, 0]

    def context_margin(self, embedding: Tensor) -> Tensor:
        return either(self.context_head(embedding))

    def margins(self, face: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Each branch's own logit(spoof) - logit(live), n; the network's is `joined`."""
        return self.face_margin(self.face(face)), self.context_margin(self.context(context))

    def forward(self, face: Tensor, context: Tensor) -> Tensor:
        half = joined(*self.margins(face, context)) / 2
        return torch.stack((-half, half), 1)


def multiplications(model: nn.Module, *inputs: Tensor) -> int:
    """Multiply-accumulates of one run, convolutions and linear layers."""
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output.shape[2] * output.shape[3] * module.weight.numel()
        elif isinstance(module, nn.Linear):
            total += module.weight.numel()

    handles = [m.register_forward_hook(count) for m in model.modules()]
    with torch.no_grad():
        model(*inputs)
    for handle in handles:
        handle.remove()
    return total


