"""Weights to ONNX: one file, dynamic batch, nothing in the graph that the forward pass does not need."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .full import FullNetwork, together
from .network import Network, either, joined

OPSET = 17
IR_VERSION = 8
"""Both old enough for every onnxruntime since 1.13, native and wasm."""


class Deployed(nn.Module):
    """The network with embeddings and heads folded into one matrix of four margins: nothing nonlinear lies between."""

    def __init__(self, model: FullNetwork) -> None:
        super().__init__()
        pair = model.pair
        self.face = pair.face
        self.context = pair.context
        self.wide = model.wide
        parts = ((pair.face, pair.face_head), (pair.context, pair.context_head))
        weights = [head.weight.detach() @ branch.embed.weight.detach() for branch, head in parts]
        biases = [head.weight.detach() @ branch.embed.bias.detach() + head.bias.detach() for branch, head in parts]
        weights.append(model.wide.out.weight.detach())
        biases.append(model.wide.out.bias.detach())
        self.out = nn.Linear(sum(w.shape[1] for w in weights), 4)
        self.out.weight.data = torch.block_diag(*weights)
        self.out.bias.data = torch.cat(biases)

    def forward(self, face: Tensor, context: Tensor, wide: Tensor) -> Tensor:
        margins = self.out(torch.cat((self.face.pooled(face), self.context.pooled(context), self.wide.pooled(wide)), 1))
        half = together(joined(margins[:, 0], either(margins[:, 1:3])), margins[:, 3])[:, None] / 2
        return torch.cat((-half, half), 1)


def export_fp32(model: FullNetwork, file: Path) -> None:
    """Writes the FP32 graph and checks it against PyTorch on random images."""
    import onnxruntime

    model = deepcopy(model).eval()
    deployed = Deployed(model).eval().to(memory_format=torch.contiguous_format)
    generator = torch.Generator().manual_seed(7)
    sides = {'face': model.pair.face.size, 'context': model.pair.context.size, 'wide': model.wide.size}
    inputs = {name: torch.rand(3, 3, side, side, generator=generator) for name, side in sides.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: 'n'} for name in (*sides, 'logits')}
    torch.onnx.export(deployed, tuple(inputs.values()), str(file), input_names=list(sides), output_names=['logits'], dynamic_axes=axes, opset_version=OPSET, dynamo=False)
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
        expected = model(*inputs.values()).numpy()
    for n in (3, 1):
        actual = session.run(None, {name: x[:n].numpy() for name, x in inputs.items()})[0]
        worst = float(np.abs(actual - expected[:n]).max())
        if worst > 1e-3:
            raise ValueError(f'Expected the exported graph to agree with PyTorch within 0.001 but it differs by {worst}')


def read_pair(file: Path) -> Network:
    """The pair's weights out of an exported graph, so that a run can go on from what is shipped.

    Export folds embeddings and heads into one matrix; here the embedding is that matrix, and the heads pass it on.
    """
    stored = {i.name: torch.tensor(onnx.numpy_helper.to_array(i)) for i in onnx.load(str(file)).graph.initializer}
    model = Network()
    state = model.state_dict()
    for name in state:
        if name in stored:
            state[name] = stored[name]
    weight, bias = stored['out.weight'], stored['out.bias']
    first = state['face.embed.weight'].shape[1]
    last = first + state['context.embed.weight'].shape[1]
    for branch, rows, columns in (('face', slice(0, 1), slice(0, first)), ('context', slice(1, 3), slice(first, last))):
        count = rows.stop - rows.start
        embed = torch.zeros_like(state[f'{branch}.embed.weight'])
        embed[:count] = weight[rows, columns]
        state[f'{branch}.embed.weight'] = embed
        state[f'{branch}.embed.bias'] = torch.zeros_like(state[f'{branch}.embed.bias'])
        state[f'{branch}_head.weight'] = torch.eye(count, embed.shape[0])
        state[f'{branch}_head.bias'] = bias[rows]
    model.load_state_dict(state)
    return model
