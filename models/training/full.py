"""The whole network: the pair (`face` and `context`) and the `wide` look, each bounded, added to one margin."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .network import Network, bound
from .wide import WideBranch

WIDE_SHARE, WIDE_CEILING = 0.7, 4.0
"""Chosen on worlds that were left out, like the shares of the pair (`python -m training worlds`)."""


def together(pair: Tensor, wide: Tensor) -> Tensor:
    """The pair's margin, which is bounded already, and that of the wide look: neither outvotes the other by much."""
    return pair + WIDE_SHARE * bound(wide, WIDE_CEILING)


class FullNetwork(nn.Module):
    """`face` n x 3 x 128 x 128, `context` n x 3 x 80 x 80 and `wide` n x 3 x 97 x 97, RGB 0..1 -> logits n x 2 (0 live, 1 spoof)."""

    def __init__(self, pair: Network | None = None, wide: WideBranch | None = None) -> None:
        super().__init__()
        self.pair = pair or Network()
        self.wide = wide or WideBranch()

    def forward(self, face: Tensor, context: Tensor, wide: Tensor) -> Tensor:
        pair = self.pair(face, context)
        half = together(pair[:, 1] - pair[:, 0], self.wide(wide)) / 2
        return torch.stack((-half, half), 1)
