"""The teachers: MiniFASNetV2 (2.7 x, 80 px) and MiniFASNetV2-SE (1.5 x, 128 px), both Apache-2.0, as PyTorch modules.

They are read from their ONNX files so that a copy can be fitted to them layer by layer. The module's
output is checked against onnxruntime before anything is learned from it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .config import CONTEXT_SIZE, FACE_SIZE
from .network import Bottleneck, Branch, Rectifier, Unit, Widths

FACE_TEACHER = 'minifasnet-v2-se-128-fp32.onnx'
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


@torch.no_grad()
def _check(file: Path, teacher: Teacher, picture: Tensor, *, bgr_255: bool) -> None:
    """Raises ValueError where the module does not say what the file says, in onnxruntime."""
    session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
    fed = picture.flip(1) * 255 if bgr_255 else picture
    said = session.run(None, {session.get_inputs()[0].name: fed.numpy()})[0]
    ours = (teacher.branch(picture).float() @ teacher.out).numpy()
    worst = float(np.abs(said - ours).max())
    if worst > 1e-3 * max(1.0, float(np.abs(said).max())):
        raise ValueError(f'Expected the module to agree with {file.name} within a thousandth but it differs by {worst}')


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
    _check(file, teacher, torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(5)), bgr_255=bgr_255)
    return teacher.to(memory_format=torch.channels_last)


def load_teachers(folder: Path) -> tuple[Teacher, Teacher]:
    """(face, context)."""
    face = load_teacher(folder / FACE_TEACHER, FACE_SIZE, 0, bgr_255=False)
    context = load_teacher(folder / CONTEXT_TEACHER, CONTEXT_SIZE, 1, bgr_255=True)
    return face, context
