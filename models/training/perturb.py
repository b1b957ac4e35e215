"""Pixels made to fool the weights: projected gradient descent on the crops of attacks (Madry et al. 2018, arXiv:1706.06083).

The weights are public, so an attacker has their gradients. The noise is put on the crops, each for itself, which is more than noise
on one image can do: the rate printed here is an upper bound for such noise, and no bound at all for larger changes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional

from .crops import crop_pair, crop_wide
from .index import Row
from .render import read_picture

STEPS = 10


def _convolution(attributes: dict, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    pads = attributes.get('pads', [0, 0, 0, 0])
    return functional.conv2d(x, weight, bias, tuple(attributes.get('strides', [1, 1])), tuple(pads[:2]), groups=attributes.get('group', 1))


def _slice(_attributes: dict, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor, *_steps: Tensor) -> Tensor:
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        size = x.shape[axis]
        x = x.narrow(axis, start, min(end, size) - start)
    return x


OPERATORS: dict[str, Callable[..., Tensor]] = {
    'Conv': _convolution,
    'Slice': _slice,
    'Relu': lambda _, x: x.relu(),
    'Add': lambda _, a, b: a + b,
    'Sub': lambda _, a, b: a - b,
    'Mul': lambda _, a, b: a * b,
    'Div': lambda _, a, b: a / b,
    'Neg': lambda _, x: -x,
    'Tanh': lambda _, x: x.tanh(),
    'Softplus': lambda _, x: functional.softplus(x),
    'Flatten': lambda a, x: x.flatten(a.get('axis', 1)),
    'Gather': lambda a, x, at: x.select(a.get('axis', 0), int(at)) if at.ndim == 0 else x.index_select(a.get('axis', 0), at),
    'Concat': lambda a, *xs: torch.cat(xs, a['axis']),
    'Unsqueeze': lambda _, x, axes: x.unsqueeze(int(axes.reshape(-1)[0])),
    'Gemm': lambda a, x, weight, bias: x @ (weight.T if a.get('transB') else weight) + bias,
    'Constant': lambda a: torch.from_numpy(numpy_helper.to_array(a['value']).copy()),
}
"""The operators of our own graphs, with gradients. Another graph is refused by name."""


class Graph:
    """An ONNX file of ours as a function that PyTorch can differentiate."""

    def __init__(self, file: Path) -> None:
        graph = onnx.load(str(file)).graph
        self.nodes = list(graph.node)
        self.weights = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
        self.inputs = [i.name for i in graph.input]
        self.output = graph.output[0].name
        unknown = {node.op_type for node in self.nodes} - OPERATORS.keys()
        if unknown:
            raise ValueError(f'Expected a graph of {sorted(OPERATORS)} but received {sorted(unknown)} in {file.name}')

    def __call__(self, *inputs: Tensor) -> Tensor:
        """n logits of live and spoof for the looks of n faces, NCHW, 0..1."""
        known = {**self.weights, **dict(zip(self.inputs, inputs, strict=True))}
        for node in self.nodes:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            known[node.output[0]] = OPERATORS[node.op_type](attributes, *(known[name] for name in node.input))
        return known[self.output]


def perturbed(graph: Graph, looks: tuple[Tensor, ...], bound: float) -> tuple[Tensor, ...]:
    """The looks with noise of at most `bound` (0..1) a pixel that makes them as live as it can, in whole bytes."""
    noisy = [look.clone() for look in looks]
    for _ in range(STEPS):
        for look in noisy:
            look.requires_grad_(True)
        logits = graph(*noisy)
        gradients = torch.autograd.grad((logits[:, 0] - logits[:, 1]).sum(), noisy)
        with torch.no_grad():
            moved = [n + bound / 4 * g.sign() for n, g in zip(noisy, gradients, strict=True)]
            noisy = [m.clamp(o - bound, o + bound).clamp(0, 1) for m, o in zip(moved, looks, strict=True)]
    return tuple((n * 255).round() / 255 for n in noisy)


def fooled(graph: Graph, looks: tuple[Tensor, ...], bound: float, live_above: float, batch: int = 25) -> int:
    """How many of the faces have a margin of live over spoof above `live_above` with such noise."""
    count = 0
    for i in range(0, len(looks[0]), batch):
        part = perturbed(graph, tuple(look[i : i + batch] for look in looks), bound) if bound else tuple(look[i : i + batch] for look in looks)
        with torch.no_grad():
            logits = graph(*part)
        count += int((logits[:, 0] - logits[:, 1] > live_above).sum())
    return count


def looks_of(rows: list[Row]) -> tuple[Tensor, ...]:
    """The crops of each row, stacked, NCHW, 0..1."""
    cut = []
    for row in rows:
        if row.box is not None:
            image = read_picture(row)
            cut.append((*crop_pair(image, row.box), crop_wide(image, row.box)))
    return tuple(torch.from_numpy(np.stack(look)).permute(0, 3, 1, 2).float() / 255 for look in zip(*cut, strict=True))


def report(rows: list[Row], folder: Path, live_above: float, say: Callable[[str], None] = print, *, count: int = 100, seed: int = 3) -> None:
    """Prints how many of `count` attacks that are refused as they are become live with noise of 1, 2 and 4 of 255."""
    from .metrics import clopper_pearson

    graph = Graph(folder / 'model.fp32.onnx')
    pick = np.random.default_rng(seed).permutation(len(rows))[: count * 2]
    looks = looks_of([rows[i] for i in pick])
    with torch.no_grad():
        logits = graph(*looks)
    refused = (logits[:, 0] - logits[:, 1] <= live_above).nonzero()[:count, 0]
    chosen = tuple(look[refused] for look in looks)
    for bound in (1, 2, 4):
        n, total = fooled(graph, chosen, bound / 255, live_above), len(refused)
        low, high = clopper_pearson(n, total)
        say(f'noise of {bound}/255: {n} of {total} refused attacks become live ({100 * low:.0f} to {100 * high:.0f} %)')
