"""Weights to ONNX: one file, dynamic batch, nothing in the graph that the forward pass does not need."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .network import Network, either, joined

OPSET = 17
IR_VERSION = 8
"""Both old enough for every onnxruntime since 1.13, native and wasm."""


class Deployed(nn.Module):
    """The network with embeddings and heads folded into one matrix of three margins: nothing nonlinear lies between."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.face = model.face
        self.context = model.context
        parts = ((model.face, model.face_head), (model.context, model.context_head))
        weights = [head.weight.detach() @ branch.embed.weight.detach() for branch, head in parts]
        biases = [head.weight.detach() @ branch.embed.bias.detach() + head.bias.detach() for branch, head in parts]
        self.out = nn.Linear(sum(w.shape[1] for w in weights), 3)
        self.out.weight.data = torch.block_diag(*weights)
        self.out.bias.data = torch.cat(biases)

    def forward(self, face: Tensor, context: Tensor) -> Tensor:
        margins = self.out(torch.cat((self.face.pooled(face), self.context.pooled(context)), 1))
        half = joined(margins[:, 0], either(margins[:, 1:]))[:, None] / 2
        return torch.cat((-half, half), 1)


def export_fp32(model: Network, file: Path) -> None:
    """Writes the FP32 graph and checks it against PyTorch on random pictures."""
    import onnxruntime

    model = deepcopy(model).eval()
    deployed = Deployed(model).eval().to(memory_format=torch.contiguous_format)
    generator = torch.Generator().manual_seed(7)
    face = torch.rand(3, 3, model.face.size, model.face.size, generator=generator)
    context = torch.rand(3, 3, model.context.size, model.context.size, generator=generator)
    file.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: 'n'} for name in ('face', 'context', 'logits')}
    torch.onnx.export(deployed, (face, context), str(file), input_names=['face', 'context'], output_names=['logits'], dynamic_axes=axes, opset_version=OPSET, dynamo=False)
    graph = onnx.load(str(file))
    graph.ir_version = IR_VERSION
    graph.producer_name = 'unspoof'
    graph.doc_string = ''
    for node in graph.graph.node:
        node.doc_string = ''
    onnx.checker.check_model(graph)
    onnx.save(graph, str(file))
    session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
    with torch.no_grad():
        expected = model.eval()(face, context).numpy()
    for n in (3, 1):
        actual = session.run(None, {'face': face[:n].numpy(), 'context': context[:n].numpy()})[0]
        worst = float(np.abs(actual - expected[:n]).max())
        if worst > 1e-3:
            raise ValueError(f'Expected the exported graph to agree with PyTorch within 0.001 but it differs by {worst}')
