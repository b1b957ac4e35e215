"""What training minimises: labels, teachers, stability under the box, and the spectrum."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .network import bound

def label_loss(margin: Tensor, label: Tensor, weight: Tensor, smoothing: float = 0.02) -> Tensor:
    """Binary cross-entropy of the spoof margin; `label` -1 (unknown) takes no part."""
    known = (label >= 0).float() * weight
    target = label.clamp_min(0).float() * (1 - 2 * smoothing) + smoothing
    loss = functional.binary_cross_entropy_with_logits(margin, target, reduction='none')
    return (loss * known).sum() / known.sum().clamp_min(1)


def distil_loss(margin: Tensor, teacher: Tensor, weight: Tensor, ceiling: float) -> Tensor:
    """Huber distance to the margin of the teacher on the very same crop, both bounded as they are where they count."""
    loss = functional.smooth_l1_loss(bound(margin, ceiling), bound(teacher, ceiling), reduction='none', beta=1.0)
    return (loss * weight).sum() / weight.sum().clamp_min(1)


def trust(label: Tensor, teacher: Tensor, doubted: float = 0.1) -> Tensor:
    """1 where nobody knows better or the teachers' joint margin has the right sign, `doubted` where it is known to be wrong."""
    sign = label.float() * 2 - 1
    wrong = (label >= 0) & (teacher * sign < 0)
    return torch.where(wrong, torch.full_like(teacher, doubted), torch.ones_like(teacher))


def stability_loss(margin: Tensor, views: int) -> Tensor:
    """Huber distance between the margins of two boxes around one face; `margin` is scenes x views, flattened."""
    pairs = margin.view(-1, views)
    return functional.smooth_l1_loss(pairs[:, 0], pairs[:, 1], beta=0.5)


def log_spectrum(face: Tensor, side: int = 16) -> Tensor:
    """log(1 + |FFT|) of the luma, min-max normalised a picture, pooled to side x side: n x side x side in 0..1.

    `face` is n x 3 x h x w, 0..1; the luma is taken at 0..255 as in the published recipe.
    """
    weights = face.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    luma = (face * weights).sum(1) * 255
    spectrum = torch.log1p(torch.fft.fftshift(torch.fft.fft2(luma), dim=(-2, -1)).abs())
    low = spectrum.amin((1, 2), keepdim=True)
    high = spectrum.amax((1, 2), keepdim=True)
    normal = (spectrum - low) / (high - low).clamp_min(1e-6)
    return functional.adaptive_avg_pool2d(normal[:, None], side)[:, 0]


class FourierHead(nn.Module):
    """Predicts the picture's log spectrum from the feature map at stride 8: texture must stay in the features.

    Used in training only; it leaves no trace in the exported graph.
    """

    def __init__(self, channels: int, hidden: int = 48, side: int = 16) -> None:
        super().__init__()
        self.side = side
        self.body = nn.Sequential(nn.Conv2d(channels, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, 1, 3, padding=1))

    def forward(self, features: Tensor, face: Tensor) -> Tensor:
        predicted = functional.adaptive_avg_pool2d(self.body(features), self.side)[:, 0]
        return functional.mse_loss(predicted, log_spectrum(face, self.side))
